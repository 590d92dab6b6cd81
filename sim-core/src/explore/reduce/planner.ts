/**
 * Plans: what the reductions that look ahead do in all states with the same places of all actors.
 *
 * Persistent sets: an actor may go alone when nothing that the others can still do, before it moves, meets what it does
 * next: no slot that one of them writes and the other reads or writes. Others that cannot move now and that only this
 * actor could let move again do not count. The queue of the breadth-first search guards against moves that would be put
 * off for ever: a state all of whose successors were expanded already is expanded in full.
 *
 * Dead state: a slot that no actor will read from its place on, that no condition asks for, and that the environment
 * cannot carry into one that is read, does not matter; it is put back to what it held at the start.
 *
 * Sources: Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems"; Bosnacki and Holzmann,
 * "Improving Spin's Partial-Order Reduction for Breadth-First Search"; both about conditions C0 to C3.
 */
import { Bits } from '../bits.ts';
import type { Facts, PlaceFacts } from '../learn/footprints.ts';
import type { Vocabulary } from '../states/slot-values.ts';

export interface Plan {
  /** Actors that may go alone, the first of them that can move now. */
  readonly alone: readonly Alone[];
  /** Slots that matter; undefined when all do. */
  readonly live: Bits | undefined;
  /** Per move: 1 for those of the environment that change nothing that matters; undefined when all do. */
  readonly idle: Uint8Array | undefined;
}

export interface Alone {
  readonly actor: number;
  /** Actors that must not be able to move for it. */
  readonly frozen: readonly number[];
}

const UNASKED = 0;
const APART = 1;
const MEETS = 2;

/** Plans kept at most; more places than these are explored in full. */
export const MAX_PLANS = 1 << 15;

export class Planner {
  readonly plans: Plan[] = [];
  readonly #places: (readonly number[])[] = [];
  readonly #byPlaces = new Map<string, number>();
  readonly #facts: Facts;
  readonly #vocabulary: Vocabulary;
  readonly #partialOrder: boolean;
  readonly #deadState: boolean;
  /** Places of the environment's moves. */
  readonly #environment: readonly number[];
  readonly #ofEnvironment: ReadonlySet<number>;
  readonly #environmentMoves: readonly number[];
  /** Facts and vocabulary that the caches below belong to. */
  #version = '';
  #futures = new Map<number, PlaceFacts>();
  #live = new Map<number, Bits>();
  /** Per place, per place whose future it is held against: do they meet? 0 while nobody asked. */
  #conflicts: Uint8Array[] = [];
  #varying: Bits;
  #private: Int32Array;

