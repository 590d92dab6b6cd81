/**
 * What moves do, learned by doing each distinct thing once.
 *
 * A move reads some slots, one after another, and which one it reads next depends only on what it has read. So its
 * behaviour is a decision tree: inner nodes are slots, branches are values, a leaf is its effect: what the move writes and finds.
 * The tree grows as the search meets new situations; what it knows is exact, whatever the machine's parts are made of.
 * Questions that are asked of every state (where are the actors, what does a stuck state say, how are the versions of a
 * word counted) are learned in the same way, as moves after those of the model.
 */
import type { Executor } from '../../engine/executor.ts';
import type { Granularity, Model } from '../../engine/model.ts';
import { ModelLimit } from '../../limits.ts';
import type { Renaming, Symmetry } from '../reduce/symmetry.ts';
import type { Versions } from '../reduce/versions.ts';
import type { Sites } from '../sites.ts';
import { executorFor } from '../switches.ts';
import { readLocation } from './footprints.ts';
import { TracingMachine } from './tracing.ts';

export interface Effect {
  readonly index: number;
  readonly move: number;
  readonly enabled: boolean;
  /** Slots written and what they hold then. */
  readonly writes: readonly { readonly slot: number; readonly value: number }[];
  /** Numbers of sites, each once. */
  readonly findings: readonly number[];
  /** For the question where the actors are. */
  readonly locations?: readonly number[];
  /** For the judgement of a stuck state. */
  readonly judgement?: Judgement;
  /** The move meets a limit of the model. */
  readonly limit?: string;
  /** The machine failed. In a state that a wrong pruning made that shows the mistake; in any other it is a bug. */
  readonly failure?: string;
  /** What was read on the way here, in order. */
  readonly reads: readonly { readonly slot: number; readonly value: number }[];
}

/** What a state in which no actor can move says about the scenario's conditions. */
export interface Judgement {
  /** Actors wait for locks: the number of the site. */
  readonly deadlock?: number;
  /** Values of the terms that conditions mention. */
  readonly values: readonly number[];
  /** Per condition: is its proposition true? */
  readonly truth: readonly boolean[];
}

export interface Branching {
  readonly slot: number;
  readonly branches: Map<number, Branching | Effect>;
}

/** CPUs turned out not to be alike; the search starts again without that reduction. */
export class NotSymmetric extends Error {
  override readonly name = 'NotSymmetric';
}

export interface LearnerOptions {
  /** Gets the sites that are met. */
  readonly sites: Sites;
  readonly versions?: Versions | undefined;
  readonly symmetry?: Symmetry | undefined;
  /** Slots that nothing which is asked depends on. */
  readonly projectedOut?: readonly number[];
  /** Judges the state of an executor in which no actor can move. */
  readonly judge: (executor: Executor) => Judgement;
  /** The locations that all actors are at; reads no more than what decides them. */
  readonly locationsIn?: (read: (slot: number) => number) => readonly number[];
}

/** An effect in the making. */
type Trace = Omit<Effect, 'index' | 'reads'> & { readonly reads: { slot: number; value: number }[] };

export class Learner {
  readonly machine: TracingMachine;
  /** The judgement counts as one more move, after all others. */
  readonly judgementMove: number;
  /** Finding out where the actors are counts as one more, after it. */
  readonly locationsMove: number;
  /** Recounting the versions of the first word is the one after that; other words follow. */
  readonly rankMove: number;
  readonly effects: Effect[] = [];
  /** Per move: its tree, or undefined while nothing is known. */
  readonly trees: (Branching | Effect | undefined)[];
  readonly #sites: Sites;
  readonly #executor: Executor;
  readonly #granularity: Granularity;
  readonly #versions: Versions | undefined;
  readonly #symmetry: Symmetry | undefined;

  readonly #judge: LearnerOptions['judge'];
  readonly #locationsIn: LearnerOptions['locationsIn'];
  readonly #model: Model;

  constructor(model: Model, granularity: Granularity, options: LearnerOptions) {
    this.machine = new TracingMachine(model.layout);
    this.machine.projectOut(options.projectedOut ?? []);
    this.#executor = executorFor(model, this.machine);
    this.#granularity = granularity;
    this.#versions = options.versions;
    this.#symmetry = options.symmetry;
    this.#sites = options.sites;
    this.#judge = options.judge;
    this.judgementMove = model.moves.length;
    this.#model = model;
    this.#locationsIn = options.locationsIn;
    this.locationsMove = model.moves.length + 1;
    this.rankMove = model.moves.length + 2;
    this.trees = new Array(this.rankMove + (options.versions?.groups.length ?? 0)).fill(undefined);
  }

  /** What a move does in the state in `machine.raw`; the state is as before when it returns. */
  learn(move: number): Effect {
    const known = this.#find(move);
    if (known) return known;
    const trace = this.#trace(move);
    if (this.#symmetry) this.#compareRenamed(trace, this.#symmetry);
    const effect: Effect = { ...trace, index: this.effects.length };
    this.effects.push(effect);
    this.#add(effect);
    return effect;
  }

  /** Takes in what was learned before; effects come in the order of their numbers. */
  recall(effect: Effect): void {
    this.effects.push(effect);
    this.#add(effect);
  }

  #find(move: number): Effect | undefined {
    let at = this.trees[move];
    while (at && 'branches' in at) at = at.branches.get(this.machine.raw[at.slot]!);
    return at;
  }

