/** Exploring one scenario on one kernel, in slices between which the user can press Ctrl-C and sees how far it is. */
import {
  type CheckpointData,
  type Exploration,
  type ExplorationReport,
  type ExploreLimit,
  leavesOpen,
  type Model,
  type Profile,
  type Progress,
  reporting,
  Sampler,
  Search,
  SLICE_MOVES,
  searchOfFewSwitches,
  verdictOf,
  withFewSwitches,
} from '@snoopscope/sim-core';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { isFinished, type Keepable, type Keeper, type Kept } from './explore-checkpoint.ts';
import type { ExploreRequest } from './explore-options.ts';
import { exploreWithWorkers } from './explore-workers.ts';
import { breathe } from './io.ts';
import type { KnownSoFar } from './known-so-far.ts';
import { withPauses } from './with-pauses.ts';

export interface Explored {
  readonly report: ExplorationReport;
  /** What the engine says, for those who put several together. */
  readonly exploration: Exploration;
  /** Wall time of the exploration, reports not counted. */
  readonly seconds: number;
  readonly exitCode: ExitCode;
  /** The file that it is kept in. */
  readonly kept?: Kept;
}

/** Of an exploration that may not be over. */
export type Known = Omit<Explored, 'exitCode'>;

/** Told a few times a second. */
export type OnProgress = (progress: Progress, seconds: number, kept: Kept | undefined) => void;

/** Who looks on. */
export interface Audience {
  readonly onProgress?: OnProgress | undefined;
  readonly keeper?: Keeper | undefined;
  readonly known?: KnownSoFar | undefined;
}

/** Something that finds out about a model slice by slice. */
export interface Exploring extends Keepable {
  /** Works for some milliseconds; false when it is over. */
  readonly step: () => boolean;
  readonly stop: (limit: ExploreLimit) => void;
  readonly progress: () => Progress;
  readonly result: () => Exploration;
  /** Others are at work: there is nothing to step until `wait` is over. */
  readonly waiting?: () => boolean;
  readonly wait?: () => Promise<void>;
  /** False while others store states, so that where they are cannot be saved. */
  readonly isBetweenLevels?: () => boolean;
  readonly close?: () => void;
}

/** Between two looks at the keyboard. */
const SLICE_MS = 20;
const PROGRESS_MS = 200;
/** For shorter schedules than those that the exploration came across. */
const SHORTEN_MS = 10_000;
/** For executions with few switches, after a limit. */
const FURTHER_SECONDS = 10;

export async function exploreModel(
  model: Model,
  profile: Profile,
  request: ExploreRequest,
  interrupt: AbortSignal,
  audience: Audience = {},
): Promise<Explored> {
  const began = performance.now();
  const { keeper } = audience;
  const known = keeper?.result;
  const searched = known ?? (await explored(model, request, interrupt, audience));
  const { last } = searched;
  const exploration = await lookedAtFurther(model, searched.exploration, request, interrupt);
  const ended = performance.now();
  const shouldStop = (): boolean => interrupt.aborted || performance.now() - ended > SHORTEN_MS;
  const verdict = verdictOf(model, profile, exploration);
  const report = known?.report ?? (await withPauses(reporting(verdict, { ...request.explore, shouldStop })));
  // If the user did not wait for the shortest schedules, the next call finds them.
  if (last) await (interrupt.aborted ? keeper?.stopped(last) : keeper?.finish({ exploration, report }));
  const exitCode = interrupt.aborted && report.passed === undefined ? EXIT.interrupted : explorationExitCode(report);
  const seconds = (ended - began) / 1000;
  return { report, exploration, seconds, exitCode, ...(keeper && { kept: keeper.kept }) };
}

/** A search that met a limit is followed by one by few switches, for a part of the time that it took. */
async function lookedAtFurther(
  model: Model,
  exploration: Exploration,
  { explore, maxSeconds = Number.POSITIVE_INFINITY }: ExploreRequest,
  interrupt: AbortSignal,
): Promise<Exploration> {
  if (interrupt.aborted || !leavesOpen(exploration)) return exploration;
  const search = searchOfFewSwitches(model, explore);
  await inSlices(asExploring(search), Math.min(FURTHER_SECONDS, maxSeconds / 4), interrupt, {});
  return withFewSwitches(exploration, search.result());
}

/** A failure that was found remains one, even if a limit was hit. Runs at random that found nothing are all that was asked for. */
export function explorationExitCode({
  passed,
  limit,
  sampling,
}: Pick<ExplorationReport, 'passed' | 'limit' | 'sampling'>): ExitCode {
  if (passed === false || limit?.kind === 'finding') return EXIT.failed;
  return passed || (sampling && !limit) ? EXIT.fine : EXIT.limit;
}

async function explored(
  model: Model,
  request: ExploreRequest,
  interrupt: AbortSignal,
  audience: Audience,
): Promise<{ exploration: Exploration; last?: CheckpointData | undefined }> {
  const search = exploringOf(model, request);
  const { keeper } = audience;
  try {
    await keeper?.begin(search);
    await inSlices(search, request.maxSeconds ?? Number.POSITIVE_INFINITY, interrupt, audience);
    // What is looked at for the result does not belong to the search.
    const last = keeper && search.checkpointData();
    const exploration = search.result();
    if (isFinished(exploration)) return { exploration, last };
    // What a dead thread was at is missing: the last checkpoint is the place to continue from.
    if (last && exploration.limit?.kind !== 'thread') await keeper.stopped(last);
    return { exploration };
  } finally {
    search.close?.();
  }
}

function exploringOf(model: Model, { explore, sample, workers }: ExploreRequest): Exploring {
  if (sample) return new Sampler(model, sample);
  if (workers > 1) return exploreWithWorkers(model, explore, workers);
  return asExploring(new Search(model, explore));
}

function asExploring(search: Search): Exploring {
  return {
    step: () => search.step(SLICE_MOVES),
    stop: (limit) => search.stop(limit),
    progress: () => search.progress(),
    result: () => search.result(),
    checkpointData: () => search.checkpointData(),
    restore: (saved) => search.restore(saved),
  };
}

async function inSlices(
  search: Exploring,
  maxSeconds: number,
  interrupt: AbortSignal,
  { onProgress, keeper, known }: Audience,
): Promise<void> {
  const began = performance.now();
  let [paused, told] = [began, began];
  for (;;) {
    if (keeper && (search.isBetweenLevels?.() ?? true)) await keeper.keep(search);
    known?.look(search, performance.now() - began);
    if (!search.step()) return;
    const now = performance.now();
    const waiting = search.waiting?.() ?? false;
    if (!waiting && now - paused < SLICE_MS) continue;
    paused = now;
    await (waiting && search.wait ? search.wait() : breathe());
    const seconds = (now - began) / 1000;
    if (interrupt.aborted || seconds > maxSeconds) {
      search.stop({ kind: 'stopped' });
      // The others finish what they are at first; they are told to.
      while (search.waiting?.()) await search.wait?.();
      return;
    }
    if (now - told < PROGRESS_MS) continue;
    told = now;
    onProgress?.(search.progress(), seconds, keeper?.kept);
  }
}
