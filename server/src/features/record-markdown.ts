/** Records of the simulator as Markdown: what hover, completion and signature help show. */
import {
  ATTRIBUTES,
  type Attribute,
  attributeByName,
  CHANGES,
  type Change,
  type Constant,
  changesOf,
  type ErrnoDoc,
  FILE_KINDS,
  type KernelLike,
  likeText,
  type Meaning,
  type Monitor,
  type Op,
  type OperandShape,
  type Profile,
  rangeTextContains,
  type Source,
  type StructSpec,
} from '@snoopscope/sim-core';

/** What a word means on a kernel. */
export function describe(meaning: Meaning, profile: Profile): string {
  switch (meaning.kind) {
    case 'keyword':
      return page(code(meaning.keyword.example), meaning.keyword.doc, inLanguage(meaning.keyword.section));
    case 'op':
      return describeOp(meaning.op, profile);
    case 'constant':
      return describeConstant(meaning.constant, profile);
    case 'errno':
      return describeErrno(meaning, profile);
    case 'field':
      return page(
        code(`${meaning.field.type} ${meaning.field.name}`, 'c'),
        `A field of \`struct ${meaning.struct.name}\`${meaning.field.output ? ', written by the kernel: bind it with `=>`' : ''}. ${meaning.field.doc}`,
        meaning.field.omitted === undefined ? '' : `Left out, it holds ${meaning.field.omitted}.`,
        sources(meaning.struct.sources),
      );
    case 'option':
      return page(
        code(`${meaning.option.key}=${optionValues(meaning.option.values)}`),
        `${meaning.option.doc}${meaning.option.required ? ' Required.' : ''}`,
        meaning.option.required ? '' : `Left out: ${meaning.option.fallback}.`,
        `**Source** ${meaning.option.source}`,
      );
    case 'op-option':
      return page(code(`${meaning.op.name} … ${meaning.name}=`), `${meaning.doc}`, sources(meaning.op.sources));
    case 'attribute':
      return page(code(`${meaning.op.name} … ${meaning.name}`), meaning.doc, sources(meaning.op.sources));
    case 'fact': {
      const { name, params, doc, value } = meaning.fact;
      const values =
        typeof value === 'string' ? `Its value is a ${value}.` : `Its value is one of ${value.names.join(', ')}.`;
      return page(
        code(`${name}(${params.map((param) => param.name).join(', ')})`),
        doc,
        values,
        inLanguage('Final conditions'),
      );
    }
    case 'finding': {
      const { finding, doc, derived, fails, sources: from } = meaning.monitor;
      return page(
        `**${finding}** is a finding of a monitor.`,
        doc,
        derived ? MODEL_FINDING : '',
        FAILS[fails],
        sources(from),
        inLanguage('Final conditions'),
      );
    }
  }
}

/** A kernel, and what changed in it. */
export function describeProfile(profile: Profile): string {
  return page(`**${profile.name}**`, `${profile.doc}.`.replace(/\.\.$/, '.'), changesOfProfile(profile));
}

/** A kernel as it is named in a scenario: what is simulated for it, and what is not known. */
export function describeKernel(text: string, like: KernelLike): string {
  if (like.exact && like.profile.name === text && !like.defined) return describeProfile(like.profile);
  return page(`**${text}**`, likeText(text, like), changesOfProfile(like.profile));
}

/** What changed in a release; of any other kernel, what distinguishes it from the release that it is based on. */
function changesOfProfile(profile: Profile): string {
  const { name, version, mainline, changes } = profile;
  const base: ReadonlySet<string> = changesOf(version);
  const rows = CHANGES.filter((change) =>
    mainline ? firstOf(change) === name || untilOf(change) === name : changes.has(change.id) !== base.has(change.id),
  );
  if (rows.length === 0) {
    return mainline
      ? 'Of what the model knows, nothing changed in this release.'
      : `Of what the model knows, all is as in ${version}.`;
  }
  const title = mainline ? 'Changed in this release:' : `Other than in ${version}:`;
  const lineOf = (change: (typeof CHANGES)[number]): string =>
    mainline
      ? changeLine(change, name)
      : `- ${changes.has(change.id) ? 'With' : 'Without'} *${change.subject}*. ${change.effect}`;
  return [title, ...rows.map(lineOf)].join('\n');
}

/** The change of an upstream commit, by the id that a `source` line quotes. */
export function describeCommit(text: string): string | undefined {
  const commit = /\b[0-9a-f]{12,40}\b/.exec(text)?.[0];
  const change = CHANGES.find((candidate) => candidate.commit !== undefined && commit?.startsWith(candidate.commit));
  return change && describeChange(change);
}

export function describeStruct(struct: StructSpec): string {
  const fields = struct.fields.map((field) => `  ${field.type} ${field.name};`).join('\n');
  return page(code(`struct ${struct.name} {\n${fields}\n}`, 'c'), struct.doc, sources(struct.sources));
}

