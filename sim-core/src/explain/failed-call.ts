/**
 * Why a call failed: the check that decided, in which function, what it looked at, and through which functions the errno
 * came to user space. Read from the events of the call; the checks are declared beside their functions (engine/refusal.ts).
 */
import type { Model } from '../engine/model.ts';
import { ANY_ERRNO, type KernelPlace, type Refusal } from '../engine/refusal.ts';
import type { AnyRoutine } from '../engine/routine.ts';
import { DIED, errnoName } from '../kernel/errno.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import type { ObjectNames } from './object-names.ts';
import { objectText } from './object-text.ts';

export interface FailedCall {
  /** Negative. */
  readonly value: number;
  /** The checks, the one that decided first; each of the others turned the errno before it into its own. */
  readonly checks: readonly [FailedCheck, ...FailedCheck[]];
  /** The functions that handed the errno up unchanged, the innermost first. */
  readonly through: readonly KernelPlace[];
}

export interface FailedCheck {
  /** Where it is in the log. */
  readonly event: number;
  readonly refusal: Refusal;
  /** Negative. */
  readonly errno: number;
  /** The kernel's function that checked. */
  readonly place: KernelPlace;
  /** What it found: `no IOMMU driver in container`. */
  readonly found: string;
}

/**
 * Why the call that ends at an event failed; undefined when it did not fail. `event` is a
 * `done` of a log; with the names of its run, objects are called as in the scenario. Linear in the events since the actor's
 * statement before.
 */
export function failedCall(model: Model, log: Int32Array, event: number, names?: ObjectNames): FailedCall | undefined {
  const at = event * EVENT_WIDTH;
  const value = log[at + 3]!;
  if (log[at] !== NOTE.done || value >= 0 || value === DIED) return undefined;
  const { tried, returns } = readCall(model, log, event, log[at + 1]!);
  const decided = tried.findLast(({ refusal }) => refusal.errno === value || refusal.errno === ANY_ERRNO);
  if (!decided) return undefined;
  const chain: Tried[] = [decided];
  for (let translated = decided.translates; translated !== undefined; ) {
    const { before, errno } = translated;
    const cause = tried.findLast(({ event: at, refusal }) => at < before && refusal.errno === errno);
    if (!cause) break;
    chain.unshift(cause);
    translated = cause.translates;
  }
  const checks = chain.map(({ event: where, refusal, object, place }): FailedCheck => {
    const found = foundText(model, refusal, object, where, names);
    return { event: where, refusal, errno: refusal.errno === ANY_ERRNO ? value : refusal.errno, place, found };
  });
  const last = chain.at(-1)!;
  // The function that checked returns too, unless it has no routine of its own.
  const own = last.refusal.place ? last.depth : last.depth - 1;
  const through = returns.filter((one) => one.event > last.event && one.value === value && one.depth < own);
  return {
    value,
    checks: checks as [FailedCheck, ...FailedCheck[]],
    through: through.map(({ routine }) => ({ name: routine.name, source: routine.source })),
  };
}

/** Why the call failed whose result a finding at an event objects to. */
export function failedResult(
  model: Model,
  log: Int32Array,
  finding: number,
  names?: ObjectNames,
): FailedCall | undefined {
  // The result is looked at right after the call has ended.
  for (let event = finding - 1; event >= 0; event--) {
    const code = log[event * EVENT_WIDTH];
    if (code === NOTE.done) return failedCall(model, log, event, names);
    if (code === NOTE.step) break;
  }
  return undefined;
}

/** A check that failed in a function which has not returned yet. */
export interface PendingCheck {
  /** Which of the actor's kernel functions it is, the outermost is 0. */
  readonly frame: number;
  /** `found group 26 already in the list`. */
  readonly text: string;
}

/** The last check that failed in the call that an actor is in before an event, if its function still runs. */
export function pendingCheck(
  model: Model,
  log: Int32Array,
  end: number,
  actor: number,
  names?: ObjectNames,
): PendingCheck | undefined {
  const { tried, returns } = readCall(model, log, end, actor);
  const last = tried.at(-1);
  if (!last || last.refusal.place || returns.some((one) => one.event > last.event && one.depth < last.depth))
    return undefined;
  return {
    frame: last.frame,
    text: `found ${foundText(model, last.refusal, last.object, last.event, names)}`,
  };
}

