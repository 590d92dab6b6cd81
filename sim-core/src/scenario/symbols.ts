import type { ParsedScenario, Span } from './ast.ts';
import { blockOfLines } from './blocks.ts';
import { type PieceSymbol, symbolIn, symbolsOfPiece } from './piece-symbols.ts';
import { piecesOf } from './pieces.ts';
import { remembered } from './remembered.ts';
import { type NameSpace, namesOf } from './roles.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A place in the text. */
export interface TextPlace {
  readonly line: number;
  readonly span: Span;
}

/** Something that the scenario names. */
export interface ScenarioSymbol {
  /** Unique in the scenario: `word:x`, `register:gpu.r0`, `parameter:attach(group)`. */
  readonly id: string;
  readonly space: Exclude<NameSpace, 'any'> | 'parameter';
  readonly name: string;
  /** Where it gets its name, from top to bottom. Names of descriptors may be bound several times. */
  readonly definitions: readonly TextPlace[];
  readonly references: readonly TextPlace[];
  /** How many there are of each, without looking for all of them. */
  readonly definitionCount: number;
  readonly referenceCount: number;
}

export interface SymbolTable {
  readonly all: ReadonlyMap<string, ScenarioSymbol>;
  /** The symbol of a word; undefined for words that name nothing of the scenario. */
  at(line: number, column: number): ScenarioSymbol | undefined;
  /** The names of a space, for completion and did-you-mean. */
  names(space: ScenarioSymbol['space']): string[];
}

/**
 * Names, where they are defined and where they are used. `others` are files that declare names of the same scenario:
 * what they define decides what an argument of `call` is a name of, their places are not in the table.
 *
 * The same scenario gives the same table. Most of the work is remembered with the pieces of the scenario, so that after
 * an edit only what it touched is looked at.
 */
export function symbolsOf(
  scenario: ParsedScenario,
  vocabulary: Vocabulary,
  others: readonly ParsedScenario[] = [],
): SymbolTable {
  const own = ownTable(scenario, vocabulary);
  if (others.length === 0 || !own.hasOpenNames) return own;
  const tables = others.filter((other) => other !== scenario).map((other) => ownTable(other, vocabulary));
  return new Table(scenario, vocabulary, (id) => tables.some((table) => table.defines(id)));
}

function ownTable(scenario: ParsedScenario, vocabulary: Vocabulary): Table {
  let tableOf = tables.get(vocabulary);
  if (tableOf === undefined) {
    tableOf = remembered((one: ParsedScenario) => new Table(one, vocabulary, () => false));
    tables.set(vocabulary, tableOf);
  }
  return tableOf(scenario);
}

const tables = new WeakMap<Vocabulary, (scenario: ParsedScenario) => Table>();

class Table implements SymbolTable {
  readonly #scenario: ParsedScenario;
  readonly #vocabulary: Vocabulary;
  readonly #definedElsewhere: (id: string) => boolean;
  readonly #all = new Map<string, MergedSymbol>();
  readonly hasOpenNames: boolean;

  constructor(scenario: ParsedScenario, vocabulary: Vocabulary, definedElsewhere: (id: string) => boolean) {
    this.#scenario = scenario;
    this.#vocabulary = vocabulary;
    this.#definedElsewhere = definedElsewhere;
    const open: { readonly start: number; readonly symbol: PieceSymbol; id: string }[] = [];
    for (const { start, piece } of piecesOf(scenario)) {
      const found = symbolsOfPiece(piece, vocabulary);
      for (const symbol of found.known) this.#symbol(symbol.id).add(start, symbol);
      for (const symbol of found.open) open.push({ start, symbol, id: '' });
    }
    this.hasOpenNames = open.length > 0;
    // Only now is known what the scenario defines.
    for (const one of open) one.id = this.#resolve(one.symbol.id);
    for (const { start, symbol, id } of open) this.#symbol(id).add(start, symbol);
  }

  get all(): ReadonlyMap<string, ScenarioSymbol> {
    return this.#all;
  }

  at(line: number, column: number): ScenarioSymbol | undefined {
    const text = this.#scenario.lines[line];
    const word = text && namesOf(text, this.#vocabulary).find(({ span }) => span.start <= column && column <= span.end);
    if (word === undefined) return undefined;
    const block = blockOfLines(this.#scenario)[line];
    const { id, isOpen } = symbolIn(word, block && this.#scenario.lines[block.line]);
    return this.#all.get(isOpen ? this.#resolve(id) : id);
  }

  defines(id: string): boolean {
    return (this.#all.get(id)?.definitionCount ?? 0) > 0;
  }

  names(space: ScenarioSymbol['space']): string[] {
    const names: string[] = [];
    for (const symbol of this.#all.values())
      if (symbol.space === space && symbol.definitionCount > 0) names.push(symbol.name);
    return names;
  }

  #symbol(id: string): MergedSymbol {
    let symbol = this.#all.get(id);
    if (symbol === undefined) {
      symbol = new MergedSymbol(id);
      this.#all.set(id, symbol);
    }
    return symbol;
  }

  /** An argument of `call` is of the first space that knows its name. */
  #resolve(name: string): string {
    for (const space of ['name', 'word', 'actor', 'proc'] as const) {
      const id = `${space}:${name}`;
      if (this.defines(id) || this.#definedElsewhere(id)) return id;
    }
    return `name:${name}`;
  }
}

/** A symbol with its parts in several pieces. Its places are counted out when somebody asks for them: few do. */
class MergedSymbol implements ScenarioSymbol {
  readonly id: string;
  readonly space: ScenarioSymbol['space'];
  readonly name: string;
  definitionCount = 0;
  referenceCount = 0;
  readonly #parts: { readonly start: number; readonly symbol: PieceSymbol }[] = [];
  #definitions: readonly TextPlace[] | undefined;
  #references: readonly TextPlace[] | undefined;

  constructor(id: string) {
    const colon = id.indexOf(':');
    this.id = id;
    this.space = id.slice(0, colon) as ScenarioSymbol['space'];
    this.name = id.slice(colon + 1);
  }

  get definitions(): readonly TextPlace[] {
    this.#definitions ??= this.#places('definitions');
    return this.#definitions;
  }

  get references(): readonly TextPlace[] {
    this.#references ??= this.#places('references');
    return this.#references;
  }

  add(start: number, symbol: PieceSymbol): void {
    this.#parts.push({ start, symbol });
    this.definitionCount += symbol.definitions.length;
    this.referenceCount += symbol.references.length;
  }

  #places(of: 'definitions' | 'references'): TextPlace[] {
    const places: TextPlace[] = [];
    for (const { start, symbol } of this.#parts) {
      for (const { line, span } of symbol[of]) places.push({ line: start + line, span });
    }
    // Arguments of `call` come last, wherever they are.
    return places.sort((left, right) => left.line - right.line || left.span.start - right.span.start);
  }
}
