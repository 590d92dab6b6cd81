import { type Position, type ScenarioSymbol, symbolsOf, type TextPlace, VOCABULARY } from '@snoopscope/sim-core';
import { familyOf, type Location, type Snapshot } from '../snapshot.ts';
import { definitionsOf } from './names.ts';

/** A use of a name. */
export interface Use {
  readonly place: TextPlace;
  /** Its definition, which a name of a descriptor may have several of. */
  readonly definition: boolean;
}

export function symbolAt(snapshot: Snapshot, at: Position): ScenarioSymbol | undefined {
  return symbolsOf(snapshot.scenario, VOCABULARY).at(at.line, at.column);
}

export function definitionsAtPlace(snapshot: Snapshot, at: Position): readonly Location[] {
  const symbol = symbolAt(snapshot, at);
  if (symbol === undefined) return [];
  return definitionsOf(snapshot, symbol).map(({ file, line, span }) => ({ uri: file.uri, line, ...span }));
}

/** Every place that names the same thing, in the document and the files it includes. */
export function referencesAt(snapshot: Snapshot, at: Position, withDefinitions: boolean): readonly Location[] {
  const symbol = symbolAt(snapshot, at);
  if (symbol === undefined) return [];
  return inFamily(snapshot, symbol, (found) =>
    withDefinitions ? [...found.definitions, ...found.references] : found.references,
  );
}

/** The uses of the name at a place, in the document alone. */
export function usesAt(snapshot: Snapshot, at: Position): readonly Use[] {
  const symbol = symbolAt(snapshot, at);
  if (symbol === undefined) return [];
  return [
    ...symbol.definitions.map((place) => ({ place, definition: true })),
    ...symbol.references.map((place) => ({ place, definition: false })),
  ];
}

function inFamily(
  snapshot: Snapshot,
  symbol: ScenarioSymbol,
  places: (found: ScenarioSymbol) => readonly TextPlace[],
): Location[] {
  return familyOf(snapshot).flatMap(({ uri, scenario }) => {
    const found = symbolsOf(scenario, VOCABULARY).all.get(symbol.id);
    return (found === undefined ? [] : places(found))
      .map(({ line, span }) => ({ uri, line, ...span }))
      .sort((left, right) => left.line - right.line || left.start - right.start);
  });
}
