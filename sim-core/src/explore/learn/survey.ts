/**
 * Looking around before a search, for the reductions that look ahead: what actors do at their locations is gathered by walks
 * at random, and what the environment's moves do is completed for every value that was met.
 */
import type { Model } from '../../engine/model.ts';
import type { SlotValues } from '../states/slot-values.ts';
import type { Footprints } from './footprints.ts';
import type { Branching, Effect, Learner } from './learner.ts';

export interface SurveyContext {
  readonly model: Model;
  readonly learner: Learner;
  readonly slotValues: SlotValues;
  readonly footprints: Footprints;
  /** What a move does in the state of the learner's machine, noted if it is new; `stale`: packed states lack bits for it. */
  readonly take: (move: number) => { readonly effect: Effect; readonly stale: boolean };
  /** Counts the versions in a state by their order. */
  readonly rank: (state: Int32Array) => void;
}

/** Walks at most, moves of one at most, and walks in a row that teach nothing and so end the survey. */
const MAX_WALKS = 400;
const WALK_STEPS = 120;
const IDLE_WALKS = 40;
/** Effects of one of the environment's moves that are worth knowing all. */
const MAX_ENVIRONMENT_EFFECTS = 600;
/** Looks at moves on all walks, and slots of all machines on which something is learned: some tenths of a second. */
const MAX_LOOKS = 300_000;
const MAX_SLOTS = 20_000_000;
/** Looks in one slice: a few milliseconds. */
const SLICE_LOOKS = 2000;

/**
 * In slices. Walks from the start, for one number the same way every time, until `learned` has stayed the same for long. The
 * learner's machine is back at the start afterwards.
 */
export function* walkingAtRandom(
  surveyed: SurveyContext,
  number = 0,
  learned = (): number => surveyed.footprints.version,
): Generator<void, void> {
  const { learner, slotValues } = surveyed;
  const random = numbers(number);
  let idle = 0;
  let looks = 0;
  let due = SLICE_LOOKS;
  const most = learner.effects.length + effectsFor(surveyed);
  const goesOn = (): boolean => looks < MAX_LOOKS && learner.effects.length < most;
  for (let walk = 0; walk < MAX_WALKS && idle < IDLE_WALKS && goesOn(); walk++) {
    const before = learned();
    learner.machine.raw.set(slotValues.base);
    for (let steps = 0; steps < WALK_STEPS && goesOn(); steps++) {
      const looked = makeMove(surveyed, random);
      if (looked === 0) break;
      looks += looked;
      if (looks < due) continue;
      due = looks + SLICE_LOOKS;
      yield;
    }
    if (allStuck(surveyed)) surveyed.take(learner.judgementMove);
    idle = learned() === before ? idle + 1 : 0;
  }
  learner.machine.raw.set(slotValues.base);
}

/** Takes in effects that were learned before, with the values that they write. */
export function recallEffects({ learner, slotValues, footprints }: SurveyContext, effects: readonly Effect[]): void {
  const { raw } = learner.machine;
  for (const effect of effects) {
    learner.recall(effect);
    if (effect.move > learner.judgementMove) continue;
    raw.set(slotValues.base);
    for (const { slot, value } of effect.reads) raw[slot] = value;
    footprints.take(effect, raw);
    for (const { slot, value } of effect.writes) slotValues.meet(slot, value);
  }
  raw.set(slotValues.base);
}

/** What learning may cost grows with the machine. */
function effectsFor({ model }: SurveyContext): number {
  return Math.ceil(MAX_SLOTS / model.layout.size);
}

function numbers(number: number): (below: number) => number {
  let seed = 0x2545f491 + number;
  return (below) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % below;
  };
}

/** Makes one of the possible moves. How many moves it looked at for that; 0 when none is possible. */
function makeMove({ model: { moves }, learner, take, rank }: SurveyContext, random: (below: number) => number): number {
  const { raw } = learner.machine;
  // Actors as often as the environment, however many moves that has.
  const environment = random(2) === 0;
  const first = random(moves.length);
  for (let i = 0; i < moves.length; i++) {
    const move = (first + i) % moves.length;
    if ((moves[move]?.kind === 'environment') !== environment && i < moves.length / 2) continue;
    const { effect } = take(move);
    if (!effect.enabled) continue;
    for (const { slot, value } of effect.writes) raw[slot] = value;
    rank(raw);
    return i + 1;
  }
  return 0;
}

function allStuck({ model, take }: SurveyContext): boolean {
  return model.moves.every((move, i) => move.kind === 'environment' || !take(i).effect.enabled);
}

/**
 * In slices. Takes in what the environment's moves do with all values that were met, also where no state was seen that has them
 * together: only what is known completely can be said to matter to none. True when the packing lacks bits now.
 */
export function* completingEnvironment(surveyed: SurveyContext): Generator<void, boolean> {
  const { model, learner, slotValues, footprints } = surveyed;
  let stale = false;
  let size: number;
  const most = learner.effects.length + effectsFor(surveyed);
  do {
    ({ size } = slotValues);
    for (const [index, move] of model.moves.entries()) {
      if (move.kind !== 'environment') continue;
      const budget = { effects: MAX_ENVIRONMENT_EFFECTS, stale: false };
      learner.machine.raw.set(slotValues.base);
      const location = footprints.locations[footprints.environmentLocation(index)];
      const complete = learner.effects.length < most && completeMove(surveyed, index, budget);
      if (location && location.complete !== complete) {
        location.complete = complete;
        footprints.version++;
      }
      stale ||= budget.stale;
      yield;
    }
  } while (slotValues.size !== size);
  learner.machine.raw.set(slotValues.base);
  return stale;
}

/** Walks the whole tree of a move, every value of every slot; the machine's state holds those on the way. */
function completeMove(
  { learner, slotValues, take }: SurveyContext,
  move: number,
  budget: { effects: number; stale: boolean },
): boolean {
  const { raw } = learner.machine;
  const visit = (at: Branching | Effect | undefined): boolean => {
    if (at === undefined) {
      if (budget.effects-- <= 0) return false;
      try {
        const { effect, stale } = take(move);
        budget.stale = stale || budget.stale;
        return effect.failure === undefined;
      } catch {
        // The values do not go together in any state; what the move would do does not matter, but is not known.
        return false;
      }
    }
    if (!('branches' in at)) return at.failure === undefined && budget.effects-- > 0;
    const before = raw[at.slot]!;
    const values = slotValues.varies(at.slot) ? slotValues.realValuesOf(at.slot) : [before];
    const all = values.every((value) => {
      raw[at.slot] = value;
      if (at.branches.get(value) !== undefined) return visit(at.branches.get(value));
      // A new branch is followed to its effect by the state as it is, and then visited for its other values.
      return visit(undefined) && visit(at.branches.get(value));
    });
    raw[at.slot] = before;
    return all;
  };
  return (learner.trees[move] !== undefined || visit(undefined)) && visit(learner.trees[move]);
}
