// What the worker beside the editor can be asked.
import { type CheckReply, type CheckRequest, checkOnAllKernels } from './check-worker.ts';
import { type ExploreReply, type ExploreRequest, exploreScenario } from './explore-worker.ts';

export type WorkerRequest = CheckRequest | ExploreRequest;
export type WorkerReply =
  | CheckReply
  | ExploreReply
  /** A mistake of ours. */
  | { readonly kind: 'bug'; readonly message: string };

/** What a worker says last. */
export type WorkerAnswer = Exclude<WorkerReply, { readonly kind: 'progress' }>;

/** Answers one request: progress, then one answer. */
export function answer(request: WorkerRequest, send: (reply: WorkerReply) => void): void {
  try {
    if (request.kind === 'explore') exploreScenario(request, send);
    else checkOnAllKernels(request, send);
  } catch (error) {
    send({ kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
