import type { Block, ParsedScenario, Span } from './ast.ts';
import { blockOfLines } from './blocks.ts';
import { type NamedWord, type NameSpace, namesOf, vcpuName } from './roles.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A place in the text. */
export interface Place {
  readonly line: number;
  readonly span: Span;
}

/** Something that the scenario names. */
export interface ScenarioSymbol {
  /** Unique in the scenario: `word:x`, `register:gpu.r0`, `parameter:attach(group)`. */
  readonly id: string;
  readonly space: Exclude<NameSpace, 'any'> | 'parameter';
  readonly name: string;
  /** Where it gets its name. Names of descriptors may be bound several times. */
  readonly definitions: readonly Place[];
  readonly references: readonly Place[];
}

export interface SymbolTable {
  readonly all: ReadonlyMap<string, ScenarioSymbol>;
  /** The symbol of a word; undefined for words that name nothing of the scenario. */
  at(line: number, column: number): ScenarioSymbol | undefined;
  /** The names of a space, for completion and did-you-mean. */
  names(space: ScenarioSymbol['space']): string[];
}

/** Names, where they are defined and where they are used. The same scenario gives the same table. */
export function symbolsOf(scenario: ParsedScenario, vocabulary: Vocabulary): SymbolTable {
  let table = tables.get(scenario);
  if (table === undefined) {
    table = new TableBuilder(scenario, vocabulary).build();
    tables.set(scenario, table);
  }
  return table;
}

const tables = new WeakMap<ParsedScenario, SymbolTable>();

interface MutableSymbol extends ScenarioSymbol {
  readonly definitions: Place[];
  readonly references: Place[];
}

class TableBuilder {
  readonly scenario: ParsedScenario;
  readonly vocabulary: Vocabulary;
  readonly blocks: readonly (Block | undefined)[];
  readonly all = new Map<string, MutableSymbol>();

  constructor(scenario: ParsedScenario, vocabulary: Vocabulary) {
    this.scenario = scenario;
    this.vocabulary = vocabulary;
    this.blocks = blockOfLines(scenario);
  }

  build(): SymbolTable {
    const { scenario, vocabulary, blocks } = this;
    const pending: { word: NamedWord; line: number }[] = [];
    for (let line = 0; line < scenario.lines.length; line++) {
      for (const word of namesOf(scenario.lines[line]!, vocabulary)) {
        if (word.symbol.space === 'any') pending.push({ word, line });
        else this.record(word, line, idOf(word, blocks[line]));
      }
    }
    for (const { word, line } of pending) this.record(word, line, this.anyId(word, blocks[line]));
    return { all: this.all, at: (line, column) => this.at(line, column), names: (space) => this.names(space) };
  }

  private at(line: number, column: number): ScenarioSymbol | undefined {
    const text = this.scenario.lines[line];
    const word = text && namesOf(text, this.vocabulary).find(({ span }) => span.start <= column && column <= span.end);
    if (word === undefined) return undefined;
    const block = this.blocks[line];
    return this.all.get(word.symbol.space === 'any' ? this.anyId(word, block) : idOf(word, block));
  }

  private names(space: ScenarioSymbol['space']): string[] {
    return [...this.all.values()]
      .filter((symbol) => symbol.space === space && symbol.definitions.length > 0)
      .map((symbol) => symbol.name);
  }

  private record(word: NamedWord, line: number, id: string): void {
    let symbol = this.all.get(id);
    if (symbol === undefined) {
      const colon = id.indexOf(':');
      symbol = {
        id,
        space: id.slice(0, colon) as ScenarioSymbol['space'],
        name: id.slice(colon + 1),
        definitions: [],
        references: [],
      };
      this.all.set(id, symbol);
    }
    (word.symbol.definition ? symbol.definitions : symbol.references).push({ line, span: word.span });
  }

  /** An argument of `call`, or a parameter: the first space that knows the name. */
  private anyId(word: NamedWord, block: Block | undefined): string {
    const { name } = word.symbol;
    const parameter = parameterId(block, name);
    if (parameter !== undefined) return parameter;
    for (const space of ['name', 'word', 'actor', 'proc'] as const) {
      if ((this.all.get(`${space}:${name}`)?.definitions.length ?? 0) > 0) return `${space}:${name}`;
    }
    return `name:${name}`;
  }
}

function idOf(word: NamedWord, block: Block | undefined): string {
  const { space, name, owner, id } = word.symbol;
  const parameter = owner === undefined ? parameterId(block, name) : undefined;
  if (parameter !== undefined) return parameter;
  return space === 'register' ? `register:${owner ?? ownerOf(block)}.${name}` : id;
}

function parameterId(block: Block | undefined, name: string): string | undefined {
  if (block?.proc === undefined || block.proc.params.length === 0) return undefined;
  if (!block.proc.params.some((param) => param.text === name)) return undefined;
  return `parameter:${block.proc.name.text}(${name})`;
}

/** Whose registers a block uses. */
function ownerOf(block: Block | undefined): string {
  if (block?.proc !== undefined) return `${block.proc.name.text}()`;
  if (block?.actor === undefined) return '';
  return block.actor.kind === 'vcpu' ? vcpuName(block.actor) : (block.actor.name?.text ?? block.actor.kind);
}