/** `kvm_vfio_file_add() found vfio-file already in the list`, and what became of it where that is another errno. */
export function failedCallText({ checks: [first, ...others] }: FailedCall): string {
  const rest = others.map(({ errno, ...check }) => `, which became ${errnoText(errno)}: ${failedCheckText(check)}`);
  const own = others.length > 0 ? `${failedCheckText(first)} (${errnoText(first.errno)})` : failedCheckText(first);
  return `${own}${rest.join('')}`;
}

export function failedCheckText({ place, found }: Pick<FailedCheck, 'place' | 'found'>): string {
  return `${place.name}() found ${found}`;
}

/** `-EINVAL`. */
export function errnoText(errno: number): string {
  return `-${errnoName(-errno)}`;
}

/** What a check found, as its event says it. */
export function foundText(
  model: Model,
  { found, object: kind }: Pick<Refusal, 'found' | 'object'>,
  object: number,
  event: number,
  names?: ObjectNames,
): string {
  if (kind === undefined) return found;
  return found.replace(/\{(x?)\}/, (_, hex) =>
    hex === 'x' ? `0x${(object >>> 0).toString(16)}` : objectText(model, kind, object, event, names),
  );
}

/** A check that failed in a call, whether or not it decided. */
interface Tried {
  readonly event: number;
  readonly refusal: Refusal;
  readonly object: number;
  readonly place: KernelPlace;
  /** Depth of the function that checked, and which of the kernel's functions it is. */
  readonly depth: number;
  readonly frame: number;
  /** The errno that a function called by it had just returned, and the event of that return. */
  readonly translates: { readonly before: number; readonly errno: number } | undefined;
}

interface Returned {
  readonly event: number;
  readonly routine: AnyRoutine;
  readonly value: number;
  readonly depth: number;
}

/** What happened in a call, in order: the checks that failed, and what its functions returned. */
function readCall(model: Model, log: Int32Array, end: number, actor: number): { tried: Tried[]; returns: Returned[] } {
  const { refusals, routines } = model.world;
  const tried: Tried[] = [];
  const returns: Returned[] = [];
  const stack: AnyRoutine[] = [];
  let returned: Tried['translates'];
  for (const event of eventsOfCall(log, end, actor)) {
    const at = event * EVENT_WIDTH;
    const code = log[at];
    if (code === NOTE.call) {
      stack.push(routines.routines[log[at + 2]!]!);
      returned = undefined;
    } else if (code === NOTE.return) {
      const routine = stack.pop();
      const value = log[at + 3]!;
      if (routine?.kind === 'kernel') returns.push({ event, routine, value, depth: stack.length });
      returned = value < 0 ? { before: event, errno: value } : undefined;
    } else if (code === NOTE.refusal) {
      const refusal = refusals.refusals[log[at + 1]!]!;
      const place = refusal.place ?? stack.findLast(({ kind }) => kind === 'kernel') ?? NO_FUNCTION;
      const translates = returned && returned.errno !== refusal.errno ? returned : undefined;
      const { name, source } = place;
      tried.push({
        event,
        refusal,
        object: log[at + 2]!,
        place: { name, source },
        depth: stack.length,
        frame: stack.filter(({ kind }) => kind === 'kernel').length - 1,
        translates,
      });
    }
  }
  return { tried, returns };
}

/** Before any function of the kernel runs there is the entry of system calls. */
const NO_FUNCTION: KernelPlace = { name: 'do_syscall_64', source: 'arch/x86/entry/common.c' };

/** The calls, returns and failed checks of an actor's call up to an event, in order; other actors' steps are left out. */
function eventsOfCall(log: Int32Array, end: number, actor: number): number[] {
  const events: number[] = [];
  let step: number[] = [];
  let begun = false;
  for (let event = end - 1; event >= 0 && !begun; event--) {
    const at = event * EVENT_WIDTH;
    const code = log[at];
    if (code === NOTE.call || code === NOTE.return || code === NOTE.refusal) step.push(event);
    else if (code === NOTE.step || code === NOTE.environment) {
      if (code === NOTE.step && log[at + 1] === actor) {
        events.push(...step);
        begun = step.some((one) => log[one * EVENT_WIDTH] === NOTE.call && log[one * EVENT_WIDTH + 3] === 0);
      }
      step = [];
    }
  }
  return events.reverse();
}
