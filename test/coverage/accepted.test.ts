/**
 * What the language accepts acts: each value of each option, each field and each constant changes a run of some scenario
 * here when it is put in place of another, or a hint says that it has no effect. Exceptions are named, with their reason,
 * in the table that docs/fidelity.md shows; one that is no longer needed fails.
 *
 * Runs are compared without the text of their lines, so that only what the model does counts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  check,
  checkScenario,
  elaborate,
  type ParsedScenario,
  type Profile,
  parse,
  profileNamed,
  profilesNamed,
  Run,
  traceText,
} from '../../sim-core/src/index.ts';
import { ModelLimit } from '../../sim-core/src/limits.ts';
import { CONSTANTS } from '../../sim-core/src/ops/constants.ts';
import type { OperandShape } from '../../sim-core/src/ops/op.ts';
import { STRUCTS } from '../../sim-core/src/ops/structs.ts';
import type { LineContent, Option, Span, StructExpr } from '../../sim-core/src/scenario/ast.ts';
import { setOf } from '../../sim-core/src/scenario/checks/constant-names.ts';
import { expectedValues, structOfShapes } from '../../sim-core/src/scenario/checks/expected-values.ts';
import { MACHINE_OPTIONS, type MachineOption, type OptionOwner } from '../../sim-core/src/scenario/machine-options.ts';
import { VOCABULARY } from '../../sim-core/src/scenario/vocabulary.ts';
import { ACCEPTED_WITHOUT_EFFECT } from './accepted.ts';

/** Places that no scenario has. */
const TEMPLATES: Readonly<Record<string, string>> = {
  null: `kernel v6.12
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
  group = openat(AT_FDCWD, "/dev/vfio/1", O_RDWR)
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=NULL})
}
`,
  cdev: `kernel v6.12
machine {
  cpu intel
  iommu unit vt-d
  device card 0000:01:00.0 iommu=unit group=1
}
setup {
  iommufd = open("/dev/iommu", O_RDWR)
  card = open("/dev/vfio/devices/vfio0", O_RDWR)
  ioctl(card, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=0, iommufd=iommufd})
  ioctl(card, VFIO_DEVICE_GET_INFO, {argsz=24})
  ioctl(card, VFIO_DEVICE_DETACH_IOMMUFD_PT, {argsz=8, flags=0})
}
`,
  page: `kernel v6.12
machine {
  cpu intel count=2
  iommu unit vt-d address-width=48
  device card 0000:01:00.0 iommu=unit group=1
  memory x = 0 page=p
  memory y = 0 page=p
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/1", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=0x100000000, size=PAGE})
}
vcpu 0 {
  mov [x], 1
  mov [y], 1
}
host {
  load x
  store y, 3
}
`,
};

const root = path.resolve(import.meta.dirname, '../..');
const MOST_STATES = 3000;

interface Text {
  readonly name: string;
  readonly text: string;
  readonly parsed: ParsedScenario;
  readonly profile: Profile;
}

const texts: readonly Text[] = ['scenarios', 'test/coverage'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.snoop'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(path.join(root, folder, file), 'utf8');
      const parsed = parse(text);
      return kernelsOf(parsed).map((profile) => ({ name: path.posix.join(folder, file), text, parsed, profile }));
    }),
);
const templates: readonly Text[] = Object.entries(TEMPLATES).flatMap(([name, text]) => {
  const parsed = parse(text);
  return kernelsOf(parsed).map((profile) => ({ name, text, parsed, profile }));
});

describe('every value of an option', () => {
  const seen = new Map<string, string>();
  for (const text of [...texts, ...templates])
    for (const [line, { content }] of text.parsed.lines.entries()) tryOptions(text, line, content, seen);
  const all = Object.entries(MACHINE_OPTIONS).flatMap(([owner, options]) =>
    options.flatMap((option) => valuesOf(option).map((value) => `${owner} ${option.key}${value}`)),
  );
  judge('option', all, seen);
});

describe('every field of a structure, and every constant', () => {
  const seen = new Map<string, string>();
  for (const text of [...texts, ...templates])
    for (const [line, { content }] of text.parsed.lines.entries()) tryValues(text, line, content, seen);
  judge(
    'field',
    STRUCTS.flatMap(({ name, fields }) =>
      fields.filter(({ output }) => !output).map((field) => `${name}.${field.name}`),
    ),
    seen,
  );
  judge(
    'constant',
    CONSTANTS.map(({ set, name }) => `${set} ${name}`),
    seen,
  );
});

