/**
 * Prunings: what the reductions that look ahead do in all states with the same locations of all actors.
 *
 * Persistent sets: an actor may go alone when nothing that the others can still do, before it moves, meets what it does
 * next: no slot that one of them writes and the other reads or writes. Others that cannot move now and that only this
 * actor could let move again do not count. The queue of the breadth-first search guards against moves that would be put
 * off for ever: a state all of whose successors were expanded already is expanded in full.
 *
 * Dead state: a slot that no actor will read from its location on, that no condition asks for, and that the environment
 * cannot carry into one that is read, does not matter; it is put back to what it held at the start.
 *
 * Sources: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems"; Bosnacki and Holzmann,
 * "Improving Spin's Partial-Order Reduction for Breadth-First Search"; both about conditions C0 to C3.
 */
import { Bits } from '../bits.ts';
import type { Footprint, Footprints } from '../learn/footprints.ts';
import type { SlotValues } from '../states/slot-values.ts';

export interface Pruning {
  /** Actors that may go alone, the first of them that can move now. */
  readonly persistent: readonly PersistentSet[];
  /** Slots that matter; undefined when all do. */
  readonly live: Bits | undefined;
  /** Per move: 1 for those of the environment that change nothing that matters; undefined when all do. */
  readonly idle: Uint8Array | undefined;
}

export interface PersistentSet {
  readonly actor: number;
  /** Actors that must not be able to move for it. */
  readonly frozen: readonly number[];
}

const UNASKED = 0;
const APART = 1;
const MEETS = 2;

/** Of the reductions that look ahead: those that something is true of. */
export interface LookAhead {
  readonly partialOrder: boolean;
  readonly deadState: boolean;
}

export class Pruner {
  readonly prunings: Pruning[] = [];
  readonly #locations: (readonly number[])[] = [];
  readonly #byLocations = new Map<string, number>();
  readonly #footprints: Footprints;
  readonly #slotValues: SlotValues;
  readonly #partialOrder: boolean;
  readonly #deadState: boolean;
  /** Places of the environment's moves. */
  readonly #environment: readonly number[];
  readonly #ofEnvironment: ReadonlySet<number>;
  readonly #environmentMoves: readonly number[];
  /** Footprints and slotValues that the caches below belong to. */
  #version = '';
  #futures = new Map<number, Footprint>();
  #live = new Map<number, Bits>();
  /** Per location, per location whose future it is held against: do they meet? 0 while not asked. */
  #conflicts: Uint8Array[] = [];
  #varying: Bits;

