/** Random runs ({@link randomRuns}) with the questions and the answers of an exploration, for those who show either. */
import type { Model } from '../../engine/model.ts';
import type { CheckpointData, CheckpointSource } from '../checkpoint/checkpoint.ts';
import {
  type Exploration,
  type ExploreLimit,
  type ExploreOptions,
  NO_REDUCTION,
  type Progress,
  type Sampling,
} from '../exploration.ts';
import { RandomSearch } from './random.ts';
import { RANDOM_SLICE_MOVES, type RandomLimit, type RandomResult } from './result.ts';

export interface SampleOptions extends ExploreOptions, Sampling {
  /** Only every `shards`th run, from the `shard`th (from 0): several machines share the runs of one seed. */
  readonly shard?: number;
  readonly shards?: number;
}

export class Sampler implements CheckpointSource {
  readonly #search: RandomSearch;

  constructor(model: Model, options: SampleOptions) {
    const { runs, seed, granularity, maxDepth, findings, pctDepth, shard = 0, shards = 1 } = options;
    this.#search = new RandomSearch(model, {
      runs,
      seed,
      ...(granularity ? { granularity } : {}),
      ...(maxDepth === undefined ? {} : { maxSteps: maxDepth }),
      ...(findings ? { findings } : {}),
      ...(pctDepth === undefined ? {} : { pct: { depth: pctDepth } }),
      ...(shards === 1 ? {} : { shard: { index: shard + 1, count: shards } }),
    });
  }

  /** Works for some milliseconds. False when there is nothing more to do. */
  step(): boolean {
    return this.#search.step(RANDOM_SLICE_MOVES);
  }

  stop(limit: ExploreLimit): void {
    this.#search.stop(asRandomLimit(limit));
  }

  progress(): Progress {
    const { done, toDo, moves } = this.#search.progress();
    return { states: moves, transitions: moves, frontier: toDo - done, depth: 0, bytes: 0 };
  }

  checkpointData(): CheckpointData {
    return this.#search.checkpointData();
  }

  restore(saved: CheckpointData): void {
    this.#search.restore(saved);
  }

  result(): Exploration {
    return explorationOf(this.#search.result());
  }
}

/** Takes all runs. */
export function sample(model: Model, options: SampleOptions): Exploration {
  const sampler = new Sampler(model, options);
  while (sampler.step()) if (options.shouldStop?.(sampler.progress())) sampler.stop({ kind: 'stopped' });
  return sampler.result();
}

/** What random runs showed, as an exploration that has not seen everything. Counts are of runs. */
export function explorationOf(random: RandomResult): Exploration {
  const { granularity, seed, pct, done, unfinished, moves, longest, limit, outcomes, findings, modelLimits } = random;
  const [over] = modelLimits;
  const reached = limit
    ? asExploreLimit(limit)
    : over
      ? { kind: 'model' as const, message: over.message, schedule: over.first.schedule }
      : undefined;
  return {
    states: moves,
    transitions: moves,
    frontier: 0,
    depth: longest,
    bytes: 0,
    granularity,
    complete: false,
    ...(reached ? { limit: reached } : {}),
    sampling: {
      runs: done,
      seed,
      ...(pct ? { pctDepth: pct.depth } : {}),
      ...(unfinished > 0 ? { cut: { runs: unfinished, moves: random.maxSteps } } : {}),
    },
    random,
    maxDepth: longest,
    reductions: NO_REDUCTION,
    dropped: [],
    finals: done - unfinished - modelLimits.reduce((sum, { runs }) => sum + runs, 0),
    conditions: random.conditions.map(({ quantifier, text, line, applies, holds, first }, i) => ({
      quantifier,
      text,
      line,
      applies,
      holds,
      positive: applies ? outcomes.filter(({ truth }) => truth[i]).length : 0,
      negative: applies ? outcomes.filter(({ truth }) => !truth[i]).length : 0,
      ...(first ? { witness: first.schedule, shortest: false } : {}),
    })),
    terms: random.terms,
    outcomes: outcomes.map(({ values, truth, runs, first }) => ({
      values,
      truth,
      finals: runs,
      schedule: first.schedule,
    })),
    findings: findings.map(({ runs, first, ...site }) => ({
      ...site,
      occurrences: runs,
      schedule: first.schedule,
      shortest: false,
    })),
  };
}

function asExploreLimit(limit: RandomLimit): ExploreLimit {
  return limit.kind === 'model' ? { ...limit, schedule: [] } : limit;
}

/** Runs know no limit of states or memory: what stops them for one of those stops them. */
function asRandomLimit(limit: ExploreLimit): RandomLimit {
  switch (limit.kind) {
    case 'finding':
      return limit;
    case 'model':
      return { kind: 'model', message: limit.message };
    case 'states':
    case 'bytes':
    case 'depth':
    case 'switches':
    case 'stopped':
    case 'thread':
      return { kind: 'stopped' };
  }
}
