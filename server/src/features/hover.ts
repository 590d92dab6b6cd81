import {
  EXIT_NAMES,
  FILE_KINDS,
  includePath,
  kernelLike,
  leftOutAbout,
  leftOutAt,
  MACHINE_OPTIONS,
  MACHINE_WORD_DOCS,
  NEWEST,
  type ScenarioSymbol,
  type Span,
  type TextPosition,
  VOCABULARY,
  type WordAt,
  wordAt,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { codeOf, definingCode, definitionsOf, documentationOf, pathKind, whatIs } from './names.ts';
import { code, describe, describeCommit, describeKernel, describeStruct, inLanguage, page } from './record-markdown.ts';
import { symbolAt } from './references.ts';

/** Markdown about the word at a place. */
export interface HoverText {
  readonly line: number;
  readonly span: Span;
  readonly markdown: string;
}

/** What the word at a place means on the kernel of the scenario, or undefined when there is nothing to say. */
export function hoverAt(snapshot: Snapshot, at: TextPosition): HoverText | undefined {
  const word = wordAt(snapshot.scenario, VOCABULARY, at);
  if (word === undefined) return undefined;
  const leftOut = leftOutAt(
    snapshot.scenario,
    [...snapshot.included.values()].map(({ scenario }) => scenario),
    at,
  );
  if (leftOut) return { line: at.line, span: leftOut.span, markdown: leftOut.message };
  // What an argument of `call` names may be in an included file.
  const symbol = word.symbol && (symbolAt(snapshot, { line: at.line, column: word.word.span.start }) ?? word.symbol);
  const found: WordAt = symbol === undefined ? word : { ...word, symbol };
  const markdown = found.means
    ? described(found, snapshot)
    : found.symbol
      ? aboutSymbol(snapshot, found.symbol)
      : (aboutWord(found, snapshot) ?? leftOutAbout(found.word.text));
  return markdown === undefined ? undefined : { line: at.line, span: found.word.span, markdown };
}

function described(found: WordAt, snapshot: Snapshot): string {
  const means = found.means as NonNullable<WordAt['means']>;
  const text = describe(means, snapshot.profile);
  if (means.kind !== 'op' || found.word.role !== 'request') return text;
  const [shape] = means.op.operands[0]?.shapes ?? [];
  const struct = shape?.kind === 'struct' ? VOCABULARY.structs.get(shape.struct) : undefined;
  return struct === undefined ? text : page(text, describeStruct(struct));
}

function aboutSymbol(snapshot: Snapshot, symbol: ScenarioSymbol): string {
  const definitions = definitionsOf(snapshot, symbol);
  const [first] = definitions;
  const shown = symbol.space === 'parameter' ? symbol.name.replace(/^.*\((.*)\)$/, '$1') : symbol.name;
  const what = `\`${shown}\`: ${whatIs(snapshot, symbol)}`;
  if (first === undefined) {
    // vCPUs and devices own registers that nothing defines: `eax` holds 0 until it is loaded.
    return page(
      `${what}.`,
      symbol.space === 'register'
        ? 'It holds 0 until something is loaded into it.'
        : 'Nothing in this scenario defines it.',
    );
  }
  const more = definitions.length > 1 ? `, and in ${definitions.length - 1} more places` : '';
  const where =
    first.file.uri === snapshot.uri
      ? `on line ${first.line + 1}`
      : `in \`${first.file.uri.split('/').at(-1)}\`, line ${first.line + 1}`;
  return page(
    `${what}, ${symbol.space === 'name' ? 'bound' : 'defined'} ${where}${more}.`,
    documentationOf(first),
    code(definingCode(first)),
    symbol.space === 'word' ? aboutLine(first.file.scenario.lines[first.line]?.content) : '',
  );
}

/** The words that share a cache line are what most scenarios turn on. */
function aboutLine(content: { readonly kind: string } | undefined): string {
  if (content?.kind !== 'memory' || !('names' in content)) return '';
  const names = content.names as readonly { readonly text: string }[];
  return names.length < 2
    ? 'It has a cache line of its own.'
    : `${names.map(({ text }) => `\`${text}\``).join(', ')} share a cache line.`;
}

function aboutWord(found: WordAt, snapshot: Snapshot): string | undefined {
  const { word } = found;
  switch (word.role) {
    case 'version': {
      const like = kernelLike(word.text, snapshot.scenario.named);
      return like && describeKernel(word.text, like);
    }
    case 'memory-type':
      return WORDS[word.text] ?? CACHE_WORDS[word.text];
    case 'config-register':
    case 'system-register':
      return aboutRegister(word.text);
    case 'bdf':
      return page(`\`${word.text}\`: a PCI address, as domain:bus:device.function.`, inLanguage('machine'));
    case 'constant':
      return EXIT_NAMES.includes(word.text)
        ? page(
            `**${word.text}**: a reason for a VM exit. Reasons are named as in VMX; NPF (AMD), DABT_LOW (arm64) and H_DATA_STORAGE (POWER) are what EPT_VIOLATION is called there.`,
            inLanguage('Final conditions'),
          )
        : undefined;
    case 'option-value':
      return aboutOptionValue(found) ?? aboutPlainValue(snapshot, found);
    case 'keyword':
    case 'host':
      return aboutMachineWord('allow', word.text) ?? aboutMachineWord('move', word.text);
    case 'string':
      return describeCommit(word.text) ?? aboutInclude(snapshot, found) ?? aboutPath(snapshot, found);
    case 'number':
      return aboutOptionValue(found) ?? aboutNumber(snapshot, found);
    case 'tag':
      return page(
        `\`${word.text}\`: a tag. Lists and runs of scenarios can be filtered by it.`,
        inLanguage('The header'),
      );
    default:
      return undefined;
  }
}

