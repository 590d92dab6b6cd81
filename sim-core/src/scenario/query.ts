/**
 * What an editor asks about a scenario: what is here, what is allowed here, what is named where. Pure functions of
 * a parsed scenario and the vocabulary; positions are 0-based lines and UTF-16 columns.
 */

import type { Monitor } from '../engine/monitors/monitors.ts';
import { monitorByName } from '../engine/monitors/table.ts';
import { ERRNOS } from '../kernel/errno.ts';
import type { Constant } from '../ops/constants.ts';
import type { Op } from '../ops/op.ts';
import type { StructFieldSpec, StructSpec } from '../ops/structs.ts';
import type { Block, Line, ParsedScenario, Span } from './ast.ts';
import { blockOfLines } from './blocks.ts';
import { type FactSpec, factByName } from './facts.ts';
import { INNER_WORDS, LANGUAGE_WORDS, type LanguageWord } from './language-words.ts';
import { MACHINE_OPTIONS, type MachineOption } from './machine-options.ts';
import { printActor } from './printer.ts';
import { type RoleWord, rolesOf, type WordRole } from './roles.ts';
import { type ScenarioSymbol, symbolsOf, type TextPlace } from './symbols.ts';
import type { Vocabulary } from './vocabulary.ts';

export { type Completion, type CompletionPlace, completionAt, type EnclosingCall } from './completion.ts';
export { type ScenarioSymbol, type SymbolTable, symbolsOf, type TextPlace } from './symbols.ts';

export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** What is at a place. */
export interface WordAt {
  readonly word: RoleWord;
  readonly line: number;
  readonly block?: Block;
  /** The record of the word, when it has one. */
  readonly means: Meaning | undefined;
  /** The name of the scenario that it is, when it is one. */
  readonly symbol?: ScenarioSymbol;
}

export type Meaning =
  | { readonly kind: 'keyword'; readonly keyword: LanguageWord }
  | { readonly kind: 'op'; readonly op: Op }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'errno'; readonly name: string; readonly value: number; readonly text: string; readonly op?: Op }
  | { readonly kind: 'field'; readonly struct: StructSpec; readonly field: StructFieldSpec }
  | { readonly kind: 'option'; readonly option: MachineOption }
  | { readonly kind: 'op-option'; readonly op: Op; readonly name: string; readonly doc: string }
  | { readonly kind: 'attribute'; readonly op: Op; readonly name: string; readonly doc: string }
  | { readonly kind: 'fact'; readonly fact: FactSpec }
  | { readonly kind: 'finding'; readonly monitor: Monitor };

/** The word at a place, or the one that ends there. */
export function wordAt(scenario: ParsedScenario, vocabulary: Vocabulary, at: TextPosition): WordAt | undefined {
  const line = scenario.lines[at.line];
  if (line === undefined) return undefined;
  const words = rolesOf(line, vocabulary);
  const inside = words.find(({ span }) => span.start <= at.column && at.column < span.end);
  const word = inside ?? words.find(({ span }) => span.end === at.column);
  if (word === undefined) return undefined;
  const block = blockOfLines(scenario)[at.line];
  const symbol = word.symbol === undefined ? undefined : symbolsOf(scenario, vocabulary).at(at.line, word.span.start);
  return {
    word,
    line: at.line,
    means: meaningOf(word, line, vocabulary),
    ...(block && { block }),
    ...(symbol && { symbol }),
  };
}

/** The record that says what a word means. */
export function meaningOf(word: RoleWord, line: Line, vocabulary: Vocabulary): Meaning | undefined {
  switch (word.role) {
    case 'keyword': {
      const keyword = [...LANGUAGE_WORDS, ...INNER_WORDS].find((candidate) => candidate.word === word.text);
      return keyword && { kind: 'keyword', keyword };
    }
    case 'call':
    case 'request':
    case 'instruction':
    case 'tlp':
    case 'host':
      return word.op && { kind: 'op', op: word.op };
    case 'constant': {
      const constant = vocabulary.constants.get(word.text);
      return constant && { kind: 'constant', constant };
    }
    case 'errno': {
      const errno = ERRNOS.find((candidate) => candidate.name === word.text);
      const op = opOfLine(line, vocabulary);
      return errno && { kind: 'errno', ...errno, ...(op && { op }) };
    }
    case 'field': {
      const field = word.struct?.fields.find((candidate) => candidate.name === word.field);
      return word.struct && field && { kind: 'field', struct: word.struct, field };
    }
    case 'option': {
      if (word.owner === 'op' || word.owner === undefined) {
        const option = word.op?.options?.find((candidate) => candidate.name === word.text);
        return word.op && option && { kind: 'op-option', op: word.op, name: option.name, doc: option.doc };
      }
      const option = MACHINE_OPTIONS[word.owner].find((candidate) => candidate.key === word.text);
      return option && { kind: 'option', option };
    }
    case 'attribute': {
      const attribute = word.op?.attributes?.find((candidate) => candidate.name === word.text);
      return word.op && attribute && { kind: 'attribute', op: word.op, ...attribute };
    }
    case 'fact': {
      const fact = factByName.get(word.text);
      return fact && { kind: 'fact', fact };
    }
    case 'finding': {
      const monitor = monitorByName.get(word.text);
      return monitor && { kind: 'finding', monitor };
    }
    default:
      return undefined;
  }
}

