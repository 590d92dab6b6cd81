/**
 * What a search has learned, as plain numbers and texts for a checkpoint, and back.
 *
 * The leaves are kept in the order in which they were learned: going through them again gives the same facts and the same
 * numbers for values, so that with the packing stored states can be read as they are. Plans are kept as they were made,
 * from the facts of that time.
 */
import type { Interner } from '../../world.ts';
import { Bits } from '../bits.ts';
import type { Judgement, Leaf } from '../learn/learner.ts';
import type { Plan } from '../reduce/planner.ts';
import type { SavedPacking } from '../states/packing.ts';
import { CheckpointProblem, type SnapshotArray } from './checkpoint.ts';

export interface Knowledge {
  readonly leaves: readonly Leaf[];
  /** What places are called, in the order of their numbers. */
  readonly places: readonly string[];
  /** Numbers of the environment's places of which everything is known. */
  readonly complete: readonly number[];
  readonly factsVersion: number;
  /** Size of the vocabulary for which the environment's moves were completed. */
  readonly completed: number;
  /** Stored states at which to look next which slots go together. */
  readonly condenseAt: number;
  /** Words of memory whose versions are counted by their order. */
  readonly ranked: readonly number[];
  readonly plans: readonly { readonly places: readonly number[]; readonly plan: Plan }[];
  readonly packing: SavedPacking;
}

/** The part that JSON holds. */
export interface SavedKnowledge extends Omit<Knowledge, 'leaves' | 'plans'> {
  readonly judgements: readonly (readonly [leaf: number, judgement: Judgement])[];
  readonly limits: readonly (readonly [leaf: number, message: string])[];
  /** 64-bit values, in the order of their numbers. */
  readonly wide: readonly string[];
}

export interface KnowledgeArrays extends Readonly<Record<string, SnapshotArray>> {
  readonly leaves: Int32Array;
  readonly plans: Int32Array;
}

export function saveKnowledge(
  { leaves, plans, ...rest }: Knowledge,
  wide: Interner,
): { data: SavedKnowledge; arrays: KnowledgeArrays } {
  return {
    data: {
      ...rest,
      judgements: leaves.flatMap(({ index, judgement }) => (judgement ? [[index, judgement] as const] : [])),
      limits: leaves.flatMap(({ index, limit }) => (limit === undefined ? [] : [[index, limit] as const])),
      wide: Array.from({ length: wide.size }, (_, i) => String(wide.value(i))),
    },
    arrays: {
      leaves: Int32Array.from(leaves.flatMap(leafNumbers)),
      plans: Int32Array.from(plans.flatMap(planNumbers)),
    },
  };
}

/** `slots`: how many a state has. */
export function readKnowledge(
  { judgements, limits, wide, ...rest }: SavedKnowledge,
  arrays: Readonly<Record<string, SnapshotArray>>,
  slots: number,
  interner: Interner,
): Knowledge {
  // A value's number is held by slots, so it must be the one that it had.
  if (wide.some((value, number) => interner.intern(BigInt(value)) !== number)) throw damaged();
  const judgementOf = new Map(judgements);
  const limitOf = new Map(limits);
  const leafNumbers = new Numbers(arrays.leaves);
  const leaves: Leaf[] = [];
  while (!leafNumbers.ended) leaves.push(readLeaf(leafNumbers, leaves.length, judgementOf, limitOf));
  const planNumbers = new Numbers(arrays.plans);
  const plans: Knowledge['plans'][number][] = [];
  while (!planNumbers.ended) plans.push(readPlan(planNumbers, slots));
  return { ...rest, leaves, plans };
}

/** The checkpoint does not lead to what it was made of: an error of the program, not of the file. */
export function damaged(): CheckpointProblem {
  return new CheckpointProblem(
    'The checkpoint does not fit this exploration, although it says that it does. Remove it to begin from the start; please report this with the scenario.',
  );
}

/** Reads numbers one after another. */
class Numbers {
  readonly #array: SnapshotArray;
  #at = 0;

  constructor(array: SnapshotArray | undefined) {
    if (!array) throw damaged();
    this.#array = array;
  }

  get ended(): boolean {
    return this.#at >= this.#array.length;
  }

  next(): number {
    return this.#array[this.#at++] as number;
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.next() }, item);
  }
}

const IS_ENABLED = 1;
const HAS_PLACES = 2;

function leafNumbers({ move, enabled, writes, findings, places, reads }: Leaf): number[] {
  const pairs = (list: Leaf['reads']): number[] => [list.length, ...list.flatMap(({ slot, value }) => [slot, value])];
  return [
    move,
    (enabled ? IS_ENABLED : 0) | (places ? HAS_PLACES : 0),
    ...pairs(writes),
    findings.length,
    ...findings,
    ...(places ? [places.length, ...places] : []),
    ...pairs(reads),
  ];
}

function readLeaf(
  numbers: Numbers,
  index: number,
  judgementOf: ReadonlyMap<number, Judgement>,
  limitOf: ReadonlyMap<number, string>,
): Leaf {
  const number = (): number => numbers.next();
  const pair = (): { slot: number; value: number } => ({ slot: numbers.next(), value: numbers.next() });
  const move = numbers.next();
  const flags = numbers.next();
  const writes = numbers.list(pair);
  const findings = numbers.list(number);
  const places = (flags & HAS_PLACES) !== 0 ? numbers.list(number) : undefined;
  const reads = numbers.list(pair);
  const judgement = judgementOf.get(index);
  const limit = limitOf.get(index);
  return {
    index,
    move,
    enabled: (flags & IS_ENABLED) !== 0,
    writes,
    findings,
    ...(places && { places }),
    ...(judgement && { judgement }),
    ...(limit !== undefined && { limit }),
    reads,
  };
}

const HAS_LIVE = 1;
const HAS_IDLE = 2;

function planNumbers({ places, plan: { alone, live, idle } }: Knowledge['plans'][number]): number[] {
  return [
    places.length,
    ...places,
    alone.length,
    ...alone.flatMap(({ actor, frozen }) => [actor, frozen.length, ...frozen]),
    (live ? HAS_LIVE : 0) | (idle ? HAS_IDLE : 0),
    ...(live ? [live.words.length, ...live.words] : []),
    ...(idle ? [idle.length, ...idle] : []),
  ];
}

function readPlan(numbers: Numbers, slots: number): Knowledge['plans'][number] {
  const number = (): number => numbers.next();
  const places = numbers.list(number);
  const alone = numbers.list(() => ({ actor: numbers.next(), frozen: numbers.list(number) }));
  const flags = numbers.next();
  const live = (flags & HAS_LIVE) !== 0 ? new Bits(slots) : undefined;
  live?.words.set(numbers.list(number));
  const idle = (flags & HAS_IDLE) !== 0 ? Uint8Array.from(numbers.list(number)) : undefined;
  return { places, plan: { alone, live, idle } };
}
