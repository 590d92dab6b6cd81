/** The one packed state that represents all that renaming CPUs makes of it: the least in the order of its columns. */

import { maskOf } from '../states/bundle.ts';
import type { Packing } from '../states/packing.ts';
import type { Symmetry } from './symmetry.ts';

/** True when it renamed CPUs. */
export type Canonical = (words: Uint32Array, at: number) => boolean;

interface PackedReference {
  readonly word: number;
  readonly shift: number;
  readonly mask: number;
  /** Per renaming: what the number of a value becomes. */
  readonly codeOf: readonly Uint16Array[];
}

/** What a canonical form depends on, as data. */
export interface CanonicalTables {
  readonly cpus: number;
  readonly words: number;
  /** Per row of words: the bits that are the column of a CPU. */
  readonly columnMasks: readonly number[];
  readonly references: readonly PackedReference[];
  /** Renamings but the identity: CPU p becomes CPU `renamings[i][p]`. */
  readonly renamings: readonly (readonly number[])[];
}

export function canonicalTables(
  symmetry: Symmetry,
  packing: Packing,
  values: (slot: number) => readonly number[],
): CanonicalTables {
  const references = symmetry.references.flatMap(({ slot, rename }): PackedReference[] => {
    const field = packing.fieldOf(slot);
    if (!field) return [];
    const codeOf = symmetry.renamings.map(({ cpuOf }) =>
      Uint16Array.from(values(slot), (value) => packing.code(slot, rename(cpuOf, value))),
    );
    return [{ word: field.word, shift: field.shift, mask: maskOf(field.width), codeOf }];
  });
  return {
    cpus: symmetry.cpus,
    words: packing.words,
    columnMasks: packing.columnMasks,
    references,
    renamings: symmetry.renamings.map((r) => r.cpuOf),
  };
}

export function canonicalOf(tables: CanonicalTables): Canonical {
  return tables.cpus === 2 ? canonicalOfTwo(tables) : canonicalOfMany(tables);
}

function renameReferences(
  references: readonly PackedReference[],
  renaming: number,
  words: Uint32Array,
  at: number,
): void {
  for (let i = 0; i < references.length; i++) {
    const { word, shift, mask, codeOf } = references[i]!;
    const old = words[at + word]!;
    const code = codeOf[renaming]![(old >>> shift) & mask]!;
    words[at + word] = (old & ~(mask << shift)) | (code << shift);
  }
}

/** Two CPUs: the columns decide, and where they are equal, the references. */
function canonicalOfTwo({ columnMasks, references }: CanonicalTables): Canonical {
  const masks = Uint32Array.from(columnMasks);
  const rows = masks.length;
  const exchange: Canonical = (words, at) => {
    for (let row = 0; row < rows; row++) {
      const place = at + 2 * row;
      const difference = (words[place]! ^ words[place + 1]!) & masks[row]!;
      words[place] = words[place]! ^ difference;
      words[place + 1] = words[place + 1]! ^ difference;
    }
    renameReferences(references, 0, words, at);
    return true;
  };
  return (words, at) => {
    for (let row = 0; row < rows; row++) {
      const mask = masks[row]!;
      const first = (words[at + 2 * row]! & mask) >>> 0;
      const second = (words[at + 2 * row + 1]! & mask) >>> 0;
      if (first < second) return false;
      if (first > second) return exchange(words, at);
    }
    for (let i = 0; i < references.length; i++) {
      const { word, shift, mask, codeOf } = references[i]!;
      const code = (words[at + word]! >>> shift) & mask;
      const other = codeOf[0]![code]!;
      if (code < other) return false;
      if (code > other) return exchange(words, at);
    }
    return false;
  };
}

/** More CPUs: every renaming is tried. */
function canonicalOfMany({ cpus, renamings, columnMasks, words: size, references }: CanonicalTables): Canonical {
  const masks = Uint32Array.from(columnMasks);
  const original = new Uint32Array(size);
  const candidate = new Uint32Array(size);
  const compare = (a: Uint32Array, b: Uint32Array, bAt: number): number => {
    for (let row = 0; row < masks.length; row++) {
      for (let cpu = 0; cpu < cpus; cpu++) {
        const mask = masks[row]!;
        const x = (a[row * cpus + cpu]! & mask) >>> 0;
        const y = (b[bAt + row * cpus + cpu]! & mask) >>> 0;
        if (x !== y) return x - y;
      }
    }
    for (const { word, shift, mask } of references) {
      const difference = ((a[word]! >>> shift) & mask) - ((b[bAt + word]! >>> shift) & mask);
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return (words, at) => {
    let renamed = false;
    for (let i = 0; i < size; i++) original[i] = words[at + i]!;
    for (let renaming = 0; renaming < renamings.length; renaming++) {
      const cpuOf = renamings[renaming]!;
      candidate.set(original);
      for (let row = 0; row < masks.length; row++) {
        const mask = masks[row]!;
        for (let cpu = 0; cpu < cpus; cpu++) {
          const to = row * cpus + cpuOf[cpu]!;
          candidate[to] = (original[to]! & ~mask) | (original[row * cpus + cpu]! & mask);
        }
      }
      renameReferences(references, renaming, candidate, 0);
      if (compare(candidate, words, at) >= 0) continue;
      renamed = true;
      for (let i = 0; i < size; i++) words[at + i] = candidate[i]!;
    }
    return renamed;
  };
}
