/**
 * What each actor was seen to read and write at each location of its program, for the reductions that look ahead.
 *
 * Footprints are not declared. They are gathered from what the learner executes, and a search uses them as if they were
 * all there is. That is sound by the first thing that contradicts them: up to it every move does what the footprints say, so
 * the reduced search is a correct one of the machine in which that move ends in an error of its actor, and such an
 * error is preserved by it. So it meets the contradiction, takes it in, and restarts ({@link Pruner.contradicted}).
 *
 * Footprints are kept for slots that renaming CPUs exchanges alike, because only one of the renamed states is stored.
 */
import type { Model } from '../../engine/model.ts';
import { FRAME_LOCALS } from '../../engine/routine.ts';
import { FRAME_DEPTH } from '../../engine/task.ts';
import { Bits } from '../bits.ts';
import type { Symmetry } from '../reduce/symmetry.ts';
import type { Sites } from '../sites.ts';
import type { Effect } from './learner.ts';

/** What happens at one location of one actor's program, or in the environment. */
export class Footprint {
  readonly reads: Bits;
  readonly writes: Bits;
  /** Written by every move that was possible here, whatever was there before. */
  always: Bits | undefined;
  /** Places that the actor was seen to come to from here. */
  readonly next = new Set<number>();
  /** The actor was seen unable to move here. */
  waits = false;
  /**
   * For the environment's moves: everything is known that it does with any of the values that were ever met, so it need
   * not be tried to be known.
   */
  complete = false;
  /** A move here was seen to make a finding that is watched. */
  finds = false;

  constructor(slots: number) {
    this.reads = new Bits(slots);
    this.writes = new Bits(slots);
  }
}

/** Who touches a slot, if not one actor alone. */
const NOBODY = -1;
const SEVERAL = -2;

export class Footprints {
  readonly model: Model;
  /** Per actor: its locations. The environment has one for each of its moves, after the actors. */
  readonly locations: Footprint[] = [];
  /** What judging a stuck state reads. */
  readonly judged: Bits;
  /** Changes whenever anything is added. */
  version = 0;
  readonly slots: number;
  /** Per slot: -1 when none touches it, an actor when only that one does, -2 when several or the environment do. */
  readonly owners: Int32Array;
  readonly #ids = new Map<string, number>();
  readonly #partners = new Map<number, readonly number[]>();
  readonly #watched: ReadonlySet<number>;
  readonly #sites: Sites;

  /** `watched`: findings that somebody wants to know about. */
  constructor(model: Model, symmetry: Symmetry | undefined, watched: ReadonlySet<number>, sites: Sites) {
    this.model = model;
    this.slots = model.layout.size;
    this.judged = new Bits(this.slots);
    this.owners = new Int32Array(this.slots).fill(NOBODY);
    this.#watched = watched;
    this.#sites = sites;
    for (const column of symmetry?.columns ?? []) for (const slot of column) this.#partners.set(slot, column);
  }

  locationOf(actor: number, read: (slot: number) => number): number {
    return this.#location(readLocation(this.model, actor, read));
  }

  environmentLocation(move: number): number {
    return this.#location(`environment ${move}`);
  }

  /** What locations are called, in the order of their numbers. */
  get names(): string[] {
    return [...this.#ids.keys()];
  }

  /** Gives numbers to locations in this order. */
  number(names: readonly string[]): void {
    for (const name of names) this.#location(name);
  }

  /** Places from which their actor was seen to come back to them. */
  cycles(): Footprint[] {
    return this.locations.filter((location, id) => {
      const seen = new Set(location.next);
      for (const at of seen) for (const next of this.locations[at]!.next) seen.add(next);
      return seen.has(id);
    });
  }

  /** Takes in what a move did in a state. */
  take(effect: Effect, state: Int32Array): void {
    const move = this.model.moves[effect.move];
    if (!move) {
      if (!effect.judgement) return;
      for (const { slot } of effect.reads) this.#add(this.judged, slot);
      return;
    }
    const before = (slot: number): number => state[slot]!;
    const location =
      this.locations[
        move.kind === 'actor' ? this.locationOf(move.actor, before) : this.environmentLocation(effect.move)
      ]!;
    const by = move.kind === 'actor' ? move.actor : SEVERAL;
    for (const { slot } of effect.reads) this.#touch(location.reads, slot, by);
    if (!effect.enabled) {
      if (!location.waits) this.version++;
      location.waits = true;
      return;
    }
    for (const { slot } of effect.writes) this.#touch(location.writes, slot, by);
    const written = new Set(effect.writes.map((w) => w.slot));
    const always = location.always ?? new Bits(this.slots, [...written]);
    if (location.always && always.keep((slot) => written.has(slot))) this.version++;
    location.always = always;
    if (!location.finds && effect.findings.some((site) => this.#watched.has(this.#sites.findingOf(site)))) {
      location.finds = true;
      this.version++;
    }
    if (move.kind !== 'actor') return;
    const results = new Map(effect.writes.map((w) => [w.slot, w.value]));
    const next = this.locationOf(move.actor, (slot) => results.get(slot) ?? state[slot]!);
    if (!location.next.has(next)) {
      location.next.add(next);
      this.version++;
    }
  }

  #location(key: string): number {
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.locations.push(new Footprint(this.slots)) - 1;
      this.#ids.set(key, id);
    }
    return id;
  }

  /** `by`: an actor, or {@link SEVERAL}. */
  #touch(bits: Bits, slot: number, by: number): void {
    for (const each of this.#add(bits, slot))
      this.owners[each] = this.owners[each] === NOBODY || this.owners[each] === by ? by : SEVERAL;
  }

  /** The slots that were not there. */
  #add(bits: Bits, slot: number): number[] {
    const added = (this.#partners.get(slot) ?? [slot]).filter((each) => bits.add(each));
    this.version += added.length;
    return added;
  }
}

/** The location of an actor in a state: its node, and the kernel functions that it is in with the step of each. */
export function readLocation(model: Model, actor: number, read: (slot: number) => number): string {
  const { node, depth, frames } = model.tasks;
  const frameSlots = 1 + FRAME_LOCALS;
  let key = `${actor} ${read(node.base + actor)}`;
  const deep = read(depth.base + actor);
  for (let frame = 0; frame < deep; frame++)
    key += ` ${read(frames.base + (actor * FRAME_DEPTH + frame) * frameSlots)}`;
  return key;
}