function judge(kind: string, all: readonly string[], seen: ReadonlyMap<string, string>): void {
  const excused = new Set(ACCEPTED_WITHOUT_EFFECT.filter((row) => row.kind === kind).flatMap((row) => row.names));
  it(`${kind}: acts, or a hint says that it does not`, () => {
    expect(all.filter((one) => !seen.has(one) && !excused.has(one))).toEqual([]);
  });
  it(`${kind}: exceptions are needed`, () => {
    expect([...excused].filter((one) => seen.has(one) || !all.includes(one))).toEqual([]);
  });
}

/** Options of which only the listed words are values of their own; of the others one value that acts is enough. */
function valuesOf({ values }: MachineOption): string[] {
  return Array.isArray(values) ? values.map((value) => `=${value}`) : [''];
}

function tryOptions(text: Text, line: number, content: LineContent, seen: Map<string, string>): void {
  const place = optionsOf(content);
  if (!place) return;
  for (const option of MACHINE_OPTIONS[place.owner]) {
    const written = place.options.find(({ key }) => key.text === option.key);
    const values = candidates(option, text.parsed);
    for (const value of values) {
      const one = `${place.owner} ${option.key}${Array.isArray(option.values) ? `=${value}` : ''}`;
      if (seen.has(one) || written?.value.text === value) continue;
      const at = written?.span ?? { start: place.end, end: place.end };
      const changed = replaced(text, line, at, `${written ? '' : ' '}${option.key}=${value}`);
      const before = observed(text, text.text);
      const after = observed(text, changed);
      if (before === undefined || after === undefined) continue;
      if (before === after && !(place.owner === 'allow' && explored(text, text.text) !== explored(text, changed)))
        continue;
      seen.set(one, text.name);
      // The value that it replaced acts as well: it makes the other run.
      if (written && Array.isArray(option.values))
        seen.set(`${place.owner} ${option.key}=${written.value.text}`, text.name);
      else if (Array.isArray(option.values) && option.values.includes(option.fallback))
        seen.set(`${place.owner} ${option.key}=${option.fallback}`, text.name);
    }
  }
}

function optionsOf(content: LineContent): { owner: OptionOwner; options: readonly Option[]; end: number } | undefined {
  switch (content.kind) {
    case 'cpu':
      return {
        owner: 'cpu',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.vendor.span.end,
      };
    case 'iommu':
      return {
        owner: 'iommu',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.driver.span.end,
      };
    case 'device':
      return {
        owner: 'device',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.bdf.span.end,
      };
    case 'mdev':
      return {
        owner: 'mdev',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.name.span.end,
      };
    case 'memory':
      return {
        owner: 'memory',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.values.at(-1)?.span.end ?? content.names.at(-1)?.span.end ?? 0,
      };
    case 'allow':
      return {
        owner: 'allow',
        options: content.options,
        end: content.options.at(-1)?.span.end ?? content.subjects.at(-1)?.span.end ?? content.what.span.end,
      };
    case 'actor-open': {
      const { kind, name, of, options } = content.actor;
      const end = options.at(-1)?.span.end ?? of?.span.end ?? name?.span.end;
      return end === undefined ? undefined : { owner: kind === 'device' ? 'actor-device' : kind, options, end };
    }
    default:
      return undefined;
  }
}

function candidates({ values, range }: MachineOption, { lines }: ParsedScenario): readonly string[] {
  if (Array.isArray(values)) return values;
  const named = (kind: 'iommu' | 'device'): string[] =>
    lines.flatMap(({ content }) => (content.kind === kind ? [content.name.text] : []));
  switch (values) {
    case 'number':
      return [...(range ?? []).map(String), '1', '2', '7', '40'];
    case 'cpu':
      return ['0', '1'];
    case 'address':
      return ['0x7ffff000', '0x2000'];
    case 'iommu':
      return named('iommu');
    case 'device':
      return named('device');
    default:
      return ['other', 'none'];
  }
}

