import {
  type Diagnostic,
  type Elaboration,
  elaborate,
  type Mended,
  type Model,
  mended,
  remembered,
} from '@snoopscope/sim-core';
import { includedScenario, type Snapshot } from '../snapshot.ts';

/** What keeps a scenario whose text is right from being executed on its kernel. */
export function elaborationDiagnostics(snapshot: Snapshot): readonly Diagnostic[] {
  return elaborated(snapshot).diagnostics;
}

/** The model of a snapshot. The same snapshot gives the same one. */
export const elaborated = remembered(elaborateWithin);

/** What can be executed of a snapshot: all of it, or what lines with errors leave. */
export interface Runnable extends Pick<Mended, 'changed' | 'missing'> {
  readonly model?: Model;
}

/** The same snapshot gives the same one. */
export const runnable = remembered((snapshot: Snapshot): Runnable => {
  const { model } = elaborated(snapshot);
  if (model !== undefined || isLibrary(snapshot)) return { ...WHOLE, ...(model && { model }) };
  const includes = includedScenario(snapshot);
  const mend = mended(snapshot.scenario, includes);
  if (mend === undefined) return WHOLE;
  const { model: rest } = elaborate(mend.scenario, { profile: snapshot.profile, includes });
  const { changed, missing } = mend;
  return { changed, missing, ...(rest && { model: rest }) };
});

const WHOLE: Runnable = { changed: new Set(), missing: 'nothing' };

/** A file of procedures alone is there to be included; nothing in it can be executed. */
function isLibrary(snapshot: Snapshot): boolean {
  return snapshot.scenario.blocks.every(({ kind }) => kind === 'proc');
}

function elaborateWithin(snapshot: Snapshot): Elaboration {
  if (isLibrary(snapshot)) return { diagnostics: [] };
  return elaborate(snapshot.scenario, { profile: snapshot.profile, includes: includedScenario(snapshot) });
}
