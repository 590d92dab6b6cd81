import type { Block, BlockItem, LineContent, ParsedScenario } from './ast.ts';
import { indicesByKind, piecesOf } from './pieces.ts';
import { remembered } from './remembered.ts';

/** The block that each line is in; the lines of its braces belong to it. */
export const blockOfLines = remembered((scenario: ParsedScenario): readonly (Block | undefined)[] => {
  const blocks = new Array<Block | undefined>(scenario.lines.length).fill(undefined);
  for (const block of scenario.blocks) blocks.fill(block, block.line, block.endLine + 1);
  return blocks;
});

/** The numbers of the lines that say something of a kind, in the order of the file. */
export function linesOfKind(scenario: ParsedScenario, kind: LineContent['kind']): readonly number[] {
  const lines: number[] = [];
  for (const { start, piece } of piecesOf(scenario)) {
    for (const index of indicesByKind(piece).get(kind) ?? []) lines.push(start + index);
  }
  return lines;
}

/** A line that says something of a kind. */
interface PlacedContent<Kind extends LineContent['kind']> {
  readonly line: number;
  readonly content: LineContent & { readonly kind: Kind };
}

/** The contents of a kind with their lines. The same scenario gives the same list. */
export function contentsOfKind<Kind extends LineContent['kind']>(
  scenario: ParsedScenario,
  kind: Kind,
): readonly PlacedContent<Kind>[] {
  const byKind = placedContents(scenario);
  let placed = byKind.get(kind);
  if (placed === undefined) {
    placed = linesOfKind(scenario, kind).map((line) => ({ line, content: scenario.lines[line]!.content }));
    byKind.set(kind, placed);
  }
  return placed as readonly PlacedContent<Kind>[];
}

/** Several checks look at each kind: the lists are made once. */
const placedContents = remembered(
  (_scenario: ParsedScenario): Map<LineContent['kind'], readonly PlacedContent<LineContent['kind']>[]> => new Map(),
);

/** Every line of a list of items, those of control blocks included. */
export function* linesOf(items: readonly BlockItem[]): Generator<number> {
  for (const item of items) {
    yield item.line;
    if (item.kind === 'choose') for (const alternative of item.alternatives) yield* linesOf(alternative);
    else if (item.kind !== 'line') yield* linesOf(item.body);
  }
}