function tryValues(text: Text, line: number, content: LineContent, seen: Map<string, string>): void {
  if (content.kind !== 'syscall') return;
  for (const { expr, shapes, struct, field } of expectedValues(content, VOCABULARY)) {
    const set = setOf(shapes);
    const fieldName = struct && field ? `${struct.name}.${field}` : undefined;
    if (expr.kind === 'struct') tryOmitted(text, line, expr, shapes, seen);
    if (expr.kind === 'struct' || expr.kind === 'string') continue;
    const names = CONSTANTS.filter((one) => one.set === set && !seen.has(`${set} ${one.name}`)).map(({ name }) => name);
    const numbers =
      (fieldName && !seen.has(fieldName)) || names.length > 0 ? ['0', '1', '0xfffff', '-1', '0x1000'] : [];
    const runs = new Map<string, string>();
    for (const value of [...names, ...numbers]) {
      const changed = replaced(text, line, expr.span, value);
      const run = saysNoEffect(changed, value) ? 'said' : observed(text, changed);
      if (run !== undefined) runs.set(value, run);
    }
    const before = observed(text, text.text);
    if (before === undefined) continue;
    for (const [value, run] of runs) {
      const differs = run !== before || [...runs.values()].some((other) => other !== run);
      if (!differs) continue;
      if (fieldName && !seen.has(fieldName)) seen.set(fieldName, text.name);
      if (names.includes(value)) seen.set(`${set} ${value}`, text.name);
    }
  }
}

/** Fields that a line leaves out, each put in with a value that no kernel expects. */
function tryOmitted(
  text: Text,
  line: number,
  expr: StructExpr,
  shapes: readonly OperandShape[],
  seen: Map<string, string>,
): void {
  const struct = structOfShapes(shapes, VOCABULARY);
  const end = expr.fields.at(-1)?.span.end;
  for (const { name, output } of struct?.fields ?? []) {
    const one = `${struct?.name}.${name}`;
    if (output || end === undefined || seen.has(one) || expr.fields.some((field) => field.name.text === name)) continue;
    for (const value of ['1', '0xfffff']) {
      const run = observed(text, replaced(text, line, { start: end, end }, `, ${name}=${value}`));
      if (run !== undefined && run !== observed(text, text.text)) seen.set(one, text.name);
    }
  }
}

function saysNoEffect(text: string, value: string): boolean {
  return (
    OTHER.test(value) && check(parse(text)).some(({ code, message }) => code === 'no-effect' && message.includes(value))
  );
}
const OTHER = /^KVM_CAP_/;

function replaced({ text }: Text, line: number, { start, end }: Span, by: string): string {
  const lines = text.split('\n');
  const old = lines[line] ?? '';
  lines[line] = old.slice(0, start) + by + old.slice(end);
  return lines.join('\n');
}

/** All executions, where one run cannot show a difference. */
function explored({ profile }: Text, text: string): string {
  const { kernels } = checkScenario(parse(text), { profiles: [profile], explore: { maxStates: MOST_STATES } });
  return kernels.map(({ exploration }) => `${exploration.states} ${exploration.finals}`).join();
}

const memory = new Map<string, string | undefined>();

/** A plain run as text, without the lines of the scenario; undefined when it is refused. */
function observed({ name, profile }: Text, text: string): string | undefined {
  const key = `${profile.name}\n${name}\n${text}`;
  if (memory.has(key)) return memory.get(key);
  const includes = (include: string): ParsedScenario =>
    parse(readFileSync(path.resolve(root, path.dirname(name), include), 'utf8'));
  const { model } = elaborate(parse(text), { profile, includes });
  let result: string | undefined;
  if (model) {
    const run = new Run(model);
    let limit = '';
    try {
      run.runToEnd();
    } catch (error) {
      // A limit of the model refuses with words.
      if (!(error instanceof ModelLimit)) throw error;
      limit = error.message;
    }
    result = `${model.environment.map((move) => move.name).join(' ')}\n${traceText(run, { lineText: () => '', changes: true }).join('\n')}${limit}`;
  }
  memory.set(key, result);
  return result;
}

function kernelsOf(parsed: ParsedScenario): Profile[] {
  const header = parsed.lines.map(({ content }) => content).find((content) => content.kind === 'kernel');
  const named = header?.kind === 'kernel' ? profileNamed(header.version.text) : undefined;
  const all = profilesNamed(parsed);
  return [...new Set([named, all[0], all.at(-1)])].filter((profile) => profile !== undefined);
}
