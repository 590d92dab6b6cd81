/**
 * The state space of one search: what is known of its moves, its states and their packing, kept in step.
 *
 * Whatever is met for the first time (a situation, a value, a slot that changes) enters here, and the packing, the
 * compiled moves and the stored states follow.
 */
import type { Executor } from '../engine/executor.ts';
import type { Granularity, Model } from '../engine/model.ts';
import type { Bits } from './bits.ts';
import { type Canonical, canonicalFor } from './canonical.ts';
import { Compiled, leafOf, UNKNOWN } from './compiled.ts';
import type { Reductions } from './exploration.ts';
import { Facts } from './facts.ts';
import { type Branching, type Judgement, type Leaf, Learner } from './learner.ts';
import { maskOf, Packing, Vocabulary } from './packing.ts';
import { Planner } from './planner.ts';
import { hashWords, StateStore } from './store.ts';
import { Symmetry } from './symmetry.ts';
import { Versions } from './versions.ts';

/** Random walks before the search: at most so many, of so many moves; so many in a row that teach nothing end them. */
const MAX_WALKS = 400;
const WALK_STEPS = 120;
const IDLE_WALKS = 40;

/** Leaves of one of the environment's moves that are worth knowing all. */
const MAX_ENVIRONMENT_LEAVES = 600;

export interface SpaceOptions {
  readonly granularity: Granularity;
  readonly reductions: Reductions;
  /** Indices of the findings that somebody wants to know about. */
  readonly watched: ReadonlySet<number>;
  /** Slots that nothing which is asked depends on. */
  readonly muted: readonly number[];
  readonly judge: (executor: Executor) => Judgement;
}

export class Space {
  readonly model: Model;
  readonly options: SpaceOptions;
  readonly learner: Learner;
  readonly vocabulary: Vocabulary;
  store: StateStore;
  readonly symmetry: Symmetry | undefined;
  packing: Packing;
  compiled: Compiled;
  canonical: Canonical | undefined;
  /** Times that the stored states were written anew. */
  relayouts = 0;
  readonly facts: Facts;
  /** Undefined when nothing looks ahead. */
  planner: Planner | undefined;
  /** Per plan: the bits to keep, then the bits to set instead of those that are dead; `words` each. */
  planMasks = new Uint32Array(0);
  /** Per plan: words of memory some of whose versions are dead, as bits. */
  planRanks: number[] = [];
  /** Words of memory whose versions are counted by their order. */
  #ranked: ReadonlySet<number> = new Set();
  #rewritten: number[] = [];
  /** Size of the vocabulary for which the environment's moves were completed. */
  #completed = -1;
  readonly #versions: Versions | undefined;
  readonly #scratch: Int32Array;
  readonly #start: Int32Array;
  /** Per leaf: the plan for the places that it found. */
  #planOfLeaf = new Int32Array(64).fill(-1);

