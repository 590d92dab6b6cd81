/**
 * Guest MTRRs: which memory type they give a guest-physical page, per vCPU.
 *
 * The real thing: variable ranges (base, mask, type, valid), fixed ranges below 1 MiB, a default type with an enable
 * bit. KVM keeps what the guest writes and, up to v6.10, let it decide the type of EPT leaves while the VM has
 * non-coherent DMA.
 * Modelled: IA32_MTRR_DEF_TYPE, eight variable ranges, the overlap rules of each era, disabled MTRRs. The scenario
 * starts behind the firmware: MTRRs enabled, default WB. Fixed ranges are kept but decide nothing, because the
 * scenario's pages lie above 1 MiB.
 * Sources: Intel SDM volume 3, "Memory Type Range Registers (MTRRs)"; linux arch/x86/kvm/mtrr.c.
 */
import { MEMTYPE } from '../memory/memtype.ts';
import type { PageId, VcpuId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { ADDRESS_BASE, PAGE_BYTES } from '../topology.ts';
import type { WorldBase } from '../world.ts';

export const VARIABLE_RANGES = 8;
const MASK_VALID = 0x800n;
const DEF_TYPE_ENABLE = 0x800n;
const ADDRESS_BITS = 0xf_ffff_ffff_f000n;
/** The default of the scenario's firmware: enabled, WB. */
const FIRMWARE_DEF_TYPE = DEF_TYPE_ENABLE | BigInt(MEMTYPE.WB);

export interface Mtrr {
  /** Per vCPU: IA32_MTRR_DEF_TYPE, interned + 1; 0 is the firmware's value. */
  readonly defType: Field;
  readonly base: Field;
  readonly mask: Field;
  /** The type of a page. */
  typeOf(machine: Machine, vcpu: VcpuId, page: PageId): number;
  enabled(machine: Machine, vcpu: VcpuId): boolean;
  writeDefType(machine: Machine, vcpu: VcpuId, value: bigint): void;
  /** Writes PHYSBASE or PHYSMASK of a range. */
  writeRange(machine: Machine, vcpu: VcpuId, range: number, part: 'base' | 'mask', value: bigint): void;
  /** Does a page lie in a variable range, valid or not? */
  inRange(machine: Machine, vcpu: VcpuId, range: number, page: PageId): boolean;
  forget(machine: Machine, vcpu: VcpuId): void;
}

export function createMtrr(world: WorldBase): Mtrr {
  const { layout, dims, kernel, wide } = world;
  const defType = layout.field('mtrrDefType', [dims.vcpus]);
  const base = layout.field('mtrrPhysBase', [dims.vcpus, VARIABLE_RANGES]);
  const mask = layout.field('mtrrPhysMask', [dims.vcpus, VARIABLE_RANGES]);

  const read = (machine: Machine, slot: number, fallback: bigint): bigint => {
    const index = machine.state[slot] as number;
    return index === 0 ? fallback : wide.value(index - 1);
  };
  const write = (machine: Machine, slot: number, value: bigint, fallback: bigint): void => {
    machine.put(slot, value === fallback ? 0 : wide.intern(value) + 1);
  };
  const defTypeOf = (machine: Machine, vcpu: VcpuId): bigint => read(machine, defType.base + vcpu, FIRMWARE_DEF_TYPE);
  const rangeSlot = (field: Field, vcpu: VcpuId, range: number): number => field.base + vcpu * VARIABLE_RANGES + range;
  const addressOf = (page: PageId): bigint => ADDRESS_BASE + BigInt(page) * PAGE_BYTES;

  // linux: arch/x86/kvm/mtrr.c: disabled MTRRs mean UC from v4.2 on, unless the guest has none; before, WB.
  function disabledType(): number {
    if (!kernel.has('mtrr-disabled-is-uc')) return MEMTYPE.WB;
    return !world.topology.cpu.guestMtrr && kernel.has('mtrr-disabled-asks-cpuid') ? MEMTYPE.WB : MEMTYPE.UC;
  }

  function covers(machine: Machine, vcpu: VcpuId, range: number, page: PageId): boolean {
    const bits = read(machine, rangeSlot(mask, vcpu, range), 0n) & ADDRESS_BITS;
    if (bits === 0n) return false;
    return (addressOf(page) & bits) === (read(machine, rangeSlot(base, vcpu, range), 0n) & bits);
  }

  function typesOver(machine: Machine, vcpu: VcpuId, page: PageId): number[] {
    const types: number[] = [];
    for (let range = 0; range < VARIABLE_RANGES; range++) {
      if ((read(machine, rangeSlot(mask, vcpu, range), 0n) & MASK_VALID) === 0n) continue;
      if (covers(machine, vcpu, range, page)) types.push(Number(read(machine, rangeSlot(base, vcpu, range), 0n) & 7n));
    }
    return types;
  }

  /** Overlapping ranges: UC wins, WB with WT is WT; other mixes are undefined in the manual, and kernels differ. */
  function overlap(types: readonly number[]): number {
    if (types.every((type) => type === types[0])) return types[0] as number;
    if (types.includes(MEMTYPE.UC)) return MEMTYPE.UC;
    if (types.every((type) => type === MEMTYPE.WB || type === MEMTYPE.WT)) return MEMTYPE.WT;
    return kernel.has('mtrr-disabled-is-uc') ? MEMTYPE.WB : (types[0] as number);
  }

  return {
    defType,
    base,
    mask,

    enabled: (machine, vcpu) => (defTypeOf(machine, vcpu) & DEF_TYPE_ENABLE) !== 0n,

    typeOf(machine, vcpu, page) {
      const def = defTypeOf(machine, vcpu);
      if ((def & DEF_TYPE_ENABLE) === 0n) return disabledType();
      const types = typesOver(machine, vcpu, page);
      return types.length > 0 ? overlap(types) : Number(def & 7n);
    },

    writeDefType: (machine, vcpu, value) => write(machine, defType.base + vcpu, value, FIRMWARE_DEF_TYPE),
    writeRange: (machine, vcpu, range, part, value) =>
      write(machine, rangeSlot(part === 'base' ? base : mask, vcpu, range), value, 0n),
    inRange: covers,

    forget(machine, vcpu) {
      machine.put(defType.base + vcpu, 0);
      for (let range = 0; range < VARIABLE_RANGES; range++) {
        machine.put(rangeSlot(base, vcpu, range), 0);
        machine.put(rangeSlot(mask, vcpu, range), 0);
      }
    },
  };
}
