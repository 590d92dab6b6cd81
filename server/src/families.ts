/**
 * Which files mean the same by a name. A scenario and the files that it includes are a family: in it every name means one
 * thing. A file that two scenarios include ties their names together, where it mentions them.
 */
import {
  type ScenarioSymbol,
  type SymbolTable,
  symbolsOf,
  type TextPlace,
  type TextPosition,
  VOCABULARY,
} from '@snoopscope/sim-core';
import { keyOf } from './includes.ts';
import type { IncludedFile } from './snapshot.ts';

/** A scenario, which comes first, and the files it includes. */
export type Family = readonly IncludedFile[];

/** A name in one of the files that share it. */
export interface SharedName {
  readonly file: IncludedFile;
  readonly definitions: readonly TextPlace[];
  readonly references: readonly TextPlace[];
}

/** The names of a file, as they are meant in a family. */
export function tableOf(file: IncludedFile, family: Family): SymbolTable {
  return symbolsOf(
    file.scenario,
    VOCABULARY,
    family.map(({ scenario }) => scenario),
  );
}

/** The families that a file is in. */
export function familiesOf(families: readonly Family[], uri: string): readonly Family[] {
  const key = keyOf(uri);
  return families.filter((family) => family.some((file) => keyOf(file.uri) === key));
}

/** What a word of a file names: preferably something that one of its families defines. */
export function familySymbol(families: readonly Family[], uri: string, at: TextPosition): ScenarioSymbol | undefined {
  const key = keyOf(uri);
  let found: ScenarioSymbol | undefined;
  for (const family of familiesOf(families, uri)) {
    const file = family.find((one) => keyOf(one.uri) === key)!;
    const symbol = tableOf(file, family).at(at.line, at.column);
    if (symbol !== undefined && isDefined(symbol.id, family)) return symbol;
    found ??= symbol;
  }
  return found;
}

/** All files that mean the same by a name as the file does in which it was asked for, that file first. */
export function sharing(families: readonly Family[], uri: string, id: string): readonly SharedName[] {
  const found = new Map<string, SharedName>();
  const waiting = [keyOf(uri)];
  const seen = new Set<Family>();
  for (const key of waiting) {
    for (const family of familiesOf(families, key)) {
      if (seen.has(family)) continue;
      seen.add(family);
      for (const file of family) {
        const other = keyOf(file.uri);
        const symbol = tableOf(file, family).all.get(id);
        if (symbol === undefined || (symbol.space === 'parameter' && other !== waiting[0])) continue;
        if (!waiting.includes(other)) waiting.push(other);
        found.set(other, merged(file, symbol, found.get(other)));
      }
    }
  }
  return [...found.values()];
}

/** An argument of `call` in an included file may be a name in one family and a word in the other. */
function merged(file: IncludedFile, symbol: ScenarioSymbol, known: SharedName | undefined): SharedName {
  const { definitions, references } = symbol;
  if (known === undefined || known.references.length <= references.length) return { file, definitions, references };
  return known;
}

function isDefined(id: string, family: Family): boolean {
  return family.some(({ scenario }) => (symbolsOf(scenario, VOCABULARY).all.get(id)?.definitionCount ?? 0) > 0);
}
