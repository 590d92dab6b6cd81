/**
 * What was learned, in the form that the search runs on: for each move a decision tree over bits of the packed state,
 * and for each effect the bits to clear and to set. All in flat arrays; walking a tree costs some nanoseconds a level.
 *
 * Slots that do not vary have no bits and no level. When the packing changes, everything is compiled again.
 *
 * An effect that writes some slots of a bundle and does not know the others has a table for it: the joint value that comes
 * out of each. What was never met is not in it; the search asks then, as it does for a situation that it does not know.
 */
import { type Bundle, maskOf } from '../states/bundle.ts';
import type { PackedField, Packing } from '../states/packing.ts';
import type { Tables } from '../tables.ts';
import type { Branching, Effect, Learner } from './learner.ts';

/** What a tree may answer besides the number of an effect (2 and more) as its complement. */
export const UNKNOWN = 0;
export const DISABLED = -1;
const FIRST_LEAF = -2;

/** Effects, and numbers in `nodes`, that are compiled in one slice: a few milliseconds. */
const SLICE_EFFECTS = 1024;
const SLICE_NODES = 1 << 14;

/** A joint value that was never met comes out of a move. */
export const UNMET = -1;

/** Walks the tree of a move, or of a question, for a packed state that begins at an index. */
export function answerIn({ roots, nodes }: Tables, question: number, words: Uint32Array, at: number): number {
  let answer = roots[question]!;
  while (answer > 0) {
    const node = nodes[answer]!;
    const code = (words[at + (node & 255)]! >>> ((node >>> 8) & 31)) & (node >>> 13);
    answer = nodes[answer + 1 + code]!;
  }
  return answer;
}

export function effectOf(answer: number): number {
  return FIRST_LEAF - answer;
}

export class Compiled {
  /** Per move: a node, or an answer when nothing has to be looked at. */
  roots: Int32Array;
  /**
   * A node is its descriptor (word, shift << 8, mask << 13) and one child for each value of its bits: another node when
   * positive, an answer otherwise.
   */
  nodes = new Int32Array(1 << 12);
  /** Per effect: words to clear bits with (and), then words to set bits with (or). */
  effectMasks = new Uint32Array(1 << 10);
  /** Per effect: the bits that it reads or writes. */
  footprints = new Uint32Array(1 << 9);
  /** Per effect: 1 when it has findings or a limit. */
  noteworthy = new Uint8Array(1 << 8);
  /** Per effect: where its tables for joint values begin in `joint`; 0 when it has none. */
  jointOf = new Int32Array(1 << 8);
  /** A count, then that many tables: a descriptor as of a node, and what becomes of each joint value, or {@link UNMET}. */
  joint = new Int32Array(1 << 8);
  #jointLength = 1;
  /** Nodes that look at bundles. */
  readonly #nodeOf = new Map<Branching, number>();
  readonly #nodesOn = new Map<Bundle, BundleNode[]>();
  readonly #tablesOn = new Map<Bundle, JointTable[]>();
  #length = 1;
  /** Effects whose effects are there. */
  readonly #entered: boolean[] = [];
  readonly #packing: Packing;
  readonly #learner: Learner;
  readonly #words: number;

  private constructor(packing: Packing, learner: Learner) {
    this.#packing = packing;
    this.#learner = learner;
    this.#words = packing.words;
    this.roots = new Int32Array(learner.trees.length);
  }

