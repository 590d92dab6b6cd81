/** An exploration that is kept in a file, so that the same call resumes where the process ended. */
import {
  ALL_REDUCTIONS,
  type CheckpointData,
  type Exploration,
  type ExplorationReport,
  identityOf,
  type Model,
  type ReadCheckpoint,
} from '@snoopscope/sim-core';
import { CheckpointFile } from './checkpoint-file.ts';
import type { ExploreRequest } from './explore-options.ts';
import { Failure } from './failure.ts';
import { VERSION } from './version.ts';

/** What there is to tell about the checkpoint of an exploration. */
export interface Kept {
  readonly file: string;
  /** States (random moves, when runs are drawn) that were there already when the exploration resumed. */
  readonly resumedFrom?: number;
  /** Nothing is left to do; the file holds the result. */
  readonly finished: boolean;
  /** Times that it was written by this process. */
  readonly written: number;
  /** Why it could not be written the last time. */
  readonly problem?: string;
}

/** What can be kept. */
export interface Keepable {
  readonly checkpointData: () => CheckpointData;
  readonly restore: (saved: ReadCheckpoint) => void;
}

/** What there is to say when nothing is left to do. */
export interface Finished {
  readonly exploration: Exploration;
  readonly report: ExplorationReport;
  /** There is nothing to resume. */
  readonly last?: undefined;
}

/** The kind of a checkpoint that is a result. */
const FINISHED = 'finished';

/** Would resuming change anything? */
export function isFinished({ complete, limit, sampling }: Exploration): boolean {
  const drawn = sampling !== undefined && limit === undefined;
  return complete || drawn || limit?.kind === 'finding' || limit?.kind === 'model';
}

export class Keeper {
  readonly #file: CheckpointFile;
  readonly #resumed: ReadCheckpoint | undefined;
  #resumedFrom: number | undefined;
  #finished = false;
  #written = 0;
  #problem: string | undefined;

  private constructor(file: CheckpointFile, resumed: ReadCheckpoint | undefined) {
    this.#file = file;
    this.#resumed = resumed;
  }

  /** Throws a Failure when the file is of something else or damaged. */
  static async open(workingDirectory: string, name: string, model: Model, request: ExploreRequest): Promise<Keeper> {
    const file = new CheckpointFile(workingDirectory, name, identityOf(model, askedOf(model, request), VERSION));
    return new Keeper(file, await file.read());
  }

  /** Is there anything to resume? */
  get isResumed(): boolean {
    return this.#resumed !== undefined;
  }

  /** The result, when the file says that nothing is left to do. */
  get result(): Finished | undefined {
    if (this.#resumed?.kind !== FINISHED) return undefined;
    const finished = this.#resumed.data as Finished;
    this.#finished = true;
    this.#resumedFrom = finished.exploration.states;
    return finished;
  }

  /**
   * Takes the search to where the file says it was. Throws a Failure when the file cannot be written: that is better
   * known now than after an hour.
   */
  async begin(search: Keepable & { readonly progress: () => { readonly states: number } }): Promise<void> {
    if (this.#resumed) {
      search.restore(this.#resumed);
      this.#resumedFrom = search.progress().states;
    }
    await this.#file.write(search);
    this.#written++;
    await this.#file.tidy();
  }

  /** Writes it when the last time is long ago. A disk that has become full does not end the exploration. */
  async keep(search: Keepable): Promise<void> {
    if (this.#file.isDue) await this.#write(search);
  }

  /** The search was stopped and can be resumed from here. */
  async stopped(last: CheckpointData): Promise<void> {
    await this.#write({ checkpointData: () => last });
  }

  /** Nothing is left to do. */
  async finish(finished: Finished): Promise<void> {
    this.#finished = true;
    await this.#write({ checkpointData: () => ({ kind: FINISHED, data: finished, arrays: {} }) });
  }

  get kept(): Kept {
    return {
      file: this.#file.name,
      ...(this.#resumedFrom !== undefined && { resumedFrom: this.#resumedFrom }),
      finished: this.#finished,
      written: this.#written,
      ...(this.#problem !== undefined && { problem: this.#problem }),
    };
  }

  async #write(search: Pick<Keepable, 'checkpointData'>): Promise<void> {
    try {
      await this.#file.write(search);
      this.#written++;
      this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#problem = error.message;
    }
  }
}

/**
 * What must be the same to resume: not how long to search, nor with how many threads. A search by switches goes another way
 * than others, whatever its bound.
 */
function askedOf(model: Model, { explore, sample }: ExploreRequest): object {
  const {
    granularity = model.granularity,
    findings = {},
    reduction,
    fingerprint = false,
    maxDepth,
    maxSwitches,
  } = explore;
  const asked = { granularity, findings: Object.fromEntries(Object.entries(findings).sort()) };
  const switches = maxSwitches === undefined ? 'unbounded' : 'bounded';
  if (!sample) return { ...asked, reduction: { ...ALL_REDUCTIONS, ...reduction }, fingerprint, switches };
  const { runs, seed, pctDepth, shard, shards } = sample;
  return { ...asked, runs, seed, pctDepth, shard, shards, maxDepth };
}