function aboutInclude(snapshot: Snapshot, found: WordAt): string | undefined {
  const content = snapshot.scenario.lines[found.line]?.content;
  if (content?.kind !== 'include') return undefined;
  const file = snapshot.included.get(includePath('', content.text.value));
  if (file === undefined) return `\`${content.text.value}\` cannot be read.`;
  const procs = file.scenario.blocks.flatMap((block) => (block.proc ? [codeOf(file.scenario.lines[block.line]!)] : []));
  return page(
    `Procedures of \`${content.text.value}\`:`,
    code(procs.map((proc) => proc.replace(/\s*\{$/, '')).join('\n')),
  );
}

/** `snoop-control=off`: the option that a value is of; for a kind of hardware, the kind. */
function aboutOptionValue(found: WordAt): string | undefined {
  const { owner, field, text, op } = found.word;
  if (owner === undefined) return undefined;
  if (owner === 'op') {
    const option = op?.options?.find(({ name }) => name === field);
    return op && option && describe({ kind: 'op-option', op, name: option.name, doc: option.doc }, NEWEST);
  }
  if (field === undefined) return owner === 'cpu' || owner === 'iommu' ? aboutMachineWord(owner, text) : undefined;
  const option = MACHINE_OPTIONS[owner].find(({ key }) => key === field);
  return (
    option &&
    page(code(`${option.key}=${text}`), option.doc, `Left out: ${option.fallback}.`, `**Source** ${option.source}`)
  );
}

function aboutMachineWord(of: keyof typeof MACHINE_WORD_DOCS, text: string): string | undefined {
  const word = MACHINE_WORD_DOCS[of][text];
  return (
    word &&
    page(code(of === 'allow' || of === 'move' ? text : `${of} … ${text}`), word.doc, `**Source** ${word.source}`)
  );
}

/** `cpu1` as a condition or a schedule names it, and the process of `thread b of other`. */
function aboutPlainValue(snapshot: Snapshot, { word, line }: WordAt): string | undefined {
  const cpu = /^cpu(\d+)$/.exec(word.text)?.[1];
  if (cpu !== undefined)
    return page(`\`${word.text}\`: physical CPU ${cpu}, with a cache of its own.`, inLanguage('machine'));
  const content = snapshot.scenario.lines[line]?.content;
  if (content?.kind !== 'actor-open' || content.actor.of?.text !== word.text) return undefined;
  return page(
    `\`${word.text}\`: a process. The threads that name it share its descriptors; every other thread is of the process of \`setup\`.`,
    inLanguage('setup and thread: system calls'),
  );
}

/** What a path leads to that is opened. */
function aboutPath(snapshot: Snapshot, { word, line }: WordAt): string | undefined {
  const content = snapshot.scenario.lines[line]?.content;
  if (content?.kind !== 'syscall') return undefined;
  const path = content.args.find(({ span }) => span.start === word.span.start);
  const kind = pathKind(path);
  if (kind !== undefined) return `\`${word.text}\`: ${FILE_KINDS[kind]}.`;
  return path?.kind === 'string' && /^[0-9a-f]{4,}:/i.test(path.value)
    ? `\`${path.value}\`: a PCI address, as domain:bus:device.function.`
    : undefined;
}

/** What a number of the language means; else its other notation: masks are read in hexadecimal, counts in decimal. */
function aboutNumber(snapshot: Snapshot, { word, line }: WordAt): string | undefined {
  const { text } = word;
  const content = snapshot.scenario.lines[line]?.content;
  if (content?.kind === 'memory')
    return page(`\`${text}\`: what the word holds at the start, in memory and in no cache.`, inLanguage('machine'));
  if (content?.kind === 'repeat-open')
    return page(`\`${text}\`: how often the block is executed.`, inLanguage('Choices, loops, waiting'));
  if (!/^-?(?:0[xX][0-9a-fA-F]+|\d+)$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('-') ? 0 : text);
  if (value < 10n) return undefined;
  return text.toLowerCase().startsWith('0x') ? `\`${text}\` = ${value}` : `\`${text}\` = 0x${value.toString(16)}`;
}

const SDM = '**Source** Intel SDM: volume 3, Memory Cache Control';

const WORDS: Readonly<Record<string, string>> = {
  UC: page('**UC**, uncacheable: every access goes to memory, in program order, and fills no cache.', SDM),
  'UC-': page('**UC-**: uncacheable, but an MTRR may turn it into WC.', SDM),
  WC: page('**WC**, write combining: stores gather in a buffer, which drains in any order; loads fill no cache.', SDM),
  WT: page('**WT**, write through: loads fill the cache, stores go to memory too.', SDM),
  WP: page(
    '**WP**, write protected: loads fill the cache, stores go to memory and invalidate the line in all caches. How an EPT or MTRR type WP combines with the PAT is UNVERIFIED in the sources at hand.',
    SDM,
  ),
  WB: page('**WB**, write back: loads and stores stay in the cache until the line is evicted or flushed.', SDM),
  none: 'There is no leaf entry: the page has not been accessed, or it was zapped.',
};

const CACHE_WORDS: Readonly<Record<string, string>> = {
  M: page('**M**, modified: this cache alone has the line, and memory is older.', SDM),
  E: page('**E**, exclusive: this cache alone has the line, and memory agrees.', SDM),
  S: page('**S**, shared: other caches may have the line too.', SDM),
  I: page('**I**, invalid: the cache does not have the line.', SDM),
};

/** Registers with a name of the manuals, by the first pattern that fits. */
function aboutRegister(name: string): string | undefined {
  return REGISTERS.find(([pattern]) => pattern.test(name))?.[1](name.toUpperCase());
}

const MTRR = '**Source** Intel SDM: volume 3, Memory Type Range Registers';

const REGISTERS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [
    /^DevCtl$/i,
    () =>
      page(
        '**DevCtl**, the Device Control register. Bit 11 is Enable No Snoop: while it is clear, the device must not set the No Snoop attribute.',
        '**Source** PCIe: Base Specification, Device Control Register',
      ),
  ],
  [
    /^CR0$/i,
    () =>
      page(
        '**CR0**: bit 30 (CD) disables caching, bit 29 (NW) is not write-through.',
        '**Source** Intel SDM: volume 3, Control Registers',
      ),
  ],
  [
    /^IA32_PAT$/i,
    () =>
      page(
        '**IA32_PAT**: eight memory types that page-table entries select from.',
        '**Source** Intel SDM: volume 3, Page Attribute Table',
      ),
  ],
  [
    /^IA32_MTRR_DEF_TYPE$/i,
    () =>
      page(
        '**IA32_MTRR_DEF_TYPE**: the memory type of addresses without an MTRR; bit 11 enables the MTRRs, bit 10 the fixed ones.',
        MTRR,
      ),
  ],
  [
    /^IA32_MTRR_PHYSBASE\d+$/i,
    (name) =>
      page(
        `**${name}**: the first address of a variable range and, in bits 7 to 0, the memory type of the range.`,
        MTRR,
      ),
  ],
  [
    /^IA32_MTRR_PHYSMASK\d+$/i,
    (name) =>
      page(`**${name}**: which bits of an address the variable range compares; bit 11 makes the range valid.`, MTRR),
  ],
  [
    /^IA32_MTRR_FIX/i,
    (name) => page(`**${name}**: memory types of eight fixed ranges of the first megabyte, one in each byte.`, MTRR),
  ],
];
