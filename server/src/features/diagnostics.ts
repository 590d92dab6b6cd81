import { checkingText, type Diagnostic, Notes } from '@snoopscope/sim-core';
import { includedScenario, type Snapshot } from '../snapshot.ts';

/**
 * What is wrong with the text, its words and its names, in slices. Linear in the lines, and lines that did not change are
 * not looked at again.
 */
export function* checkingSnapshot(snapshot: Snapshot): Generator<unknown, readonly Diagnostic[]> {
  let found = known.get(snapshot);
  if (found === undefined) {
    const { scenario, profile } = snapshot;
    const context = { profile, includes: includedScenario(snapshot), advice: true };
    found = [...scenario.diagnostics, ...(yield* checkingText(scenario, context))];
    known.set(snapshot, found);
  }
  return found;
}

const known = new Notes<Snapshot, readonly Diagnostic[]>();

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}
