/**
 * Every place of a run at which the breakpoints and filters of the moment stop it, found by reading the log once.
 *
 * A stop belongs to a position, not to a direction: going forward takes the next one, going back the last one before,
 * so both meet the same stops. Costs: one look at every event of the run after each change of breakpoints and filters.
 * Breakpoints on data are not looked for before a movement comes to them, unless their hits are counted.
 */
import {
  type Cursor,
  compileExpression,
  DIED,
  EVENT_WIDTH,
  EXIT_REASONS,
  type Expression,
  NOTE,
  type Place,
  type Run,
  stepCode,
} from '@snoopscope/sim-core';
import type { FunctionBreakpoint, KernelBreakpoint, LineBreakpoint, Trigger } from './breakpoints.ts';
import type { DataBreakpoint } from './data-breakpoint.ts';
import { DataFollower } from './data-follower.ts';
import { type Filter, filterOfFinding } from './filters.ts';
import { FrameFollower } from './frame-follower.ts';
import { HitCounts } from './hit-counts.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import type { Observer } from './observe.ts';
import type { Registration } from './registration.ts';
import type { Arrival, Track } from './track.ts';
import type { Watch } from './watch.ts';

/** One reason to stop at a position. */
export interface Hit {
  readonly position: number;
  readonly actor: number;
  readonly cause:
    | { readonly kind: 'breakpoint'; readonly trigger: LineBreakpoint | KernelBreakpoint | FunctionBreakpoint }
    /** What the step before the position has changed, and the event that did. */
    | { readonly kind: 'data'; readonly trigger: DataBreakpoint; readonly change: string; readonly event: number }
    | { readonly kind: 'filter'; readonly filter: Filter /** The event that it stops for. */; readonly event: number };
  /** Calls that the actor is only about to enter and that have to be shown nevertheless. */
  readonly reveal: number;
  /** The stop is before a step that has been made: this node is the first statement of the alternative it took. */
  readonly ahead?: number;
  /** Of a breakpoint with a hit count: its number from the beginning on. */
  readonly nth?: number;
}

export interface FilterSetting {
  readonly filter: Filter;
  readonly condition?: string;
}

export interface Triggers {
  readonly lines: readonly LineBreakpoint[];
  readonly kernel: readonly KernelBreakpoint[];
  readonly functions: readonly FunctionBreakpoint[];
  readonly filters: readonly FilterSetting[];
  readonly data: readonly DataBreakpoint[];
}

export const NO_TRIGGERS: Triggers = { lines: [], kernel: [], functions: [], filters: [], data: [] };

export interface StopSources {
  readonly run: Run;
  readonly track: Track;
  readonly observer: Observer;
  readonly registrations: ReadonlyMap<number, Registration>;
  /** Watches a variable of the run. */
  readonly watch: (breakpoint: DataBreakpoint) => Watch;
}

const WBINVD_EXIT = EXIT_REASONS.indexOf('WBINVD');

export class StopIndex {
  readonly #sources: StopSources;
  #triggers: Triggers;
  readonly #cursor: Cursor;
  /** By position, ascending. */
  readonly #hits: Hit[] = [];
  readonly #hitCounts = new HitCounts();
  /** Each stops by itself: a filter that is set twice, with and without a condition, stops wherever one of them does. */
  readonly #filters: ReadonlyMap<string, readonly FilterSetting[]>;
  /** Breakpoints on data: those whose hits are counted from the beginning on, and those that can be asked anywhere. */
  #counted: readonly DataFollower[] = [];
  #followers: readonly DataFollower[] = [];
  readonly #frames: FrameFollower;
  #events = 0;
  /** Positions whose arrivals have been looked at. */
  #finished = 0;
  #actor = -1;
  #step = -1;

  constructor(sources: StopSources, triggers: Triggers) {
    this.#sources = sources;
    this.#triggers = triggers;
    this.#cursor = sources.run.cursor();
    const ids = new Set(triggers.filters.map(({ filter }) => filter.id));
    this.#filters = new Map([...ids].map((id) => [id, triggers.filters.filter(({ filter }) => filter.id === id)]));
    this.#follow(triggers.data);
    this.#frames = new FrameFollower(sources.run.model);
    for (const arrival of sources.track.arrivals(0)) this.#arrived(0, arrival);
  }

