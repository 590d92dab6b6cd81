// Exploring a scenario on one kernel, away from the editor's thread.
import {
  type Estimate,
  Estimator,
  type Exploration,
  type ExplorationReport,
  type ExploreOptions,
  elaborating,
  explorationReport,
  exploringGraph,
  kernelOf,
  leavesOpen,
  type Model,
  NEWEST,
  type Profile,
  type Progress,
  reporting,
  Sampler,
  type Share,
  ShareOfLevels,
  SLICE_MOVES,
  type StateGraph,
  searchOfFewSwitches,
  verdictOf,
  withFewSwitches,
} from '@snoopscope/sim-core';
import type { ExploreMethod } from '@snoopscope/views/draw';
import { Team, type Threads, type Workers } from './explore-threads.ts';
import { readTexts, type ScenarioTexts } from './scenario-texts.ts';

export interface ExploreJob extends ScenarioTexts {
  readonly kind: 'explore';
  /** What the scenario says, else the newest, when left out. */
  readonly kernel?: string;
  readonly maxStates?: number;
  readonly maxBytes: number;
  readonly method: ExploreMethod;
  /** Threads that work together; as many as the machine has to spare when left out. */
  readonly workers?: number;
  /** Address or path of what threads run. */
  readonly levelWorker: string;
}

export type ExploreReply =
  | {
      readonly kind: 'progress';
      readonly progress: Progress;
      readonly seconds: number;
      /** States that there are at least, without any reduction: an estimate, once it takes long. */
      readonly unreduced?: number;
      readonly share?: Share;
      /** Set when runs are drawn: `states` are moves then, and the frontier the runs to go. */
      readonly drawn?: true;
    }
  /** The scenario cannot run. Lines count from 0. */
  | { readonly kind: 'broken'; readonly problems: readonly { readonly line: number; readonly message: string }[] }
  /** What it would answer if it ended now: for the case that its process crashes. */
  | { readonly kind: 'known'; readonly soFar: ExploredReply }
  /** It was cancelled before anything was known. */
  | { readonly kind: 'cancelled' }
  | EstimatedReply
  | ExploredReply;

/** How much there is to explore; nothing was. */
export interface EstimatedReply {
  readonly kind: 'estimated';
  readonly kernel: string;
  readonly estimate: Estimate;
  readonly seconds: number;
}

export interface ExploredReply {
  readonly kind: 'explored';
  readonly report: ExplorationReport;
  /** All states, where they are few enough to be drawn. */
  readonly graph?: StateGraph | 'too large';
  /** False: shorter schedules were not waited for, so some are those that the exploration came across. */
  readonly shortened: boolean;
  readonly workers: Workers;
  /** Wall time of the exploration, reports not counted. */
  readonly seconds: number;
  /** When it was over, in milliseconds since 1970: what a cancel waits for. */
  readonly ended: number;
}

/** The surroundings of an exploration. */
export interface ExploreSurroundings {
  readonly send: (reply: ExploreReply) => void;
  /** Lets what happened outside come in. */
  readonly pause: () => Promise<void>;
  /** The user does not want to wait any longer. */
  readonly stop: AbortSignal;
  readonly threads: Threads;
}

/** More threads than these are for those who ask for them. */
const MOST_WORKERS = 4;
/** Between two looks at what happened outside. */
const SLICE_MS = 20;
const FIRST_MOVES = 32;
const PROGRESS_MS = 200;
/** After this long a user wants to know how long it may take. */
const ESTIMATE_AFTER_MS = 2_000;
/** Until it is first told what is known so far, and from one time to the next; it takes a small part of the time. */
const FIRST_KNOWN_MS = 1_000;
const KNOWN_MS = 5_000;
const KNOWN_SHARE = 1 / 50;
/** For shorter schedules than those that the exploration came across. */
const SHORTEN_MS = 5_000;
/** For executions with few switches, after a limit. */
const FURTHER_MS = 10_000;

/** Sends progress and, last, what was found out, or as much as was known when it was stopped. */
export async function exploreScenario(request: ExploreJob, around: ExploreSurroundings): Promise<void> {
  const modelled = await modelOf(request, around);
  if (!modelled) {
    around.send({ kind: 'cancelled' });
    return;
  }
  const { model, profile, problems } = modelled;
  if (!model) {
    around.send({ kind: 'broken', problems });
    return;
  }
  const { method } = request;
  if (method.kind === 'estimate') await estimateStates(model, profile, around);
  else if (method.kind === 'random') await drawRuns(model, profile, method, around);
  else await searchAll(request, model, profile, around);
}

