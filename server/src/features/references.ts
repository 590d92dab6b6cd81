import type { ScenarioSymbol, TextPlace, TextPosition } from '@snoopscope/sim-core';
import { type Family, familySymbol, type SharedName, sharing } from '../families.ts';
import { familyOf, type Location, type Snapshot } from '../snapshot.ts';
import { definitionsOf } from './names.ts';

/** A use of a name. */
export interface Use {
  readonly place: TextPlace;
  /** It gets a value there: a definition, or the word that an instruction, TLP or action of the host stores to. */
  readonly writes: boolean;
  /** Its definition, which a name of a descriptor may have several of. */
  readonly definition: boolean;
}

export function symbolAt(
  snapshot: Snapshot,
  at: TextPosition,
  families: readonly Family[] = [familyOf(snapshot)],
): ScenarioSymbol | undefined {
  return familySymbol(families, snapshot.uri, at);
}

/** Where a name is defined: in the document or a file it includes, else in a file that includes it. */
export function definitionsAtPlace(
  snapshot: Snapshot,
  at: TextPosition,
  families: readonly Family[] = [familyOf(snapshot)],
): readonly Location[] {
  const symbol = symbolAt(snapshot, at, families);
  if (symbol === undefined) return [];
  const here = definitionsOf(snapshot, symbol).map(({ file, line, span }) => ({ uri: file.uri, line, ...span }));
  return here.length > 0
    ? here
    : sharing(families, snapshot.uri, symbol.id).flatMap((name) => locations(name, 'definitions'));
}

/** Every place that names the same thing, in the document and the files that share its names. */
export function referencesAt(
  snapshot: Snapshot,
  at: TextPosition,
  withDefinitions: boolean,
  families: readonly Family[] = [familyOf(snapshot)],
): readonly Location[] {
  const symbol = symbolAt(snapshot, at, families);
  if (symbol === undefined) return [];
  return sharing(families, snapshot.uri, symbol.id).flatMap((name) =>
    [...(withDefinitions ? locations(name, 'definitions') : []), ...locations(name, 'references')].sort(
      (left, right) => left.line - right.line || left.start - right.start,
    ),
  );
}

/** The uses of the name at a place, in the document alone. */
export function usesAt(snapshot: Snapshot, at: TextPosition): readonly Use[] {
  const symbol = symbolAt(snapshot, at);
  if (symbol === undefined) return [];
  return [
    ...symbol.definitions.map((place) => ({ place, writes: true, definition: true })),
    ...symbol.references.map((place) => ({ place, writes: storesTo(snapshot, place), definition: false })),
  ];
}

/** Whether the statement at a place stores to what is named there. */
export function storesTo({ scenario }: Snapshot, { line, span }: TextPlace): boolean {
  const content = scenario.lines[line]?.content;
  if (content?.kind !== 'action') return false;
  const [first] = content.operands;
  const here = first !== undefined && first.span.start <= span.start && span.end <= first.span.end;
  return here && STORES.has(content.op.text.toLowerCase());
}

/** What writes to its first operand. */
const STORES: ReadonlySet<string> = new Set(['mov', 'movnti', 'mwr', 'out', 'zero']);

function locations({ file, ...name }: SharedName, of: 'definitions' | 'references'): Location[] {
  return name[of].map(({ line, span }) => ({ uri: file.uri, line, ...span }));
}
