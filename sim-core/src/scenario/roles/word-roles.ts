import type { Op } from '../../ops/op.ts';
import type { StructSpec } from '../../ops/structs.ts';
import type { Line, Option, Span, Word } from '../ast.ts';
import type { OptionOwner } from '../machine-options.ts';
import type { Vocabulary } from '../vocabulary.ts';

/** What a word of a line is. Colours, hover, references and checks are all views of this. */
export type WordRole =
  | 'keyword'
  | 'call'
  | 'request'
  | 'instruction'
  | 'tlp'
  | 'host'
  | 'unknown-op'
  | 'constant'
  | 'errno'
  | 'field'
  | 'option'
  | 'option-value'
  | 'attribute'
  | 'register'
  | 'system-register'
  | 'config-register'
  | 'memory-type'
  | 'finding'
  | 'fact'
  | 'version'
  | 'number'
  | 'string'
  | 'bdf'
  | 'tag'
  | 'symbol';

/** Where names live: a name of one space never hides a name of another. `any` is an argument of `call`. */
export type NameSpace = 'name' | 'word' | 'page' | 'iommu' | 'actor' | 'proc' | 'register' | 'any';

export interface NamedSymbol {
  readonly space: NameSpace;
  readonly name: string;
  /** Space and name in one. Registers have their owner in front of the name, which the block decides. */
  readonly id: string;
  readonly definition: boolean;
  /** Whose register it is, when it is written. */
  readonly owner?: string;
  /** What kind of actor must have the name. */
  readonly as?: ActorKind;
}
export type ActorKind = 'device' | 'vcpu' | 'actor';

export interface RoleWord {
  readonly role: WordRole;
  readonly text: string;
  readonly span: Span;
  /** For what names something of the scenario. */
  readonly symbol?: NamedSymbol;
  /** The op that it is, or that it is an operand of. */
  readonly op?: Op;
  /** For fields and their values. */
  readonly struct?: StructSpec;
  readonly field?: string;
  /** For options: whose. */
  readonly owner?: OptionOwner | 'op';
}

/** A word that names something of the scenario. */
export type NamedWord = RoleWord & { readonly symbol: NamedSymbol };

/** What goes with a word beside its role and place. */
export type WordDetails = Partial<Omit<RoleWord, 'role' | 'text' | 'span'>>;

/** Collects the words of one line. */
export class WordCollector {
  readonly words: RoleWord[] = [];
  readonly line: Line;
  readonly vocabulary: Vocabulary;

  constructor(line: Line, vocabulary: Vocabulary) {
    this.line = line;
    this.vocabulary = vocabulary;
  }

  add(role: WordRole, span: Span, details: WordDetails = {}): void {
    this.words.push({ role, text: this.line.text.slice(span.start, span.end), span, ...details });
  }

  symbol(word: Word, space: NameSpace, definition: boolean, details: WordDetails = {}): void {
    this.add('symbol', word.span, { symbol: symbolNamed(space, word.text, definition), ...details });
  }

  /** A device, a vCPU, or any actor by its name. */
  actor(word: Word, as: ActorKind, details: WordDetails = {}): void {
    const symbol: NamedSymbol = { space: 'actor', name: word.text, id: `actor:${word.text}`, definition: false, as };
    this.add('symbol', word.span, { symbol, ...details });
  }

  /** `gpu.doorbell`: an owner and one of its registers. */
  member(owner: Word, member: Word, as: ActorKind, details: WordDetails = {}): void {
    this.actor(owner, as, details);
    const id = `register:${owner.text}.${member.text}`;
    const symbol: NamedSymbol = { space: 'register', name: member.text, id, definition: false, owner: owner.text };
    this.add('register', member.span, { ...details, symbol });
  }

  /** The keyword that the line starts with. */
  firstWord(): void {
    const start = this.line.text.search(/[A-Za-z_]/);
    const length = /^\w+/.exec(this.line.text.slice(start))?.[0].length ?? 0;
    this.add('keyword', { start, end: start + length });
  }

  /** The last place of a keyword before a column. */
  keywordBefore(text: string, column: number): void {
    const start = this.line.text.lastIndexOf(text, column);
    this.add('keyword', { start, end: start + text.length });
  }

  options(options: readonly Option[], owner: OptionOwner | 'op', op?: Op): void {
    const ofOp = op === undefined ? {} : { op };
    for (const { key, value } of options) {
      const details = { owner, field: key.text, ...ofOp };
      this.add('option', key.span, { owner, ...ofOp });
      if (owner === 'device' && key.text === 'iommu') this.symbol(value, 'iommu', false, details);
      else if (owner === 'mdev' && key.text === 'parent') this.actor(value, 'device', details);
      else if (owner === 'memory' && key.text === 'page') this.symbol(value, 'page', true, details);
      else this.add(/^-?\d/.test(value.text) ? 'number' : 'option-value', value.span, details);
    }
  }
}

/** The same name gives the same record: files of many lines have few names. */
function symbolNamed(space: NameSpace, name: string, definition: boolean): NamedSymbol {
  const id = `${space}:${name}`;
  const known = definition ? definedNames : usedNames;
  let symbol = known.get(id);
  if (symbol === undefined) {
    if (known.size === MOST_NAMES) known.clear();
    symbol = { space, name, id, definition };
    known.set(id, symbol);
  }
  return symbol;
}

/** Names that are remembered, so that those of a day's typing are not all kept. */
const MOST_NAMES = 10_000;
const usedNames = new Map<string, NamedSymbol>();
const definedNames = new Map<string, NamedSymbol>();
