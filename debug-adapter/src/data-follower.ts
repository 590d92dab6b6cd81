/**
 * Where a run changes or accesses one variable, asked of a position or looked for backwards.
 *
 * Nothing is looked at before somebody asks. What the variable depends on is known from its last reading, so the log is
 * searched for those slots only, and the variable is read again only where one of them has changed. Costs: a search looks
 * at one integer of each event that it passes, and reads the variable at each place that may be a stop.
 */
import { type Cursor, EVENT_WIDTH, type Expression, NOTE, type Run } from '@snoopscope/sim-core';
import { type Matcher, wordMatcher } from './accesses.ts';
import { type DataBreakpoint, wordsOf } from './data-breakpoint.ts';
import type { Observer } from './observe.ts';
import { differences, type Reading, type Watch } from './watch.ts';
import { readsOf, WHOLE } from './watched-machine.ts';

/** What a step has done to the variable, and the event that began it. */
export interface DataChange {
  readonly text: string;
  readonly event: number;
}

/** Values that one stop tells; a whole VM that goes away has many. */
const TOLD = 6;

/** Marks of a code: the variable depends on it, and an event of it may be an access. */
const DEPENDS = 1;
const ACCESSES = 2;

/** A read or write of a word, by its name. */
interface Accessed {
  readonly event: number;
  readonly kind: 'read' | 'write';
  readonly word: string;
}

export class DataFollower {
  readonly trigger: DataBreakpoint;
  readonly #run: Run;
  readonly #watch: Watch;
  readonly #observer: Observer;
  readonly #cursor: Cursor;
  readonly #matchers: readonly { readonly word: string; readonly matches: Matcher }[];
  /** The condition, which names no register of the actor that moves: it means the same for all. */
  readonly #condition: Expression | undefined;
  /** Only accesses stop, not what else changes the value. */
  readonly #onlyAccesses: boolean;
  /** By slot, and after the slots by happening. */
  readonly #marks: Uint8Array;
  #marked: number[] = [];
  /** The reading that holds from one position to another. */
  #reading: Reading | undefined;
  #from = 0;
  #until = -1;