/** Whether the kernel has what a table row says about versions. */
export function isIn(on: string | undefined, profile: Profile): boolean {
  return on === undefined || rangeTextContains(on, profile);
}

/** `mov destination, source`: an op as it is written, with where each operand is in the text. */
export function signatureOf(op: Op): {
  readonly label: string;
  readonly operands: readonly { start: number; end: number }[];
} {
  let label =
    op.kind === 'ioctl' ? `ioctl(${fileNames(op)}, ${op.name}` : op.kind === 'syscall' ? `${op.name}(` : op.name;
  const operands: { start: number; end: number }[] = [];
  op.operands.forEach((operand, index) => {
    label += index > 0 || op.kind === 'ioctl' ? ', ' : op.kind === 'syscall' ? '' : ' ';
    const text = operand.optional ? `[${operand.name}]` : operand.name;
    operands.push({ start: label.length, end: label.length + text.length });
    label += text;
  });
  if (op.kind === 'ioctl' || op.kind === 'syscall') label += ')';
  for (const option of op.options ?? []) label += option.required ? ` ${option.name}=…` : ` [${option.name}=…]`;
  return { label, operands };
}

export function shapeMarkdown(shape: OperandShape): string {
  switch (shape.kind) {
    case 'fd':
      return shape.of === undefined
        ? 'a descriptor'
        : `a descriptor of ${shape.of.map((kind) => FILE_KINDS[kind]).join(' or ')}`;
    case 'pointer':
      return `a pointer \`[…]\` to ${shapeMarkdown(shape.to)}`;
    case 'struct':
      return `a pointer to a \`struct ${shape.struct}\``;
    case 'string':
      return shape.of === 'bdf' ? 'a PCI address in quotes' : 'a string';
    case 'flags':
      return 'flags, joined by `|`';
    case 'system-register':
      return shape.names.map((name) => `\`${name}\``).join(', ');
    default:
      return PLAIN_SHAPES[shape.kind];
  }
}

function describeOp(op: Op, profile: Profile): string {
  const operands = op.operands.map((operand) => `- \`${operand.name}\`: ${operand.doc}`);
  return page(
    code(signatureOf(op).label),
    `**${op.summary}**`,
    presence(op.name, op.on, profile),
    op.derived ? MODEL_FINDING : '',
    op.doc,
    operands.join('\n'),
    errnos(op.errnos, profile),
    code(op.example),
    sources(op.sources),
  );
}

function describeConstant(constant: Constant, profile: Profile): string {
  const attribute = attributeByName.get(constant.name);
  if (attribute !== undefined) return describeAttribute(attribute, profile);
  const attributes = ATTRIBUTES.filter(({ groups }) => groups.includes(constant.name));
  return page(
    code(`${constant.name} = ${numberText(constant.value)}`),
    constant.doc,
    presence(constant.name, constant.on, profile),
    attributes.map(({ name, summary }) => `- \`${name}\`: ${summary}`).join('\n'),
    headerOf(constant.name),
  );
}

/** The header of the kernel's API that a constant is from; the language's own have none. */
function headerOf(name: string): string {
  const header = HEADERS.find(([pattern]) => pattern.test(name))?.[1];
  return header === undefined ? inLanguage('setup and thread: system calls') : `**Source** linux: ${header}`;
}

const HEADERS: readonly (readonly [RegExp, string])[] = [
  [/^KVM_X86_QUIRK_/, 'arch/x86/include/uapi/asm/kvm.h'],
  [/^KVM_/, 'include/uapi/linux/kvm.h'],
  [/^VFIO_/, 'include/uapi/linux/vfio.h'],
  [/^IOMMU_/, 'include/uapi/linux/iommufd.h'],
  [/^PCI_/, 'include/uapi/linux/pci_regs.h'],
  [/^O_/, 'include/uapi/asm-generic/fcntl.h'],
  [/^AT_/, 'include/uapi/linux/fcntl.h'],
];

function describeAttribute(attribute: Attribute, profile: Profile): string {
  return page(
    code(`${attribute.name} = ${attribute.value}`),
    `**${attribute.summary}** \`addr\` points to ${attribute.argument}.`,
    presence(attribute.name, attribute.on, profile),
    attribute.doc,
    errnos(attribute.errnos, profile),
    sources(attribute.sources),
  );
}

function describeErrno(errno: Extract<Meaning, { kind: 'errno' }>, profile: Profile): string {
  const attribute = errno.op;
  const here = (attribute?.errnos ?? []).filter(({ name }) => name === errno.name);
  return page(
    `**${errno.name}** (${errno.value}) ${errno.text}.`,
    here.length === 0 || attribute === undefined
      ? ''
      : [`\`${attribute.name}\` fails with it:`, ...here.map((row) => errnoLine(row, profile))].join('\n'),
    here.length === 0 || attribute === undefined ? '' : sources(attribute.sources),
  );
}

