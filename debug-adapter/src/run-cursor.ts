/**
 * Where we are in a run, and every way to somewhere else. Going forward replays what is recorded and extends the run at
 * its live end; going back never executes anything.
 */
import {
  type Cursor,
  type Deed,
  EVENT_WIDTH,
  type Model,
  ModelLimit,
  ObjectNames,
  Run,
  repeatDeed,
  StepTexts,
} from '@snoopscope/sim-core';
import type { DataBreakpoint } from './data-breakpoint.ts';
import { type BackStep, backFrom, previousPlace } from './going-back.ts';
import type { Debuggee } from './launch.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import { Moment } from './moment.ts';
import {
  ENVIRONMENT,
  type Focus,
  type LimitReached,
  type Movement,
  type MovementEnd,
  type Origin,
  sameFocus,
  type UndoableStep,
  type Unit,
} from './movement.ts';
import { Observer } from './observe.ts';
import type { Registration } from './registration.ts';
import { ShownFrames } from './shown-frames.ts';
import { beginsWithLoop } from './source-lines.ts';
import { type Hit, StopIndex, stops, type Triggers } from './stop-index.ts';
import { Track } from './track.ts';
import { Watch } from './watch.ts';

export class RunCursor {
  readonly model: Model;
  readonly run: Run;
  readonly track: Track;
  readonly observer: Observer;
  readonly names: ObjectNames;
  readonly stepTexts: StepTexts;
  readonly moment: Moment;
  readonly shown: ShownFrames;
  readonly #cursor: Cursor;
  readonly #registrations: ReadonlyMap<number, Registration>;
  #index: StopIndex;
  #limit: LimitReached | undefined;
  /** Triggers that the stop at this position has been reported for, so that continuing does not report them again. */
  #reported: ReadonlySet<unknown> = new Set();
  /** The stop at this position is before a choice that has been made: others may be at the same position before it. */
  #beforeChoice = false;
  /** The last movement found the run at its end, where a stop may be that has not been looked at. */
  #atEnd = false;
  /** What forward steps have led from where to where, so that a step back is their exact inverse. */
  readonly #trail: UndoableStep[];
  readonly origin: Origin | undefined;
  /** The end of the run has been spoken of in the console; once is enough. */
  endReported = false;

  /** Follows a run, the one that the schedule makes if none is given. `origin` is where it parts from another one. */
  constructor(
    debuggee: Debuggee,
    registrations: ReadonlyMap<number, Registration>,
    triggers: Triggers,
    { origin, run }: { readonly origin?: Origin | undefined; readonly run?: Run } = {},
  ) {
    this.model = debuggee.model;
    this.origin = origin;
    this.#trail = [...(origin?.trail ?? [])];
    this.run = run ?? new Run(debuggee.model, debuggee.runOptions);
    this.track = new Track(this.run, (proc) => beginsWithLoop(debuggee, proc));
    this.observer = new Observer(this.run);
    this.names = new ObjectNames(this.run);
    this.stepTexts = new StepTexts(this.run, this.names);
    this.moment = new Moment(debuggee.model, this.names);
    this.#cursor = this.run.cursor();
    this.shown = new ShownFrames(this.moment, this.track, () => this.position);
    this.#registrations = registrations;
    this.#index = this.#newIndex(triggers);
    this.#show();
  }

  get position(): number {
    return this.#cursor.position;
  }

  get state(): Int32Array {
    return this.#cursor.state;
  }

