import { check, type Diagnostic, remembered } from '@snoopscope/sim-core';
import { includedScenario, type Snapshot } from '../snapshot.ts';

/** What is wrong with the text, its words and its names. Linear in the lines, and lines that did not change are not looked at again. */
export const textDiagnostics = remembered((snapshot: Snapshot): readonly Diagnostic[] => {
  const { scenario, profile } = snapshot;
  return [...scenario.diagnostics, ...check(scenario, { profile, includes: includedScenario(snapshot), advice: true })];
});

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}
