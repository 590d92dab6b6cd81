/** Breakpoints on data: they stop after the step that changed a variable, of any actor. */
import { type Cursor, NOTE } from '@snoopscope/sim-core';
import { type Resolved, resolveTrigger, type Trigger, type TriggerRequest } from './breakpoints.ts';
import type { Debuggee } from './launch.ts';
import { SCOPES } from './scopes/table.ts';
import { differences, placeOf, type Reading, type VariablePlace, type Watch } from './watch.ts';

export interface DataBreakpoint extends Trigger {
  readonly kind: 'data';
  readonly place: VariablePlace;
}

export interface DataRequest extends TriggerRequest {
  readonly dataId: string;
  readonly accessType?: string;
}

/** Values that one stop tells; a whole VM that goes away has many. */
const TOLD = 6;

export function dataBreakpoint(debuggee: Debuggee, id: number, request: DataRequest): Resolved<DataBreakpoint> {
  const place = placeOf(request.dataId);
  if (!place) return { problem: 'This is not a variable of the scenario.' };
  if (request.accessType !== undefined && request.accessType !== 'write')
    return { problem: 'A data breakpoint stops when the value changes; reading it is not watched.' };
  const { actors } = debuggee.model.world.topology;
  if (place.actor !== '' && !actors.some(({ name }) => name === place.actor))
    return { problem: `There is no actor ${place.actor} in this scenario.` };
  const { root } = place;
  if ('scope' in root && !SCOPES.some(({ name }) => name === root.scope))
    return { problem: `There is no scope ${root.scope}.` };
  const trigger = resolveTrigger(debuggee, id, -1, request);
  return 'problem' in trigger ? trigger : { breakpoint: { ...trigger.breakpoint, kind: 'data', place } };
}

/** Follows one variable through the run, step by step. */
export class DataFollower {
  readonly trigger: DataBreakpoint;
  readonly #watch: Watch;
  #reading: Reading | undefined;
  /** The first event of the step that may have changed the variable, or -1. */
  #event = -1;

  constructor(trigger: DataBreakpoint, watch: Watch, start: Int32Array) {
    this.trigger = trigger;
    this.#watch = watch;
    this.#reading = watch.read(start, 0);
  }

  /** An event of the step that is being looked at: a slot, or a happening below 0. */
  look(event: number, code: number): void {
    if (this.#event >= 0) return;
    // What does not exist yet may be made, and named, by any call that returns.
    if (this.#watch.dependsOn(code) || (!this.#reading && code === NOTE.done)) this.#event = event;
  }

  /** The step is over: what has changed, with the event that began it. */
  changed(cursor: Cursor, position: number): { readonly text: string; readonly event: number } | undefined {
    if (this.#event < 0) return undefined;
    const event = this.#event;
    this.#event = -1;
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
