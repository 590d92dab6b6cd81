/**
 * A machine: one state vector and the log of the events that changed it.
 *
 * `put` and `note` are the only writers. A recorded run lets the log grow and calls it the trace; the explorer cuts
 * the log back after each successor and uses it to undo. Neither knows of the other.
 */
import { EVENT_WIDTH, HAPPENING_CODE, type Happening } from './event.ts';
import type { Layout } from './layout.ts';

/** Room that a log begins with, once there is an event, and that one has beyond what it takes over. */
const LOG_INTS = 4096 * EVENT_WIDTH;

const NO_EVENTS = new Int32Array(0);

export class Machine {
  readonly layout: Layout;
  /** One 32-bit integer a slot. Read freely, write through `put`. */
  readonly state: Int32Array;
  /** Events, {@link EVENT_WIDTH} integers each; the first `length` integers count. */
  log: Int32Array = NO_EVENTS;
  length = 0;

  constructor(layout: Layout) {
    this.layout = layout;
    this.state = layout.initial.slice();
  }

  /** Number of events so far. */
  get events(): number {
    return this.length / EVENT_WIDTH;
  }

  /** Emits the event that a slot changed, and applies it. Writing the value that is there emits nothing. */
  put(slot: number, value: number): void {
    const old = this.state[slot]!;
    if (old === value) return;
    this.state[slot] = value;
    this.record(slot, old, value, 0);
  }

  /** Emits a happening. `code` comes from {@link HAPPENING_CODE}. */
  note(code: number, a: number, b: number, c: number): void {
    this.record(code, a, b, c);
  }

  /**
   * Appends an event that was recorded before, and applies it. False, and nothing done, when it changes a slot that is not
   * there or holds another value than the event begins with.
   */
  replay(code: number, a: number, b: number, c: number): boolean {
    if (code >= 0) {
      if (this.state[code] !== a || a === b) return false;
      this.state[code] = b;
    }
    this.record(code, a, b, c);
    return true;
  }

  /**
   * Copies the first events of a machine with an equal layout, and applies them. Only before it has an event of its own.
   * `expected` is how long the log will most likely become.
   */
  adopt(events: Int32Array, length: number, expected = length): void {
    this.log = new Int32Array(Math.max(length, expected) + LOG_INTS);
    this.log.set(events.subarray(0, length));
    this.length = length;
    for (let at = 0; at < length; at += EVENT_WIDTH) {
      const slot = events[at]!;
      if (slot >= 0) this.state[slot] = events[at + 2]!;
    }
  }

  /** Appends events of a machine with an equal layout, and takes over the state that they led to there. */
  append(events: Int32Array, state: Int32Array): void {
    const length = this.length + events.length;
    if (length > this.log.length) {
      const larger = new Int32Array(length);
      larger.set(this.log.subarray(0, this.length));
      this.log = larger;
    }
    this.log.set(events, this.length);
    this.length = length;
    this.state.set(state);
  }

  /** Undoes events from the end until `length` integers are left, and forgets them. */
  rewind(length: number): void {
    const { log, state } = this;
    for (let at = this.length - EVENT_WIDTH; at >= length; at -= EVENT_WIDTH) {
      const slot = log[at]!;
      if (slot >= 0) state[slot] = log[at + 1]!;
    }
    this.length = length;
  }

  /** Appends an event. For `put` and `note`, here and in the explorer's machine that watches reads. */
  protected record(code: number, a: number, b: number, c: number): void {
    let at = this.length;
    if (at + EVENT_WIDTH > this.log.length) this.#grow();
    const log = this.log;
    log[at++] = code;
    log[at++] = a;
    log[at++] = b;
    log[at++] = c;
    this.length = at;
  }

  #grow(): void {
    const larger = new Int32Array(Math.max(LOG_INTS, this.log.length * 2));
    larger.set(this.log);
    this.log = larger;
  }
}

/** Codes by name, so that hot code does not look them up: `NOTE.step`. */
export const NOTE: Readonly<Record<Happening, number>> = HAPPENING_CODE;
