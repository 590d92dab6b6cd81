/**
 * copy_from_user() and get_user() on the arguments of a statement.
 *
 * A value that is neither a struct nor a pointer to something is an address where nothing readable is: reading it is
 * EFAULT. Writing results back is done by binding output fields.
 */
import type { Value } from '../engine/compile.ts';
import type { Task } from '../engine/task.ts';

/** Stands for a slot where an output field says `=>NULL`: user memory that cannot be written. */
export const UNWRITABLE = -1;

/** Argument `i` of the system call; a missing one reads as 0, as an unset register would in a recorded call. */
export function argument(task: Task, i: number): Value {
  return task.args.values[i] ?? ZERO;
}

/** True when a struct or a value can be read there. */
export function readable(value: Value): boolean {
  return value.fields !== undefined || value.pointee !== undefined;
}

/** An unsigned 32-bit field of the struct that `value` is; 0 when the scenario leaves out a field without a default. */
export function field32(task: Task, value: Value, name: string): number {
  return (value.fields?.get(name) ?? ZERO).int(task) >>> 0;
}

export function field64<T extends bigint = bigint>(task: Task, value: Value, name: string): T {
  return (value.fields?.get(name) ?? ZERO).wide(task) as T;
}

/** get_user(s32): what `[v]` points to; of a struct, its first member. Undefined is EFAULT. */
export function pointedInt(task: Task, value: Value): number | undefined {
  if (value.pointee) return value.pointee.int(task);
  const first = value.fields?.values().next();
  return first === undefined || first.done ? undefined : first.value.int(task);
}

/** copy_to_user() of an output field: bound to its name if the scenario has one. False is EFAULT: nothing can be written there. */
export function writeField(task: Task, value: Value, name: string, result: number): boolean {
  const slot = value.outputs?.get(name);
  if (slot === UNWRITABLE) return false;
  if (slot !== undefined) task.machine.put(slot, result);
  return true;
}

const ZERO: Value = { int: () => 0, wide: () => 0n };
