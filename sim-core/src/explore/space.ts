/**
 * The state space of one search: what is known of its moves, its states and their packing, kept in step.
 *
 * Whatever is met for the first time (a situation, a value, a slot that changes) enters here, and the packing, the
 * compiled moves and the stored states follow.
 */
import type { Granularity, Model } from '../engine/model.ts';
import { toEnd } from '../to-end.ts';
import type { Bits } from './bits.ts';
import type { Knowledge } from './checkpoint/saved-knowledge.ts';
import type { Tables } from './expander.ts';
import type { Reductions } from './exploration.ts';
import { Compiled } from './learn/compiled.ts';
import { Footprints } from './learn/footprints.ts';
import { type Effect, Learner, type LearnerOptions } from './learn/learner.ts';
import { completingEnvironment, recallEffects, type SurveyContext, walkingAtRandom } from './learn/survey.ts';
import { type Canonical, type CanonicalTables, canonicalOf, canonicalTables } from './reduce/canonical.ts';
import { type MoveTable, moveTable } from './reduce/move-table.ts';
import { Pruner } from './reduce/pruner.ts';
import { maskBy, PruningTables } from './reduce/pruning-tables.ts';
import { Ranking } from './reduce/ranking.ts';
import { Symmetry } from './reduce/symmetry.ts';
import { Versions } from './reduce/versions.ts';
import type { Bundle } from './states/bundle.ts';
import { condensing, MAX_WORDS_LEFT } from './states/condense.ts';
import { FingerprintStore } from './states/fingerprint-store.ts';
import { Packing } from './states/packing.ts';
import { SlotValues } from './states/slot-values.ts';
import { hashWords, type Store, WHOLE_SLEEP } from './states/store.ts';
import { whereLastMover } from './switches.ts';

export interface SpaceOptions extends Pick<LearnerOptions, 'sites' | 'judge' | 'projectedOut'> {
  readonly granularity: Granularity;
  readonly reductions: Reductions;
  /** Indices of the findings that somebody wants to know about. */
  readonly watched: ReadonlySet<number>;
  readonly newStore: (words: number, sleeping: boolean) => Store;
  /** Stored states from which on slots are packed together, even where that makes no state shorter. For tests. */
  readonly condenseFrom?: number | undefined;
}

/** Stored states at which it is first looked which slots go together, and how many times as many at which it is again. */
const FIRST_CONDENSED = 16384;
const CONDENSED_AGAIN = 16;

export class Space {
  readonly model: Model;
  readonly options: SpaceOptions;
  readonly learner: Learner;
  readonly slotValues: SlotValues;
  store: Store;
  readonly symmetry: Symmetry | undefined;
  packing: Packing;
  compiled: Compiled;
  canonical: Canonical | undefined;
  /** Times that the stored states were rewritten. */
  relayouts = 0;
  /** False until {@link Space.preparing} is over. */
  isPrepared = true;
  readonly footprints: Footprints;
  /** Undefined when nothing looks ahead. */
  pruner: Pruner | undefined;
  readonly #ranking: Ranking;
  readonly #prunings: PruningTables;
  #canonicalTables: CanonicalTables | undefined;
  /** Values known for which the environment's moves were completed. */
  #completed = -1;
  #bundles: readonly Bundle[] = [];
  /** States at which to look next which slots go together. */
  #condenseAt = FIRST_CONDENSED;
  readonly #scratch: Int32Array;
  readonly #start: Int32Array;
  readonly #moveTable: MoveTable;

