import { includePath, type TextPosition } from '@snoopscope/sim-core';
import type { Family } from '../families.ts';
import { familyOf, type Location, type Snapshot } from '../snapshot.ts';
import { definitionsAtPlace } from './references.ts';

/** Where the name at a place is defined; for `include`, the file. */
export function definitionAt(
  snapshot: Snapshot,
  at: TextPosition,
  families: readonly Family[] = [familyOf(snapshot)],
): readonly Location[] {
  const content = snapshot.scenario.lines[at.line]?.content;
  if (content?.kind === 'include') {
    const file = snapshot.included.get(includePath('', content.text.value));
    return file === undefined ? [] : [{ uri: file.uri, line: 0, start: 0, end: 0 }];
  }
  return definitionsAtPlace(snapshot, at, families);
}