/** The op that a line executes: the request of an ioctl, otherwise the call, instruction, TLP or host action. */
export function opOfLine(line: Line, vocabulary: Vocabulary): Op | undefined {
  const words = rolesOf(line, vocabulary);
  return (words.find((word) => word.role === 'request') ?? words.find((word) => OP_ROLES.has(word.role)))?.op;
}

/** A colour for an editor: LSP's standard token types, so that every theme knows them. */
export interface SemanticToken {
  readonly span: Span;
  readonly type: SemanticType;
  readonly definition: boolean;
}
export type SemanticType =
  | 'keyword'
  | 'function'
  | 'method'
  | 'macro'
  | 'enumMember'
  | 'property'
  | 'parameter'
  | 'variable'
  | 'number'
  | 'string'
  | 'comment'
  | 'class'
  | 'type'
  | 'event'
  | 'decorator';

/** The coloured words of one line. Broken lines give their comment only: the grammar colours what it can. */
export function semanticTokens(line: Line, vocabulary: Vocabulary): SemanticToken[] {
  const tokens: SemanticToken[] = [];
  for (const { span, role, symbol } of rolesOf(line, vocabulary)) {
    const type = symbol === undefined || role === 'register' ? TYPE_OF_ROLE[role] : TYPE_OF_SPACE[symbol.space];
    tokens.push({ span, type, definition: symbol?.definition === true });
  }
  if (line.comment !== undefined) tokens.push({ span: line.comment, type: 'comment', definition: false });
  return tokens;
}

export interface OutlineEntry {
  readonly name: string;
  readonly detail: string;
  readonly kind: 'machine' | 'actor' | 'proc' | 'item' | 'condition' | 'schedule';
  readonly line: number;
  readonly endLine: number;
  /** The name to select, in `line`. */
  readonly span: Span;
  readonly children: readonly OutlineEntry[];
}

/** Blocks with their named items, conditions and schedules, in the order of the file. */
export function outline(scenario: ParsedScenario): OutlineEntry[] {
  const entries = scenario.blocks.map((block) => blockEntry(scenario, block));
  scenario.lines.forEach((line, index) => {
    const content = line.content;
    if (content.kind !== 'condition' && content.kind !== 'schedule') return;
    // Columns are for the text; in a list they would be holes.
    const code = line.text
      .slice(0, line.comment?.start ?? line.text.length)
      .trim()
      .replace(/\s+/g, ' ');
    entries.push({
      name: code,
      detail: '',
      kind: content.kind,
      line: index,
      endLine: index,
      span: lineSpan(line),
      children: [],
    });
  });
  return entries.sort((left, right) => left.line - right.line);
}

export interface FoldingRange {
  readonly line: number;
  readonly endLine: number;
  readonly kind: 'block' | 'comment';
}

/** Blocks, control blocks, and comments of several lines. */
export function foldingRanges(scenario: ParsedScenario): FoldingRange[] {
  const ranges: FoldingRange[] = [];
  const open: number[] = [];
  let comment = -1;
  scenario.lines.forEach((line, index) => {
    const content = line.content;
    const closes = content.kind === 'close' || content.kind === 'or' || (content.kind === 'broken' && content.closes);
    if (closes) {
      const start = open.pop();
      if (start !== undefined && start < index - 1) ranges.push({ line: start, endLine: index - 1, kind: 'block' });
    }
    if (
      content.kind === 'or' ||
      OPENING.has(content.kind) ||
      (content.kind === 'broken' && content.opens !== undefined)
    )
      open.push(index);
    const isComment = content.kind === 'blank' && line.comment !== undefined;
    if (isComment && comment === -1) comment = index;
    if (!isComment && comment !== -1) {
      if (comment < index - 1) ranges.push({ line: comment, endLine: index - 1, kind: 'comment' });
      comment = -1;
    }
  });
  const header = headerOf(scenario);
  if (header !== undefined) ranges.push(header);
  return ranges.sort((left, right) => left.line - right.line);
}

