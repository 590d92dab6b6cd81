/** Where fields are in the words of a packed state. */

import type { Symmetry } from '../reduce/symmetry.ts';
import { type Bundle, bitWidth, MAX_JOINT_WIDTH, maskOf } from './bundle.ts';
import type { PackedField, Packing } from './packing.ts';
import type { SlotValues } from './slot-values.ts';

export interface Arrangement {
  readonly fields: readonly PackedField[];
  readonly columnMasks: readonly number[];
  readonly words: number;
}

/** What is placed as one: a field, or one of the same kind for each CPU. */
interface Unit {
  readonly lanes: readonly (readonly number[])[];
  readonly width: number;
  readonly bundle: Bundle | undefined;
}

/**
 * The arrangement of the fewest words; of the same number, one that keeps what it can of the one before. In up to `most`
 * words, joint values have room to become more.
 */
export function arrange(
  slotValues: SlotValues,
  symmetry: Symmetry | undefined,
  bundles: readonly Bundle[],
  before: Packing | undefined,
  most: number,
): Arrangement {
  const cpus = symmetry?.cpus ?? 1;
  const tight = place(unitsOf(slotValues, symmetry, bundles, 1), cpus, undefined);
  if (bundles.length > 0) {
    for (const room of ROOMS) {
      const units = unitsOf(slotValues, symmetry, bundles, room);
      const roomy = [place(units, cpus, before), place(units, cpus, undefined)].find(
        ({ words }) => words <= Math.max(most, tight.words),
      );
      if (roomy) return roomy;
    }
  }
  const kept = before && place(unitsOf(slotValues, symmetry, bundles, 1), cpus, before);
  return kept && kept.words <= tight.words ? kept : tight;
}

/** Joint values that a bundle should have room for, as multiples of those that were met. */
const ROOMS = [8, 4, 2, 1.4];

function unitsOf(
  slotValues: SlotValues,
  symmetry: Symmetry | undefined,
  bundles: readonly Bundle[],
  room: number,
): Unit[] {
  const units: Unit[] = [];
  const placed = new Set<number>();
  const add = (lanes: Unit['lanes'], width: number, bundle?: Bundle): void => {
    units.push({ lanes, width, bundle });
    for (const lane of lanes) for (const slot of lane) placed.add(slot);
  };
  // A level of a decision tree has a branch for each number, so there is an end to room.
  for (const bundle of bundles)
    add(bundle.lanes, Math.max(bundle.width, Math.min(bitWidth(bundle.count * room), MAX_JOINT_WIDTH + 1)), bundle);
  for (const column of symmetry?.columns ?? []) {
    const first = column[0]!;
    if (!slotValues.varies(first) || placed.has(first)) continue;
    add(
      column.map((slot) => [slot]),
      slotValues.valuesOf(first).width,
    );
  }
  for (const slot of slotValues.varying) if (!placed.has(slot)) add([[slot]], slotValues.valuesOf(slot).width);
  return units;
}

/**
 * Columns of CPUs are at the same bits of neighbouring words, so that exchanging two CPUs is exchanging bits of words.
 * Rows of such words come first. The other slots fill what is left, wide ones first.
 */
function place(units: readonly Unit[], cpus: number, before: Packing | undefined): Arrangement {
  const used: number[] = [];
  const columnMasks: number[] = before ? [...before.columnMasks].fill(0) : [];
  const fields: PackedField[] = [];
  const put = ({ lanes, width, bundle }: Unit, word: number, shift: number): void => {
    for (const [lane, slots] of lanes.entries()) {
      while (used.length <= word + lane) used.push(0);
      used[word + lane] = (used[word + lane]! | (maskOf(width) << shift)) >>> 0;
      fields.push({ slots, word: word + lane, shift, width, bundle });
    }
  };
  const putColumn = (unit: Unit, row: number, shift: number): void => {
    columnMasks[row] = ((columnMasks[row] ?? 0) | (maskOf(unit.width) << shift)) >>> 0;
    put(unit, row * cpus, shift);
  };
  const stays = ({ lanes, width, bundle }: Unit): PackedField | undefined => {
    const field = before?.fieldOf(lanes[0]![0]!);
    return field?.width === width && field.bundle === bundle ? field : undefined;
  };
  const isColumn = (unit: Unit): boolean => unit.lanes.length > 1;
  for (const unit of units) {
    const field = stays(unit);
    if (!field) continue;
    if (isColumn(unit)) putColumn(unit, Math.floor(field.word / cpus), field.shift);
    else put(unit, field.word, field.shift);
  }
  const moving = units.filter((unit) => !stays(unit));
  for (const unit of moving.filter(isColumn)) {
    // A row that is there already can take it where all its words have room; otherwise a row is added after the rows.
    const rows = columnMasks.length;
    let row = 0;
    let shift = -1;
    for (; row < rows && shift < 0; row++) {
      let taken = 0;
      for (let cpu = 0; cpu < cpus; cpu++) taken |= used[row * cpus + cpu] ?? 0;
      shift = roomIn(taken, unit.width);
    }
    if (shift >= 0) putColumn(unit, row - 1, shift);
    else if (before) return { fields: [], columnMasks: [], words: Number.POSITIVE_INFINITY };
    else putColumn(unit, rows, 0);
  }
  const rest = moving.filter((unit) => !isColumn(unit)).sort((a, b) => b.width - a.width);
  for (const unit of rest) {
    let word = used.findIndex((taken) => roomIn(taken, unit.width) >= 0);
    if (word < 0) word = used.length;
    put(unit, word, word < used.length ? roomIn(used[word]!, unit.width) : 0);
  }
  return { fields, columnMasks, words: Math.max(1, used.length) };
}

/** The lowest place in a word where that many bits are free, or -1. */
function roomIn(taken: number, width: number): number {
  for (let shift = 0; shift + width <= 32; shift++) if ((taken & (maskOf(width) << shift)) === 0) return shift;
  return -1;
}
