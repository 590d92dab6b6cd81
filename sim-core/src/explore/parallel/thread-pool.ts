/**
 * Threads that are kept. Starting and ending a thread while others compile has crashed V8, so a thread is started once,
 * lent to one exploration after another, and ends with its process. A thread is never ended: an exploration that is
 * stopped tells its threads so (`ParallelSearch.abandon`) and gives them back at once. What they still answer to it is
 * dropped; what the next exploration posts waits until they have got that far.
 *
 * There is no waiting and no clock in here. A host that hears nothing for too long calls {@link Lease.giveUp}.
 */
import type { FromLevelWorker, LevelWorker, ToLevelWorker } from './level-worker.ts';

/** A thread that runs `createLevelWorker`, as the pool sees it. */
export interface PoolThread {
  readonly post: (message: ToLevelWorker, transfer: ArrayBuffer[]) => void;
}

/** What becomes of a thread, told to the exploration that has it. */
export interface ThreadEvents {
  readonly onAnswer: (answer: FromLevelWorker) => void;
  /** It did not even start, and has done nothing. */
  readonly onRefused: (why: string) => void;
  /** It is gone, and with it what it was working on. */
  readonly onDeath: (why: string) => void;
}

/** Starts a thread. Throws where none may be started. */
export type StartThread = (events: ThreadEvents) => PoolThread;

/** A thread for the time of one exploration; it is started when it is needed. */
export interface Lease extends LevelWorker {
  /** The thread is there, or has been. */
  readonly started: boolean;
  /** Starts the thread before there is anything to post. */
  readonly start: () => void;
  /** The thread does not answer: it is never lent again. */
  readonly giveUp: () => void;
  readonly giveBack: () => void;
}

export class ThreadPool {
  readonly #start: StartThread;
  #slots: Slot[] = [];

  constructor(start: StartThread) {
    this.#start = start;
  }

  /** One lease for each listener: of threads that are free, else of new ones. */
  lend(listeners: readonly ThreadEvents[]): Lease[] {
    this.#slots = this.#slots.filter((slot) => !slot.gone);
    return listeners.map((events) => {
      const slot = this.#slots.find(({ isLent }) => !isLent) ?? this.#newSlot();
      return slot.lend(events);
    });
  }

  #newSlot(): Slot {
    const slot = new Slot(this.#start);
    this.#slots.push(slot);
    return slot;
  }
}

/** The place of one thread. One that has lost its thread is not used again. */
class Slot {
  readonly #startThread: StartThread;
  #thread: PoolThread | undefined;
  #lessee: ThreadEvents | undefined;
  /** Messages of this exploration that the thread has not answered. */
  #open = 0;
  /** The same of earlier explorations: so many answers come first, and are dropped. */
  #stale = 0;
  gone = false;

  constructor(startThread: StartThread) {
    this.#startThread = startThread;
  }

  get isLent(): boolean {
    return this.#lessee !== undefined;
  }

  lend(events: ThreadEvents): Lease {
    this.#lessee = events;
    const isMine = (): boolean => this.#lessee === events;
    const isStarted = (): boolean => this.#thread !== undefined;
    return {
      get started() {
        return isStarted();
      },
      start: () => void (isMine() && this.#started()),
      post: (message, transfer) => {
        if (isMine()) this.#post(message, transfer);
      },
      giveUp: () => {
        this.gone = true;
      },
      giveBack: () => {
        if (isMine()) this.#giveBack();
      },
    };
  }

  #post(message: ToLevelWorker, transfer: ArrayBuffer[]): void {
    const thread = this.#started();
    if (!thread || this.gone) return;
    if (ANSWERED[message.kind]) this.#open++;
    thread.post(message, transfer);
  }

  #giveBack(): void {
    this.#lessee = undefined;
    this.#stale += this.#open;
    this.#open = 0;
    // Tables and states may be large.
    if (!this.gone) this.#thread?.post({ kind: 'forget' }, []);
  }

  #started(): PoolThread | undefined {
    if (this.#thread || this.gone) return this.#thread;
    try {
      this.#thread = this.#startThread({
        onAnswer: (answer) => this.#answer(answer),
        onRefused: (why) => this.#lose((lessee) => lessee.onRefused(why)),
        onDeath: (why) => this.#lose((lessee) => lessee.onDeath(why)),
      });
    } catch (error) {
      this.#lose((lessee) => lessee.onRefused(error instanceof Error ? error.message : String(error)));
    }
    return this.#thread;
  }

  #answer(answer: FromLevelWorker): void {
    if (this.#stale > 0) {
      this.#stale--;
      return;
    }
    this.#open--;
    if (!this.gone) this.#lessee?.onAnswer(answer);
  }

  /** A thread that dies says so more than once: with an error, and when it ends. */
  #lose(tell: (lessee: ThreadEvents) => void): void {
    if (this.gone) return;
    this.gone = true;
    if (this.#lessee) tell(this.#lessee);
  }
}

/** Which messages have an answer. */
const ANSWERED: Readonly<Record<ToLevelWorker['kind'], boolean>> = {
  tables: false,
  level: true,
  slice: true,
  forget: false,
};
