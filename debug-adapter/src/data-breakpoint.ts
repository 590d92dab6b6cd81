/** Breakpoints on data: they stop after the step that changed a variable, of any actor. */
import type { Model } from '@snoopscope/sim-core';
import { wordOf } from './accesses.ts';
import { type Resolved, resolveTrigger, type Trigger, type TriggerRequest } from './breakpoints.ts';
import type { Debuggee } from './launch.ts';
import { SCOPES } from './scopes/table.ts';
import { placeOf, type VariablePlace } from './watch.ts';

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
