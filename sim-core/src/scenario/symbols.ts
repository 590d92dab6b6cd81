import type { Block, Item, ParsedScenario, Span } from './ast.ts';
import { type NameSpace, type RoleWord, rolesOf, vcpuName } from './roles.ts';
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

interface Use {
  readonly place: Place;
  readonly word: RoleWord;
  readonly block: Block | undefined;
}

interface MutableSymbol extends ScenarioSymbol {
  readonly definitions: Place[];
  readonly references: Place[];
}

class TableBuilder {
  readonly scenario: ParsedScenario;
  readonly vocabulary: Vocabulary;
  readonly all = new Map<string, MutableSymbol>();
  readonly byLine = new Map<number, { span: Span; id: string }[]>();
  readonly pending: Use[] = [];

  constructor(scenario: ParsedScenario, vocabulary: Vocabulary) {
    this.scenario = scenario;
    this.vocabulary = vocabulary;
  }

  build(): SymbolTable {
    const blocks = blockOfLines(this.scenario);
    this.scenario.lines.forEach((line, index) => {
      for (const word of rolesOf(line, this.vocabulary)) {
        if (word.symbol === undefined) continue;
        const use = { place: { line: index, span: word.span }, word, block: blocks[index] };
        if (word.symbol.space === 'any') this.pending.push(use);
        else this.record(use, idOf(use));
      }
    });
    for (const use of this.pending) this.record(use, this.anyId(use));
    return { all: this.all, at: (line, column) => this.at(line, column), names: (space) => this.names(space) };
  }

  private at(line: number, column: number): ScenarioSymbol | undefined {
    const entry = this.byLine.get(line)?.find(({ span }) => span.start <= column && column <= span.end);
    return entry === undefined ? undefined : this.all.get(entry.id);
  }

  private names(space: ScenarioSymbol['space']): string[] {
    return [...this.all.values()]
      .filter((symbol) => symbol.space === space && symbol.definitions.length > 0)
      .map((symbol) => symbol.name);
  }

  private record(use: Use, id: string): void {
    let symbol = this.all.get(id);
    if (symbol === undefined) {
      const [space, name] = [id.slice(0, id.indexOf(':')), id.slice(id.indexOf(':') + 1)];
      symbol = { id, space: space as ScenarioSymbol['space'], name, definitions: [], references: [] };
      this.all.set(id, symbol);
    }
    (use.word.symbol!.definition ? symbol.definitions : symbol.references).push(use.place);
    const line = this.byLine.get(use.place.line) ?? [];
    line.push({ span: use.place.span, id });
    this.byLine.set(use.place.line, line);
  }

  /** An argument of `call`, or a parameter: the first space that knows the name. */
  private anyId(use: Use): string {
    const name = use.word.symbol!.name;
    const parameter = parameterId(use.block, name);
    if (parameter !== undefined) return parameter;
    for (const space of ['name', 'word', 'actor', 'proc'] as const) {
      if ((this.all.get(`${space}:${name}`)?.definitions.length ?? 0) > 0) return `${space}:${name}`;
    }
    return `name:${name}`;
  }
}

function idOf(use: Use): string {
  const { space, name, owner } = use.word.symbol!;
  const parameter = parameterId(use.block, name);
  if (parameter !== undefined && owner === undefined) return parameter;
  if (space !== 'register') return `${space}:${name}`;
  return `register:${owner ?? ownerOf(use.block)}.${name}`;
}

function parameterId(block: Block | undefined, name: string): string | undefined {
  if (block?.proc?.params.some((param) => param.text === name) !== true) return undefined;
  return `parameter:${block.proc.name.text}(${name})`;
}

/** Whose registers a block uses. */
function ownerOf(block: Block | undefined): string {
  if (block?.proc !== undefined) return `${block.proc.name.text}()`;
  if (block?.actor === undefined) return '';
  return block.actor.kind === 'vcpu' ? vcpuName(block.actor) : (block.actor.name?.text ?? block.actor.kind);
}

/** The block that each line stands in; the lines of its braces belong to it. */
export function blockOfLines(scenario: ParsedScenario): (Block | undefined)[] {
  const owners = new Array<Block | undefined>(scenario.lines.length).fill(undefined);
  for (const block of scenario.blocks) owners.fill(block, block.line, block.endLine + 1);
  return owners;
}

/** Every line of a list of items, those of control blocks included. */
export function* linesOf(items: readonly Item[]): Generator<number> {
  for (const item of items) {
    yield item.line;
    if (item.kind === 'choose') for (const alternative of item.alternatives) yield* linesOf(alternative);
    else if (item.kind !== 'line') yield* linesOf(item.body);
  }
}
