/**
 * What was learned, in the form that the search runs on: for each move a decision tree over bits of the packed state,
 * and for each leaf the bits to clear and to set. All in flat arrays; walking a tree costs some nanoseconds a level.
 *
 * Slots that do not vary have no bits and no level. When the packing changes, everything is compiled again.
 */
import type { Branching, Leaf, Learner } from './learner.ts';
import { maskOf, type Packing } from './packing.ts';

/** What a tree may answer besides the number of a leaf (2 and more) as its complement. */
export const UNKNOWN = 0;
export const DISABLED = -1;
const FIRST_LEAF = -2;

export function leafOf(answer: number): number {
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
  /** Per leaf: words to clear bits with (and), then words to set bits with (or). */
  effects = new Uint32Array(1 << 10);
  /** Per leaf: the bits that it reads or writes. */
  footprints = new Uint32Array(1 << 9);
  /** Per leaf: 1 when it has findings or a limit. */
  remarkable = new Uint8Array(1 << 8);
  #length = 1;
  readonly #packing: Packing;
  readonly #words: number;

  constructor(packing: Packing, learner: Learner) {
    this.#packing = packing;
    this.#words = packing.words;
    this.roots = new Int32Array(learner.trees.length);
    for (const leaf of learner.leaves) this.#effect(leaf);
    learner.trees.forEach((tree, move) => {
      this.roots[move] = tree ? this.#compile(tree) : UNKNOWN;
    });
  }

  get bytes(): number {
    return this.nodes.byteLength + this.effects.byteLength + this.footprints.byteLength + this.remarkable.byteLength;
  }

  /** Enters a leaf that was learned since. Its writes must be expressible in the packing. */
  add(leaf: Leaf): void {
    this.#effect(leaf);
    let place = -1;
    let at = this.roots[leaf.move] as number;
    for (const { slot, value } of leaf.reads) {
      const field = this.#packing.fieldOf(slot);
      if (!field) continue;
      if (at === UNKNOWN) {
        at = this.#node(slot);
        this.#link(leaf.move, place, at);
      }
      place = at + 1 + this.#packing.code(slot, value);
      at = this.nodes[place] as number;
    }
    this.#link(leaf.move, place, answerOf(leaf));
  }

  #link(move: number, place: number, to: number): void {
    if (place < 0) this.roots[move] = to;
    else this.nodes[place] = to;
  }

  #compile(tree: Branching | Leaf): number {
    if (!('branches' in tree)) return answerOf(tree);
    if (!this.#packing.fieldOf(tree.slot)) {
      // The slot has one value, so there is one branch.
      const only = tree.branches.values().next().value;
      return only ? this.#compile(only) : UNKNOWN;
    }
    const node = this.#node(tree.slot);
    for (const [value, branch] of tree.branches) {
      const child = this.#compile(branch);
      this.nodes[node + 1 + this.#packing.code(tree.slot, value)] = child;
    }
    return node;
  }

  #node(slot: number): number {
    const field = this.#packing.fieldOf(slot);
    if (!field) throw new Error(`slot ${slot} does not vary`);
    const size = 1 + 2 ** field.width;
    while (this.#length + size > this.nodes.length) {
      const larger = new Int32Array(this.nodes.length * 2);
      larger.set(this.nodes);
      this.nodes = larger;
    }
    const at = this.#length;
    this.#length += size;
    this.nodes[at] = field.word | (field.shift << 8) | (maskOf(field.width) << 13);
    return at;
  }

  #effect(leaf: Leaf): void {
    const words = this.#words;
    const at = leaf.index * 2 * words;
    while (at + 2 * words > this.effects.length) {
      const larger = new Uint32Array(this.effects.length * 2);
      larger.set(this.effects);
      this.effects = larger;
      const footprints = new Uint32Array(larger.length / 2);
      footprints.set(this.footprints);
      this.footprints = footprints;
    }
    if (leaf.index >= this.remarkable.length) {
      const larger = new Uint8Array(this.remarkable.length * 2);
      larger.set(this.remarkable);
      this.remarkable = larger;
    }
    this.remarkable[leaf.index] = leaf.findings.length > 0 || leaf.limit !== undefined ? 1 : 0;
    for (let i = 0; i < words; i++) {
      this.effects[at + i] = 0xffffffff;
      this.effects[at + words + i] = 0;
    }
    for (const { slot } of [...leaf.reads, ...leaf.writes]) {
      const field = this.#packing.fieldOf(slot);
      if (!field) continue;
      const place = leaf.index * words + field.word;
      this.footprints[place] = (this.footprints[place] as number) | (maskOf(field.width) << field.shift);
    }
    for (const { slot, value } of leaf.writes) {
      const field = this.#packing.fieldOf(slot);
      // What is always written with the one value that it always has.
      if (!field) continue;
      const { word, shift, width } = field;
      this.effects[at + word] = (this.effects[at + word] as number) & ~(maskOf(width) << shift);
      this.effects[at + words + word] =
        (this.effects[at + words + word] as number) | (this.#packing.code(slot, value) << shift);
    }
  }
}

function answerOf(leaf: Leaf): number {
  return leaf.enabled || leaf.limit !== undefined ? FIRST_LEAF - leaf.index : DISABLED;
}