  /** Takes other triggers, if what was found is found for them as well. */
  takes(triggers: Triggers): boolean {
    const old = this.#triggers;
    const same = (['lines', 'kernel', 'functions', 'filters'] as const).every((kind) => old[kind] === triggers[kind]);
    if (!same || [...old.data, ...triggers.data].some(({ count }) => count)) return false;
    this.#triggers = triggers;
    this.#follow(triggers.data);
    return true;
  }

  #follow(data: readonly DataBreakpoint[]): void {
    const { observer, run, watch } = this.#sources;
    const all = data.map((trigger) => new DataFollower(trigger, run, watch(trigger), observer));
    this.#counted = all.filter(({ trigger }) => trigger.count);
    this.#followers = all.filter(({ trigger }) => !trigger.count);
  }

  /** Looks at what the run has grown by. */
  extend(): void {
    this.extendBy(Number.POSITIVE_INFINITY);
  }

  /** The same for so many events at most; false when there are more. */
  extendBy(events: number): boolean {
    const { run, track } = this.#sources;
    track.extend();
    const { lines, kernel, functions, filters } = this.#triggers;
    if (kernel.length + lines.length + functions.length + filters.length + this.#counted.length === 0) return true;
    const end = Math.min(run.events, this.#events + events);
    for (; this.#events < end; this.#events++) this.#look(this.#events);
    if (end < run.events) return false;
    // The last step is complete, but its arrivals are recorded with the step after it.
    this.#finishStep(run.steps);
    return true;
  }

  /** Hits at exactly this position. */
  at(position: number): readonly Hit[] {
    let first = this.#lowerBound(position);
    const hits: Hit[] = [];
    for (; this.#hits[first]?.position === position; first++)
      if (this.#isCounted(this.#hits[first]!)) hits.push(this.#hits[first]!);
    for (const follower of this.#followers) hits.push(...this.#changed(follower, position));
    return hits;
  }

  /** The last position before `position` with a hit that stops, or -1; pauses now and then in a long search. */
  *before(position: number): Generator<undefined, number> {
    let last = this.#foundBefore(position);
    for (const follower of this.#followers) last = Math.max(last, yield* follower.before(position, last));
    return last;
  }

  #foundBefore(position: number): number {
    for (let i = this.#lowerBound(position) - 1; i >= 0; i--) {
      const hit = this.#hits[i]!;
      if (stops(hit) && this.#isCounted(hit)) return hit.position;
    }
    return -1;
  }

  /** The hit of a breakpoint on data at a position. */
  #changed(follower: DataFollower, position: number): Hit[] {
    const change = follower.at(position);
    if (!change) return [];
    const { trigger } = follower;
    const { text, event } = change;
    const actor = this.#sources.track.actorOf(position - 1);
    return [{ position, actor, cause: { kind: 'data', trigger, change: text, event }, reveal: 0 }];
  }

  #lowerBound(position: number): number {
    let low = 0;
    let high = this.#hits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#hits[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds the arrivals of all steps that end before a position is left. */
  #finishStep(position: number): void {
    const { track } = this.#sources;
    while (this.#finished < position) {
      this.#finished++;
      for (const arrival of track.arrivals(this.#finished)) this.#arrived(this.#finished, arrival);
      this.#reachedInKernel(this.#finished);
      this.#followed(this.#finished);
    }
  }

  /** The actor of the step is before a micro-step of a kernel function now. */
  #reachedInKernel(position: number): void {
    if (this.#triggers.kernel.length === 0) return;
    const actor = this.#sources.track.actorOf(position - 1);
    const code = actor < 0 ? -1 : this.#frames.top(actor);
    for (const trigger of this.#triggers.kernel) {
      if (trigger.steps.some(({ routine, step, call }) => !call && stepCode(routine, step) === code))
        this.#hit(trigger, position, actor, 0);
    }
  }

  /** A kernel function was called by a line that has a breakpoint: the callee is not shown yet. */
  #called(event: number): void {
    if (this.#triggers.kernel.length === 0) return;
    const { log } = this.#sources.run;
    const [actor, depth] = [log[event * EVENT_WIDTH + 1]!, log[event * EVENT_WIDTH + 3]!];
    if (depth === 0) return;
    const code = this.#frames.caller(actor);
    for (const trigger of this.#triggers.kernel) {
      if (trigger.steps.some(({ routine, step, call }) => call && stepCode(routine, step) === code))
        this.#hit(trigger, this.#step + 1, actor, -1);
    }
  }

  /** Counted hits of the variables that the step before a position has changed. */
  #followed(position: number): void {
    for (const follower of this.#counted)
      for (const hit of this.#changed(follower, position)) this.#remember(hit, follower.trigger);
  }

  #look(event: number): void {
    const { log, model } = this.#sources.run;
    const at = event * EVENT_WIDTH;
    const code = log[at]!;
    if (code >= 0) {
      const { base, size } = model.world.kvm.noncoherentDmaCount;
      if (code >= base && code < base + size) this.#filtered('noncoherent-count', event);
      if (this.#triggers.kernel.length > 0) this.#frames.change(code, log[at + 1]!, log[at + 2]!);
      return;
    }
    const a = log[at + 1]!;
    const b = log[at + 2]!;
    switch (code) {
      case NOTE.step:
      case NOTE.environment:
        this.#step++;
        this.#finishStep(this.#step);
        this.#actor = code === NOTE.step ? a : -1;
        if (code === NOTE.step && model.nodes[b]?.kind === 'choose') this.#chosen(event, b, log[at + 3]!);
        break;
      case NOTE.call:
        for (const trigger of this.#triggers.functions) {
          if (trigger.routines.has(b)) this.#hit(trigger, this.#step + 1, a, 0);
        }
        this.#called(event);
        break;
      case NOTE.exit:
        this.#filtered('vm-exit', event);
        if (b === WBINVD_EXIT) this.#filtered('wbinvd-exit', event);
        break;
      case NOTE.finding: {
        const filter = filterOfFinding(a);
        // The actor that waits forever is not the one that moved last.
        if (filter) this.#filtered(filter.id, event, undefined, filter.id === 'deadlock' ? b : this.#actor);
        break;
      }
      case NOTE.done: {
        this.#returned(a, b);
        const result = log[at + 3]!;
        if (this.#sources.registrations.has(b)) this.#filtered('group-registration', event, result);
        if (result < 0 && result !== DIED) this.#filtered('failed-call', event, result);
        break;
      }
    }
  }

  /** A statement has ended: breakpoints after it stop after the step. */
  #returned(actor: number, node: number): void {
    for (const trigger of this.#triggers.lines)
      if (trigger.after?.has(node)) this.#hit(trigger, this.#step + 1, actor, 0);
  }

  /** A choice is made by the first statement of the alternative: a breakpoint on it stops before the step. */
  #chosen(event: number, node: number, alternative: number): void {
    const { run } = this.#sources;
    const { log, model } = run;
    const choose = model.nodes[node];
    if (choose?.kind !== 'choose' || choose.alternatives[alternative] === undefined) return;
    const slot = model.tasks.node.base + this.#actor;
    const end = run.events * EVENT_WIDTH;
    for (
      let at = (event + 1) * EVENT_WIDTH;
      at < end && log[at] !== NOTE.step && log[at] !== NOTE.environment;
      at += EVENT_WIDTH
    ) {
      if (log[at] !== slot) continue;
      const chosen = log[at + 2]!;
      // An empty alternative has no statement that it begins with.
      if (samePlace(model.nodes[chosen]?.place, choose.place)) return;
      this.#arrived(this.#step, { actor: this.#actor, node: chosen, inside: Number.MAX_SAFE_INTEGER }, chosen);
      return;
    }
  }

  #arrived(position: number, arrival: Arrival, ahead?: number): void {
    const node = this.#sources.run.model.nodes[arrival.node];
    if (!node || node.kind === 'end' || node.kind === 'repeat') return;
    const { calls } = node.place;
    const inside = Math.min(arrival.inside, calls.length);
    for (const trigger of this.#triggers.lines) {
      if (trigger.after) continue;
      const reveal = revealOf(trigger, node.place, inside);
      if (reveal >= 0) this.#hit(trigger, position, arrival.actor, reveal, ahead);
    }
    for (const trigger of this.#triggers.functions) {
      if (trigger.nodes.has(arrival.node)) this.#hit(trigger, position, arrival.actor, calls.length - inside, ahead);
    }
  }

  #hit(
    trigger: LineBreakpoint | KernelBreakpoint | FunctionBreakpoint,
    position: number,
    actor: number,
    reveal: number,
    ahead?: number,
  ): void {
    if (!this.#holds(trigger.condition?.(actor), trigger.condition !== undefined, position)) return;
    const hit = { position, actor, cause: { kind: 'breakpoint', trigger }, reveal } as const;
    this.#remember(ahead === undefined ? hit : { ...hit, ahead }, trigger);
  }

  /** Is it one of the hits of its breakpoint that count? */
  #isCounted({ cause, nth, position }: Hit): boolean {
    if (nth === undefined || cause.kind === 'filter' || !cause.trigger.count) return true;
    return this.#hitCounts.accepts(cause.trigger.id, cause.trigger.count, position, nth);
  }

  #filterHolds({ condition }: FilterSetting, position: number, actor: number, result?: number): boolean {
    if (condition === undefined) return true;
    const values = new Map(
      result === undefined
        ? []
        : ([
            ['result', result],
            ['errno', Math.max(0, -result)],
          ] as const),
    );
    const expression = compileExpression(this.#sources.run.model, condition, { actor, values });
    return !('problem' in expression) && this.#holds(expression, true, position);
  }

  #filtered(id: string, event: number, result?: number, actor = this.#actor): void {
    const position = this.#step + 1;
    const setting = this.#filters.get(id)?.find((one) => this.#filterHolds(one, position, actor, result));
    if (!setting) return;
    this.#remember({
      position,
      actor,
      cause: { kind: 'filter', filter: setting.filter, event },
      reveal: 0,
    });
  }

  #remember(hit: Hit, { id, count }: Partial<Trigger> = {}): void {
    const { position } = hit;
    const nth = count && id !== undefined ? this.#hitCounts.add(id, count, position) : undefined;
    const counted = nth === undefined ? hit : { ...hit, nth };
    // Whether a hit after that position counts is already known.
    if (nth !== undefined && count && position > count.from && !this.#isCounted(counted)) return;
    if (this.#hits.length < DEBUGGER_LIMITS.hits) this.#hits.push(counted);
  }

  #holds(expression: Expression | undefined, conditional: boolean, position: number): boolean {
    if (!conditional) return true;
    if (!expression) return false;
    this.#cursor.seek(Math.min(position, this.#sources.run.steps));
    return this.#sources.observer.value(expression, this.#cursor.state, position) !== 0;
  }
}

function samePlace(one: Place | undefined, other: Place): boolean {
  return one !== undefined && one.file === other.file && one.line === other.line;
}

/** Does this hit stop the run, or only say something? */
export function stops(hit: Hit): boolean {
  return hit.cause.kind !== 'breakpoint' || hit.cause.trigger.log === undefined;
}

/** How many calls have to be shown for a breakpoint's line to be on top, or -1 when this is not its line. */
function revealOf(
  breakpoint: LineBreakpoint,
  place: { file: number; line: number; calls: readonly { file: number; line: number }[] },
  inside: number,
): number {
  if (place.file === breakpoint.file && place.line === breakpoint.line) return place.calls.length - inside;
  for (let depth = inside; depth < place.calls.length; depth++) {
    const call = place.calls[depth];
    if (call?.file === breakpoint.file && call.line === breakpoint.line) return depth - inside;
  }
  return -1;
}
