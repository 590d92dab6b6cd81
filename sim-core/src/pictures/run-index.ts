/**
 * What pictures look up in a run, found out once: each event is looked at one time, in slices, and a window of a run of
 * a million events is then answered in milliseconds. Grows with its run.
 */
import type { Model } from '../engine/model.ts';
import type { Run } from '../engine/run.ts';
import { describeEvent } from '../explain/event-text.ts';
import { ObjectNames } from '../explain/object-names.ts';
import { statementText } from '../explain/statement-text.ts';
import { LINE_STATES } from '../memory/memory.ts';
import { EVENT_WIDTH, HAPPENINGS } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { toEnd } from '../to-end.ts';
import { GrowingMasks, GrowingRows } from './growing.ts';
import { type Lanes, lanesOf } from './lanes.ts';
import { PICTURE_LIMITS } from './limits.ts';
import { lockSlots } from './locks.ts';
import { ARROW_KINDS, type ArrowKind, MARK_KINDS, MARK_NAMES, MARK_OF } from './marks.ts';
import { RunValues } from './run-values.ts';

/** What one lane holds. Columns of the rows are in the constants below. */
export interface LaneIndex {
  readonly marks: GrowingRows;
  readonly kinds: GrowingMasks;
  readonly spans: GrowingRows;
  readonly exits: GrowingRows;
  readonly locks: GrowingRows;
}

/** [step, event, kind]. */
export const MARK = { step: 0, event: 1, kind: 2 } as const;
/** [first step, end (-1: not over), node, `done` event (-1: not over)]. */
export const SPAN = { first: 0, end: 1, node: 2, done: 3 } as const;
/** [step, end (-1: not over), event]. */
export const EXIT_SPAN = { step: 0, end: 1, event: 2 } as const;
/** [from, end (-1: still), slot, 1 when waited for]. */
export const LOCK = { from: 0, end: 1, slot: 2, waits: 3 } as const;
/** [step, event, from lane, to lane, kind]. */
export const ARROW = { step: 0, event: 1, from: 2, to: 3, kind: 4 } as const;

const LINE_MARK = MARK_NAMES.indexOf('line');
/** By the complement of a happening's code: the kind of its mark, or -1. */
const KIND_OF_CODE = HAPPENINGS.map((name) => (MARK_OF[name] ? MARK_NAMES.indexOf(MARK_OF[name]) : -1));

export class RunIndex {
  readonly run: Run;
  readonly model: Model;
  readonly lanes: Lanes;
  readonly names: ObjectNames;
  readonly values: RunValues;
  readonly arrows = new GrowingRows(5);
  /** [step, event]. */
  readonly findings = new GrowingRows(2);
  readonly filter: string;
  readonly #lanes: readonly LaneIndex[];
  readonly #locks: ReadonlyMap<number, string>;
  #event = 0;
  #step = -1;
  #mover = -1;
  /** Per actor: is a statement open, and what of it is known. */
  readonly #open: boolean[];
  #nodeKnown = false;
  readonly #lastStep: Int32Array;
  /** Per actor: the depth of the call stack at its last exit; -1 when none is handled. */
  readonly #exitDepth: Int32Array;
  readonly #tlps: number[] = [];
  readonly #touched = new Set<number>();
  /** Per lock slot: when it was released last. */
  readonly #released = new Map<number, number>();
  /** Per lock slot: the row of who holds it. */
  readonly #held = new Map<number, { readonly lane: LaneIndex; readonly row: number }>();

