import {
  ALLOWED,
  EXIT_REASONS,
  includePath,
  MACHINE_OPTIONS,
  type Position,
  profileNamed,
  type ScenarioSymbol,
  type Span,
  VOCABULARY,
  type WordAt,
  wordAt,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { code, describe, describeCommit, describeProfile, describeStruct, page } from './describe.ts';
import { codeOf, definingCode, definitionsOf, documentationOf, whatIs } from './names.ts';

/** Markdown about the word at a place. */
export interface HoverText {
  readonly line: number;
  readonly span: Span;
  readonly markdown: string;
}

/** What the word at a place means on the kernel of the scenario, or undefined when there is nothing to say. */
export function hoverAt(snapshot: Snapshot, at: Position): HoverText | undefined {
  const found = wordAt(snapshot.scenario, VOCABULARY, at);
  if (found === undefined) return undefined;
  const markdown = found.means
    ? described(found, snapshot)
    : found.symbol
      ? aboutSymbol(snapshot, found.symbol)
      : aboutWord(found, snapshot);
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
      ? `line ${first.line + 1}`
      : `\`${first.file.uri.split('/').at(-1)}\`, line ${first.line + 1}`;
  return page(
    `${what}, ${symbol.space === 'name' ? 'bound' : 'defined'} in ${where}${more}.`,
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
      const profile = profileNamed(word.text);
      return profile && describeProfile(profile);
    }
    case 'memory-type':
      return WORDS[word.text] ?? CACHE_WORDS[word.text];
    case 'config-register':
      return CONFIG_WORDS[word.text];
    case 'system-register':
      return SYSTEM_WORDS[word.text.toUpperCase()];
    case 'bdf':
      return page(`\`${word.text}\`: a PCI address, as domain:bus:device.function.`);
    case 'constant':
      return (EXIT_REASONS as readonly string[]).includes(word.text)
        ? `**${word.text}**: a reason for a VM exit, named as in VMX.`
        : undefined;
    case 'option-value':
      return aboutOptionValue(found);
    case 'keyword':
    case 'host':
      return ALLOWED[word.text] && page(code(word.text), ALLOWED[word.text] as string);
    case 'string':
      return describeCommit(word.text) ?? aboutInclude(snapshot, found);
    case 'number':
      return aboutNumber(word.text);
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

function aboutOptionValue(found: WordAt): string | undefined {
  const { owner, field, text } = found.word;
  if (owner === undefined || owner === 'op') return undefined;
  const option = MACHINE_OPTIONS[owner].find(({ key }) => key === field);
  return (
    option &&
    page(code(`${option.key}=${text}`), option.doc, `Left out: ${option.fallback}.`, `**Source** ${option.source}`)
  );
}

/** The other notation of a number: masks are read in hexadecimal, counts in decimal. */
function aboutNumber(text: string): string | undefined {
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

const CONFIG_WORDS: Readonly<Record<string, string>> = {
  DevCtl: page(
    '**DevCtl**, the Device Control register. Bit 11 is Enable No Snoop: while it is clear, the device must not set the No Snoop attribute.',
    '**Source** PCIe: Base Specification, Device Control Register',
  ),
};

const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  CR0: page(
    '**CR0**: bit 30 (CD) disables caching, bit 29 (NW) is not write-through.',
    '**Source** Intel SDM: volume 3, Control Registers',
  ),
  IA32_PAT: page(
    '**IA32_PAT**: eight memory types that page-table entries select from.',
    '**Source** Intel SDM: volume 3, Page Attribute Table',
  ),
  IA32_MTRR_DEF_TYPE: page(
    '**IA32_MTRR_DEF_TYPE**: the memory type of addresses without an MTRR; bit 11 enables the MTRRs.',
    '**Source** Intel SDM: volume 3, Memory Type Range Registers',
  ),
};