async function searchAll(
  request: ExploreJob,
  model: Model,
  profile: Profile,
  around: ExploreSurroundings,
): Promise<void> {
  const { maxStates, maxBytes, method } = request;
  const maxSwitches = method.kind === 'switches' ? method.most : undefined;
  const options = {
    maxBytes,
    ...(maxStates !== undefined && { maxStates }),
    ...(maxSwitches !== undefined && { maxSwitches }),
  };
  const { threads } = around;
  // A search by switches runs on one thread.
  const one = maxSwitches === undefined ? undefined : 1;
  const count = one ?? request.workers ?? Math.max(1, Math.min(MOST_WORKERS, threads.processors - 1));
  const began = performance.now();
  const team = new Team(model, options, count, request.levelWorker, threads);
  let exploration: Exploration;
  try {
    exploration = await lookedAtFurther(await exploreInSlices(team, model, profile, around), model, options, around);
  } finally {
    team.end();
  }
  await tellResult(model, profile, { exploration, options, workers: team.workers, began }, around);
}

/** Runs at random: one thread draws them all. */
async function drawRuns(
  model: Model,
  profile: Profile,
  { runs, seed, pctDepth }: Extract<ExploreMethod, { kind: 'random' }>,
  around: ExploreSurroundings,
): Promise<void> {
  const began = performance.now();
  const sampler = new Sampler(model, { runs, seed, ...(pctDepth !== undefined && { pctDepth }) });
  let [paused, told] = [began, began];
  while (sampler.step()) {
    const now = performance.now();
    if (now - paused < SLICE_MS) continue;
    await around.pause();
    if (around.stop.aborted) sampler.stop({ kind: 'stopped' });
    paused = performance.now();
    if (paused - told < PROGRESS_MS) continue;
    told = paused;
    around.send({ kind: 'progress', progress: sampler.progress(), seconds: (told - began) / 1000, drawn: true });
  }
  const workers = { count: 1, memory: around.threads.memory, expanded: 0 };
  await tellResult(model, profile, { exploration: sampler.result(), options: {}, workers, began }, around);
}

async function estimateStates(
  model: Model,
  profile: Profile,
  { send, pause, stop }: ExploreSurroundings,
): Promise<void> {
  const began = performance.now();
  const estimator = new Estimator(model);
  while (!stop.aborted && estimateFor(estimator, SLICE_MS)) await pause();
  const seconds = (performance.now() - began) / 1000;
  send({ kind: 'estimated', kernel: profile.name, estimate: estimator.result(), seconds });
}

/** Looks for shorter schedules, draws what is small, and answers. */
async function tellResult(
  model: Model,
  profile: Profile,
  found: { exploration: Exploration; options: ExploreOptions; workers: Workers; began: number },
  around: ExploreSurroundings,
): Promise<void> {
  const { exploration, options, workers, began } = found;
  const ended = performance.now();
  const over = { workers, seconds: (ended - began) / 1000, ended: Date.now() };
  const shouldStop = () => around.stop.aborted || performance.now() - ended > SHORTEN_MS;
  const slices = reporting(verdictOf(model, profile, exploration), { ...options, shouldStop });
  for (;;) {
    const { done, value } = slices.next();
    if (done) {
      const graph = await graphOf(model, value, around);
      const shortened = !around.stop.aborted;
      around.send({ kind: 'explored', report: value, shortened, ...(graph && { graph }), ...over });
      return;
    }
    await around.pause();
  }
}

