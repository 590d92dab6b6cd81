/**
 * Quirks of KVM on x86: behaviour that is wrong or odd and kept, until user space disables it.
 *
 * KVM_CAP_DISABLE_QUIRKS2 says which can be disabled on this kernel and CPU, and refuses others;
 * KVM_CAP_DISABLE_QUIRKS takes anything. From v6.16 on a quirk that cannot matter on the CPU starts switched off.
 * Source: linux arch/x86/include/uapi/asm/kvm.h, arch/x86/kvm/x86.c.
 */
import type { ChangeId } from '../kernel/changes.ts';
import type { VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';

export const QUIRK = { cdNwCleared: 2, slotZapAll: 0x80, ignoreGuestPat: 0x200 } as const;
/** LINT0_REENABLED, CD_NW_CLEARED, LAPIC_MMIO_HOLE, OUT_7E_INC_RIP, MISC_ENABLE_NO_MWAIT: there from the start. */
const QUIRKS_FIRST = 0x1f;
const QUIRKS_SINCE: readonly (readonly [change: ChangeId, quirk: number])[] = [
  ['quirk-fix-hypercall-insn', 0x20],
  ['quirk-mwait-never-ud-faults', 0x40],
  ['quirk-slot-zap-all', QUIRK.slotZapAll],
  ['quirk-stuff-feature-msrs', 0x100],
  ['guest-pat-quirk', QUIRK.ignoreGuestPat],
  ['quirk-vmcs12-freeze-in-smm', 0x400],
  ['quirk-nested-svm-shared-pat', 0x800],
];

export interface Quirks {
  /** Per VM: `arch.disabled_quirks`. */
  readonly disabled: Field;
  /** What KVM_CHECK_EXTENSION answers for KVM_CAP_DISABLE_QUIRKS2; 0 where it does not exist. */
  answer(): number;
  /** Disables quirks, as KVM_ENABLE_CAP does. False when KVM_CAP_DISABLE_QUIRKS2 refuses them. */
  disable(machine: Machine, vm: VmId, quirks: bigint, strict: boolean): boolean;
  has(machine: Machine, vm: VmId, quirk: number): boolean;
  hasIn(state: Int32Array, vm: VmId, quirk: number): boolean;
}

export function createQuirks({ layout, topology, dims, kernel }: WorldBase): Quirks {
  const disabled = layout.field('disabledQuirks', [dims.vms]);
  const { vendor, selfSnoop, twoDimensionalPaging } = topology.cpu;
  const intel = vendor === 'intel';
  const known = (): number =>
    QUIRKS_SINCE.reduce((mask, [change, quirk]) => mask | (kernel.has(change) ? quirk : 0), QUIRKS_FIRST);
  // linux: arch/x86/kvm/x86.c kvm_x86_vendor_init(), vmx/vmx.c vmx_hardware_setup(): without EPT or NPT, or on Intel without
  // self-snoop, the guest PAT is ignored for good.
  const patFixed = !twoDimensionalPaging || (intel && !selfSnoop);
  const supported = (): number => (patFixed ? known() & ~QUIRK.ignoreGuestPat : known());
  // linux: arch/x86/kvm/x86.c kvm_arch_init_vm(): inapplicable_quirks & supported_quirks
  const startsDisabled = (): number =>
    kernel.has('guest-pat-quirk') ? (intel ? QUIRK.cdNwCleared : QUIRK.ignoreGuestPat) & supported() : 0;

  const hasIn = (state: Int32Array, vm: VmId, quirk: number): boolean =>
    ((state[disabled.base + vm]! | startsDisabled()) & quirk) === 0;

  return {
    disabled,
    answer: () => (kernel.has('disable-quirks2') ? supported() : 0),

    disable(m, vm, quirks, strict) {
      if (strict && (quirks & ~BigInt(supported())) !== 0n) return false;
      const slot = disabled.base + vm;
      const taken = Number(quirks & BigInt(supported()));
      m.put(slot, kernel.has('quirks-accumulate') ? m.state[slot]! | taken : taken);
      return true;
    },

    has: (m, vm, quirk) => hasIn(m.state, vm, quirk),
    hasIn,
  };
}
