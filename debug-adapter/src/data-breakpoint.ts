/** Breakpoints on data: they stop after the step that changed a variable, of any actor. */
import { type Cursor, type Model, NOTE, type Run } from '@snoopscope/sim-core';
import { type Matcher, wordMatcher, wordOf } from './accesses.ts';
import { type Resolved, resolveTrigger, type Trigger, type TriggerRequest } from './breakpoints.ts';
import type { Debuggee } from './launch.ts';
import { SCOPES } from './scopes/table.ts';
import { differences, placeOf, type Reading, type VariablePlace, type Watch } from './watch.ts';

export interface DataBreakpoint extends Trigger {
  readonly kind: 'data';
  readonly place: VariablePlace;
  readonly access: AccessType;
}

export type AccessType = 'read' | 'write' | 'readWrite';

export interface DataRequest extends TriggerRequest {
  readonly dataId: string;
  readonly accessType?: string;
}

/** Values that one stop tells; a whole VM that goes away has many. */
const TOLD = 6;

export function dataBreakpoint(debuggee: Debuggee, id: number, request: DataRequest): Resolved<DataBreakpoint> {
  const place = placeOf(request.dataId);
  if (!place) return { problem: 'This is not a variable of the scenario.' };
  const access = (request.accessType ?? 'write') as AccessType;
  if (!['read', 'write', 'readWrite'].includes(access)) return { problem: `There is no access ${String(access)}.` };
  const words = wordsOf(debuggee.model, place);
  if (words.length === 0 && access !== 'write')
    return { problem: 'Only words of memory are watched for reads: other variables stop when they change.' };
  if (words.length === 0 && place.accessor !== undefined)
    return { problem: 'Only for words of memory it can be said who has to access them.' };
  const { actors } = debuggee.model.world.topology;
  if (place.actor !== '' && !actors.some(({ name }) => name === place.actor))
    return { problem: `There is no actor ${place.actor} in this scenario.` };
  const { root } = place;
  if ('scope' in root && !SCOPES.some(({ name }) => name === root.scope))
    return { problem: `There is no scope ${root.scope}.` };
  const trigger = resolveTrigger(debuggee, id, -1, request);
  return 'problem' in trigger ? trigger : { breakpoint: { ...trigger.breakpoint, kind: 'data', place, access } };
}

/** The words of memory that a variable is, by their indices. */
export function wordsOf(model: Model, place: VariablePlace): readonly number[] {
  const { words } = model.world.topology;
  if ('words' in place.root) return place.root.words.map((name) => words.findIndex((word) => word.name === name));
  const word = wordOf(model, place);
  return word < 0 ? [] : [word];
}

/** Follows one variable through the run, step by step. */
export class DataFollower {
  readonly trigger: DataBreakpoint;
  readonly #run: Run;
  readonly #watch: Watch;
  readonly #matchers: readonly Matcher[];
  #reading: Reading | undefined;
  /** The first event of the step that may have changed the variable, or -1. */
  #event = -1;
  /** The same of an access that counts. */
  #accessed: { readonly event: number; readonly kind: 'read' | 'write' } | undefined;

  constructor(trigger: DataBreakpoint, run: Run, watch: Watch, start: Int32Array) {
    this.trigger = trigger;
    this.#run = run;
    this.#watch = watch;
    this.#matchers = wordsOf(run.model, trigger.place).map((word) => wordMatcher(run.model, run, word));
    this.#reading = watch.read(start, 0);
  }

  /** An event of the step that is being looked at: a slot, or a happening below 0. */
  look(event: number, code: number): void {
    for (const matches of this.#accessed ? [] : this.#matchers) {
      const kind = matches(event);
      if (kind && (this.trigger.access === 'readWrite' || this.trigger.access === kind))
        this.#accessed = { event, kind };
    }
    if (this.#event >= 0) return;
    // What does not exist yet may be made, and named, by any call that returns.
    if (this.#watch.dependsOn(code) || (!this.#reading && code === NOTE.done)) this.#event = event;
  }

  /** The step is over: what has changed or was accessed, with the event that began it. */
  changed(cursor: Cursor, position: number): { readonly text: string; readonly event: number } | undefined {
    const event = this.#event;
    const accessed = this.#accessed;
    this.#event = -1;
    this.#accessed = undefined;
    const change = event < 0 ? undefined : this.#difference(cursor, position, event);
    if (this.#excludes(position)) return undefined;
    // Who reads or writes may leave the value as it is.
    if (!accessed) return this.trigger.access === 'read' || this.trigger.place.accessor ? undefined : change;
    if (change && accessed.kind === 'write') return change;
    return {
      text: `${this.#watch.label} was ${accessed.kind === 'read' ? 'read' : 'written with the same value'}`,
      event: accessed.event,
    };
  }

  /** Was the step made by somebody whom the breakpoint does not mean? */
  #excludes(position: number): boolean {
    const { accessor } = this.trigger.place;
    if (accessor === undefined) return false;
    const { actor } = this.#run.step(position - 1);
    const kind = this.#run.model.world.topology.actors[actor]?.kind;
    return accessor === 'device' ? kind !== 'device' : kind === undefined || kind === 'device';
  }

  #difference(cursor: Cursor, position: number, event: number): { text: string; event: number } | undefined {
    cursor.seek(position);
    const before = this.#reading;
    const now = this.#watch.read(cursor.state, position);
    this.#reading = now;
    // Its creation is not a change; its removal is one.
    if (!before) return undefined;
    if (!now) return { text: `${this.#watch.label} is not there any more; it was ${before.get('')}`, event };
    const all = differences(this.#watch.label, before, now);
    if (all.length === 0) return undefined;
    const more = all.length > TOLD ? [`and ${all.length - TOLD} more`] : [];
    return { text: [...all.slice(0, TOLD), ...more].join('\n'), event };
  }
}
