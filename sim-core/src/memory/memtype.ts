/**
 * Memory types and how EPT (or MTRR) and PAT types combine.
 *
 * Encodings are those of the PAT and of EPT leaf entries. Sources: Intel SDM volume 3, "Precedence of cache controls"
 * (table of effective memory types) and "Memory type used for translated guest-physical addresses".
 * Left out: combinations that the manual marks as to be avoided are taken as the table gives them.
 */

export const MEMTYPE = { UC: 0, WC: 1, WT: 4, WP: 5, WB: 6, 'UC-': 7 } as const;
export type MemtypeName = keyof typeof MEMTYPE;

const NAMES: readonly (MemtypeName | undefined)[] = ['UC', 'WC', undefined, undefined, 'WT', 'WP', 'WB', 'UC-'];

/** `WB` for 6; undefined for the reserved encodings. */
export function memtypeName(encoding: number): MemtypeName | undefined {
  return NAMES[encoding];
}

export function memtypeNamed(name: string): number | undefined {
  return (MEMTYPE as Readonly<Record<string, number>>)[name];
}

/** Does an access of this type look into the CPU's own cache? */
export function cacheable(type: number): boolean {
  return type === MEMTYPE.WB || type === MEMTYPE.WT || type === MEMTYPE.WP;
}

// Rows: type from EPT or MTRR. Columns: PAT type. The WP row is unverified: no recording shows it.
const COMBINED: Readonly<Record<string, Readonly<Record<MemtypeName, MemtypeName>>>> = {
  UC: { UC: 'UC', 'UC-': 'UC', WC: 'WC', WT: 'UC', WP: 'UC', WB: 'UC' },
  WC: { UC: 'UC', 'UC-': 'WC', WC: 'WC', WT: 'UC', WP: 'UC', WB: 'WC' },
  WT: { UC: 'UC', 'UC-': 'UC', WC: 'WC', WT: 'WT', WP: 'WP', WB: 'WT' },
  WP: { UC: 'UC', 'UC-': 'WC', WC: 'WC', WT: 'WT', WP: 'WP', WB: 'WP' },
  WB: { UC: 'UC', 'UC-': 'UC', WC: 'WC', WT: 'WT', WP: 'WP', WB: 'WB' },
};

const table = new Int32Array(64).fill(-1);
for (const [row, columns] of Object.entries(COMBINED)) {
  for (const [column, result] of Object.entries(columns)) {
    table[MEMTYPE[row as MemtypeName] * 8 + MEMTYPE[column as MemtypeName]] = MEMTYPE[result];
  }
}

/** The effective type of an EPT (or MTRR) type and a PAT type, all in their encodings. */
export function combine(outer: number, pat: number): number {
  const result = table[outer * 8 + pat]!;
  if (result < 0) throw new RangeError(`memory types ${outer} and ${pat} do not combine`);
  return result;
}

/** Overlapping MTRR ranges: UC wins, WB with WT is WT; what other mixes are is undefined in the manual, and `other` here. */
export function combineMtrrs(types: readonly number[], other: number): number {
  if (types.every((type) => type === types[0])) return types[0]!;
  if (types.includes(MEMTYPE.UC)) return MEMTYPE.UC;
  return types.every((type) => type === MEMTYPE.WB || type === MEMTYPE.WT) ? MEMTYPE.WT : other;
}
