// What the worker beside the editor can be asked.
import { platformYield } from '@snoopscope/debug-adapter/yielding';
import { type CheckJob, type CheckReply, checkOnAllKernels } from './check-worker.ts';
import { type CompareJob, type CompareReply, compareKernels } from './compare-worker.ts';
import type { Threads } from './explore-threads.ts';
import { type ExploreJob, type ExploreReply, exploreScenario } from './explore-worker.ts';
import { type ImportJob, type ImportReply, type ImportSurroundings, importInWorker } from './import-worker.ts';

/** Until what was posted before has come in. */
const pause = platformYield();

export type WorkerRequest = CheckJob | CompareJob | ExploreJob | ImportJob;
/** One request at a time; `stop` asks for its answer now, with what is known so far. */
export type ToWorker = WorkerRequest | { readonly kind: 'stop' };
export type WorkerReply =
  | CheckReply
  | CompareReply
  | ExploreReply
  | ImportReply
  /** A mistake of ours. */
  | { readonly kind: 'bug'; readonly message: string };

/** What a worker says last. */
export type WorkerAnswer =
  | Exclude<WorkerReply, { readonly kind: 'progress' | 'known' | 'cancelled' }>
  /** It could not say anything. */
  | { readonly kind: 'died'; readonly message: string };

/** What differs between a process and a worker of a browser. */
export interface WorkerSurroundings {
  readonly threads: Threads;
  /** Reads a file by its path, where that can be. */
  readonly bytesOf: ImportSurroundings['bytesOf'];
}

/** What the worker does with each message: progress, then one answer. */
export function createAnswerer(
  place: WorkerSurroundings,
  send: (reply: WorkerReply) => void,
): (message: ToWorker) => void {
  let stop = new AbortController();
  const bug = (error: unknown) =>
    send({ kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return (message) => {
    if (message.kind === 'stop') {
      stop.abort();
      return;
    }
    stop = new AbortController();
    const around = { ...place, send, pause, stop: stop.signal };
    void workOn(message, around).catch(bug);
  };
}

/** What the work may say and use. */
interface Surroundings extends WorkerSurroundings {
  readonly send: (reply: WorkerReply) => void;
  readonly pause: () => Promise<void>;
  readonly stop: AbortSignal;
}

function workOn(request: WorkerRequest, around: Surroundings): Promise<void> {
  switch (request.kind) {
    case 'check':
      return checkOnAllKernels(request, around);
    case 'compare':
      return compareKernels(request, around);
    case 'explore':
      return exploreScenario(request, around);
    case 'import':
      return importInWorker(request, around);
  }
}