  /** `start` is the state behind the setup. */
  constructor(model: Model, options: SpaceOptions, start: Int32Array) {
    this.model = model;
    this.options = options;
    const symmetry = options.reductions.symmetry ? new Symmetry(model) : undefined;
    this.symmetry = symmetry?.applies ? symmetry : undefined;
    this.#versions = options.reductions.versions ? new Versions(model) : undefined;
    this.facts = new Facts(model, this.symmetry, options.watched);
    this.learner = new Learner(model, options.granularity, {
      ...options,
      versions: this.#versions,
      symmetry: this.symmetry,
      placesIn: (read) => model.world.topology.actors.map((_, actor) => this.facts.placeOf(actor, read)),
    });
    this.#scratch = start.slice();
    // Whatever is written in loops: the state behind the setup is the first one, and small versions are shorter to write.
    this.#ranked = new Set(model.world.topology.words.map((_, word) => word));
    this.#rank(this.#scratch);
    this.vocabulary = new Vocabulary(this.#scratch.slice(), this.symmetry, this.#versions?.groups.flat() ?? []);
    for (const column of this.symmetry?.columns ?? []) for (const slot of column) this.vocabulary.valuesOf(slot);
    for (const { slot, rename } of this.symmetry?.references ?? []) {
      this.vocabulary.imagine(slot);
      const value = this.#scratch[slot] as number;
      for (const { cpuOf } of this.symmetry?.renamings ?? []) this.vocabulary.meet(slot, rename(cpuOf, value));
    }
    this.#start = this.vocabulary.base;
    this.learner.machine.raw.set(this.vocabulary.base);
    this.packing = new Packing(this.vocabulary, this.symmetry);
    this.compiled = new Compiled(this.packing, this.learner);
    this.canonical = this.#canonical();
    this.store = new StateStore(this.packing.words);
    if (this.#looksAhead) this.#walk();
    this.begin();
  }

  get #looksAhead(): boolean {
    return this.options.reductions.partialOrder || this.options.reductions.deadState;
  }

  /**
   * Versions of a word grow for ever only when somebody writes it in a loop; those of other words are as good as they
   * are. Without facts about loops all words are taken to be written in one.
   */
  #toRank(): Set<number> {
    const { topology, memory } = this.model.world;
    const all = topology.words.map((_, word) => word);
    if (!this.#versions) return new Set();
    if (!this.#looksAhead) return new Set(all);
    const loops = this.facts.cycles();
    return new Set(all.filter((word) => loops.some((place) => place.writes.has(memory.latest.base + word))));
  }

  /** Were words written in loops that were not taken to be? The states that are there are not canonical then. */
  get ranksTooFew(): boolean {
    const { size } = this.#ranked;
    return this.#toRank().size > size;
  }

  /** Forgets all states but the first, and all plans; what was learned stays. */
  begin(): void {
    this.#ranked = this.#toRank();
    this.#rewritten = [];
    this.planner = this.#looksAhead ? new Planner(this.facts, this.vocabulary, this.options.reductions) : undefined;
    this.#planOfLeaf.fill(-1);
    this.planMasks = new Uint32Array(0);
    this.store = new StateStore(this.packing.words);
    const words = new Uint32Array(this.packing.words);
    this.encode(this.#start, words);
    this.store.insert(words, 0, hashWords(words, 0, words.length), -1, 0);
  }

  get bytes(): number {
    return this.store.bytes + this.compiled.bytes;
  }

  /** Puts a stored state into the learner's machine, or into another whose other slots are as at the start. */
  load(state: number, into: Int32Array = this.learner.machine.raw): void {
    const words = new Uint32Array(this.packing.words);
    this.store.read(state, words);
    this.packing.unpack(words, 0, into);
  }

  /** The packed, canonical form of a state; false when it holds what was never met. */
  encode(state: Int32Array, words: Uint32Array): boolean {
    const scratch = this.#scratch;
    scratch.set(state);
    const live = this.#liveIn(scratch);
    if (live) for (const slot of this.vocabulary.varying) if (!live.has(slot)) scratch[slot] = this.vocabulary.indifferent(slot);
    this.#rank(scratch);
    if (!this.packing.tryPack(scratch, words, 0)) return false;
    this.canonical?.(words, 0);
    return true;
  }

  #liveIn(state: Int32Array): Bits | undefined {
    if (!this.planner) return undefined;
    const places = this.model.world.topology.actors.map((_, actor) => this.facts.placeOf(actor, (slot) => state[slot] as number));
    const known = this.planner.plans.length;
    const plan = this.planner.planFor(places);
    if (plan === known) this.#mask(plan);
    return this.planner.plans[plan]?.live;
  }

  /** The plan for a packed state. */
  planOf(words: Uint32Array, at: number): number {
    const leaf = this.#answer(this.learner.placesMove, words, at);
    const plan = this.#planOfLeaf[leaf];
    return plan !== undefined && plan >= 0 ? plan : this.#makePlan(leaf);
  }

  /** Puts the slots that do not matter under a plan back to what they held at the start. */
  bury(words: Uint32Array, at: number, plan: number): void {
    const masks = this.planMasks;
    const size = this.packing.words;
    const place = plan * 2 * size;
    for (let i = 0; i < size; i++) words[at + i] = ((words[at + i] as number) & (masks[place + i] as number)) | (masks[place + size + i] as number);
  }

  /** Counts the versions of some words of memory anew; `which` are bits as {@link rewrittenBy} gives them. */
  rank(words: Uint32Array, at: number, which: number): void {
    const count = this.#versions?.groups.length ?? 0;
    const size = this.packing.words;
    for (let word = 0; word < count; word++) {
      if ((which & (1 << Math.min(word, 31))) === 0 || !this.#ranked.has(word)) continue;
      const effect = this.#answer(this.learner.rankMove + word, words, at) * 2 * size;
      const { effects } = this.compiled;
      for (let i = 0; i < size; i++) words[at + i] = ((words[at + i] as number) & (effects[effect + i] as number)) | (effects[effect + size + i] as number);
    }
  }

  /** The words of memory whose versions a leaf writes, as bits; bit 31 stands for all words from the 31st on. */
  rewrittenBy(leaf: number): number {
    const known = this.#rewritten[leaf];
    if (known !== undefined) return known;
    let bits = 0;
    const slots = this.learner.leaves[leaf]?.writes.map((w) => w.slot) ?? [];
    for (const word of this.#versions?.wordsOf(slots) ?? []) if (this.#ranked.has(word)) bits |= 1 << Math.min(word, 31);
    this.#rewritten[leaf] = bits;
    return bits;
  }

  /** The leaf for a question that is no move, learned if need be. */
  #answer(question: number, words: Uint32Array, at: number): number {
    const { roots, nodes } = this.compiled;
    let answer = roots[question] as number;
    while (answer > 0) {
      const node = nodes[answer] as number;
      answer = nodes[answer + 1 + (((words[at + (node & 255)] as number) >>> ((node >>> 8) & 31)) & (node >>> 13))] as number;
    }
    if (answer !== UNKNOWN) return leafOf(answer);
    this.packing.unpack(words, at, this.learner.machine.raw);
    const leaf = this.learner.learn(question);
    this.compiled.add(leaf);
    return leaf.index;
  }

  #makePlan(leaf: number): number {
    const { places } = this.learner.leaves[leaf] as Leaf;
    if (!this.planner || !places) throw new Error('no plan without places');
    const known = this.planner.plans.length;
    const plan = this.planner.planFor(places);
    if (leaf >= this.#planOfLeaf.length) {
      const larger = new Int32Array(leaf * 2).fill(-1);
      larger.set(this.#planOfLeaf);
      this.#planOfLeaf = larger;
    }
    this.#planOfLeaf[leaf] = plan;
    if (plan === known) this.#mask(plan);
    return plan;
  }

  #mask(plan: number): void {
    const size = this.packing.words;
    const place = plan * 2 * size;
    if (place + 2 * size > this.planMasks.length) {
      const larger = new Uint32Array(Math.max(1024, 2 * (place + 2 * size)));
      larger.set(this.planMasks);
      this.planMasks = larger;
    }
    this.planMasks.fill(0xffffffff, place, place + size);
    this.planMasks.fill(0, place + size, place + 2 * size);
    this.planRanks[plan] = 0;
    const live = this.planner?.plans[plan]?.live;
    if (!live) return;
    let again = 0;
    this.#versions?.groups.forEach((slots, word) => {
      if (this.#ranked.has(word) && slots.some((slot) => this.vocabulary.varies(slot) && !live.has(slot))) again |= 1 << Math.min(word, 31);
    });
    this.planRanks[plan] = again;
    for (const { slot, word, shift, width } of this.packing.fields) {
      if (live.has(slot)) continue;
      const code = this.packing.code(slot, this.vocabulary.indifferent(slot));
      this.planMasks[place + word] = (this.planMasks[place + word] as number) & ~(maskOf(width) << shift);
      this.planMasks[place + size + word] = (this.planMasks[place + size + word] as number) | (code << shift);
    }
  }

  /**
   * Learns by walking at random before anything is stored: plans then rest on facts that rarely change, and the packing
   * has its final form when there are few states to rewrite. The walks are the same every time.
   */
  #walk(): void {
    const { raw } = this.learner.machine;
    const { moves } = this.model;
    let seed = 0x2545f491;
    const random = (below: number): number => {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      return (seed >>> 0) % below;
    };
    let idle = 0;
    for (let walk = 0; walk < MAX_WALKS && idle < IDLE_WALKS; walk++) {
      const { version } = this.facts;
      raw.set(this.vocabulary.base);
      for (let step = 0; step < WALK_STEPS; step++) {
        // Actors as often as the environment, however many moves that has.
        const environment = random(2) === 0;
        const first = random(moves.length);
        let made = false;
        for (let i = 0; i < moves.length && !made; i++) {
          const move = (first + i) % moves.length;
          if ((moves[move]?.kind === 'environment') !== environment && i < moves.length / 2) continue;
          const { leaf } = this.#take(move);
          if (!leaf.enabled) continue;
          for (const { slot, value } of leaf.writes) raw[slot] = value;
          this.#rank(raw);
          made = true;
        }
        if (!made) break;
      }
      if (this.#allStuck()) this.#take(this.learner.judgementMove);
      idle = this.facts.version === version ? idle + 1 : 0;
    }
    raw.set(this.vocabulary.base);
    this.#complete();
    this.packing = new Packing(this.vocabulary, this.symmetry);
    this.canonical = this.#canonical();
    this.compiled = new Compiled(this.packing, this.learner);
  }

  /**
   * Takes in what the environment's moves do with all values that were met, also where no state was seen that has them
   * together: only what is known completely can be said to matter to nobody. True when states were written anew.
   */
  completeEnvironment(): boolean {
    if (!this.options.reductions.deadState || this.#completed === this.vocabulary.size) return false;
    if (!this.#complete()) return false;
    this.#relayout();
    return true;
  }

  #complete(): boolean {
    let stale = false;
    let size: number;
    do {
      ({ size } = this.vocabulary);
      this.model.moves.forEach((move, index) => {
        if (move.kind !== 'environment') return;
        const budget = { leaves: MAX_ENVIRONMENT_LEAVES, stale: false };
        this.learner.machine.raw.set(this.vocabulary.base);
        const place = this.facts.places[this.facts.environmentPlace(index)];
        const complete = this.#completeMove(index, budget);
        if (place && place.complete !== complete) {
          place.complete = complete;
          this.facts.version++;
        }
        stale ||= budget.stale;
      });
    } while (this.vocabulary.size !== size);
    this.#completed = size;
    this.learner.machine.raw.set(this.vocabulary.base);
    return stale;
  }

  /** Walks the whole tree of a move, every value of every slot; the machine's state holds those on the way. */
  #completeMove(move: number, budget: { leaves: number; stale: boolean }): boolean {
    const { raw } = this.learner.machine;
    const visit = (at: Branching | Leaf | undefined): boolean => {
      if (at === undefined) {
        if (budget.leaves-- <= 0) return false;
        try {
          budget.stale = this.#take(move).stale || budget.stale;
          return true;
        } catch {
          // The values do not go together in any state; what the move would do is nobody's business, but not known.
          return false;
        }
      }
      if (!('branches' in at)) return budget.leaves-- > 0;
      const before = raw[at.slot] as number;
      const values = this.vocabulary.varies(at.slot) ? this.vocabulary.realValuesOf(at.slot) : [before];
      const all = values.every((value) => {
        raw[at.slot] = value;
        if (at.branches.get(value) !== undefined) return visit(at.branches.get(value));
        // A new branch is followed to its leaf by the state as it stands, and then visited for its other values.
        return visit(undefined) && visit(at.branches.get(value));
      });
      raw[at.slot] = before;
      return all;
    };
    return (this.learner.trees[move] !== undefined || visit(undefined)) && visit(this.learner.trees[move]);
  }

  #allStuck(): boolean {
    return this.model.moves.every((move, i) => move.kind === 'environment' || !this.#take(i).leaf.enabled);
  }

  /** What a move does in the state of the learner's machine. If it is new: does the packing lack bits for it? */
  #take(move: number): { leaf: Leaf; stale: boolean } {
    const known = this.learner.leaves.length;
    const leaf = this.learner.learn(move);
    if (this.learner.leaves.length === known) return { leaf, stale: false };
    this.facts.take(leaf, this.learner.machine.raw);
    return { leaf, stale: this.#meet(leaf) };
  }

  /** Learns what a move does in a stored state. True when states had to be written anew, so that words held are stale. */
  learn(move: number, state: number): boolean {
    this.load(state);
    const { leaf, stale } = this.#take(move);
    if (stale) {
      this.#relayout();
      return true;
    }
    this.compiled.add(leaf);
    return false;
  }

  /** True when the packing cannot express what the leaf writes. */
  #meet(leaf: Leaf): boolean {
    let stale = false;
    const { size } = this.vocabulary;
    for (const { slot, value } of leaf.writes) if (this.vocabulary.meet(slot, value)) stale = true;
    // A new value of a slot that names CPUs needs its renamed forms, even if there are bits for it.
    if (!stale && this.symmetry && this.vocabulary.size !== size) this.canonical = this.#canonical();
    return stale;
  }

  #relayout(): void {
    this.relayouts++;
    const old = this.packing;
    this.packing = new Packing(this.vocabulary, this.symmetry, old);
    this.canonical = this.#canonical();
    const translate = old.translation(this.packing);
    this.planMasks = new Uint32Array(0);
    this.store.relayout(this.packing.words, (from, at, to, toAt) => {
      translate(from, at, to, toAt);
      // Another arrangement has another least form.
      this.canonical?.(to, toAt);
    });
    this.compiled = new Compiled(this.packing, this.learner);
    this.planner?.plans.forEach((_, plan) => {
      this.#mask(plan);
    });
  }

  #canonical(): Canonical | undefined {
    return this.symmetry && canonicalFor(this.symmetry, this.packing, (slot) => this.vocabulary.valuesOf(slot).list);
  }

  #rank(state: Int32Array): void {
    this.#versions?.groups.forEach((_, word) => {
      if (!this.#ranked.has(word)) return;
      this.#versions?.rank(
        word,
        (slot) => state[slot] as number,
        (slot, value) => {
          state[slot] = value;
        },
      );
    });
  }
}