  /** Set when this is the live end and nothing can move any more. */
  get end(): Run['end'] | LimitReached {
    return this.position === this.run.steps ? (this.#limit ?? this.run.end) : undefined;
  }

  /** Breakpoints have changed. */
  setTriggers(triggers: Triggers): void {
    if (!this.#index.takes(triggers)) this.#index = this.#newIndex(triggers);
  }

  /** Lets the moment show where the cursor is, in the middle of a movement. */
  readonly showHere = (): void => this.#show();

  seek(position: number): void {
    this.#cursor.seek(Math.max(0, Math.min(position, this.run.steps)));
    this.#reported = new Set();
    this.#beforeChoice = false;
    this.#atEnd = false;
    this.#show();
  }

  /** Hits at the cursor's position, and marks them as reported. */
  hitsHere(): readonly Hit[] {
    this.#index.extend();
    const hits = this.#index.at(this.position).filter((hit) => stops(hit) && hit.ahead === undefined);
    this.#reported = new Set(hits.map(triggerOf));
    return hits;
  }

  /** One statement of an actor, or one micro-step; inside a kernel function a statement goes to its next micro-step. */
  async step(focus: Focus, unit: Unit, movement: Movement): Promise<MovementEnd> {
    const { actor } = focus;
    const depth = this.shown.functions(focus);
    const inside = this.shown.calls(focus);
    const end = await this.#forward(this.#mover(actor), movement, (mover) => {
      if (unit === 'micro' || mover === ENVIRONMENT) return true;
      if (this.track.endedStatement(this.position, mover))
        return mover !== actor || this.shown.insideCalls(mover) <= inside;
      return depth > 0 && mover === actor && this.shown.passedThrough(mover, depth);
    });
    return unit === 'micro' ? end : this.#shownTo(end, actor, depth);
  }

