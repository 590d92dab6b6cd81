/**
 * What a search has learned, as plain numbers and texts for a checkpoint, and back.
 *
 * The effects are kept in the order in which they were learned: going through them again gives the same footprints and the same
 * numbers for values, so that with the packing stored states can be read as they are. Prunings are kept as they were made,
 * from the footprints of that time.
 */
import type { Interner } from '../../world.ts';
import { Bits } from '../bits.ts';
import type { Effect, Judgement } from '../learn/learner.ts';
import type { Pruning } from '../reduce/pruner.ts';
import type { SavedPacking } from '../states/packing.ts';
import { type CheckpointArray, CheckpointProblem } from './checkpoint.ts';

export interface Knowledge {
  readonly effects: readonly Effect[];
  /** What locations are called, in the order of their numbers. */
  readonly locations: readonly string[];
  /** Numbers of the environment's locations of which everything is known. */
  readonly complete: readonly number[];
  readonly footprintsVersion: number;
  /** Values known for which the environment's moves were completed. */
  readonly completed: number;
  /** Stored states at which to look next which slots go together. */
  readonly condenseAt: number;
  /** Words of memory whose versions are counted by their order. */
  readonly ranked: readonly number[];
  readonly prunings: readonly { readonly locations: readonly number[]; readonly pruning: Pruning }[];
  readonly packing: SavedPacking;
}

/** The part that JSON holds. */
export interface SavedKnowledge extends Omit<Knowledge, 'effects' | 'prunings'> {
  readonly judgements: readonly (readonly [effect: number, judgement: Judgement])[];
  readonly limits: readonly (readonly [effect: number, message: string])[];
  readonly failures: readonly (readonly [effect: number, message: string])[];
  /** 64-bit values, in the order of their numbers. */
  readonly wide: readonly string[];
}

export interface KnowledgeArrays extends Readonly<Record<string, CheckpointArray>> {
  readonly effects: Int32Array;
  readonly prunings: Int32Array;
}

export function saveKnowledge(
  { effects, prunings, ...rest }: Knowledge,
  wide: Interner,
): { data: SavedKnowledge; arrays: KnowledgeArrays } {
  return {
    data: {
      ...rest,
      judgements: effects.flatMap(({ index, judgement }) => (judgement ? [[index, judgement] as const] : [])),
      limits: effects.flatMap(({ index, limit }) => (limit === undefined ? [] : [[index, limit] as const])),
      failures: effects.flatMap(({ index, failure }) => (failure === undefined ? [] : [[index, failure] as const])),
      wide: Array.from({ length: wide.size }, (_, i) => String(wide.value(i))),
    },
    arrays: {
      effects: Int32Array.from(effects.flatMap(effectNumbers)),
      prunings: Int32Array.from(prunings.flatMap(pruningNumbers)),
    },
  };
}

/** `slots`: how many a state has. */
export function readKnowledge(
  { judgements, limits, failures, wide, ...rest }: SavedKnowledge,
  arrays: Readonly<Record<string, CheckpointArray>>,
  slots: number,
  interner: Interner,
): Knowledge {
  // A value's number is held by slots, so it must be the one that it had.
  if (wide.some((value, number) => interner.intern(BigInt(value)) !== number)) throw damaged();
  const known = { judgement: new Map(judgements), limit: new Map(limits), failure: new Map(failures) };
  const effectNumbers = new Numbers(arrays.effects);
  const effects: Effect[] = [];
  while (!effectNumbers.ended) effects.push(readEffect(effectNumbers, effects.length, known));
  const pruningNumbers = new Numbers(arrays.prunings);
  const prunings: Knowledge['prunings'][number][] = [];
  while (!pruningNumbers.ended) prunings.push(readPruning(pruningNumbers, slots));
  return { ...rest, effects, prunings };
}

/** The checkpoint does not lead to what it was made of: an error of the program, not of the file. */
export function damaged(): CheckpointProblem {
  return new CheckpointProblem(
    'The checkpoint does not fit this exploration, although it says that it does. Remove it to begin from the start; please report this with the scenario.',
  );
}

/** Reads numbers one after another. */
class Numbers {
  readonly #array: CheckpointArray;
  #at = 0;

  constructor(array: CheckpointArray | undefined) {
    if (!array) throw damaged();
    this.#array = array;
  }

  get ended(): boolean {
    return this.#at >= this.#array.length;
  }

  next(): number {
    return this.#array[this.#at++]!;
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.next() }, item);
  }
}

const IS_ENABLED = 1;
const HAS_LOCATIONS = 2;

function effectNumbers({ move, enabled, writes, findings, locations, reads }: Effect): number[] {
  const pairs = (list: Effect['reads']): number[] => [list.length, ...list.flatMap(({ slot, value }) => [slot, value])];
  return [
    move,
    (enabled ? IS_ENABLED : 0) | (locations ? HAS_LOCATIONS : 0),
    ...pairs(writes),
    findings.length,
    ...findings,
    ...(locations ? [locations.length, ...locations] : []),
    ...pairs(reads),
  ];
}

function readEffect(
  numbers: Numbers,
  index: number,
  known: {
    readonly judgement: ReadonlyMap<number, Judgement>;
    readonly limit: ReadonlyMap<number, string>;
    readonly failure: ReadonlyMap<number, string>;
  },
): Effect {
  const number = (): number => numbers.next();
  const pair = (): { slot: number; value: number } => ({ slot: numbers.next(), value: numbers.next() });
  const move = numbers.next();
  const flags = numbers.next();
  const writes = numbers.list(pair);
  const findings = numbers.list(number);
  const locations = (flags & HAS_LOCATIONS) !== 0 ? numbers.list(number) : undefined;
  const reads = numbers.list(pair);
  const judgement = known.judgement.get(index);
  const limit = known.limit.get(index);
  const failure = known.failure.get(index);
  return {
    index,
    move,
    enabled: (flags & IS_ENABLED) !== 0,
    writes,
    findings,
    ...(locations && { locations }),
    ...(judgement && { judgement }),
    ...(limit !== undefined && { limit }),
    ...(failure !== undefined && { failure }),
    reads,
  };
}

const HAS_LIVE = 1;
const HAS_IDLE = 2;

function pruningNumbers({ locations, pruning: { persistent, live, idle } }: Knowledge['prunings'][number]): number[] {
  return [
    locations.length,
    ...locations,
    persistent.length,
    ...persistent.flatMap(({ actor, frozen }) => [actor, frozen.length, ...frozen]),
    (live ? HAS_LIVE : 0) | (idle ? HAS_IDLE : 0),
    ...(live ? [live.words.length, ...live.words] : []),
    ...(idle ? [idle.length, ...idle] : []),
  ];
}

function readPruning(numbers: Numbers, slots: number): Knowledge['prunings'][number] {
  const number = (): number => numbers.next();
  const locations = numbers.list(number);
  const persistent = numbers.list(() => ({ actor: numbers.next(), frozen: numbers.list(number) }));
  const flags = numbers.next();
  const live = (flags & HAS_LIVE) !== 0 ? new Bits(slots) : undefined;
  live?.words.set(numbers.list(number));
  const idle = (flags & HAS_IDLE) !== 0 ? Uint8Array.from(numbers.list(number)) : undefined;
  return { locations, pruning: { persistent, live, idle } };
}
