/**
 * KVM: VMs, vCPUs, the device control API, and the accounting of non-coherent DMA.
 *
 * The real thing: a VM lives as long as something refers to it: its own descriptor, those of its vCPUs and of its
 * devices. User space creates vCPUs and pseudo devices with ioctls on the VM's descriptor.
 * Modelled: creation, references, destruction in the kernel's order, kvm->lock, every check of the device control API,
 * the mm check, quirks, what each vCPU ioctl does to the dirty mask. Parts: vm.ts, vcpu.ts, device.ts, noncoherent.ts,
 * wbinvd.ts, mmu.ts, slots.ts, mtrr.ts, quirks.ts.
 * Left out: interrupts, timers, irqfd, dirty logging, confidential VMs, `vm_dead`.
 * Sources: linux virt/kvm/kvm_main.c, arch/x86/kvm/x86.c.
 */
import type { Routine } from '../engine/routine.ts';
import { E } from '../kernel/errno.ts';
import { type CpuId, type KvmDeviceId, knownId, type VcpuId, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { type Assignment, createAssignment } from './assign.ts';
import { createKvmDevices, type KvmDevices } from './device.ts';
import { createMmu, type Mmu } from './mmu.ts';
import { createMsrs, type Msrs } from './msrs.ts';
import { createNoncoherent } from './noncoherent.ts';
import { createQuirks, QUIRK, type Quirks } from './quirks.ts';
import { createTceTables, type TceTables } from './tce.ts';
import { createVcpus, type Vcpus } from './vcpu.ts';
import { createVms, type Vms } from './vm.ts';
import { createWbinvd, type Wbinvd } from './wbinvd.ts';

export interface Kvm {
  /** Per VM: references; 0 when it does not exist. */
  readonly vmReferences: Field;
  /** Per VM: `arch.noncoherent_dma_count`. */
  readonly noncoherentDmaCount: Field;
  /** Per VM and page: EPT/NPT leaf: 0 when not present; see LEAF in kvm/mmu.ts. */
  readonly leaf: Field;
  /** Per vCPU object: its VM + 1, or 0 when it does not exist. */
  readonly vcpuVm: Field;
  /** Per vCPU object: the id passed to KVM_CREATE_VCPU. */
  readonly vcpuId: Field;
  /** Per vCPU object: pCPU it is loaded on or was last loaded on, + 1; 0 before its first vcpu_load. */
  readonly vcpuCpu: Field;
  /** Per vCPU object: `wbinvd_dirty_mask`, one bit a pCPU. */
  readonly wbinvdDirtyMask: Field;
  /** Per actor: the vCPU object it executes + 1, or 0 while there is none. */
  readonly actorVcpu: Field;
  /** Per actor: the pCPU that a VMM thread runs on. */
  readonly threadCpu: Field;
  /** Per KVM device: its VM + 1; 0 when the device does not exist. */
  readonly deviceVm: Field;
  /** Per KVM device: 1 while it is on `kvm->devices`. */
  readonly deviceListed: Field;
  /** The parts, for the ops and for kvm-vfio. */
  readonly vms: Vms;
  readonly vcpus: Vcpus;
  readonly devices: KvmDevices;
  readonly tceTables: TceTables;
  readonly assignment: Assignment;
  /** kvm_arch_has_noncoherent_dma(): what KVM believes of the VM's DMA. */
  hasNoncoherentDma(machine: Machine, vm: VmId): boolean;
  /** How many reasons KVM has to consider the VM's DMA non-coherent, in a state: what `noncoherent(vm)` asks. */
  noncoherentReasons(state: Int32Array, vm: VmId): number;
  /** v6.16 and later: the VM has the quirk IGNORE_GUEST_PAT. */
  hasQuirkIgnoreGuestPat(machine: Machine, vm: VmId): boolean;
  /** v6.16 and later: the quirk IGNORE_GUEST_PAT is off for the VM, or it has non-coherent DMA. */
  honorsGuestPat(machine: Machine, vm: VmId): boolean;
  /** The quirk CD_NW_CLEARED is on for the VM (the default up to v6.15). */
  hasQuirkCdNwCleared(machine: Machine, vm: VmId): boolean;
  /** Deleting or moving a memory slot zaps all leaves of the VM. Only on kernels where that is a quirk. */
  hasQuirkSlotZapAll(machine: Machine, vm: VmId): boolean;
  /** kvm_arch_has_assigned_device(). Only on kernels where something asks for it. */
  hasAssignedDevice(machine: Machine, vm: VmId): boolean;
  readonly quirks: Quirks;
  readonly msrs: Msrs;
  /** Second-stage page tables: kvm/mmu.ts. */
  readonly mmu: Mmu;
  /** WBINVD emulation and the vcpu_load hook: kvm/wbinvd.ts. */
  readonly wbinvd: Wbinvd;
  /** kvm_arch_register_noncoherent_dma(). */
  readonly registerNoncoherentDma: Routine<[kvm: VmId]>;
  readonly unregisterNoncoherentDma: Routine<[kvm: VmId]>;
  /** Undefined on kernels without them. */
  readonly startAssignment: Routine<[kvm: VmId]> | undefined;
  readonly endAssignment: Routine<[kvm: VmId]> | undefined;
  /** kvm_arch_vcpu_load(vcpu, cpu), the part that matters here. */
  readonly vcpuLoad: Routine<[vcpu: VcpuId, cpu: CpuId]>;
  /** kvm_emulate_wbinvd(). */
  readonly emulateWbinvd: Routine<[vcpu: VcpuId]>;
}

export function createKvm(base: WorldBase, world: () => World): Kvm {
  const { kernel } = base;
  const quirks = createQuirks(base);
  const noncoherent = createNoncoherent(base, world, () => assignment);
  const wbinvd = createWbinvd(base, world, noncoherent.has);
  const mmu = createMmu(base, world, noncoherent.has);
  const vms: Vms = createVms(base, world, quirks, {
    destroyDevices: () => devices.destroyAll,
    unmapGuest: () => assignment.unmapGuest,
    freeVcpus: (machine, vm) => vcpus.free(machine, vm),
    forget(machine, vm) {
      machine.put(noncoherent.count.base + vm, 0);
      noncoherent.forgetAssigned(machine, vm);
    },
  });
  const assignment = createAssignment(
    base,
    world,
    () => vms,
    () => noncoherent,
  );
  const vcpus = createVcpus(base, world, () => vms);
  const devices = createKvmDevices(base, world, () => vms);
  const tceTables = createTceTables(base, world, () => vms);
  const hasQuirkIgnoreGuestPat = (machine: Machine, vm: VmId): boolean =>
    kernel.has('guest-pat-quirk') && quirks.has(machine, vm, QUIRK.ignoreGuestPat);

  // linux: arch/x86/kvm/x86.c kvm_dev_ioctl(), virt/kvm/kvm_main.c kvm_vcpu_ioctl(): what they do not know is EINVAL.
  const { files } = world();
  const refuse = base.refusals.add({ unknownRequest: [E.INVAL, 'no such request for {}', 'file'] });
  files.onIoctl('kvm', { unknown: (t, file) => refuse.unknownRequest(t.machine, file) });
  files.onIoctl('vm', { gate: (t, file) => vms.gate(t, files.objectOf<VmId>(t.machine, file)) });
  files.onIoctl('vcpu', {
    gate: (t, file) => vms.gate(t, knownId<VmId>(t.machine, vcpus.vm, files.objectOf<VcpuId>(t.machine, file))),
    unknown: (t, file) => refuse.unknownRequest(t.machine, file),
  });
  files.onIoctl('kvm-vfio', { gate: (t, file) => devices.gate(t, files.objectOf<KvmDeviceId>(t.machine, file)) });
  const putKvm = base.routines.define('kvm_put_kvm', 'virt/kvm/kvm_main.c', ['kvm: vm'], (r, kvm) =>
    r
      .step('put a reference of the VM', (t) => {
        if (vms.put(t.machine, kvm.of(t))) t.call(vms.destroyVm, kvm.of(t));
      })
      .local((t) => t.return(0)),
  );
  world().vfio.setKvmHooks({ getSafe: vms.getSafe, put: putKvm, lockSlot: (vm) => vms.lock.base + vm });
  files.onRelease('vm', vms.release);
  files.onRelease('vcpu', vcpus.release);
  files.onRelease('kvm-vfio', devices.release);
  files.onRelease('spapr-tce', tceTables.release);

  return {
    vmReferences: vms.references,
    noncoherentDmaCount: noncoherent.count,
    leaf: mmu.leaf,
    vcpuVm: vcpus.vm,
    vcpuId: vcpus.id,
    vcpuCpu: vcpus.cpu,
    wbinvdDirtyMask: wbinvd.dirtyMask,
    actorVcpu: vcpus.actorVcpu,
    threadCpu: vcpus.threadCpu,
    deviceVm: devices.vm,
    deviceListed: devices.listed,
    vms,
    vcpus,
    devices,
    tceTables,
    assignment,
    hasNoncoherentDma: noncoherent.has,
    noncoherentReasons: noncoherent.reasons,
    hasQuirkIgnoreGuestPat,
    honorsGuestPat: (machine, vm) => noncoherent.has(machine, vm) || !hasQuirkIgnoreGuestPat(machine, vm),
    hasQuirkCdNwCleared: (machine, vm) => quirks.has(machine, vm, QUIRK.cdNwCleared),
    hasQuirkSlotZapAll: (machine, vm) => quirks.has(machine, vm, QUIRK.slotZapAll),
    hasAssignedDevice: noncoherent.hasAssignedDevice,
    quirks,
    msrs: createMsrs(base, world),
    mmu,
    wbinvd,
    registerNoncoherentDma: noncoherent.register,
    unregisterNoncoherentDma: noncoherent.unregister,
    startAssignment: noncoherent.startAssignment,
    endAssignment: noncoherent.endAssignment,
    vcpuLoad: wbinvd.vcpuLoad,
    emulateWbinvd: wbinvd.emulateWbinvd,
  };
}