  #trace(move: number): Trace {
    const { machine } = this;
    machine.begin();
    if (move >= this.rankMove && this.#versions) {
      this.#versions.rank(
        move - this.rankMove,
        (slot) => machine.state[slot]!,
        (slot, value) => machine.put(slot, value),
      );
      const writes = machine.writes().map((slot) => ({ slot, value: machine.raw[slot]! }));
      machine.rewind(0);
      const reads = machine.reads.map((slot) => ({ slot, value: machine.raw[slot]! }));
      return { move, enabled: true, writes, findings: [], reads };
    }
    if (move >= this.judgementMove) {
      const answer =
        move === this.locationsMove
          ? { locations: this.#locationsIn?.((slot) => machine.state[slot]!) ?? [] }
          : { judgement: this.#judge(this.#executor) };
      machine.rewind(0);
      const reads = machine.reads.map((slot) => ({ slot, value: machine.raw[slot]! }));
      return { move, enabled: true, writes: [], findings: [], reads, ...answer };
    }
    const made = this.#model.moves[move];
    // What a move does is noted for the location of its actor, so all that decides the location belongs to what it reads.
    if (made?.kind === 'actor') readLocation(this.#model, made.actor, (slot) => machine.state[slot]!);
    let limit: string | undefined;
    let failure: string | undefined;
    let enabled = false;
    try {
      enabled = this.#executor.move(move, this.#granularity);
    } catch (error) {
      if (error instanceof ModelLimit) limit = error.message;
      else failure = error instanceof Error ? error.message : String(error);
    }
    const findings = this.#sites.inLog(machine);
    const writes = enabled ? machine.writes().map((slot) => ({ slot, value: machine.raw[slot]! })) : [];
    machine.rewind(0);
    const reads = machine.reads.map((slot) => ({ slot, value: machine.raw[slot]! }));
    return {
      move,
      enabled,
      writes,
      findings,
      reads,
      ...(limit !== undefined && { limit }),
      ...(failure !== undefined && { failure }),
    };
  }

  /** Does the renamed machine do the renamed thing? What it reads for that belongs to what was read. */
  #compareRenamed(trace: Trace, symmetry: Symmetry): void {
    const { raw } = this.machine;
    const before = raw.slice();
    const read = new Set(trace.reads.map((r) => r.slot));
    const written = new Set(trace.writes.map((w) => w.slot));
    for (const renaming of symmetry.renamings) {
      renaming.apply(before, raw);
      const other = this.#trace(renaming.moveTo[trace.move] ?? trace.move);
      raw.set(before);
      const alike =
        other.enabled === trace.enabled &&
        other.findings.join() === trace.findings.join() &&
        other.limit === trace.limit &&
        other.failure === trace.failure &&
        other.judgement?.deadlock === trace.judgement?.deadlock &&
        other.judgement?.values.join() === trace.judgement?.values.join() &&
        other.locations?.join() === trace.locations?.join() &&
        this.#sameResult(trace, other, renaming, before);
      if (!alike) throw new NotSymmetric(`move ${trace.move} tells CPUs apart`);
      const otherRead = new Set(other.reads.map((r) => renaming.slotFrom[r.slot]!));
      const otherWritten = new Set(other.writes.map((w) => renaming.slotFrom[w.slot]!));
      for (const slot of [...otherRead, ...otherWritten, ...written]) {
        // A slot that only one of the two wrote must keep the value that made both results alike.
        const oneSided = written.has(slot) !== otherWritten.has(slot);
        if (read.has(slot) || !(otherRead.has(slot) || oneSided)) continue;
        read.add(slot);
        trace.reads.push({ slot, value: before[slot]! });
      }
    }
  }

  #sameResult(trace: Trace, other: Trace, renaming: Renaming, before: Int32Array): boolean {
    const result = new Map(trace.writes.map((w) => [w.slot, w.value]));
    const otherResult = new Map(other.writes.map((w) => [renaming.slotFrom[w.slot]!, w.value]));
    for (const slot of new Set([...result.keys(), ...otherResult.keys()])) {
      const old = before[slot]!;
      const expected = renaming.value(slot, result.get(slot) ?? old);
      if ((otherResult.get(slot) ?? renaming.value(slot, old)) !== expected) return false;
    }
    return true;
  }

  #add(effect: Effect): void {
    let parent: Branching | undefined;
    let value = 0;
    let at = this.trees[effect.move];
    for (const read of effect.reads) {
      if (at === undefined) {
        at = { slot: read.slot, branches: new Map() };
        this.#attach(effect.move, parent, value, at);
      }
      if (!('branches' in at) || at.slot !== read.slot)
        throw new Error(`move ${effect.move} does not depend on what it reads alone`);
      parent = at;
      value = read.value;
      at = at.branches.get(read.value);
    }
    if (at !== undefined) throw new Error(`move ${effect.move} does two things in one situation`);
    this.#attach(effect.move, parent, value, effect);
  }

  #attach(move: number, parent: Branching | undefined, value: number, child: Branching | Effect): void {
    if (parent) parent.branches.set(value, child);
    else this.trees[move] = child;
  }
}