/** Undefined when it was cancelled before there was a model. */
async function modelOf(
  request: ExploreJob,
  { pause, stop }: ExploreSurroundings,
): Promise<{ model: Model | undefined; profile: Profile; problems: { line: number; message: string }[] } | undefined> {
  const { scenario: parsed, read } = readTexts(request);
  const profile = kernelOf(parsed, request.kernel) ?? kernelOf(parsed) ?? NEWEST;
  const slices = elaborating(parsed, { profile, includes: read });
  let slice = slices.next();
  for (let paused = performance.now(); !slice.done; slice = slices.next()) {
    if (performance.now() - paused < SLICE_MS) continue;
    await pause();
    if (stop.aborted) return undefined;
    paused = performance.now();
  }
  const { model, diagnostics } = slice.value;
  const errors = [...parsed.diagnostics, ...diagnostics].filter(({ severity }) => severity === 'error');
  const problems = errors.map(({ line, message }) => ({ line, message }));
  return { model: errors.length > 0 ? undefined : model, profile, problems };
}

async function graphOf(
  model: Model,
  report: ExplorationReport,
  around: ExploreSurroundings,
): Promise<ExploredReply['graph']> {
  const slices = exploringGraph(model, report);
  let paused = performance.now();
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    if (around.stop.aborted) return undefined;
    if (performance.now() - paused < SLICE_MS) continue;
    await around.pause();
    paused = performance.now();
  }
}

async function exploreInSlices(
  team: Team,
  model: Model,
  profile: Profile,
  around: ExploreSurroundings,
): Promise<Exploration> {
  const { search } = team;
  around.stop.addEventListener('abort', () => {
    search.stop({ kind: 'stopped' });
    team.wake();
  });
  const began = performance.now();
  let [paused, told] = [began, began];
  let knownDue = began + FIRST_KNOWN_MS;
  const share = new ShareOfLevels();
  let estimator: Estimator | undefined;
  let unreduced: number | undefined;
  // While moves are learned they take a thousand times as long as later.
  let moves = FIRST_MOVES;
  while (search.step(moves)) {
    share.meet(search.progress());
    const now = performance.now();
    if (now - paused < SLICE_MS / 2 && moves < SLICE_MOVES) moves *= 2;
    if (now - paused > SLICE_MS * 2 && moves > FIRST_MOVES) moves /= 2;
    if (!search.waiting && now - paused < SLICE_MS) continue;
    await (search.waiting ? team.wait() : around.pause());
    if (now - began > ESTIMATE_AFTER_MS && unreduced === undefined) {
      estimator ??= new Estimator(model);
      if (!estimateFor(estimator, SLICE_MS)) unreduced = estimator.result().states.atLeast;
    }
    if (now > knownDue && !search.search.atSharedLevel) {
      const before = performance.now();
      around.send({ kind: 'known', soFar: knownOf(team, model, profile, (before - began) / 1000) });
      knownDue = before + Math.max(KNOWN_MS, (performance.now() - before) / KNOWN_SHARE);
    }
    paused = performance.now();
    if (paused - told < PROGRESS_MS) continue;
    told = paused;
    around.send({
      kind: 'progress',
      progress: search.progress(),
      seconds: (told - began) / 1000,
      share: share.share,
      ...(unreduced !== undefined && { unreduced }),
    });
  }
  // Those who are at the last level have been told to stop.
  while (search.waiting) await team.wait();
  return search.result();
}

/** After a limit, executions with few switches: what they decide and show belongs to the answer. */
async function lookedAtFurther(
  exploration: Exploration,
  model: Model,
  options: ExploreOptions,
  { stop, pause }: ExploreSurroundings,
): Promise<Exploration> {
  if (stop.aborted || !leavesOpen(exploration)) return exploration;
  const search = searchOfFewSwitches(model, options);
  const until = performance.now() + FURTHER_MS;
  let paused = performance.now();
  while (search.step(SLICE_MOVES)) {
    if (performance.now() - paused < SLICE_MS) continue;
    await pause();
    paused = performance.now();
    if (stop.aborted || paused > until) search.stop({ kind: 'stopped' });
  }
  return withFewSwitches(exploration, search.result());
}

function knownOf({ search, workers }: Team, model: Model, profile: Profile, seconds: number): ExploredReply {
  const verdict = verdictOf(model, profile, search.result());
  const report = explorationReport(verdict, { shouldStop: () => true });
  return { kind: 'explored', report, shortened: false, workers, seconds, ended: Date.now() };
}

/** False when the estimate is made. */
function estimateFor(estimator: Estimator, milliseconds: number): boolean {
  const until = performance.now() + milliseconds;
  while (estimator.step()) if (performance.now() > until) return true;
  return false;
}