  /** `start` is the state after the setup. With `known`, what was learned before; its states are still to come. */
  constructor(model: Model, options: SpaceOptions, start: Int32Array, known?: Knowledge) {
    this.model = model;
    this.options = options;
    const symmetry = options.reductions.symmetry ? new Symmetry(model) : undefined;
    this.symmetry = symmetry?.applies ? symmetry : undefined;
    this.#moveTable = moveTable(model, this.symmetry);
    const versions = options.reductions.versions ? new Versions(model) : undefined;
    this.#ranking = new Ranking(model, versions);
    this.footprints = new Footprints(model, this.symmetry, options.watched, options.sites);
    this.learner = new Learner(model, options.granularity, {
      ...options,
      versions,
      symmetry: this.symmetry,
      locationsIn: (read) => model.world.topology.actors.map((_, actor) => this.footprints.locationOf(actor, read)),
    });
    this.#prunings = new PruningTables(model.moves.length, (pruning) =>
      maskBy(pruning, this.packing, this.slotValues, this.#ranking),
    );
    this.#scratch = start.slice();
    // The state after the setup is the root state, and small versions are shorter to write.
    this.#ranking.apply(this.#scratch);
    this.slotValues = new SlotValues(this.#scratch.slice(), this.symmetry, versions?.groups.flat() ?? []);
    for (const column of this.symmetry?.columns ?? []) for (const slot of column) this.slotValues.valuesOf(slot);
    for (const { slot, rename } of this.symmetry?.references ?? []) {
      this.slotValues.imagine(slot);
      const value = this.#scratch[slot]!;
      for (const { cpuOf } of this.symmetry?.renamings ?? []) this.slotValues.meet(slot, rename(cpuOf, value));
    }
    this.#start = this.slotValues.base;
    this.learner.machine.raw.set(this.slotValues.base);
    this.packing = new Packing(this.slotValues, this.symmetry);
    this.compiled = toEnd(Compiled.compiling(this.packing, this.learner));
    this.canonical = this.#canonical();
    this.store = this.#newStore();
    if (known) this.#recall(known);
    else if (this.#looksAhead) {
      this.isPrepared = false;
      this.#storeFirst();
    } else this.begin();
  }

  /** What there is to do before a state is expanded, in slices: learning what looking ahead rests on. */
  *preparing(): Generator<void, void> {
    yield* walkingAtRandom(this.#surveyed);
    yield* this.#completing();
    this.#pack();
    this.begin();
    this.isPrepared = true;
  }

  get #looksAhead(): boolean {
    return this.options.reductions.partialOrder || this.options.reductions.deadState;
  }

  #toRank(): Set<number> {
    return this.#ranking.wanted(this.#looksAhead ? this.footprints : undefined);
  }

  /** Were words written in loops that were not taken to be? The states that are there are not canonical then. */
  get ranksTooFew(): boolean {
    return this.#toRank().size > this.#ranking.words.size;
  }

  /** Forgets all states but the first, and all prunings; what was learned stays. */
  begin(): void {
    if (this.#bundles.length > 0) {
      this.#bundles = [];
      this.#pack();
    }
    this.#condenseAt = this.options.condenseFrom ?? FIRST_CONDENSED;
    this.#ranking.begin(this.#toRank());
    this.pruner = this.#looksAhead ? new Pruner(this.footprints, this.slotValues, this.options.reductions) : undefined;
    this.#prunings.clear();
    this.store = this.#newStore();
    this.#storeFirst();
  }

  #storeFirst(): void {
    const words = new Uint32Array(this.packing.words);
    this.encode(this.#start, words);
    this.store.insert(words, 0, hashWords(words, 0, words.length), -1, 0, 0);
  }

