import type { Diagnostic, LineEdit } from '@snoopscope/sim-core';

/** What puts right all that has one fix which does not change what is meant; one fix a line. */
export function safeEdits(diagnostics: readonly Diagnostic[]): LineEdit[] {
  const taken = new Set<number>();
  return diagnostics.flatMap(({ fixes }) => {
    const [fix, more] = fixes ?? [];
    if (fix === undefined || more !== undefined || fix.meaning === 'changed') return [];
    if (fix.edits.some(({ line }) => taken.has(line))) return [];
    for (const { line } of fix.edits) taken.add(line);
    return [...fix.edits];
  });
}
