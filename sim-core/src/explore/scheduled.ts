/**
 * The one execution of a scenario whose schedule is the only one (`schedule only`), as the answer of an exploration: what
 * happened on a real machine has one order, and is judged by it alone.
 */
import type { Model } from '../engine/model.ts';
import { Run } from '../engine/run.ts';
import { scheduleProblemText } from '../engine/schedule-problem.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import {
  type Exploration,
  type ExploredFinding,
  type ExploreLimit,
  NO_REDUCTION,
  type Progress,
} from './exploration.ts';
import { Outcomes } from './results/outcomes.ts';
import { bySite, Sites, sitesIn } from './sites.ts';

/** Steps between two looks at the caller: some milliseconds. */
const SLICE_STEPS = 4096;

/** Runs the schedule in slices. `shouldStop` is asked after each. */
export function* exploringSchedule(
  model: Model,
  shouldStop: (progress: Progress) => boolean = () => false,
): Generator<Progress, Exploration> {
  const run = new Run(model);
  let limit: ExploreLimit | undefined;
  // What a run does once its schedule is not possible any more is not part of what happened.
  let events = 0;
  try {
    for (let more = true; more && limit === undefined; ) {
      for (let steps = 0; more && steps < SLICE_STEPS; steps++) {
        events = run.events;
        more = run.advance() && !run.scheduleProblem;
      }
      yield progressOf(run);
      if (more && shouldStop(progressOf(run))) limit = { kind: 'stopped' };
    }
  } catch (error) {
    if (!(error instanceof ModelLimit)) throw error;
    limit = { kind: 'model', message: error.message, schedule: model.schedule };
  }
  limit ??= limitOf(run);
  return answer(run, run.scheduleProblem ? events : run.events, limit);
}

function progressOf(run: Run): Progress {
  const { steps } = run;
  return { states: steps + 1, transitions: steps, frontier: 0, depth: steps, bytes: run.log.byteLength };
}

function limitOf(run: Run): ExploreLimit | undefined {
  const { end, model, scheduleProblem } = run;
  if (end?.kind === 'limit') return { kind: 'depth', at: end.at };
  if (!scheduleProblem) return undefined;
  const message = scheduleProblemText(scheduleProblem, model.world.kernel.profile.name);
  return { kind: 'model', message, schedule: model.schedule.slice(0, scheduleProblem.item) };
}

function answer(run: Run, events: number, limit: ExploreLimit | undefined): Exploration {
  const { model, executor } = run;
  const complete = limit === undefined;
  const findings = findingsOf(run, events);
  const outcomes = new Outcomes(model, new Sites(model));
  if (complete) outcomes.add(outcomes.judge(executor), 0);
  const way = (): typeof model.schedule => model.schedule;
  return {
    ...progressOf(run),
    granularity: model.granularity,
    complete,
    ...(limit && { limit }),
    maxDepth: run.steps,
    reductions: NO_REDUCTION,
    dropped: [],
    finals: outcomes.finals,
    conditions: outcomes.conditions(complete, false, way, findings),
    terms: outcomes.terms,
    outcomes: outcomes.outcomes(way),
    findings,
  };
}

function findingsOf({ log, model }: Run, events: number): ExploredFinding[] {
  const sites = new Sites(model);
  const counts = new Map<number, number>();
  for (const { site } of sitesIn(model, log, 0, events * EVENT_WIDTH)) {
    const number = sites.number(site);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return [...counts]
    .map(([number, occurrences]) => ({
      ...sites.site(number),
      occurrences,
      schedule: model.schedule,
      shortest: false,
    }))
    .sort(bySite);
}
