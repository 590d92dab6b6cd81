// The processes (in browsers: workers) beside the editor that check and explore.
import type { ExploredReply } from './explore-worker.ts';
import type { ToWorker, WorkerAnswer, WorkerReply, WorkerRequest } from './worker.ts';

/** Something that runs worker.ts beside the editor: a process in Node, a worker in a browser. */
export interface BesideWorker {
  post(message: ToWorker): void;
  listen(onReply: (reply: WorkerReply) => void, onDeath: (why: string) => void): void;
  /** Ends it in the middle of whatever it does. */
  end(): void;
}

export type ProgressReply = Extract<WorkerReply, { kind: 'progress' }>;

/** What the work is called. */
const WORK = { check: 'check', compare: 'comparison', explore: 'exploration', import: 'import' } as const;

/** What is cancelled and does not answer within this time hangs. */
export const STOP_MS = 10_000;

/**
 * All of them. They are kept: a new one is started only when all others are busy, and none is ended to cancel what it
 * does, unless it does not listen.
 */
export class Beside {
  readonly #start: () => Promise<BesideWorker>;
  readonly #all = new Set<Kept>();

  constructor(start: () => Promise<BesideWorker>) {
    this.#start = start;
  }

  /**
   * Has a worker answer. An exploration that is cancelled answers with what is known, a check or an import with nothing. When the
   * worker dies, the answer is what was known of an exploration, with why that is not all.
   */
  async ask(
    request: WorkerRequest,
    onProgress: (reply: ProgressReply) => void,
    cancelled: AbortSignal,
  ): Promise<WorkerAnswer | undefined> {
    const what = WORK[request.kind];
    const worker = await this.#take();
    return new Promise((resolve) => {
      let known: ExploredReply | undefined;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const over = (answer: WorkerAnswer | undefined) => {
        clearTimeout(timer);
        // A later cancel is not about what the worker does then.
        cancelled.removeEventListener('abort', cancel);
        resolve(answer);
      };
      const cancel = () => {
        worker.stop();
        timer = setTimeout(() => {
          over(afterDeath(`The ${what} did not stop within ${STOP_MS / 1000} seconds and was ended.`, known));
          worker.end();
        }, STOP_MS);
        if (request.kind === 'check' || request.kind === 'import') resolve(undefined);
      };
      worker.ask(request, {
        onReply: (reply) => {
          if (reply.kind === 'progress') onProgress(reply);
          else if (reply.kind === 'known') known = reply.soFar;
          else over(reply.kind === 'cancelled' ? undefined : reply);
        },
        onDeath: (why) => over(afterDeath(`The process of the ${what} crashed (${why}).`, known)),
      });
      if (cancelled.aborted) cancel();
      else cancelled.addEventListener('abort', cancel);
    });
  }

  dispose(): void {
    for (const kept of this.#all) kept.end();
  }

  /** One that is idle. */
  async #take(): Promise<Kept> {
    for (const kept of this.#all) if (kept.take()) return kept;
    const kept = new Kept(await this.#start(), () => this.#all.delete(kept));
    this.#all.add(kept);
    return kept;
  }
}

/** What was known, and why the worker ended. */
function afterDeath(message: string, known: ExploredReply | undefined): WorkerAnswer {
  if (!known) return { kind: 'died', message };
  const so = `${message} This is what it knew after ${known.seconds.toFixed(1)} s.`;
  return { ...known, report: { ...known.report, limit: { kind: 'thread', message: so } } };
}

interface Listener {
  onReply(reply: WorkerReply): void;
  onDeath(why: string): void;
}

/** One of them; its maker owns it. */
class Kept {
  readonly #worker: BesideWorker;
  readonly #onEnd: () => void;
  #isBusy = true;
  #listener: Listener | undefined;

  constructor(worker: BesideWorker, onEnd: () => void) {
    this.#worker = worker;
    this.#onEnd = onEnd;
    worker.listen(
      (reply) => this.#receive(reply),
      (why) => {
        onEnd();
        this.#listener?.onDeath(why);
        this.#listener = undefined;
      },
    );
  }

  /** False when it is busy. */
  take(): boolean {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    return true;
  }

  ask(request: WorkerRequest, listener: Listener): void {
    this.#listener = listener;
    this.#worker.post(request);
  }

  stop(): void {
    if (this.#listener) this.#worker.post({ kind: 'stop' });
  }

  end(): void {
    this.#onEnd();
    this.#listener = undefined;
    this.#worker.end();
  }

  #receive(reply: WorkerReply): void {
    const listener = this.#listener;
    if (reply.kind !== 'progress' && reply.kind !== 'known') {
      this.#listener = undefined;
      this.#isBusy = false;
    }
    listener?.onReply(reply);
  }
}
