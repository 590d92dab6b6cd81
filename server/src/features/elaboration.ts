import { type Elaboration, elaborating, type Mended, type Model, mending, Notes } from '@snoopscope/sim-core';
import { includedScenario, type Snapshot } from '../snapshot.ts';

/** The model of a snapshot, in slices. The same snapshot gives the same one. */
export function* elaboratingOnce(snapshot: Snapshot): Generator<unknown, Elaboration> {
  let made = known.get(snapshot);
  if (made === undefined) {
    made = yield* elaboratingWithin(snapshot);
    known.set(snapshot, made);
  }
  return made;
}

const known = new Notes<Snapshot, Elaboration>();

/** What can be executed of a snapshot: all of it, or what lines with errors leave. */
export interface RunnablePart extends Pick<Mended, 'changed' | 'missing'> {
  readonly model?: Model;
}

/** In slices. The same snapshot gives the same one. */
export function* runnableOnce(snapshot: Snapshot): Generator<unknown, RunnablePart> {
  let made = runnables.get(snapshot);
  if (made === undefined) {
    made = yield* makingRunnable(snapshot);
    runnables.set(snapshot, made);
  }
  return made;
}

function* makingRunnable(snapshot: Snapshot): Generator<unknown, RunnablePart> {
  const { model } = yield* elaboratingOnce(snapshot);
  if (model !== undefined || isLibrary(snapshot)) return { ...WHOLE, ...(model && { model }) };
  const includes = includedScenario(snapshot);
  const mend = yield* mendingOnce(snapshot);
  if (mend === undefined) return WHOLE;
  const { model: rest } = yield* elaborating(mend.scenario, { profile: snapshot.profile, includes });
  const { changed, missing } = mend;
  return { changed, missing, ...(rest && { model: rest }) };
}

/** A snapshot without its errors, in slices. The same snapshot gives the same one. */
export function* mendingOnce(snapshot: Snapshot): Generator<void, Mended | undefined> {
  let made = mends.get(snapshot);
  if (made === undefined) {
    made = { mended: yield* mending(snapshot.scenario, includedScenario(snapshot)) };
    mends.set(snapshot, made);
  }
  return made.mended;
}

const mends = new Notes<Snapshot, { readonly mended: Mended | undefined }>();

const runnables = new Notes<Snapshot, RunnablePart>();
const WHOLE: RunnablePart = { changed: new Set(), missing: 'nothing' };

/** A file of procedures alone is there to be included; nothing in it can be executed. */
function isLibrary(snapshot: Snapshot): boolean {
  return snapshot.scenario.blocks.every(({ kind }) => kind === 'proc');
}

/** The last model of any snapshot: the next text is most likely nearly the same. */
let last: Model | undefined;

function* elaboratingWithin(snapshot: Snapshot): Generator<unknown, Elaboration> {
  if (isLibrary(snapshot)) return { diagnostics: [] };
  const { profile, scenario } = snapshot;
  const made = yield* elaborating(scenario, {
    profile,
    includes: includedScenario(snapshot),
    ...(last && { like: last }),
  });
  last = made.model ?? last;
  return made;
}