export function describeChange(change: Change): string {
  const versions = change.first
    ? `From ${change.first} on${change.until ? `, until ${change.until}` : ''}.`
    : change.posted
      ? `[Posted](${change.posted}), never merged.`
      : 'Never merged.';
  return page(
    `**${change.subject}**${change.commit ? ` (\`${change.commit}\`)` : ''}`,
    change.effect,
    `${versions}${change.bracketed ? ` ${change.bracketed}` : ''}`,
    `**Source** linux: ${change.where}`,
  );
}

function changeLine(change: Change, version: string): string {
  const gone = untilOf(change) === version ? ' No longer:' : '';
  return `- *${change.subject}*${change.commit ? ` (\`${change.commit}\`)` : ''}.${gone} ${change.effect}`;
}

const firstOf = (change: Change): string | undefined => change.first;
const untilOf = (change: Change): string | undefined => change.until;

function presence(name: string, on: string | undefined, profile: Profile): string {
  if (on === undefined) return '';
  return isIn(on, profile) ? `In kernels ${on}.` : `In kernels ${on}: **${profile.name} does not have \`${name}\`.**`;
}

/** Those that the kernel can return first; what other versions return is worth knowing too, apart. */
function errnos(rows: readonly ErrnoDoc[], profile: Profile): string {
  if (rows.length === 0) return '';
  const here = rows.filter(({ on }) => isIn(on, profile));
  const elsewhere = rows.filter(({ on }) => !isIn(on, profile));
  return page(
    here.length === 0
      ? ''
      : [`**Errnos** on ${profile.name}`, ...here.map((row) => errnoLine(row, profile))].join('\n'),
    elsewhere.length === 0
      ? ''
      : ['**Errnos** of other kernels', ...elsewhere.map((row) => errnoLine(row, profile))].join('\n'),
  );
}

function errnoLine({ name, when, on }: ErrnoDoc, profile: Profile): string {
  const range = on === undefined ? '' : ` *(${on}${isIn(on, profile) ? '' : `, not ${profile.name}`})*`;
  return `- \`${name}\` ${when}${range}`;
}

/** Where the language is explained. */
export function inLanguage(section: string): string {
  return `**Source** Snoopscope: docs/language.md, ${section}`;
}

function sources(list: readonly Source[]): string {
  if (list.length === 0) return '';
  if (list.length === 1) return `**Source** ${sourceText(list[0]!)}`;
  return ['**Sources**', ...list.map((source) => `- ${sourceText(source)}`)].join('\n');
}

function sourceText({ document, place }: Source): string {
  return `${document}: ${place}`;
}

function fileNames(op: Op): string {
  const [only, ...others] = op.files ?? [];
  return only === undefined || others.length > 0 ? 'fd' : only;
}

function optionValues(values: readonly string[] | string): string {
  return typeof values === 'string' ? (PLAIN_VALUES[values] ?? values) : values.join('|');
}

const FAILS: Readonly<Record<Monitor['fails'], string>> = {
  always: 'It fails a check unless a condition mentions it.',
  'without-conditions': 'It fails a check of a scenario that states no conditions.',
  never: 'It never fails a check on its own.',
};

/** Constants of an API are written as its headers do: small ones decimal, masks and sizes hexadecimal. */
function numberText(value: bigint): string {
  return value > 255n ? `0x${value.toString(16)}` : value.toString();
}

export function code(text: string, language = 'snoop'): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Paragraphs, the empty ones left out. */
export function page(...paragraphs: readonly string[]): string {
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}

export const MODEL_FINDING =
  '*A model finding: this rule is read off the sources by us; no upstream text or recording of a real kernel says so.*';

const PLAIN_VALUES: Readonly<Record<string, string>> = {
  number: 'N',
  cpu: 'CPU',
  iommu: 'IOMMU',
  device: 'DEVICE',
  name: 'NAME',
  names: 'NAME,NAME',
};

const PLAIN_SHAPES: Readonly<
  Record<Exclude<OperandShape['kind'], 'fd' | 'pointer' | 'struct' | 'string' | 'flags' | 'system-register'>, string>
> = {
  request: 'a request',
  int: 'a number',
  path: 'a path in quotes',
  address: 'an address such as `&x`',
  register: 'a register',
  immediate: 'a number',
  memory: 'memory such as `[x]`',
  mmio: "a device's register such as `[gpu.doorbell]`",
  word: 'a word of memory',
  'memory-type': 'a memory type such as `WC`',
  vcpu: 'a vCPU such as `vcpu0`',
  device: 'a device',
  bdf: 'a PCI address such as `0000:01:00.0`',
  'config-register': 'a register of config space such as `DevCtl`',
};