  constructor(
    footprints: Footprints,
    slotValues: SlotValues,
    options: { readonly partialOrder: boolean; readonly deadState: boolean },
  ) {
    this.#footprints = footprints;
    this.#slotValues = slotValues;
    this.#partialOrder = options.partialOrder;
    this.#deadState = options.deadState;
    this.#varying = new Bits(footprints.slots);
    this.#environmentMoves = footprints.model.moves.flatMap((move, i) => (move.kind === 'environment' ? [i] : []));
    this.#environment = footprints.model.moves.flatMap((move, i) =>
      move.kind === 'environment' ? [footprints.environmentLocation(i)] : [],
    );
    this.#ofEnvironment = new Set(this.#environment);
  }

  /** The pruning for a state's locations: one for each actor. */
  pruningFor(locations: readonly number[]): number {
    const key = locations.join();
    const known = this.#byLocations.get(key);
    if (known !== undefined) return known;
    const index = this.prunings.length;
    this.#byLocations.set(key, index);
    this.#locations.push(locations);
    this.prunings.push(this.#pruning(locations));
    return index;
  }

  /** All prunings and the locations that each is for. */
  get made(): { readonly locations: readonly number[]; readonly pruning: Pruning }[] {
    return this.prunings.map((pruning, i) => ({ locations: this.#locations[i]!, pruning }));
  }

  /** The number of the pruning for a state's locations, if there is one. */
  known(locations: readonly number[]): number | undefined {
    return this.#byLocations.get(locations.join());
  }

  /** Takes a pruning that was made before, from the footprints of that time. */
  recall({ locations, pruning }: { readonly locations: readonly number[]; readonly pruning: Pruning }): void {
    this.#byLocations.set(locations.join(), this.prunings.push(pruning) - 1);
    this.#locations.push(locations);
  }

  /**
   * Which reductions made a pruning that the footprints that have come in since contradict? The search must then begin
   * again.
   */
  contradicted(): LookAhead {
    let partialOrder = false;
    let deadState = false;
    this.prunings.forEach((old, i) => {
      if ((old.persistent.length === 0 || partialOrder) && (old.live === undefined || deadState)) return;
      const now = this.#pruning(this.#locations[i]!);
      deadState ||= old.live !== undefined && !now.live?.within(old.live);
      deadState ||= old.idle?.some((idle, move) => idle !== 0 && now.idle?.[move] === 0) === true;
      partialOrder ||= !old.persistent.every((a) => now.persistent.some((b) => samePersistentSet(a, b)));
    });
    return { partialOrder, deadState };
  }

  /** Would any pruning be another one with the footprints that have come in since, be it only a better one? */
  outdated(): boolean {
    return this.prunings.some((old, i) => {
      const now = this.#pruning(this.#locations[i]!);
      if (
        now.persistent.length !== old.persistent.length ||
        !now.persistent.every((a, k) => samePersistentSet(a, old.persistent[k]!))
      )
        return true;
      return (
        now.live !== undefined && old.live !== undefined && !(now.live.within(old.live) && old.live.within(now.live))
      );
    });
  }

  #pruning(locations: readonly number[]): Pruning {
    this.#refresh();
    return {
      persistent: this.#partialOrder ? locations.flatMap((_, actor) => this.#persistent(locations, actor)) : [],
      ...(this.#deadState ? this.#liveIn(locations) : { live: undefined, idle: undefined }),
    };
  }

  #refresh(): void {
    const version = `${this.#footprints.version} ${this.#slotValues.varying.length}`;
    if (version === this.#version) return;
    this.#version = version;
    this.#futures.clear();
    this.#live.clear();
    this.#conflicts = [];
    this.#varying = new Bits(this.#footprints.slots, this.#slotValues.varying);
  }

  #persistent(locations: readonly number[], actor: number): PersistentSet[] {
    const at = locations[actor]!;
    if (this.#footprints.locations[at]!.next.size === 0) return [];
    if (this.#environment.some((location) => this.#meets(at, location))) return [];
    const inTheWay: number[] = [];
    locations.forEach((location, other) => {
      if (other !== actor && this.#meets(at, location)) inTheWay.push(other);
    });
    if (!inTheWay.every((other) => this.#footprints.locations[locations[other]!]?.waits)) return [];
    // Those in the way do not count while they cannot move and no other can let them.
    const free = locations.flatMap((location, other) =>
      other === actor || inTheWay.includes(other) ? [] : [this.#futureOf(location)],
    );
    const awake = [...free, ...this.#environment.map((location) => this.#footprints.locations[location]!)];
    const frozen = inTheWay.every((other) => {
      const waiting = this.#footprints.locations[locations[other]!]!;
      return !awake.some((each) => waiting.reads.meets(each.writes, this.#varying));
    });
    return frozen ? [{ actor, frozen: inTheWay }] : [];
  }

  /** Does what is done at a location meet what belongs to another one: what may be done from there on, or there? */
  #meets(at: number, other: number): boolean {
    const answers = this.#answersAt(at);
    if (answers[other] !== UNASKED) return answers[other] === MEETS;
    const here = this.#footprints.locations[at]!;
    const future = this.#ofEnvironment.has(other) ? this.#footprints.locations[other]! : this.#futureOf(other);
    const meets =
      here.writes.meets(future.reads, this.#varying) ||
      here.writes.meets(future.writes, this.#varying) ||
      here.reads.meets(future.writes, this.#varying);
    answers[other] = meets ? MEETS : APART;
    return meets;
  }

  #answersAt(location: number): Uint8Array {
    const known = this.#conflicts[location];
    const { length } = this.#footprints.locations;
    if (known && known.length >= length) return known;
    const answers = new Uint8Array(length * 2);
    if (known) answers.set(known);
    this.#conflicts[location] = answers;
    return answers;
  }

  /** Everything that an actor may still do from a location on, taken together. */
  #futureOf(location: number): Footprint {
    const known = this.#futures.get(location);
    if (known) return known;
    const first = this.#footprints.locations[location]!;
    const all: { reads: Bits; writes: Bits } = { reads: first.reads.copy(), writes: first.writes.copy() };
    for (const other of this.#reachable(location)) {
      const footprint = this.#footprints.locations[other]!;
      all.reads.addAll(footprint.reads);
      all.writes.addAll(footprint.writes);
      // Somewhere not visited yet, anything may happen.
      if (footprint.reads.empty) {
        all.reads.fill();
        all.writes.fill();
      }
    }
    const future = all as Footprint;
    this.#futures.set(location, future);
    return future;
  }

  #reachable(location: number): Set<number> {
    const seen = new Set([location]);
    for (const at of seen) for (const next of this.#footprints.locations[at]!.next) seen.add(next);
    return seen;
  }

  #liveIn(locations: readonly number[]): { live: Bits; idle: Uint8Array } {
    const live = new Bits(this.#footprints.slots);
    locations.forEach((location, actor) => {
      live.addAll(this.#liveFrom(location, actor));
    });
    // What conditions ask for matters to the end, unless an actor that has it for itself still writes it first.
    for (const slot of this.#footprints.judged.members()) if (this.#footprints.owners[slot]! < 0) live.add(slot);
    const { lastMover } = this.#footprints.model;
    if (lastMover !== undefined) live.add(lastMover);
    const pending = new Set(this.#environmentMoves);
    for (let grown = true; grown; ) {
      grown = false;
      for (const move of pending) {
        const footprint = this.#footprints.locations[this.#footprints.environmentLocation(move)]!;
        // What is not known completely could still do anything, and is only found out about when it is tried.
        if (footprint.complete && !footprint.finds && !footprint.writes.meets(live, this.#varying)) continue;
        live.addAll(footprint.reads);
        pending.delete(move);
        grown = true;
      }
    }
    const idle = new Uint8Array(this.#footprints.model.moves.length);
    for (const move of pending) idle[move] = 1;
    return { live, idle };
  }

  /** Slots that matter to an actor from a location on: shared ones that it may read, own ones that it reads before it writes. */
  #liveFrom(location: number, actor: number): Bits {
    const known = this.#live.get(location);
    if (known) return known;
    // What is live comes from the end of a program.
    const reachable = [...this.#reachable(location)].reverse();
    const judged = new Bits(
      this.#footprints.slots,
      this.#footprints.judged.members().filter((slot) => this.#footprints.owners[slot] === actor),
    );
    for (const at of reachable) if (!this.#live.has(at)) this.#live.set(at, new Bits(this.#footprints.slots));
    for (let grown = true; grown; ) {
      grown = false;
      for (const at of reachable) {
        const footprint = this.#footprints.locations[at]!;
        const before = this.#live.get(at)!;
        const after = new Bits(this.#footprints.slots);
        for (const next of footprint.next) after.addAll(this.#live.get(next)!);
        const own = new Bits(
          this.#footprints.slots,
          (footprint.always?.members() ?? []).filter((slot) => this.#footprints.owners[slot] === actor),
        );
        // A slot of its own, which no other touches, is dead when it is written here in any case.
        after.removeAll(own);
        after.addAll(footprint.reads);
        if (footprint.reads.empty) after.fill();
        // Where the actor may stay for ever, the conditions read what it has.
        if (footprint.waits || footprint.next.size === 0) after.addAll(judged);
        if (after.within(before)) continue;
        before.addAll(after);
        grown = true;
      }
    }
    return this.#live.get(location)!;
  }
}

function samePersistentSet(a: PersistentSet, b: PersistentSet): boolean {
  return a.actor === b.actor && a.frozen.join() === b.frozen.join();
}
