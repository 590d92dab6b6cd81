import { type Diagnostic, type Elaboration, elaborate, remembered } from '@snoopscope/sim-core';
import { includedScenario, type Snapshot } from '../snapshot.ts';

/** What keeps a scenario whose text is right from being executed on its kernel. */
export function elaborationDiagnostics(snapshot: Snapshot): readonly Diagnostic[] {
  return elaborated(snapshot).diagnostics;
}

/** The model of a snapshot. The same snapshot gives the same one. */
export const elaborated = remembered(elaborateWithin);

/** A file of procedures alone is there to be included; nothing in it can be executed. */
function isLibrary(snapshot: Snapshot): boolean {
  return snapshot.scenario.blocks.every(({ kind }) => kind === 'proc');
}

function elaborateWithin(snapshot: Snapshot): Elaboration {
  if (isLibrary(snapshot)) return { diagnostics: [] };
  return elaborate(snapshot.scenario, { profile: snapshot.profile, includes: includedScenario(snapshot) });
}