  constructor(trigger: DataBreakpoint, run: Run, watch: Watch, observer: Observer) {
    const { model } = run;
    const words = wordsOf(model, trigger.place);
    this.trigger = trigger;
    this.#run = run;
    this.#watch = watch;
    this.#observer = observer;
    this.#cursor = run.cursor();
    this.#matchers = words.map((word) => ({
      word: model.world.topology.words[word]?.name ?? '',
      matches: wordMatcher(model, run, word),
    }));
    this.#condition = trigger.condition?.(-1);
    this.#onlyAccesses = trigger.access === 'read' || trigger.place.accessor !== undefined;
    this.#marks = new Uint8Array(model.layout.initial.length + Object.keys(NOTE).length);
    if (words.length > 0) this.#markAccesses(words);
  }

  /** What the step before a position has done to the variable, where the breakpoint stops for it. */
  at(position: number): DataChange | undefined {
    if (position <= 0 || position > this.#run.steps || this.#excludes(position)) return undefined;
    this.#readAt(position - 1);
    const { firstEvent, endEvent } = this.#run.step(position - 1);
    const event = this.#dependentEvent(firstEvent, endEvent);
    const accessed = this.#access(firstEvent, endEvent);
    if (event < 0 && this.#until === position - 1) this.#until = position;
    if (event < 0 && !accessed) return undefined;
    if (!this.#holds(position)) return undefined;
    const before = this.#reading;
    if (event >= 0) this.#readAt(position);
    const change = event < 0 ? undefined : this.#difference(before, event);
    // Who reads or writes may leave the value as it is.
    if (!accessed) return this.#onlyAccesses ? undefined : change;
    if (change && accessed.kind === 'write') return change;
    const done = accessed.kind === 'read' ? 'read' : 'written with the same value';
    return { text: `${this.#watch.whole || accessed.word} was ${done}`, event: accessed.event };
  }

  /** The last position before one, and after another, at which it stops, or -1; pauses after each place that was looked at. */
  *before(position: number, after: number): Generator<undefined, number> {
    let at = position - 1;
    for (;;) {
      at = this.#lastHolding(at);
      if (at <= after) return -1;
      this.#readAt(at);
      const event = this.#lastMarked(this.#firstEvent(at));
      if (event < 0) return -1;
      const candidate = this.#run.stepOfEvent(event) + 1;
      if (candidate <= after) return -1;
      if (!this.#onlyAccesses) this.#from = Math.min(this.#from, candidate);
      if (this.at(candidate)) return candidate;
      at = candidate - 1;
      yield;
    }
  }

  /** The last position up to one at which the condition may hold. */
  #lastHolding(position: number): number {
    const condition = this.#condition;
    // What counts happenings cannot be looked for by slots.
    if (!condition || condition.extras.length > 0) return position;
    let at = position;
    while (at > 0) {
      this.#cursor.seek(at);
      const { value, reads } = readsOf(this.#cursor.state, (state) => condition.value(state));
      if (value !== 0 || reads.has(WHOLE)) return at;
      const event = this.#lastOf(this.#firstEvent(at), reads);
      if (event < 0) return -1;
      at = this.#run.stepOfEvent(event);
    }
    return at;
  }

  #lastOf(end: number, slots: ReadonlySet<number>): number {
    const { log } = this.#run;
    for (let event = end - 1; event >= 0; event--) if (slots.has(log[event * EVENT_WIDTH]!)) return event;
    return -1;
  }

  /** The last event before one that is an access or changes what the variable depends on, or -1. */
  #lastMarked(end: number): number {
    const { log } = this.#run;
    const marks = this.#marks;
    const wanted = this.#onlyAccesses ? ACCESSES : DEPENDS | ACCESSES;
    const slots = this.#run.model.layout.initial.length;
    for (let event = end - 1; event >= 0; event--) {
      const code = log[event * EVENT_WIDTH]!;
      const mark = marks[code < 0 ? slots + ~code : code]! & wanted;
      if (mark === 0) continue;
      if ((mark & DEPENDS) !== 0 || this.#matches(event)) return event;
    }
    return -1;
  }

  #dependentEvent(first: number, end: number): number {
    const { log, model } = this.#run;
    const slots = model.layout.initial.length;
    for (let event = first; event < end; event++) {
      const code = log[event * EVENT_WIDTH]!;
      if ((this.#marks[code < 0 ? slots + ~code : code]! & DEPENDS) !== 0) return event;
    }
    return -1;
  }

  #access(first: number, end: number): Accessed | undefined {
    if (this.#matchers.length === 0) return undefined;
    for (let event = first; event < end; event++) {
      const accessed = this.#matches(event);
      if (accessed) return accessed;
    }
    return undefined;
  }

  #matches(event: number): Accessed | undefined {
    const { access } = this.trigger;
    for (const { word, matches } of this.#matchers) {
      const kind = matches(event);
      if (kind && (access === 'readWrite' || access === kind)) return { event, kind, word };
    }
    return undefined;
  }

  /** Was the step made by an actor that the breakpoint is not for? */
  #excludes(position: number): boolean {
    const { accessor } = this.trigger.place;
    if (accessor === undefined) return false;
    const { actor } = this.#run.step(position - 1);
    const kind = this.#run.model.world.topology.actors[actor]?.kind;
    return accessor === 'device' ? kind !== 'device' : kind === undefined || kind === 'device';
  }

  #holds(position: number): boolean {
    if (!this.#condition) return this.trigger.condition === undefined;
    this.#cursor.seek(position);
    return this.#observer.value(this.#condition, this.#cursor.state, position) !== 0;
  }

  #difference(before: Reading | undefined, event: number): DataChange | undefined {
    // Its creation is not a change; its removal is one.
    if (!before) return undefined;
    const now = this.#reading;
    if (!now) return { text: `${this.#watch.label} is not there any more; it was ${before.get('')}`, event };
    const all = differences(this.#watch.whole, before, now);
    if (all.length === 0) return undefined;
    const more = all.length > TOLD ? [`and ${all.length - TOLD} more`] : [];
    return { text: [...all.slice(0, TOLD), ...more].join('\n'), event };
  }

  /** Makes the reading that of a position. */
  #readAt(position: number): void {
    if (this.#from <= position && position <= this.#until) return;
    this.#cursor.seek(position);
    this.#reading = this.#watch.read(this.#cursor.state, position);
    this.#from = position;
    this.#until = position;
    this.#markDependencies();
  }

  #markDependencies(): void {
    const marks = this.#marks;
    const slots = this.#run.model.layout.initial.length;
    for (const index of this.#marked) marks[index] = marks[index]! & ~DEPENDS;
    const all = this.#watch.slots.has(WHOLE);
    const marked = all ? Array.from({ length: slots }, (_, slot) => slot) : [...this.#watch.slots];
    if (this.#watch.counts) marked.push(...COUNTED.map((code) => slots + ~code));
    // What does not exist yet may be made, and named, by any call that returns.
    else if (!this.#reading) marked.push(slots + ~NOTE.done);
    for (const index of marked) marks[index] = marks[index]! | DEPENDS;
    this.#marked = marked;
  }

  #markAccesses(words: readonly number[]): void {
    const { layout, world } = this.#run.model;
    const { memory, topology } = world;
    const mark = (index: number): void => {
      this.#marks[index] = ACCESSES;
    };
    for (const code of [NOTE.access, NOTE.tlp]) mark(layout.initial.length + ~code);
    for (const word of words) {
      mark(memory.latest.base + word);
      mark(memory.dram.base + word);
      for (let cpu = 0; cpu < topology.cpu.count; cpu++) mark(memory.cached.base + cpu * topology.words.length + word);
    }
  }

  #firstEvent(position: number): number {
    return position >= this.#run.steps ? this.#run.events : this.#run.step(position).firstEvent;
  }
}

/** Happenings that an expression may count: all but the beginnings of steps. */
const COUNTED: readonly number[] = Object.values(NOTE).filter(
  (code) => code !== NOTE.step && code !== NOTE.environment,
);