/** The lines that describe a scenario, from the first to the last before its first block. */
function headerOf({ lines, blocks }: ParsedScenario): FoldingRange | undefined {
  const end = blocks[0]?.line ?? lines.length;
  const described = lines.slice(0, end).flatMap(({ content }, index) => (HEADER.has(content.kind) ? [index] : []));
  const [first, last] = [described[0], described.at(-1)];
  return first === undefined || last === undefined || last - first < 2
    ? undefined
    : { line: first, endLine: last, kind: 'block' };
}

const HEADER: ReadonlySet<string> = new Set(['scenario', 'doc', 'source', 'tags', 'kernel', 'include']);

/** The comment block directly above a line, without the slashes: its documentation. */
export function documentationAbove(scenario: ParsedScenario, line: number): string {
  const texts: string[] = [];
  for (let index = line - 1; index >= 0; index--) {
    const above = scenario.lines[index]!;
    if (above.content.kind !== 'blank' || above.comment === undefined) break;
    texts.unshift(above.text.slice(above.comment.start + 2).trim());
  }
  return texts.join('\n');
}

/** Where the symbol at a place is defined, and where it is used. */
export function definitionsAt(
  scenario: ParsedScenario,
  vocabulary: Vocabulary,
  at: TextPosition,
): readonly TextPlace[] {
  return symbolsOf(scenario, vocabulary).at(at.line, at.column)?.definitions ?? [];
}

function blockEntry(scenario: ParsedScenario, block: Block): OutlineEntry {
  const line = scenario.lines[block.line]!;
  const children =
    block.kind === 'machine' ? block.items.flatMap((item) => machineEntry(scenario.lines[item.line]!, item.line)) : [];
  const name = block.proc
    ? `proc ${block.proc.name.text}`
    : block.actor
      ? printActor({ ...block.actor, options: [] })
      : block.kind;
  const span = block.proc?.name.span ?? block.actor?.name?.span ?? lineSpan(line);
  const detail = block.proc ? `(${block.proc.params.map((param) => param.text).join(', ')})` : '';
  const kind = block.kind === 'machine' || block.kind === 'proc' ? block.kind : 'actor';
  return { name, detail, kind, line: block.line, endLine: block.endLine, span, children };
}

function machineEntry(line: Line, index: number): OutlineEntry[] {
  const content = line.content;
  const entry = (name: string, detail: string, span: Span): OutlineEntry => ({
    name,
    detail,
    kind: 'item',
    line: index,
    endLine: index,
    span,
    children: [],
  });
  switch (content.kind) {
    case 'cpu':
      return [entry('cpu', content.vendor.text, content.vendor.span)];
    case 'iommu':
      return [entry(content.name.text, content.driver.text, content.name.span)];
    case 'device':
      return [entry(content.name.text, content.bdf.text, content.name.span)];
    case 'mdev':
      return [entry(content.name.text, 'mdev', content.name.span)];
    case 'memory':
      return content.names.map((name) => entry(name.text, 'memory', name.span));
    default:
      return [];
  }
}

function lineSpan(line: Line): Span {
  return { start: line.text.length - line.text.trimStart().length, end: line.text.trimEnd().length };
}

const OP_ROLES: ReadonlySet<WordRole> = new Set(['call', 'instruction', 'tlp', 'host']);
const OPENING: ReadonlySet<string> = new Set([
  'machine-open',
  'actor-open',
  'proc-open',
  'choose-open',
  'loop-open',
  'repeat-open',
]);

const TYPE_OF_ROLE: Readonly<Record<WordRole, SemanticType>> = {
  keyword: 'keyword',
  call: 'function',
  request: 'macro',
  instruction: 'function',
  tlp: 'function',
  host: 'function',
  'unknown-op': 'function',
  constant: 'enumMember',
  errno: 'enumMember',
  field: 'property',
  option: 'parameter',
  'option-value': 'enumMember',
  attribute: 'decorator',
  register: 'property',
  'system-register': 'variable',
  'config-register': 'variable',
  'memory-type': 'enumMember',
  finding: 'event',
  fact: 'method',
  version: 'number',
  number: 'number',
  string: 'string',
  bdf: 'string',
  tag: 'string',
  symbol: 'variable',
};

const TYPE_OF_SPACE: Readonly<Record<ScenarioSymbol['space'] | 'any', SemanticType>> = {
  name: 'variable',
  word: 'variable',
  page: 'type',
  iommu: 'class',
  actor: 'class',
  proc: 'function',
  register: 'property',
  parameter: 'parameter',
  any: 'variable',
};