  /** All that was learned so far, in slices; nothing is learned meanwhile. */
  static *compiling(packing: Packing, learner: Learner): Generator<void, Compiled> {
    const compiled = new Compiled(packing, learner);
    for (const effect of learner.effects) {
      if (effect.index % SLICE_EFFECTS === SLICE_EFFECTS - 1) yield;
      compiled.#effect(effect);
    }
    let due = SLICE_NODES;
    for (const [move, tree] of learner.trees.entries()) {
      compiled.roots[move] = tree ? compiled.#compile(tree) : UNKNOWN;
      if (compiled.#length < due) continue;
      due = compiled.#length + SLICE_NODES;
      yield;
    }
    return compiled;
  }

  get bytes(): number {
    return (
      this.nodes.byteLength + this.effectMasks.byteLength + this.footprints.byteLength + this.noteworthy.byteLength
    );
  }

  /** Enters an effect that was learned since, or more joint values for one. Its writes must be expressible in the packing. */
  add(effect: Effect): void {
    if (this.#entered[effect.index] !== true) this.#effect(effect);
    const { reads, move } = effect;
    let tree = this.#learner.trees[move];
    let places: readonly number[] = [];
    let at = this.roots[move]!;
    for (let i = 0; i < reads.length; ) {
      const field = this.#packing.fieldOf(reads[i]!.slot);
      const first = tree as Branching;
      const begin = i;
      // What is looked at in one field without another between is one level; slots without bits are none.
      for (let here = field; i < reads.length && (here === field || here === undefined); ) {
        tree = (tree as Branching).branches.get(reads[i]!.value);
        i++;
        here = i < reads.length ? this.#packing.fieldOf(reads[i]!.slot) : undefined;
        if (field === undefined) break;
      }
      if (!field) continue;
      if (at === UNKNOWN) {
        at = this.#node(first, field);
        this.#link(move, places, at);
      }
      const node = at;
      places = this.#packing.codesWith(field, reads.slice(begin, i)).map((code) => node + 1 + code);
      at = places.reduce((known, place) => known || this.nodes[place]!, UNKNOWN);
      // Joint values that were met since go the way of those that hold the same here.
      this.#link(move, places, at);
    }
    this.#link(move, places, answerOf(effect));
  }

  /** Takes in what slots hold together after an effect, in a state. True when there are no bits for it. */
  meetJoint(effect: Effect, state: Int32Array): boolean {
    if (this.#packing.bundles.length === 0) return false;
    let stale = false;
    const written = new Map(effect.writes.map(({ slot, value }) => [slot, value]));
    const fields = new Set(effect.writes.map(({ slot }) => this.#packing.fieldOf(slot)));
    for (const field of fields) {
      if (!field?.bundle) continue;
      const { bundle, slots, width } = field;
      const { count } = bundle;
      const code = bundle.add(slots.map((slot) => this.#packing.code(slot, written.get(slot) ?? state[slot]!)));
      if (bundle.count === count) continue;
      if (code < 2 ** width) this.#addJoint(bundle, code);
      else stale = true;
    }
    return stale;
  }

  /** Takes in a new joint value, for which the bundle's fields have room. */
  #addJoint(bundle: Bundle, code: number): void {
    for (const { at, tree, field } of this.#nodesOn.get(bundle) ?? [])
      this.nodes[at + 1 + code] = this.#child(tree, field, bundle, code);
    for (const table of this.#tablesOn.get(bundle) ?? []) {
      this.joint[table.at + 1 + code] = outcomeOf(table, code);
      const results = table.written.every((number, member) => number < 0 || bundle.parts[member]?.[code] === number);
      if (!results) continue;
      for (let from = 0; from < code; from++)
        if (this.joint[table.at + 1 + from] === UNMET) this.joint[table.at + 1 + from] = outcomeOf(table, from);
    }
  }

  #link(move: number, places: readonly number[], to: number): void {
    if (places.length === 0) this.roots[move] = to;
    for (const place of places) this.nodes[place] = to;
  }

  #compile(tree: Branching | Effect): number {
    if (!('branches' in tree)) return answerOf(tree);
    const { slot, branches } = tree;
    const field = this.#packing.fieldOf(slot);
    if (!field) {
      // The slot has one value, so there is one branch.
      const only = branches.values().next().value;
      return only ? this.#compile(only) : UNKNOWN;
    }
    const known = this.#nodeOf.get(tree);
    if (known !== undefined) return known;
    const node = this.#node(tree, field);
    if (field.bundle) {
      for (let code = 0; code < field.bundle.count; code++) {
        const child = this.#child(tree, field, field.bundle, code);
        this.nodes[node + 1 + code] = child;
      }
    } else {
      for (const [value, branch] of branches) {
        const child = this.#compile(branch);
        this.nodes[node + 1 + this.#packing.code(slot, value)] = child;
      }
    }
    return node;
  }

  /** Where a joint value leads, past everything that looks at the same field. */
  #child(tree: Branching, field: PackedField, bundle: Bundle, code: number): number {
    let at: Branching | Effect | undefined = tree;
    while (at && 'branches' in at) {
      const here = this.#packing.fieldOf(at.slot);
      if (here === field) at = at.branches.get(this.#packing.valueIn(field, bundle, at.slot, code));
      else if (here === undefined) at = at.branches.values().next().value;
      else break;
    }
    return at === undefined ? UNKNOWN : this.#compile(at);
  }

  #node(tree: Branching, field: PackedField): number {
    const size = 1 + 2 ** field.width;
    while (this.#length + size > this.nodes.length) this.nodes = twice(this.nodes);
    const at = this.#length;
    this.#length += size;
    this.nodes[at] = descriptorOf(field);
    if (field.bundle) {
      this.#nodeOf.set(tree, at);
      const nodes = this.#nodesOn.get(field.bundle) ?? [];
      nodes.push({ at, tree, field });
      this.#nodesOn.set(field.bundle, nodes);
    }
    return at;
  }

  #effect(effect: Effect): void {
    const words = this.#words;
    const at = effect.index * 2 * words;
    while (at + 2 * words > this.effectMasks.length) {
      const larger = new Uint32Array(this.effectMasks.length * 2);
      larger.set(this.effectMasks);
      this.effectMasks = larger;
      const footprints = new Uint32Array(larger.length / 2);
      footprints.set(this.footprints);
      this.footprints = footprints;
    }
    while (effect.index >= this.noteworthy.length) {
      const larger = new Uint8Array(this.noteworthy.length * 2);
      larger.set(this.noteworthy);
      this.noteworthy = larger;
      this.jointOf = twice(this.jointOf);
    }
    this.noteworthy[effect.index] = effect.findings.length > 0 || isDeadEnd(effect) ? 1 : 0;
    for (let i = 0; i < words; i++) {
      this.effectMasks[at + i] = 0xffffffff;
      this.effectMasks[at + words + i] = 0;
    }
    for (const { slot } of [...effect.reads, ...effect.writes]) {
      const field = this.#packing.fieldOf(slot);
      if (!field) continue;
      const place = effect.index * words + field.word;
      this.footprints[place] = this.footprints[place]! | (maskOf(field.width) << field.shift);
    }
    const joint: JointTable[] = [];
    const entered = new Set<PackedField>();
    for (const { slot, value } of effect.writes) {
      const field = this.#packing.fieldOf(slot);
      // What is always written with the one value that it always has.
      if (!field || entered.has(field)) continue;
      entered.add(field);
      const { word, shift, width, bundle } = field;
      this.effectMasks[at + word] = this.effectMasks[at + word]! & ~(maskOf(width) << shift);
      const code = bundle ? this.#jointResult(effect, field, bundle, joint) : this.#packing.code(slot, value);
      this.effectMasks[at + words + word] = this.effectMasks[at + words + word]! | (code << shift);
    }
    this.#enterJoint(effect, joint);
    this.#entered[effect.index] = true;
  }

  /** The joint value after an effect; 0 and a table when that depends on the one before it. */
  #jointResult(effect: Effect, field: PackedField, bundle: Bundle, tables: JointTable[]): number {
    const numberIn = (list: Effect['writes'], slot: number): number => {
      const found = list.find((one) => one.slot === slot);
      return found ? this.#packing.code(slot, found.value) : -1;
    };
    const written = field.slots.map((slot) => numberIn(effect.writes, slot));
    const known = field.slots.map((slot, member) =>
      written[member]! < 0 ? numberIn(effect.reads, slot) : written[member]!,
    );
    const code = known.includes(-1) ? undefined : bundle.numberOf(known);
    if (code !== undefined) return code;
    tables.push({ at: 0, bundle, field, written });
    return 0;
  }

  #enterJoint(effect: Effect, tables: readonly JointTable[]): void {
    this.jointOf[effect.index] = 0;
    if (tables.length === 0) return;
    const size = tables.reduce((sum, { field }) => sum + 1 + 2 ** field.width, 1);
    while (this.#jointLength + size > this.joint.length) this.joint = twice(this.joint);
    let at = this.#jointLength;
    this.#jointLength += size;
    this.jointOf[effect.index] = at;
    this.joint[at++] = tables.length;
    for (const table of tables) {
      const { bundle, field } = table;
      table.at = at;
      this.joint[at++] = descriptorOf(field);
      this.joint.fill(UNMET, at, at + 2 ** field.width);
      for (let from = 0; from < bundle.count; from++) this.joint[at + from] = outcomeOf(table, from);
      at += 2 ** field.width;
      const all = this.#tablesOn.get(bundle) ?? [];
      all.push(table);
      this.#tablesOn.set(bundle, all);
    }
  }
}

/** Sets the joint values after an effect, whose other effects are already there. False when one was never met. */
export function setJoint(
  { joint, jointOf }: Pick<Tables, 'joint' | 'jointOf'>,
  effect: number,
  from: Uint32Array,
  into: Uint32Array,
  at: number,
): boolean {
  let table = jointOf[effect]!;
  for (let left = joint[table++]!; left > 0; left--) {
    const field = joint[table]!;
    const word = field & 255;
    const shift = (field >>> 8) & 31;
    const result = joint[table + 1 + ((from[word]! >>> shift) & (field >>> 13))]!;
    if (result === UNMET) return false;
    into[at + word] = into[at + word]! | (result << shift);
    table += 2 + (field >>> 13);
  }
  return true;
}

/** A node that looks at a bundle, and the part of a tree that it represents. */
interface BundleNode {
  readonly at: number;
  readonly tree: Branching;
  readonly field: PackedField;
}

/** Does a move end the search where it is made? */
function isDeadEnd({ limit, failure }: Effect): boolean {
  return limit !== undefined || failure !== undefined;
}

/** What an effect makes of the joint values of a bundle. */
interface JointTable {
  at: number;
  readonly bundle: Bundle;
  readonly field: PackedField;
  /** Per slot of the bundle: the number of the value that is written, or -1. */
  readonly written: readonly number[];
}

function outcomeOf({ bundle: { parts, count }, written }: JointTable, from: number): number {
  for (let to = 0; to < count; to++) {
    let same = true;
    for (let member = 0; same && member < written.length; member++) {
      const numbers = parts[member]!;
      const number = written[member]!;
      same = numbers[to] === (number < 0 ? numbers[from] : number);
    }
    if (same) return to;
  }
  return UNMET;
}

function descriptorOf({ word, shift, width }: PackedField): number {
  return word | (shift << 8) | (maskOf(width) << 13);
}

function twice(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

function answerOf(effect: Effect): number {
  return effect.enabled || isDeadEnd(effect) ? FIRST_LEAF - effect.index : DISABLED;
}

/** Marks the effects of a list of effect, state and move from an index on. Were all of them marked before? */
export function wereMarked(marks: Uint8Array, noted: readonly number[], from: number): boolean {
  let known = true;
  for (let i = from; i < noted.length; i += 3) {
    known &&= marks[noted[i]!] !== 0;
    marks[noted[i]!] = 1;
  }
  return known;
}