  /** Until the innermost frame has returned: a kernel function, a procedure, the actor's block. */
  async stepOut(focus: Focus, movement: Movement): Promise<MovementEnd> {
    const { actor } = focus;
    if (actor < 0) return this.step(focus, 'micro', movement);
    const depth = this.shown.depth(focus);
    const end = await this.#forward(
      this.#mover(actor),
      movement,
      (mover) => mover === actor && this.shown.hasLeft(actor, depth),
    );
    return this.#shownTo(end, actor, depth.functions - 1);
  }

  /** Until something stops the run. */
  async continue(movement: Movement): Promise<MovementEnd> {
    return this.#forward(undefined, movement, undefined);
  }

  /** A step has led the user from one place to another: a step back from there returns to the first. */
  remember(from: Focus, to: Focus): void {
    if (to.position > from.position) this.#trail.push({ from, to });
  }

  /** The inverse of the step that led here; without one, to where the actor's last statement or micro-step began. */
  back(focus: Focus, unit: Unit): Focus {
    const last = this.#trail.at(-1);
    if (last && sameFocus(last.to, focus)) {
      this.#trail.pop();
      this.seek(last.from.position);
      return last.from;
    }
    if (focus.reveal > 0) return { ...focus, reveal: focus.reveal - 1 };
    if (this.track.isEdit(focus.position - 1)) {
      this.seek(focus.position - 1);
      return { ...focus, position: focus.position - 1 };
    }
    const to = previousPlace(this, focus, unit);
    while ((this.#trail.at(-1)?.to.position ?? -1) > to.position) this.#trail.pop();
    this.seek(to.position);
    return to;
  }

  /** To the last stop before here, or to the beginning. */
  async reverse(movement: Movement): Promise<MovementEnd> {
    if (!(await this.#lookedThrough(movement))) return { kind: 'interrupted' };
    if (this.#beforeChoice) {
      const hits = this.hitsHere();
      this.#beforeChoice = false;
      if (hits.length > 0) return this.#stopAt(hits);
    }
    const position = await this.#lastStop(movement);
    if (position === undefined) return { kind: 'interrupted' };
    this.seek(Math.max(position, 0));
    if (position < 0) return { kind: 'beginning' };
    const chosen = this.#index.at(position).filter((hit) => stops(hit) && hit.ahead !== undefined);
    return this.#stopAt(chosen.length > 0 ? chosen : this.hitsHere());
  }

  /** A step backwards of an actor, or to what stops it on the way. */
  async backBy(focus: Focus, step: BackStep, movement: Movement): Promise<MovementEnd> {
    const to = backFrom(this, focus, step);
    const stop = await this.#lastStop(movement);
    if (stop === undefined) return { kind: 'interrupted' };
    this.seek(Math.max(stop, to.position));
    if (stop > to.position) return this.#stopAt(this.hitsHere());
    return to.position === 0 && focus.position === 0
      ? { kind: 'beginning' }
      : { kind: 'moved', actor: to.actor, reveal: to.reveal };
  }

  /** The last stop before here, or -1; undefined when the user wants no more. */
  async #lastStop(movement: Movement): Promise<number | undefined> {
    const search = this.#index.before(this.position + (this.#atEnd ? 1 : 0));
    for (let looks = 1; ; looks++) {
      const { done, value } = search.next();
      if (done === true) return value;
      if (looks % DEBUGGER_LIMITS.looksPerChunk !== 0) continue;
      await movement.pause();
      if (movement.interrupted()) return undefined;
    }
  }

  /** A step into a call does not move: it shows one frame more. */
  enterCall(focus: Focus): Focus {
    const to = { ...focus, reveal: focus.reveal + 1 };
    this.#trail.push({ from: focus, to });
    return to;
  }

  /** How the user came to the place at or before a position. */
  trailUntil(position: number): readonly UndoableStep[] {
    return this.#trail.filter(({ to }) => to.position <= position);
  }

  /** Until something is so after a step. */
  async until(reached: () => boolean, movement: Movement): Promise<MovementEnd> {
    return this.#forward(undefined, movement, reached);
  }

  /** Makes a certain move: the recorded one, or any at the live end. */
  async make(move: number, movement: Movement): Promise<MovementEnd> {
    const before = this.position;
    const recorded = before < this.run.steps;
    if (recorded ? this.track.moveOf(before) !== move : !this.#guarded(() => this.run.make(move)))
      return { kind: 'end' };
    return this.#forward(undefined, movement, () => this.position > before);
  }

  #newIndex(triggers: Triggers): StopIndex {
    const { run, track, observer } = this;
    const watch = ({ place }: DataBreakpoint): Watch => new Watch(this.model, observer, place, this.moment);
    return new StopIndex({ run, track, observer, registrations: this.#registrations, watch }, triggers);
  }

  /**
   * A step that was to end in a kernel function at a depth: in the middle of the micro-step it may have called the next
   * function from there, which is not shown yet.
   */
  #shownTo(end: MovementEnd, actor: number, depth: number): MovementEnd {
    if (end.kind !== 'moved' || end.actor !== actor || depth <= 0) return end;
    return { ...end, reveal: Math.min(0, depth - this.moment.kernelFrames(actor).length) };
  }

  /** An actor that cannot step (it has ended, or is an idle environment) leaves the step to the next mover. */
  #mover(actor: number): number | undefined {
    if (actor !== ENVIRONMENT) return this.moment.ended(actor) ? undefined : actor;
    if (this.position < this.run.steps) return this.track.movesAfter(this.position, actor) ? actor : undefined;
    return !this.run.end &&
      this.model.moves.some((move, at) => move.kind === 'environment' && this.run.executor.enabled(at))
      ? actor
      : undefined;
  }

  /** Continues until a step of the wanted actor (of any, if undefined) reaches the goal, or something stops it. */
  async #forward(
    wanted: number | undefined,
    movement: Movement,
    reached: ((mover: number) => boolean) | undefined,
  ): Promise<MovementEnd> {
    const start = this.position;
    if (!(await this.#lookedThrough(movement))) return { kind: 'interrupted' };
    for (let steps = 1; ; steps++) {
      const events = this.run.events;
      this.#atEnd = !this.#one(wanted);
      if (this.#atEnd) return this.#ended(events);
      const mover = this.track.actorOf(this.position - 1);
      const hits = this.#index.at(this.position).filter((hit) => hit.ahead === undefined);
      const ahead = this.#aheadHits(start);
      for (const hit of [...ahead, ...hits]) if (!stops(hit)) movement.passed(hit);
      if (ahead.some(stops)) {
        this.#cursor.seek(this.position - 1);
        return this.#stopAt(ahead.filter(stops));
      }
      if (hits.some(stops)) return this.#stopAt(hits.filter(stops));
      if (reached && (wanted === undefined || wanted === mover)) {
        this.#show();
        if (reached(mover)) return this.#arrive({ kind: 'moved', actor: mover });
      }
      if (steps % DEBUGGER_LIMITS.stepsPerChunk === 0) {
        await movement.pause();
        // Breakpoints may have been set meanwhile.
        if (movement.interrupted() || !(await this.#lookedThrough(movement)))
          return this.#arrive({ kind: 'interrupted' });
      }
    }
  }

  /** Looks for stops in what is recorded: new breakpoints have not seen it yet. False when the user wants no more. */
  async #lookedThrough(movement: Movement): Promise<boolean> {
    while (!this.#index.extendBy(DEBUGGER_LIMITS.eventsPerChunk)) {
      await movement.pause();
      if (movement.interrupted()) return false;
    }
    return true;
  }

  /** No actor can move: a finding made then (a deadlock) belongs to the last step, and stops before the end is reported. */
  #ended(eventsBefore: number): MovementEnd {
    const found = this.#index
      .at(this.position)
      .filter(({ cause }) => cause.kind === 'filter' && cause.event >= eventsBefore);
    return found.length > 0 ? this.#stopAt(found) : { kind: 'end' };
  }

  /** Hits before the step that was just made, unless they are at the position that was just reported. */
  #aheadHits(start: number): readonly Hit[] {
    const before = this.position - 1;
    return this.#index
      .at(before)
      .filter((hit) => hit.ahead !== undefined && (before > start || !this.#reported.has(triggerOf(hit))));
  }

  #stopAt(hits: readonly Hit[]): MovementEnd {
    this.#reported = new Set(hits.map(triggerOf));
    this.#beforeChoice = hits.some(({ ahead }) => ahead !== undefined);
    this.#show();
    return { kind: 'hit', hits };
  }

  #arrive(outcome: MovementEnd): MovementEnd {
    this.#reported = new Set();
    this.#beforeChoice = false;
    this.#show();
    return outcome;
  }

  /** One step forward; at the live end the wanted actor moves, and others while it waits. */
  #one(wanted: number | undefined): boolean {
    if (this.position === this.run.steps && !this.extend(wanted)) {
      // The end may have added a finding to the last step.
      this.#index.extend();
      this.#cursor.seek(this.position);
      this.#show();
      return false;
    }
    this.#index.extend();
    this.#cursor.seek(this.position + 1);
    return true;
  }

  /** Makes the next move at the live end, that of an actor if one is wanted, and stays where it is. False at the end. */
  extend(wanted?: number): boolean {
    const { run, model } = this;
    if (this.#limit || run.end) return false;
    const settingUp = model.setup >= 0 && !run.executor.ended(model.setup);
    return this.#guarded(() => {
      if (wanted !== undefined && !settingUp && !run.followsSchedule) {
        if (wanted === ENVIRONMENT) return this.#environment();
        if (run.advanceActor(wanted)) return true;
      }
      return run.advance();
    });
  }

  /** Makes again at the live end what a trace has recorded, and stays where it is. False when it is not possible. */
  repeat(deed: Deed): boolean {
    return this.#limit === undefined && this.#guarded(() => repeatDeed(this.run, deed));
  }

  #environment(): boolean {
    return this.model.moves.some((move, index) => move.kind === 'environment' && this.run.make(index));
  }

  /** A step that throws has changed nothing: what it wrote is taken back. */
  #guarded(extend: () => boolean): boolean {
    const { machine } = this.run.executor;
    const mark = this.run.events * EVENT_WIDTH;
    try {
      return extend();
    } catch (error) {
      machine.rewind(mark);
      if (!(error instanceof ModelLimit)) throw error;
      this.#limit = { kind: 'model-limit', message: error.message };
      return false;
    }
  }

  #show(): void {
    this.moment.show(this.#cursor.state, this.position);
  }
}

/** What a hit is reported as: each breakpoint or filter once. */
function triggerOf(hit: Hit): unknown {
  return hit.cause.kind === 'filter' ? hit.cause.filter : hit.cause.trigger;
}
