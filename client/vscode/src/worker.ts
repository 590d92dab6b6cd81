// What the worker beside the editor can be asked.
import { type CheckReply, type CheckRequest, checkOnAllKernels } from './check-worker.ts';
import { type Threads, WorkerDied } from './explore-threads.ts';
import { type ExploreReply, type ExploreRequest, exploreScenario } from './explore-worker.ts';

export type WorkerRequest = CheckRequest | ExploreRequest;
/** A request comes first, and once. `stop` asks an exploration for what is known so far. */
export type ToWorker = WorkerRequest | { readonly kind: 'stop' };
export type WorkerReply =
  | CheckReply
  | ExploreReply
  /** One of the threads of an exploration. */
  | { readonly kind: 'died'; readonly message: string }
  /** A mistake of ours. */
  | { readonly kind: 'bug'; readonly message: string };

/** What a worker says last. */
export type WorkerAnswer = Exclude<WorkerReply, { readonly kind: 'progress' }>;

/** What the worker does with each message: progress, then one answer. */
export function createAnswerer(threads: Threads, send: (reply: WorkerReply) => void): (message: ToWorker) => void {
  const stop = new AbortController();
  const bug = (error: unknown) => {
    if (error instanceof WorkerDied) send({ kind: 'died', message: error.message });
    else send({ kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  };
  return (message) => {
    switch (message.kind) {
      case 'stop':
        stop.abort();
        return;
      case 'explore':
        void exploreScenario(message, { send, pause, stop: stop.signal, threads }).catch(bug);
        return;
      case 'check':
        try {
          checkOnAllKernels(message, send);
        } catch (error) {
          bug(error);
        }
    }
  };
}

/** Until what was posted before has come in. Unlike a timer it waits no longer than that. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
