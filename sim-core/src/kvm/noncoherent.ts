/**
 * The count of reasons why a VM may see non-coherent DMA, and what its two edges do.
 *
 * The count changes before anything is zapped: between the two a vCPU still uses leaf entries of the old type while new
 * faults already take the new one. No kernel flushes a cache at either edge.
 */
import type { Routine } from '../engine/routine.ts';
import { ZAP_REASONS } from '../state/event.ts';
import type { VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { isX86 } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import type { Assignment } from './assign.ts';

export interface Noncoherent {
  readonly count: Field;
  readonly register: Routine<[kvm: VmId]>;
  readonly unregister: Routine<[kvm: VmId]>;
  /**
   * kvm_arch_start_assignment() and kvm_arch_end_assignment(): the count of assigned devices that posted interrupts ask
   * for, and v4.2 on AMD. Undefined on kernels without them.
   */
  readonly startAssignment: Routine<[kvm: VmId]> | undefined;
  readonly endAssignment: Routine<[kvm: VmId]> | undefined;
  hasAssignedDevice(machine: Machine, vm: VmId): boolean;
  forgetAssigned(machine: Machine, vm: VmId): void;
  /** The count; before v3.13, when there was none, 1 when the domain of legacy assignment is not coherent. */
  reasons(state: Int32Array, vm: VmId): number;
  has(machine: Machine, vm: VmId): boolean;
}

export function createNoncoherent(base: WorldBase, world: () => World, assignment: () => Assignment): Noncoherent {
  const { layout, topology, dims, kernel, routines } = base;
  const count = layout.field('noncoherentDmaCount', [dims.vms]);
  const read = (m: Machine, vm: VmId): number => m.state[count.base + vm]!;

  const reasons = kernel.has('noncoherent-dma-count')
    ? (state: Int32Array, vm: VmId): number => state[count.base + vm]!
    : (state: Int32Array, vm: VmId): number => Number(assignment().legacyNoncoherent(state, vm));

  /** Does the memory type of leaf entries depend on the count, so that they have to go when it starts or stops? */
  function typesDependOnCount(m: Machine, vm: VmId): boolean {
    // From the quirk on nothing else is asked, so that without EPT a zap is made without need.
    if (kernel.has('guest-pat-quirk')) return world().kvm.hasQuirkIgnoreGuestPat(m, vm);
    // linux: arch/x86/kvm/mmu.h: shadow_memtype_mask is 0 with NPT and without EPT, where leaf entries carry no type.
    return topology.cpu.twoDimensionalPaging && topology.cpu.vendor === 'intel';
  }

  const startOrStop = routines.define(
    'kvm_noncoherent_dma_assignment_start_or_stop',
    'arch/x86/kvm/x86.c',
    ['kvm: vm', 'reason: zapReason'],
    (r, kvm, reason) =>
      r
        .local((t) => {
          if (typesDependOnCount(t.machine, kvm.of(t))) {
            const { mmu } = world().kvm;
            t.call(mmu.zapGfnRange, kvm.of(t), reason.of(t), mmu.everything);
          }
        })
        .local((t) => t.return(0)),
  );

  function edge(name: string, by: 1 | -1, at: number, reason: number): Routine<[kvm: VmId]> {
    // linux: include/linux/kvm_host.h: empty functions where __KVM_HAVE_ARCH_NONCOHERENT_DMA is not defined.
    if (!isX86(topology.cpu)) {
      return routines.define(name, 'include/linux/kvm_host.h', ['kvm: vm'], (r) => r.local((t) => t.return(0)));
    }
    return routines.define(name, 'arch/x86/kvm/x86.c', ['kvm: vm'], (r, kvm) => {
      r.step(by > 0 ? 'count up' : 'count down', (t) => {
        const vm = kvm.of(t);
        const now = read(t.machine, vm) + by;
        t.machine.put(count.base + vm, now);
        if (now === at && kernel.has('zap-on-noncoherent-change')) t.call(startOrStop, vm, reason);
      });
      r.local((t) => t.return(0));
    });
  }

  // Only v4.2 on AMD asks how many devices are assigned.
  const asked = topology.cpu.vendor === 'amd' && kernel.has('svm-npt-guest-types');
  const assigned = layout.field('assignedDeviceCount', [asked ? dims.vms : 0]);
  const counted = (name: string, by: 1 | -1): Routine<[kvm: VmId]> | undefined =>
    kernel.has('assigned-device-count')
      ? routines.define(name, 'arch/x86/kvm/x86.c', ['kvm: vm'], (r, kvm) =>
          r.local((t) => {
            const slot = assigned.base + kvm.of(t);
            if (asked) t.machine.put(slot, t.machine.state[slot]! + by);
            t.return(0);
          }),
        )
      : undefined;

  return {
    startAssignment: counted('kvm_arch_start_assignment', 1),
    endAssignment: counted('kvm_arch_end_assignment', -1),
    count,
    register: edge('kvm_arch_register_noncoherent_dma', 1, 1, ZAP_REASONS.indexOf('noncoherent-start')),
    unregister: edge('kvm_arch_unregister_noncoherent_dma', -1, 0, ZAP_REASONS.indexOf('noncoherent-stop')),
    reasons,
    has: (m, vm) => reasons(m.state, vm) !== 0,
    hasAssignedDevice: (m, vm) => asked && m.state[assigned.base + vm] !== 0,
    forgetAssigned(m, vm) {
      if (asked) m.put(assigned.base + vm, 0);
    },
  };
}
