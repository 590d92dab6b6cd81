/**
 * Searches that are bounded by switches. A switch is where somebody else moves although the actor that moved last could go
 * on, or where the environment does something that it need not although an actor can move. Bugs need few of them, and with
 * few of them there are few executions: the search visits all states with none, then all with one, and so on.
 *
 * Source: Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs" (2007).
 */
import { Executor } from '../engine/executor.ts';
import type { Granularity, Model } from '../engine/model.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { Packing } from './states/packing.ts';
import type { SlotValues } from './states/slot-values.ts';

/** The same model with one slot more: the actor that moved last and can still continue, plus one. */
export function withLastMover(model: Model): Model {
  const { layout } = model;
  const field: Field = {
    id: layout.fields.length,
    name: 'lastMover',
    base: layout.size,
    dims: [],
    size: 1,
    internal: true,
  };
  const initial = new Int32Array(layout.size + 1);
  initial.set(layout.initial);
  return {
    ...model,
    lastMover: field.base,
    layout: {
      fields: [...layout.fields, field],
      size: initial.length,
      initial,
      fieldOf: (slot) => (slot === field.base ? field : layout.fieldOf(slot)),
      slotName: (slot) => (slot === field.base ? field.name : layout.slotName(slot)),
    },
  };
}

/** What executes the moves of a model, and notes who moved last where that counts. */
export function executorFor(model: Model, machine?: Machine): Executor {
  return model.lastMover === undefined ? new Executor(model, machine) : new NotingExecutor(model, machine);
}

class NotingExecutor extends Executor {
  override move(index: number, granularity: Granularity): boolean {
    if (!super.move(index, granularity)) return false;
    const move = this.model.moves[index];
    // Whatever follows an actor's last move is not a switch.
    if (move?.kind === 'actor') this.machine.put(this.model.lastMover!, this.ended(move.actor) ? 0 : move.actor + 1);
    return true;
  }
}

/** {@link Tables.lastMover} of a packing; undefined when switches are not counted. */
export function whereLastMover(space: {
  readonly model: Model;
  readonly packing: Packing;
  readonly slotValues: SlotValues;
}): Int32Array | undefined {
  const { lastMover } = space.model;
  if (lastMover === undefined) return undefined;
  // A slot that never changed has no bits: mask 0, and the only value.
  const { word = 0, shift = 0, width = 0 } = space.packing.fieldOf(lastMover) ?? {};
  const actors = space.slotValues.valuesOf(lastMover).list.map((value) => value - 1);
  return Int32Array.of(word, shift, width === 32 ? -1 : (1 << width) - 1, ...actors);
}

/** Who moved last in a packed state and can still continue, or -1; `where` is {@link Tables.lastMover}. */
export function lastMoverIn(words: Uint32Array, where: Int32Array): number {
  const code = (words[where[0]!]! >>> where[1]!) & where[2]!;
  return where[3 + code]!;
}

/** Where a bounded search is. Each round visits its states twice: without a further switch, then with one. */
export interface Round {
  /** Switches on the ways to the states of this round. */
  switches: number;
  /** Its first state, and the one after its last when that is known. */
  from: number;
  to: number;
  /** At the moves that are a switch. */
  switching: boolean;
  /** States with no switch on their way, with at most one, and so on, as far as all of them were visited. */
  sizes: readonly number[];
}

export const FIRST_ROUND: Round = { switches: 0, from: 0, to: 0, switching: false, sizes: [] };

/**
 * After the last state of a pass: the next round and where it begins, or undefined when there are no more states. `count`
 * states are stored.
 */
export function nextPass(round: Round, count: number): { round: Round; next: number } | undefined {
  if (!round.switching)
    return { round: { ...round, to: count, switching: true, sizes: [...round.sizes, count] }, next: round.from };
  if (count === round.to) return undefined;
  const { switches, to, sizes } = round;
  return { round: { switches: switches + 1, from: to, to: 0, switching: false, sizes }, next: to };
}

/** Switches up to which every state was visited; -1 when not even those without any were. */
export function completedSwitches({ switches, switching }: Round): number {
  return switching ? switches : switches - 1;
}