  /** With a filter only what has the text in it, or is on a lane of that name, is marked. */
  constructor(run: Run, filter = '') {
    this.run = run;
    this.model = run.model;
    this.filter = filter.trim().toLowerCase();
    this.lanes = lanesOf(run.model);
    this.names = new ObjectNames(run);
    this.values = new RunValues(run.model, this.names);
    this.#locks = lockSlots(run.model.layout);
    this.#lanes = this.lanes.all.map(() => ({
      marks: new GrowingRows(3),
      kinds: new GrowingMasks(),
      spans: new GrowingRows(4),
      exits: new GrowingRows(3),
      locks: new GrowingRows(4),
    }));
    const actors = run.model.world.topology.actors.length;
    this.#open = new Array<boolean>(actors).fill(false);
    this.#lastStep = new Int32Array(actors).fill(-1);
    this.#exitDepth = new Int32Array(actors).fill(-1);
  }

  lane(index: number): LaneIndex {
    return this.#lanes[index]!;
  }

  /** Is everything of the run looked at? */
  get complete(): boolean {
    return this.#event === this.run.events;
  }

  /** Looks at the rest of the run at once. */
  extend(): void {
    toEnd(this.extending());
  }

  /** The same in slices of about a millisecond. */
  *extending(): Generator<void> {
    while (this.#event < this.run.events) {
      const until = Math.min(this.run.events, this.#event + PICTURE_LIMITS.slice);
      for (; this.#event < until; this.#event++) this.#look(this.#event);
      if (this.#event < this.run.events) yield;
    }
    this.#stepOver();
    this.#waitingAtTheEnd();
  }

  /** What a mark says: an event in words, or the change of a line in a cache. */
  markText(event: number): string {
    const { log } = this.run;
    const at = event * EVENT_WIDTH;
    const slot = log[at]!;
    if (slot < 0) return describeEvent(this.model, log, event, this.names)?.text ?? '';
    const { cpu, line } = this.values.lineAt(slot);
    let last = event;
    while (last + 1 < this.run.events && log[(last + 1) * EVENT_WIDTH] === slot) last++;
    const [old, now] = [LINE_STATES[log[at + 1]!], LINE_STATES[log[last * EVENT_WIDTH + 2]!]];
    return `cpu${cpu}'s cache: line ${line} ${old} → ${now}`;
  }

  /** The statement of a node as it is in the file. */
  statement(node: number): string {
    return statementText(this.model, node);
  }

  lockName(slot: number): string {
    return this.#locks.get(slot) ?? '';
  }

  #look(event: number): void {
    const { log } = this.run;
    const at = event * EVENT_WIDTH;
    const code = log[at]!;
    const a = log[at + 1]!;
    const b = log[at + 2]!;
    if (code >= 0) {
      this.#change(event, code, a, b);
      return;
    }
    switch (code) {
      case NOTE.step:
        this.#begin(a);
        this.#statementBegins(a, b);
        return;
      case NOTE.environment:
        this.#begin(-1);
        break;
      case NOTE.call:
        this.#nodeKnown = true;
        return;
      case NOTE.done:
        this.#statementEnds(a, event);
        return;
      case NOTE.exit:
        this.#exit(event);
        break;
      case NOTE.tlp:
        this.#tlps.push(event);
        break;
      case NOTE.finding:
        this.findings.push(this.#step, event);
        break;
    }
    const kind = KIND_OF_CODE[~code] ?? -1;
    if (kind < 0) return;
    const lane = code === NOTE.wbinvd || code === NOTE.writeback ? this.lanes.cache(a) : this.#moverLane();
    const shown = this.#mark(lane, event, kind);
    if (code === NOTE.wbinvd) {
      if (shown && this.values.cpuOf(this.#mover) !== a) this.#arrow(event, this.#moverLane(), lane, 'IPI');
    } else if (code === NOTE.writeback) {
      this.#touched.add(a);
      if (shown) this.#arrow(event, lane, this.lanes.dram, 'write-back');
    }
  }

  #change(event: number, slot: number, old: number, value: number): void {
    this.values.change(slot, value, event);
    if (this.#locks.has(slot)) this.#lock(slot, old, value);
    if (slot === this.model.tasks.node.base + this.#mover && !this.#nodeKnown && this.#open[this.#mover]) {
      const { spans } = this.lane(this.#mover);
      spans.set(spans.size - 1, SPAN.node, value);
    }
    if (!this.values.isLine(slot)) return;
    const { cpu } = this.values.lineAt(slot);
    this.#touched.add(cpu);
    const again = event > 0 && this.run.log[(event - 1) * EVENT_WIDTH] === slot;
    if (!again) this.#mark(this.lanes.cache(cpu), event, LINE_MARK);
  }

  #begin(mover: number): void {
    this.#stepOver();
    this.#step++;
    this.#mover = mover;
    this.#nodeKnown = false;
  }

  /** All events of the step have been seen. */
  #stepOver(): void {
    const position = this.#step + 1;
    if (this.#step >= 0) this.values.settle(this.#step);
    for (const event of this.#tlps.splice(0)) this.#tlpArrows(event);
    this.#touched.clear();
    if (this.#mover < 0) return;
    this.#lastStep[this.#mover] = this.#step;
    const { exits } = this.lane(this.#mover);
    const depth = this.#exitDepth[this.#mover]!;
    if (depth < 0 || this.values.depthOf(this.#mover) > depth) return;
    exits.set(exits.size - 1, EXIT_SPAN.end, position);
    this.#exitDepth[this.#mover] = -1;
  }

  #statementBegins(actor: number, node: number): void {
    if (this.#open[actor]) {
      this.#nodeKnown = true;
      return;
    }
    this.#open[actor] = true;
    this.lane(actor).spans.push(this.#step, -1, node, -1);
  }

  #statementEnds(actor: number, event: number): void {
    const { spans } = this.lane(actor);
    this.#open[actor] = false;
    this.#nodeKnown = true;
    spans.set(spans.size - 1, SPAN.end, this.#step + 1);
    spans.set(spans.size - 1, SPAN.done, event);
  }

  #exit(event: number): void {
    if (this.#mover < 0) return;
    this.#exitDepth[this.#mover] = this.values.depthOf(this.#mover);
    this.lane(this.#mover).exits.push(this.#step, -1, event);
  }

  /** Where a TLP went: to the caches that it changed, or to DRAM. */
  #tlpArrows(event: number): void {
    if (!this.#shows(this.#moverLane(), event, MARK_NAMES.indexOf('tlp'))) return;
    const { bypassed, completed } = this.values.tlpAt(this.run.log[event * EVENT_WIDTH + 3]!);
    if (!completed) return;
    const from = this.#moverLane();
    if (bypassed) this.#arrow(event, from, this.lanes.dram, 'not snooped');
    else if (this.#touched.size === 0) this.#arrow(event, from, this.lanes.dram, 'snooped');
    else for (const cpu of this.#touched) this.#arrow(event, from, this.lanes.cache(cpu), 'snooped');
  }

  #arrow(event: number, from: number, to: number, kind: ArrowKind): void {
    this.arrows.push(this.#step, event, from, to, ARROW_KINDS.indexOf(kind));
  }

  #lock(slot: number, old: number, value: number): void {
    if (value > 0) this.#taken(slot, value - 1);
    else if (old > 0) {
      const held = this.#held.get(slot);
      held?.lane.locks.set(held.row, LOCK.end, this.#step + 1);
      this.#held.delete(slot);
      this.#released.set(slot, this.#step + 1);
    }
  }

  /** An actor that takes a lock has waited for it since its own last step if another had it in between. */
  #taken(slot: number, actor: number): void {
    const lane = this.#lanes[actor];
    if (!lane) return;
    const since = this.#lastStep[actor]! + 1;
    const released = this.#released.get(slot) ?? 0;
    if (released > since) lane.locks.push(since, released, slot, 1);
    this.#held.set(slot, { lane, row: lane.locks.size });
    lane.locks.push(this.#step, -1, slot, 0);
  }

  /** Those who wait when the run is over wait from their last step on. */
  #waitingAtTheEnd(): void {
    const { end, executor } = this.run;
    if (end?.kind !== 'stuck' || !end.deadlock) return;
    for (const actor of end.waiting) {
      if (!executor.waitsForLock(actor)) continue;
      const { locks } = this.lane(actor);
      const slot = executor.tasks[actor]?.blockedOn ?? -1;
      const last = locks.size - 1;
      const known = last >= 0 && locks.at(last, LOCK.waits) === 1 && locks.at(last, LOCK.end) < 0;
      if (!known) locks.push(this.#lastStep[actor]! + 1, -1, slot, 1);
    }
  }

  #mark(lane: number, event: number, kind: number): boolean {
    if (!this.#shows(lane, event, kind)) return false;
    const { marks, kinds } = this.lane(lane);
    marks.push(this.#step, event, kind);
    kinds.push(1 << kind);
    return true;
  }

  #shows(lane: number, event: number, kind: number): boolean {
    if (this.filter === '') return true;
    const name = MARK_NAMES[kind]!;
    return [this.lanes.all[lane]?.name ?? '', MARK_KINDS[name].label, name, this.markText(event)].some((text) =>
      text.toLowerCase().includes(this.filter),
    );
  }

  #moverLane(): number {
    return this.#mover < 0 ? this.lanes.environment : this.#mover;
  }
}