  constructor(
    facts: Facts,
    vocabulary: Vocabulary,
    options: { readonly partialOrder: boolean; readonly deadState: boolean },
  ) {
    this.#facts = facts;
    this.#vocabulary = vocabulary;
    this.#partialOrder = options.partialOrder;
    this.#deadState = options.deadState;
    this.#varying = new Bits(facts.slots);
    this.#private = new Int32Array(0);
    this.#environmentMoves = facts.model.moves.flatMap((move, i) => (move.kind === 'environment' ? [i] : []));
    this.#environment = facts.model.moves.flatMap((move, i) =>
      move.kind === 'environment' ? [facts.environmentPlace(i)] : [],
    );
    this.#ofEnvironment = new Set(this.#environment);
  }

  /** The plan for a state's places: one for each actor. */
  planFor(places: readonly number[]): number {
    const key = places.join();
    const known = this.#byPlaces.get(key);
    if (known !== undefined) return known;
    const index = this.plans.length;
    this.#byPlaces.set(key, index);
    this.#places.push(places);
    this.plans.push(index < MAX_PLANS ? this.#plan(places) : { alone: [], live: undefined, idle: undefined });
    return index;
  }

  /** All plans and the places that each is for. */
  get made(): { readonly places: readonly number[]; readonly plan: Plan }[] {
    return this.plans.map((plan, i) => ({ places: this.#places[i] as readonly number[], plan }));
  }

  /** The number of the plan for a state's places, if there is one. */
  known(places: readonly number[]): number | undefined {
    return this.#byPlaces.get(places.join());
  }

  /** Takes a plan that was made before, from the facts of that time. */
  recall({ places, plan }: { readonly places: readonly number[]; readonly plan: Plan }): void {
    this.#byPlaces.set(places.join(), this.plans.push(plan) - 1);
    this.#places.push(places);
  }

  /** Do the facts that have come in since contradict a plan that was made? The search must then begin again. */
  invalid(): boolean {
    return this.plans.some((old, i) => {
      if (old.alone.length === 0 && old.live === undefined) return false;
      const now = this.#plan(this.#places[i] as readonly number[]);
      const dead = old.live !== undefined && !now.live?.within(old.live);
      if (dead || old.idle?.some((idle, move) => idle !== 0 && now.idle?.[move] === 0)) return true;
      return !old.alone.every((a) => now.alone.some((b) => sameAlone(a, b)));
    });
  }

  /** Would any plan be another one with the facts that have come in since, be it only a better one? */
  outdated(): boolean {
    return this.plans.some((old, i) => {
      const now = i < MAX_PLANS ? this.#plan(this.#places[i] as readonly number[]) : old;
      if (now.alone.length !== old.alone.length || !now.alone.every((a, k) => sameAlone(a, old.alone[k] as Alone)))
        return true;
      return (
        now.live !== undefined && old.live !== undefined && !(now.live.within(old.live) && old.live.within(now.live))
      );
    });
  }

  #plan(places: readonly number[]): Plan {
    this.#refresh();
    return {
      alone: this.#partialOrder ? places.flatMap((_, actor) => this.#alone(places, actor)) : [],
      ...(this.#deadState ? this.#liveIn(places) : { live: undefined, idle: undefined }),
    };
  }

  #refresh(): void {
    const version = `${this.#facts.version} ${this.#vocabulary.varying.length}`;
    if (version === this.#version) return;
    this.#version = version;
    this.#futures.clear();
    this.#live.clear();
    this.#conflicts = [];
    this.#varying = new Bits(this.#facts.slots, this.#vocabulary.varying);
    this.#private = this.#owners();
  }

  #alone(places: readonly number[], actor: number): Alone[] {
    const at = places[actor] as number;
    if ((this.#facts.places[at] as PlaceFacts).next.size === 0) return [];
    if (this.#environment.some((place) => this.#meets(at, place))) return [];
    const inTheWay: number[] = [];
    places.forEach((place, other) => {
      if (other !== actor && this.#meets(at, place)) inTheWay.push(other);
    });
    if (!inTheWay.every((other) => this.#facts.places[places[other] as number]?.waits)) return [];
    // Those in the way do not count while they cannot move and nobody else can let them.
    const free = places.flatMap((place, other) =>
      other === actor || inTheWay.includes(other) ? [] : [this.#futureOf(place)],
    );
    const awake = [...free, ...this.#environment.map((place) => this.#facts.places[place] as PlaceFacts)];
    const frozen = inTheWay.every((other) => {
      const waiting = this.#facts.places[places[other] as number] as PlaceFacts;
      return !awake.some((each) => waiting.reads.meets(each.writes, this.#varying));
    });
    return frozen ? [{ actor, frozen: inTheWay }] : [];
  }

  /** Does what is done at a place meet what belongs to another one: what may be done from there on, or there? */
  #meets(at: number, other: number): boolean {
    const answers = this.#answersAt(at);
    if (answers[other] !== UNASKED) return answers[other] === MEETS;
    const here = this.#facts.places[at] as PlaceFacts;
    const future = this.#ofEnvironment.has(other) ? (this.#facts.places[other] as PlaceFacts) : this.#futureOf(other);
    const meets =
      here.writes.meets(future.reads, this.#varying) ||
      here.writes.meets(future.writes, this.#varying) ||
      here.reads.meets(future.writes, this.#varying);
    answers[other] = meets ? MEETS : APART;
    return meets;
  }

  #answersAt(place: number): Uint8Array {
    const known = this.#conflicts[place];
    const { length } = this.#facts.places;
    if (known && known.length >= length) return known;
    const answers = new Uint8Array(length * 2);
    if (known) answers.set(known);
    this.#conflicts[place] = answers;
    return answers;
  }

  /** Everything that an actor may still do from a place on, taken together. */
  #futureOf(place: number): PlaceFacts {
    const known = this.#futures.get(place);
    if (known) return known;
    const first = this.#facts.places[place] as PlaceFacts;
    const all: { reads: Bits; writes: Bits } = { reads: first.reads.copy(), writes: first.writes.copy() };
    for (const other of this.#reachable(place)) {
      const facts = this.#facts.places[other] as PlaceFacts;
      all.reads.addAll(facts.reads);
      all.writes.addAll(facts.writes);
      // Somewhere nobody has been yet, anything may happen.
      if (facts.reads.empty) {
        all.reads.fill();
        all.writes.fill();
      }
    }
    const future = all as PlaceFacts;
    this.#futures.set(place, future);
    return future;
  }

  #reachable(place: number): Set<number> {
    const seen = new Set([place]);
    for (const at of seen) for (const next of (this.#facts.places[at] as PlaceFacts).next) seen.add(next);
    return seen;
  }

  /** Per slot: -1 when nobody touches it, an actor when only that one does, -2 when several or the environment do. */
  #owners(): Int32Array {
    const owners = new Int32Array(this.#facts.slots).fill(-1);
    const actorOf = this.#facts.actorsOfPlaces();
    this.#facts.places.forEach((facts, place) => {
      const actor = actorOf[place] ?? -2;
      for (const bits of [facts.reads, facts.writes]) {
        for (const slot of bits.members()) owners[slot] = owners[slot] === -1 || owners[slot] === actor ? actor : -2;
      }
    });
    return owners;
  }

  #liveIn(places: readonly number[]): { live: Bits; idle: Uint8Array } {
    const live = new Bits(this.#facts.slots);
    places.forEach((place, actor) => {
      live.addAll(this.#liveFrom(place, actor));
    });
    // What conditions ask for matters to the end, unless an actor that has it for itself still writes it first.
    for (const slot of this.#facts.judged.members()) if ((this.#private[slot] as number) < 0) live.add(slot);
    const pending = new Set(this.#environmentMoves);
    for (let grown = true; grown; ) {
      grown = false;
      for (const move of pending) {
        const facts = this.#facts.places[this.#facts.environmentPlace(move)] as PlaceFacts;
        // What is not known completely could still do anything, and is only found out about when it is tried.
        if (facts.complete && !facts.finds && !facts.writes.meets(live, this.#varying)) continue;
        live.addAll(facts.reads);
        pending.delete(move);
        grown = true;
      }
    }
    const idle = new Uint8Array(this.#facts.model.moves.length);
    for (const move of pending) idle[move] = 1;
    return { live, idle };
  }

  /** Slots that matter to an actor from a place on: shared ones that it may read, own ones that it reads before it writes. */
  #liveFrom(place: number, actor: number): Bits {
    const known = this.#live.get(place);
    if (known) return known;
    const reachable = [...this.#reachable(place)];
    const judged = new Bits(
      this.#facts.slots,
      this.#facts.judged.members().filter((slot) => this.#private[slot] === actor),
    );
    for (const at of reachable) if (!this.#live.has(at)) this.#live.set(at, new Bits(this.#facts.slots));
    for (let grown = true; grown; ) {
      grown = false;
      for (const at of reachable) {
        const facts = this.#facts.places[at] as PlaceFacts;
        const before = this.#live.get(at) as Bits;
        const after = new Bits(this.#facts.slots);
        for (const next of facts.next) after.addAll(this.#live.get(next) as Bits);
        const own = new Bits(
          this.#facts.slots,
          (facts.always?.members() ?? []).filter((slot) => this.#private[slot] === actor),
        );
        // An own slot, one that nobody else touches, is dead when it is written here in any case.
        after.removeAll(own);
        after.addAll(facts.reads);
        if (facts.reads.empty) after.fill();
        // Where the actor may stay for ever, the conditions read what it has.
        if (facts.waits || facts.next.size === 0) after.addAll(judged);
        if (after.within(before)) continue;
        before.addAll(after);
        grown = true;
      }
    }
    return this.#live.get(place) as Bits;
  }
}

function sameAlone(a: Alone, b: Alone): boolean {
  return a.actor === b.actor && a.frozen.join() === b.frozen.join();
}
