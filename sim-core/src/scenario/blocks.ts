import type { Block, Item, LineContent, ParsedScenario } from './ast.ts';

/** The block that each line stands in; the lines of its braces belong to it. */
export function blockOfLines(scenario: ParsedScenario): readonly (Block | undefined)[] {
  return remember(owners, scenario, () => {
    const blocks = new Array<Block | undefined>(scenario.lines.length).fill(undefined);
    for (const block of scenario.blocks) blocks.fill(block, block.line, block.endLine + 1);
    return blocks;
  });
}

/** The numbers of the lines that say something of a kind, in the order of the file. */
export function linesOfKind(scenario: ParsedScenario, kind: LineContent['kind']): readonly number[] {
  const index = remember(kinds, scenario, () => {
    const byKind = new Map<LineContent['kind'], number[]>();
    for (let line = 0; line < scenario.lines.length; line++) {
      const { content } = scenario.lines[line]!;
      const lines = byKind.get(content.kind);
      if (lines === undefined) byKind.set(content.kind, [line]);
      else lines.push(line);
    }
    return byKind;
  });
  return index.get(kind) ?? NONE;
}

/** The contents of a kind with their lines. */
export function contentsOfKind<Kind extends LineContent['kind']>(
  scenario: ParsedScenario,
  kind: Kind,
): { line: number; content: LineContent & { kind: Kind } }[] {
  return linesOfKind(scenario, kind).map((line) => ({
    line,
    content: scenario.lines[line]!.content as LineContent & { kind: Kind },
  }));
}

/** Every line of a list of items, those of control blocks included. */
export function* linesOf(items: readonly Item[]): Generator<number> {
  for (const item of items) {
    yield item.line;
    if (item.kind === 'choose') for (const alternative of item.alternatives) yield* linesOf(alternative);
    else if (item.kind !== 'line') yield* linesOf(item.body);
  }
}

function remember<Value>(cache: WeakMap<ParsedScenario, Value>, scenario: ParsedScenario, make: () => Value): Value {
  let value = cache.get(scenario);
  if (value === undefined) {
    value = make();
    cache.set(scenario, value);
  }
  return value;
}

const owners = new WeakMap<ParsedScenario, readonly (Block | undefined)[]>();
const kinds = new WeakMap<ParsedScenario, ReadonlyMap<LineContent['kind'], readonly number[]>>();
const NONE: readonly number[] = [];
