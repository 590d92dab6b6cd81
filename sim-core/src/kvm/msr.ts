/** Model-specific registers that decide memory types: names, numbers, and which values a CPU takes. Source: Intel SDM. */
import { MEMTYPE } from '../memory/memtype.ts';

export const VARIABLE_RANGES = 8;
export const DEF_TYPE = 0x2ff;
export const PAT = 0x277;
const PHYSBASE0 = 0x200;

/** The fixed ranges below 1 MiB: each register has eight of the same size. */
export const FIXED_RANGES: readonly {
  readonly msr: number;
  readonly name: string;
  readonly start: number;
  readonly each: number;
}[] = [
  { msr: 0x250, name: 'IA32_MTRR_FIX64K_00000', start: 0, each: 0x1_0000 },
  { msr: 0x258, name: 'IA32_MTRR_FIX16K_80000', start: 0x8_0000, each: 0x4000 },
  { msr: 0x259, name: 'IA32_MTRR_FIX16K_A0000', start: 0xa_0000, each: 0x4000 },
  ...Array.from({ length: 8 }, (_, i) => ({
    msr: 0x268 + i,
    name: `IA32_MTRR_FIX4K_${(0xc_0000 + i * 0x8000).toString(16).toUpperCase()}`,
    start: 0xc_0000 + i * 0x8000,
    each: 0x1000,
  })),
];

/** By name, in the order of their numbers. */
export const MSR_NUMBERS: ReadonlyMap<string, number> = new Map([
  ...Array.from({ length: VARIABLE_RANGES }, (_, i): [string, number][] => [
    [`IA32_MTRR_PHYSBASE${i}`, PHYSBASE0 + 2 * i],
    [`IA32_MTRR_PHYSMASK${i}`, PHYSBASE0 + 2 * i + 1],
  ]).flat(),
  ...FIXED_RANGES.map(({ name, msr }): [string, number] => [name, msr]),
  ['IA32_PAT', PAT],
  ['IA32_MTRR_DEF_TYPE', DEF_TYPE],
]);

/** By number. */
export const MSR_NAMES: ReadonlyMap<number, string> = new Map([...MSR_NUMBERS].map(([name, number]) => [number, name]));

/** Which variable range a register belongs to. */
export function variableRange(msr: number): { readonly range: number; readonly part: 'base' | 'mask' } | undefined {
  const index = msr - PHYSBASE0;
  if (index < 0 || index >= 2 * VARIABLE_RANGES) return undefined;
  return { range: index >> 1, part: (index & 1) === 0 ? 'base' : 'mask' };
}

const MTRR_TYPES: ReadonlySet<number> = new Set([MEMTYPE.UC, MEMTYPE.WC, MEMTYPE.WT, MEMTYPE.WP, MEMTYPE.WB]);
const PAT_TYPES: ReadonlySet<number> = new Set([...MTRR_TYPES, MEMTYPE['UC-']]);
const DEF_TYPE_RESERVED = ~0xcffn;
const BASE_RESERVED = 0xf00n;
const MASK_RESERVED = 0x7ffn;

/**
 * What is wrong with a value, for a guest with addresses of so many bits; undefined when the register takes it. Without
 * `reserved`, as KVM up to v3.17: reserved bits of variable MTRRs are taken, and a mask has a memory type, too.
 */
export function msrProblem(msr: number, value: bigint, addressBits: number, reserved = true): string | undefined {
  const bytes = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
  const type = bytes[0]!;
  if (msr === PAT) return reservedType(bytes, PAT_TYPES);
  if (msr === DEF_TYPE) return (value & DEF_TYPE_RESERVED) !== 0n ? 'reserved bits' : reservedType([type], MTRR_TYPES);
  if (FIXED_RANGES.some((fixed) => fixed.msr === msr)) return reservedType(bytes, MTRR_TYPES);
  const variable = variableRange(msr);
  if (variable === undefined) return 'no such register';
  if (!reserved) return reservedType([type], MTRR_TYPES);
  const high = value >> BigInt(addressBits) !== 0n;
  if (variable.part === 'mask') return high || (value & MASK_RESERVED) !== 0n ? 'reserved bits' : undefined;
  return reservedType([type], MTRR_TYPES) ?? (high || (value & BASE_RESERVED) !== 0n ? 'reserved bits' : undefined);
}

function reservedType(types: readonly number[], allowed: ReadonlySet<number>): string | undefined {
  const wrong = types.find((type) => !allowed.has(type));
  return wrong === undefined ? undefined : `memory type ${wrong} is reserved`;
}
