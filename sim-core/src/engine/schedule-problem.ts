/** What is wrong with a schedule that cannot be followed, in the words of every tool. */
import type { Executor } from './executor.ts';
import type { ScheduledMove } from './model.ts';

/** A move of a schedule that was not possible when its turn came. */
export interface ScheduleProblem {
  /** Which item of the schedule, from 0. */
  readonly item: number;
  /** The item as it is written: `vcpu0*300`. */
  readonly text: string;
  /** How many of its moves were made. */
  readonly made: number;
  /** Its actor, and why it could not move; undefined for a move of the environment. */
  readonly actor?: { readonly name: string; readonly finished: boolean };
  /** Names of the moves that were possible instead. */
  readonly possible: readonly string[];
}

const MOST_POSSIBLE = 8;

export function scheduleProblemOf(
  executor: Executor,
  item: number,
  { move, count }: ScheduledMove,
  made: number,
): ScheduleProblem {
  const { moves } = executor.model;
  const wanted = moves[move]!;
  return {
    item,
    text: count === 1 ? wanted.name : `${wanted.name}*${count}`,
    made,
    ...(wanted.kind === 'actor' && { actor: { name: wanted.name, finished: executor.ended(wanted.actor) } }),
    possible: moves.filter((_, i) => executor.enabled(i)).map(({ name }) => name),
  };
}

/** One or two sentences: which item, why, and what can move instead. */
export function scheduleProblemText({ item, text, made, actor, possible }: ScheduleProblem, kernel: string): string {
  const what = `Item ${item + 1} of the schedule, \`${text}\`,`;
  const how =
    made === 0
      ? `is not possible at that point on ${kernel}`
      : `is possible only ${made === 1 ? 'once' : `${made} times`} on ${kernel}`;
  const why = actor === undefined ? '' : `: ${actor.name} ${actor.finished ? 'has finished' : 'waits'}`;
  return `${what} ${how}${why}. ${possibleText(possible)}`;
}

/** `Possible there: vcpu0, gpu.` */
function possibleText(possible: readonly string[]): string {
  if (possible.length === 0) return 'Nothing can move there.';
  const more = possible.length - MOST_POSSIBLE;
  return `Possible there: ${possible.slice(0, MOST_POSSIBLE).join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}
