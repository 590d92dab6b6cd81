/**
 * Guest MTRRs: which memory type they give a guest-physical page, per vCPU.
 *
 * The real thing: variable ranges (base, mask, type, valid), fixed ranges below 1 MiB, a default type with two enable
 * bits. KVM keeps what the guest or the VMM writes and, up to v6.10, let it decide the type of EPT leaves while the VM has
 * non-coherent DMA. It treats a variable range as contiguous, looks at the ranges from the highest base
 * down, and so gives WB where a UC range is above the base of a WB range that covers it too (model finding: the manual
 * says UC).
 * Modelled: all MTRRs, their reset state, the overlap rules of each era, disabled MTRRs. With `firmware=on` a vCPU starts
 * after the firmware: MTRRs enabled, WB everywhere.
 * Left out: v4.2 and v4.3 look fixed ranges up in the wrong table row (a7f2d7865720 fixes it); they are taken as fixed.
 * Sources: Intel SDM volume 3, "Memory Type Range Registers (MTRRs)"; linux arch/x86/kvm/mtrr.c.
 */
import { combineMtrrs, MEMTYPE } from '../memory/memtype.ts';
import type { PageId, VcpuId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { PAGE_BYTES } from '../topology.ts';
import type { WorldBase } from '../world.ts';
import { DEF_TYPE, FIXED_RANGES, VARIABLE_RANGES, variableRange } from './msr.ts';

const MASK_VALID = 0x800n;
const ENABLE = 0x800n;
const ENABLE_FIXED = 0x400n;
const FIXED_END = 0x10_0000n;
const TYPE_BITS = 0xffn;
const PAGE_BITS = ~0xfffn;
const ALL_BITS = (1n << 64n) - 1n;
/** The default of the scenario's firmware: enabled, WB. */
const FIRMWARE_DEF_TYPE = ENABLE | BigInt(MEMTYPE.WB);
const FIRMWARE_FIXED = 0x0606_0606_0606_0606n;

/** A state that may belong to no machine: a cursor's, one of the past. */
type Readable = Pick<Machine, 'state'>;

/** Addresses from `start` to before `end`. */
export interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

export interface Mtrr {
  /** Per vCPU: IA32_MTRR_DEF_TYPE, interned + 1; 0 is the firmware's value. */
  readonly defType: Field;
  readonly base: Field;
  /** Per vCPU and range: PHYSMASK, interned + 1; 0 while it was never written. */
  readonly mask: Field;
  readonly fixed: Field;
  /** The type that KVM takes for a page. */
  typeOf(machine: Readable, vcpu: VcpuId, page: PageId): number;
  /** The type that a page has on a machine without KVM. */
  bareType(machine: Readable, vcpu: VcpuId, page: PageId): number;
  /** Have all addresses of a range one type, so that one large leaf may cover it? */
  uniform(machine: Machine, vcpu: VcpuId, range: AddressRange): boolean;
  read(machine: Machine, vcpu: VcpuId, msr: number): bigint;
  write(machine: Machine, vcpu: VcpuId, msr: number, value: bigint): void;
  /** Which addresses a write to a register may have changed; undefined when none. The end may lie before the start. */
  affected(machine: Machine, vcpu: VcpuId, msr: number): AddressRange | undefined;
  /** As a new vCPU is: MTRRs disabled. */
  reset(machine: Machine, vcpu: VcpuId): void;
  forget(machine: Machine, vcpu: VcpuId): void;
}

export function createMtrr(world: WorldBase): Mtrr {
  const { layout, dims, kernel, wide, topology } = world;
  const defType = layout.field('mtrrDefType', [dims.vcpus]);
  const base = layout.field('mtrrPhysBase', [dims.vcpus, VARIABLE_RANGES]);
  const mask = layout.field('mtrrPhysMask', [dims.vcpus, VARIABLE_RANGES]);
  const fixed = layout.field('mtrrFixed', [dims.vcpus, FIXED_RANGES.length]);
  const aboveAddress = ALL_BITS ^ ((1n << BigInt(topology.cpu.physicalAddressBits)) - 1n);
  const { guestMtrr } = topology.cpu;

  const value = (m: Readable, slot: number, fallback: bigint): bigint => {
    const index = m.state[slot]!;
    return index === 0 ? fallback : wide.value(index - 1);
  };
  const defTypeOf = (m: Readable, vcpu: VcpuId): bigint => value(m, defType.base + vcpu, FIRMWARE_DEF_TYPE);
  const rangeSlot = (field: Field, vcpu: VcpuId, range: number): number => field.base + vcpu * VARIABLE_RANGES + range;
  const pageRange = (page: PageId): AddressRange => {
    const start = topology.pages[page]!.address;
    return { start, end: start + PAGE_BYTES };
  };

  /** The slot of a register, and what it holds while it was never written. */
  function slotOf(vcpu: VcpuId, msr: number): { readonly slot: number; readonly fallback: bigint } {
    if (msr === DEF_TYPE) return { slot: defType.base + vcpu, fallback: FIRMWARE_DEF_TYPE };
    const variable = variableRange(msr);
    if (variable)
      return { slot: rangeSlot(variable.part === 'base' ? base : mask, vcpu, variable.range), fallback: 0n };
    const index = FIXED_RANGES.findIndex((one) => one.msr === msr);
    return { slot: fixed.base + vcpu * FIXED_RANGES.length + index, fallback: FIRMWARE_FIXED };
  }

  /** linux: arch/x86/kvm/mtrr.c var_mtrr_range(): one stretch of addresses, whatever the mask looks like. */
  function stretch(m: Readable, vcpu: VcpuId, range: number): AddressRange {
    const start = value(m, rangeSlot(base, vcpu, range), 0n) & PAGE_BITS;
    const slot = rangeSlot(mask, vcpu, range);
    const never = m.state[slot] === 0 && kernel.has('mtrr-mask-of-guest-width');
    const bits = never ? 0n : (value(m, slot, 0n) & PAGE_BITS) | aboveAddress;
    return { start, end: ((start | (ALL_BITS ^ bits)) + 1n) & ALL_BITS };
  }

  /** Valid ranges that have a part of `wanted`, in the order in which KVM keeps them: highest base first. */
  function rangesOver(m: Readable, vcpu: VcpuId, wanted: AddressRange): (AddressRange & { readonly base: bigint })[] {
    const found: (AddressRange & { readonly base: bigint })[] = [];
    for (let range = 0; range < VARIABLE_RANGES; range++) {
      const slot = rangeSlot(mask, vcpu, range);
      if (m.state[slot] === 0 || (value(m, slot, 0n) & MASK_VALID) === 0n) continue;
      const one = stretch(m, vcpu, range);
      if (one.start < wanted.end && one.end > wanted.start)
        found.push({ ...one, base: value(m, rangeSlot(base, vcpu, range), 0n) });
    }
    return found.sort((a, b) => (a.base === b.base ? 0 : a.base > b.base ? -1 : 1));
  }

  /** The bases of the valid ranges that have an address, as hardware compares it: a mask may have holes. */
  function matching(m: Readable, vcpu: VcpuId, address: bigint): bigint[] {
    const found: bigint[] = [];
    for (let range = 0; range < VARIABLE_RANGES; range++) {
      const slot = rangeSlot(mask, vcpu, range);
      if (m.state[slot] === 0) continue;
      const bits = value(m, slot, 0n);
      if ((bits & MASK_VALID) === 0n) continue;
      const first = value(m, rangeSlot(base, vcpu, range), 0n);
      if (((address ^ first) & bits & PAGE_BITS & ~aboveAddress) === 0n) found.push(first);
    }
    return found;
  }

  const typeBits = (bits: bigint): number => Number(bits & TYPE_BITS);

  /** The fixed range of an address below 1 MiB: its type, and where it ends. */
  function fixedAt(m: Readable, vcpu: VcpuId, address: bigint): { readonly type: number; readonly end: bigint } {
    const at = Number(address);
    const index = FIXED_RANGES.findIndex(({ start, each }) => at < start + 8 * each);
    const { start, each } = FIXED_RANGES[index]!;
    const byte = Math.trunc((at - start) / each);
    const all = value(m, fixed.base + vcpu * FIXED_RANGES.length + index, FIRMWARE_FIXED);
    return { type: typeBits(all >> BigInt(8 * byte)), end: BigInt(start + (byte + 1) * each) };
  }

  // linux: arch/x86/kvm/mtrr.c mtrr_disabled_type(): UC from v4.2 on, unless the guest has no MTRRs; before, WB.
  function disabledType(): number {
    if (!kernel.has('mtrr-disabled-is-uc')) return MEMTYPE.WB;
    return !guestMtrr && kernel.has('mtrr-disabled-asks-cpuid') ? MEMTYPE.WB : MEMTYPE.UC;
  }

  /** Overlapping ranges, in the order of `rangesOver`: the first unlike pair that the rules do not know is WB. */
  function overlapType(types: readonly number[]): number {
    let type = types[0]!;
    for (const next of types.slice(1)) {
      if (next === type) continue;
      if (next === MEMTYPE.UC) return MEMTYPE.UC;
      const backOrThrough = (one: number): boolean => one === MEMTYPE.WB || one === MEMTYPE.WT;
      if (!backOrThrough(type) || !backOrThrough(next)) return MEMTYPE.WB;
      type = MEMTYPE.WT;
    }
    return type;
  }

  // linux: arch/x86/kvm/mmu.c of v3.13 get_mtrr_type()
  function typeBefore42(m: Readable, vcpu: VcpuId, page: PageId): number {
    const def = defTypeOf(m, vcpu);
    if ((def & (ENABLE | ENABLE_FIXED)) === 0n) return disabledType();
    const wanted = pageRange(page);
    if (wanted.start < FIXED_END) return fixedAt(m, vcpu, wanted.start).type;
    if ((def & ENABLE) === 0n) return typeBits(def);
    const types = rangesOver(m, vcpu, wanted).map((one) => typeBits(one.base));
    return types.length === 0 ? typeBits(def) : combineMtrrs(types, types[0]!);
  }

  function typeOf(m: Readable, vcpu: VcpuId, page: PageId): number {
    if (!kernel.has('mtrr-disabled-is-uc')) return typeBefore42(m, vcpu, page);
    const def = defTypeOf(m, vcpu);
    if ((def & ENABLE) === 0n) return disabledType();
    const wanted = pageRange(page);
    if ((def & ENABLE_FIXED) !== 0n && wanted.start < FIXED_END) return fixedAt(m, vcpu, wanted.start).type;
    const types = rangesOver(m, vcpu, wanted).map((one) => typeBits(one.base));
    return types.length === 0 ? typeBits(def) : overlapType(types);
  }

  /** The types that a range of addresses meets, and whether some of it has the default type. */
  function typesIn(m: Machine, vcpu: VcpuId, range: AddressRange): { types: number[]; partial: boolean } {
    const types: number[] = [];
    let { start } = range;
    if ((defTypeOf(m, vcpu) & ENABLE_FIXED) !== 0n) {
      while (start < FIXED_END && start < range.end) {
        const one = fixedAt(m, vcpu, start);
        types.push(one.type);
        start = one.end;
      }
      if (start >= range.end) return { types, partial: false };
    }
    let covered = range.start;
    let partial = false;
    for (const one of rangesOver(m, vcpu, range)) {
      types.push(typeBits(one.base));
      partial ||= covered < one.start;
      if (one.end > covered) covered = one.end;
    }
    return { types, partial: partial || covered < range.end };
  }

  return {
    defType,
    base,
    mask,
    fixed,
    typeOf,

    bareType(m, vcpu, page) {
      const def = defTypeOf(m, vcpu);
      if ((def & ENABLE) === 0n) return guestMtrr ? MEMTYPE.UC : MEMTYPE.WB;
      const wanted = pageRange(page);
      if ((def & ENABLE_FIXED) !== 0n && wanted.start < FIXED_END) return fixedAt(m, vcpu, wanted.start).type;
      const types = matching(m, vcpu, wanted.start).map(typeBits);
      return types.length === 0 ? typeBits(def) : combineMtrrs(types, MEMTYPE.UC);
    },

    // linux: arch/x86/kvm/mtrr.c kvm_mtrr_check_gfn_range_consistency()
    uniform(m, vcpu, range) {
      const def = defTypeOf(m, vcpu);
      if ((def & ENABLE) === 0n) return true;
      const { types, partial } = typesIn(m, vcpu, range);
      const [first] = types;
      if (first === undefined) return true;
      return types.every((type) => type === first) && (!partial || first === typeBits(def));
    },

    read(m, vcpu, msr) {
      const { slot, fallback } = slotOf(vcpu, msr);
      return value(m, slot, fallback);
    },

    write(m, vcpu, msr, bits) {
      const { slot } = slotOf(vcpu, msr);
      m.put(slot, msr === DEF_TYPE && bits === FIRMWARE_DEF_TYPE ? 0 : wide.intern(bits) + 1);
    },

    // linux: arch/x86/kvm/mtrr.c update_mtrr()
    affected(m, vcpu, msr) {
      if (msr === DEF_TYPE) return { start: 0n, end: ALL_BITS };
      const def = defTypeOf(m, vcpu);
      if ((def & ENABLE) === 0n) return undefined;
      const variable = variableRange(msr);
      if (variable) return stretch(m, vcpu, variable.range);
      if ((def & ENABLE_FIXED) === 0n) return undefined;
      const { start, each } = FIXED_RANGES.find((one) => one.msr === msr)!;
      return { start: BigInt(start), end: BigInt(start + 8 * each) };
    },

    reset(m, vcpu) {
      m.put(defType.base + vcpu, wide.intern(0n) + 1);
      for (let i = 0; i < FIXED_RANGES.length; i++)
        m.put(fixed.base + vcpu * FIXED_RANGES.length + i, wide.intern(0n) + 1);
    },

    forget(m, vcpu) {
      m.put(defType.base + vcpu, 0);
      for (let range = 0; range < VARIABLE_RANGES; range++) {
        m.put(rangeSlot(base, vcpu, range), 0);
        m.put(rangeSlot(mask, vcpu, range), 0);
      }
      for (let i = 0; i < FIXED_RANGES.length; i++) m.put(fixed.base + vcpu * FIXED_RANGES.length + i, 0);
    },
  };
}