  #newStore(): Store {
    return this.options.newStore(this.packing.words, this.options.reductions.sleepSets);
  }

  /** All that was learned, for a checkpoint. */
  get knowledge(): Knowledge {
    const { footprints, learner, pruner } = this;
    return {
      effects: learner.effects,
      locations: footprints.names,
      complete: footprints.locations.flatMap(({ complete }, location) => (complete ? [location] : [])),
      footprintsVersion: footprints.version,
      completed: this.#completed,
      condenseAt: this.#condenseAt,
      ranked: [...this.#ranking.words],
      prunings: pruner?.made ?? [],
      packing: this.packing.saved,
    };
  }

  #recall(known: Knowledge): void {
    const { footprints, learner, slotValues } = this;
    footprints.number(known.locations);
    recallEffects(this.#surveyed, known.effects);
    // The values have the numbers that they had, because they were met in the same order.
    this.packing = new Packing(slotValues, this.symmetry, { saved: known.packing });
    this.#bundles = this.packing.bundles;
    for (const location of known.complete) footprints.locations[location]!.complete = true;
    footprints.version = known.footprintsVersion;
    this.#completed = known.completed;
    this.#condenseAt = known.condenseAt;
    this.#ranking.begin(known.ranked);
    this.canonical = this.#canonical();
    this.compiled = toEnd(Compiled.compiling(this.packing, learner));
    this.pruner = this.#looksAhead ? new Pruner(footprints, slotValues, this.options.reductions) : undefined;
    known.prunings.forEach(({ locations, pruning }, number) => {
      this.pruner?.recall({ locations, pruning });
      this.#prunings.enter(number, pruning);
    });
    for (const { index, locations } of learner.effects) {
      const pruning = locations && this.pruner?.known(locations);
      if (pruning !== undefined) this.#prunings.setPruningOfEffect(index, pruning);
    }
    this.store = this.#newStore();
  }

  get bytes(): number {
    return this.store.bytes + this.compiled.bytes;
  }

  /** The packed, canonical form of a state; false when it holds what was never met. */
  encode(state: Int32Array, words: Uint32Array): boolean {
    const scratch = this.#scratch;
    scratch.set(state);
    const live = this.#liveIn(scratch);
    if (live)
      for (const slot of this.slotValues.varying)
        if (!live.has(slot)) scratch[slot] = this.slotValues.indifferent(slot);
    this.#ranking.apply(scratch);
    if (!this.packing.expresses(scratch) || !this.packing.tryPack(scratch, words, 0)) return false;
    this.canonical?.(words, 0);
    return true;
  }

  #liveIn(state: Int32Array): Bits | undefined {
    if (!this.pruner) return undefined;
    const locations = this.model.world.topology.actors.map((_, actor) =>
      this.footprints.locationOf(actor, (slot) => state[slot]!),
    );
    const known = this.pruner.prunings.length;
    const pruning = this.pruner.pruningFor(locations);
    const made = this.pruner.prunings[pruning]!;
    if (pruning === known) this.#prunings.enter(pruning, made);
    return made.live;
  }

  /** What the inner loop looks at, as of now. */
  tables(): Tables {
    const { learner, compiled, pruner } = this;
    return {
      words: this.packing.words,
      ...this.#moveTable,
      roots: compiled.roots,
      nodes: compiled.nodes,
      effectMasks: compiled.effectMasks,
      noteworthy: compiled.noteworthy,
      jointOf: compiled.jointOf,
      joint: compiled.joint,
      footprints: compiled.footprints,
      judgementMove: learner.judgementMove,
      locationsMove: learner.locationsMove,
      rankMove: learner.rankMove,
      rewritten: this.#ranking.rewrittenBy(learner.effects, learner.judgementMove),
      ranked: Int32Array.from(this.#ranking.words),
      pruning: pruner !== undefined,
      ...this.#prunings.tables,
      canonical: this.#canonicalTables,
      sleeping: this.options.reductions.sleepSets,
      lastMover: whereLastMover(this),
    };
  }

  /** Finds out what a packed state answers to a question, in slices. True when states were rewritten. */
  *answering(question: number, words: Uint32Array): Generator<void, boolean> {
    this.learner.machine.raw.set(this.slotValues.base);
    this.packing.unpack(words, 0, this.learner.machine.raw);
    const rewritten = yield* this.#learning(question);
    if (question === this.learner.locationsMove) this.#makePruning(this.learner.learn(question).index);
    return rewritten;
  }

  #makePruning(effect: number): number {
    const { locations } = this.learner.effects[effect]!;
    if (!this.pruner || !locations) throw new Error('no pruning without locations');
    const known = this.pruner.prunings.length;
    const pruning = this.pruner.pruningFor(locations);
    this.#prunings.setPruningOfEffect(effect, pruning);
    if (pruning === known) this.#prunings.enter(pruning, this.pruner.prunings[pruning]!);
    return pruning;
  }

  /** What a survey looks at. */
  get #surveyed(): SurveyContext {
    return {
      model: this.model,
      learner: this.learner,
      slotValues: this.slotValues,
      footprints: this.footprints,
      take: (move) => this.#take(move),
      rank: (state) => this.#ranking.apply(state),
    };
  }

  /** Looks for what a search would otherwise meet late. All stored states must be forgotten then. */
  surveyAgain(number: number): void {
    toEnd(walkingAtRandom(this.#surveyed, number, () => this.slotValues.size));
    this.#pack();
  }

  /** The packing, and what is made of it, as of now. There are no states to rewrite. */
  #pack(): void {
    this.packing = new Packing(this.slotValues, this.symmetry, { bundles: this.#bundles });
    this.canonical = this.#canonical();
    this.compiled = toEnd(Compiled.compiling(this.packing, this.learner));
  }

  *#completing(): Generator<void, boolean> {
    const stale = yield* completingEnvironment(this.#surveyed);
    this.#completed = this.slotValues.size;
    return stale;
  }

  /**
   * Takes in what the environment's moves do with values that were met since, in slices. True when states were
   * rewritten.
   */
  *completingEnvironment(): Generator<void, boolean> {
    if (!this.options.reductions.deadState || this.#completed === this.slotValues.size) return false;
    if (!(yield* this.#completing())) return false;
    yield* this.#rewriting();
    return true;
  }

  /** What a move does in the state of the learner's machine. If it is new: does the packing lack bits for it? */
  #take(move: number): { effect: Effect; stale: boolean } {
    const known = this.learner.effects.length;
    const effect = this.learner.learn(move);
    if (this.learner.effects.length === known) return { effect, stale: false };
    if (this.#looksAhead) this.footprints.take(effect, this.learner.machine.raw);
    return { effect, stale: this.#meet(effect) };
  }

  /** Learns what a move does in the state of the learner's machine. True when states were rewritten. */
  *#learning(move: number): Generator<void, boolean> {
    const { raw } = this.learner.machine;
    const { effect, stale } = this.#take(move);
    const effects = [effect];
    let rewritten = this.compiled.meetJoint(effect, raw) || stale;
    // Without prunings each move will be asked for in this state, and together they take one new arrangement at most.
    // Later there is little new in a state.
    const together = !this.pruner && this.store.count < FIRST_CONDENSED;
    for (let other = move + 1; together && other < this.learner.judgementMove; other++) {
      const known = this.learner.effects.length;
      const next = this.#take(other);
      if (this.learner.effects.length === known) continue;
      effects.push(next.effect);
      rewritten = this.compiled.meetJoint(next.effect, raw) || next.stale || rewritten;
    }
    if (rewritten) yield* this.#rewriting();
    else for (const each of effects) this.compiled.add(each);
    return rewritten;
  }

  /** True when the packing cannot express what the effect writes. */
  #meet(effect: Effect): boolean {
    let stale = false;
    const { size } = this.slotValues;
    for (const { slot, value } of effect.writes)
      if (this.slotValues.meet(slot, value) && !this.packing.holds(slot)) stale = true;
    // A new value of a slot that names CPUs needs its renamed forms, even if there are bits for it.
    if (!stale && this.symmetry && this.slotValues.size !== size) this.canonical = this.#canonical();
    return stale;
  }

  /** Packs slots that go together as one, if that makes states shorter, in slices. True when states were rewritten. */
  *condensing(): Generator<void, boolean> {
    const { store, slotValues, symmetry, packing, learner } = this;
    // Prunings keep or drop slots one by one. Fingerprints cannot be taken again of states whose words are gone.
    const apart = this.pruner || this.model.lastMover !== undefined || store instanceof FingerprintStore;
    if (store.count < this.#condenseAt || apart) return false;
    this.#condenseAt *= CONDENSED_AGAIN;
    const always = this.options.condenseFrom !== undefined;
    if (packing.words <= MAX_WORDS_LEFT && !always) return false;
    // What varies late takes a new arrangement of many states then, and none when it is known now.
    yield* walkingAtRandom(this.#surveyed, 0, () => slotValues.size);
    const ordered = this.options.reductions.sleepSets
      ? learner.effects.filter((effect) => effect.enabled && effect.move < learner.judgementMove)
      : [];
    const condensed = { slotValues, symmetry, packing, store, ordered, always };
    this.#bundles = (yield* condensing(condensed)) ?? this.#bundles;
    yield* this.#rewriting(Math.max(1, packing.words - 1));
    return true;
  }

  /**
   * A packing for all that was met, in which the states are rewritten, in slices: until it is over everything is as it
   * was. `most`: words that may be used to leave room.
   */
  *#rewriting(most = this.packing.words): Generator<void, void> {
    const packing = new Packing(this.slotValues, this.symmetry, { bundles: this.#bundles, before: this.packing, most });
    const compiled = yield* Compiled.compiling(packing, this.learner);
    const translate = this.packing.translation(packing);
    const tables = this.#canonicalTablesFor(packing);
    const canonical = tables && canonicalOf(tables);
    yield* this.store.rewriting(packing.words, (from, at, to, toAt) => {
      translate(from, at, to, toAt);
      // Another arrangement has another least form, in which CPUs may have other names.
      return canonical?.(to, toAt) === true ? this.#moveTable.unnamed : WHOLE_SLEEP;
    });
    this.relayouts++;
    this.packing = packing;
    this.compiled = compiled;
    this.canonical = canonical;
    this.#canonicalTables = tables;
    this.#prunings.maskAgain(this.pruner?.prunings ?? []);
  }

  #canonical(): Canonical | undefined {
    this.#canonicalTables = this.#canonicalTablesFor(this.packing);
    return this.#canonicalTables && canonicalOf(this.#canonicalTables);
  }

  #canonicalTablesFor(packing: Packing): CanonicalTables | undefined {
    return this.symmetry && canonicalTables(this.symmetry, packing, (slot) => this.slotValues.valuesOf(slot).list);
  }
}
