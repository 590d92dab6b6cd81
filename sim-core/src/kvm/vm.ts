/** VMs: creation, references, destruction, and capabilities as far as their answers go. */

import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, readable } from '../files/user-memory.ts';
import { ENABLED_BY_NUMBER, X86_ANSWERS } from '../kernel/capabilities.ts';
import { E, type Errno, isErr } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { FREED_OBJECTS } from '../state/event.ts';
import type { FileId, VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import { isX86 } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import type { Quirks } from './quirks.ts';

export interface Vms {
  readonly references: Field;
  /** Per VM: the process that created it + 1 (`kvm->mm`). */
  readonly process: Field;
  /** Per VM: `kvm->lock`: the task that holds it + 1. */
  readonly lock: Field;
  readonly createVm: Routine<[filp: FileId]>;
  readonly destroyVm: Routine<[kvm: VmId]>;
  readonly release: Routine<[filp: FileId, kvm: VmId]>;
  readonly checkExtension: Routine<[filp: FileId]>;
  readonly enableCap: Routine<[filp: FileId]>;
  /** kvm_get_kvm(). */
  get(machine: Machine, vm: VmId): void;
  /** kvm_get_kvm_safe(): one reference more, unless the last one is gone. */
  getSafe(machine: Machine, vm: VmId): boolean;
  /** kvm_put_kvm() up to the decision: true when that was the last reference and the caller has to destroy the VM. */
  put(machine: Machine, vm: VmId): boolean;
  /** EIO unless the task's process created the VM. */
  gate(task: Task, vm: VmId): number;
}

/** What the rest of kvm/ does when a VM goes. */
export interface VmHooks {
  /** kvm_destroy_devices(). */
  destroyDevices(): Routine<[kvm: VmId]>;
  /** kvm_iommu_unmap_guest(), up to v4.11. */
  unmapGuest(): Routine<[kvm: VmId]>;
  /** Frees the vCPU objects of a VM. */
  freeVcpus(machine: Machine, vm: VmId): void;
  /** Clears the accounting of a VM that is gone. */
  forget(machine: Machine, vm: VmId): void;
}

const CAP = {
  spaprTce: 63,
  spaprTce64: 125,
  spaprTceVfio: 142,
  deviceCtrl: 89,
  vmAttributes: 101,
  disableQuirks: 116,
  disableQuirks2: 213,
  /** KVM_CAP_USER_CONFIGURE_NONCOHERENT_DMA, which was not merged. */
  noncoherentMemslots: 236,
} as const;

/** Where kvm_arch_init_vm() is, but for x86. */
const INIT_VM: Readonly<Partial<Record<string, string>>> = {
  arm64: 'arch/arm64/kvm/arm.c',
  power: 'arch/powerpc/kvm/powerpc.c',
};

export function createVms(base: WorldBase, world: () => World, quirks: Quirks, hooks: VmHooks): Vms {
  const { layout, topology, dims, kernel, routines } = base;
  const references = layout.field('vmReferences', [dims.vms]);
  const process = layout.field('vmProcess', [dims.vms], { labels: [undefined], values: ['', ...topology.processes] });
  const lock = layout.field('kvmLock', [dims.vms]);
  const refuse = base.refusals.add({
    noEnableCap: [E.NOTTY, 'no such request for a VM: this kernel has no KVM_ENABLE_CAP there'],
    flags: [E.INVAL, 'flags other than 0 ({x})', 'number'],
    capability: [E.INVAL, 'no capability {} that can be switched on', 'number'],
    quirks: [E.INVAL, 'quirks that this kernel does not know, or that this CPU does not have'],
    otherProcess: [E.IO, '{} created by another process', 'vm'],
  });
  const refuseType = base.refusals.add(
    {
      other: [E.INVAL, 'a VM type other than 0 ({})', 'number'],
      wide: [E.INVAL, 'a VM type of more than 32 bits'],
    },
    { name: 'kvm_arch_init_vm', source: INIT_VM[topology.cpu.vendor] ?? 'arch/x86/kvm/x86.c' },
  );
  const read = (m: Machine, slot: number): number => m.state[slot]!;
  const x86 = isX86(topology.cpu);
  const power = topology.cpu.vendor === 'power';
  function get(m: Machine, vm: VmId): void {
    const count = read(m, references.base + vm);
    if (count === 0) world().monitors.report(m, 'use-after-free', vm, FREED_OBJECTS.indexOf('vm'));
    else m.put(references.base + vm, count + 1);
  }

  function put(m: Machine, vm: VmId): boolean {
    const count = read(m, references.base + vm);
    if (count === 0) world().monitors.report(m, 'use-after-free', vm, FREED_OBJECTS.indexOf('vm'));
    else m.put(references.base + vm, count - 1);
    return count === 1;
  }

  /** kvm_create_vm(): the VM, or -errno. */
  function newVm(t: Task): VmId | Errno {
    const { machine } = t;
    // linux: arch/x86/kvm/x86.c kvm_arch_init_vm(): only type 0 without a confidential-computing vendor module.
    const type = argument(t, 2);
    // An unsigned long in the kernel: 0x1_0000_0000 is not type 0.
    if (type.wide(t) > 0xffff_ffffn) return refuseType.wide(machine);
    if (type.int(t) !== 0) return refuseType.other(machine, type.int(t));
    let vm = 0 as VmId;
    while (vm < dims.vms && read(machine, process.base + vm) !== 0) vm++;
    if (vm === dims.vms) throw tooManyAtOnce(`the scenario has more than ${dims.vms} VMs`);
    machine.put(references.base + vm, 1);
    machine.put(process.base + vm, world().files.process(t) + 1);
    return vm;
  }

  // linux: virt/kvm/kvm_main.c kvm_dev_ioctl_create_vm()
  const createVm = routines.define('kvm_dev_ioctl_create_vm', 'virt/kvm/kvm_main.c', ['filp: file'], (r) => {
    const reservesFirst = kernel.has('vm-fd-before-vm');
    const fd = r.variable('fd: number');
    if (reservesFirst) r.step('reserve a descriptor', (t) => fd.set(t, world().files.reserve(t)));
    const ret = r.variable('r: result');
    r.step('create the VM', (t) => {
      const { files } = world();
      const vm = newVm(t);
      ret.set(t, vm);
      if (isErr(vm)) return reservesFirst ? undefined : t.return(vm);
      if (!reservesFirst) t.return(files.install(t, files.create(t.machine, 'vm', vm)));
    });
    if (!reservesFirst) return;
    r.step('install the descriptor', (t) => {
      const { files } = world();
      const vm = ret.of(t) as VmId | Errno;
      if (isErr(vm)) {
        files.unreserve(t, fd.of(t));
        return t.return(vm);
      }
      files.occupy(t, fd.of(t), files.create(t.machine, 'vm', vm));
      t.return(fd.of(t));
    });
  });

  const archDestroyVm = routines.define('kvm_arch_destroy_vm', 'arch/x86/kvm/x86.c', ['kvm: vm'], (r, kvm) =>
    r
      .step('free the vCPUs and the page tables', (t) => {
        hooks.freeVcpus(t.machine, kvm.of(t));
        world().kvm.mmu.forgetVm(t.machine, kvm.of(t));
        if (kernel.has('legacy-assignment')) t.call(hooks.unmapGuest(), kvm.of(t));
      })
      .local((t) => t.return(0)),
  );

  // linux: virt/kvm/kvm_main.c kvm_destroy_vm(): vCPUs and page tables go before the devices.
  const destroyVm = routines.define('kvm_destroy_vm', 'virt/kvm/kvm_main.c', ['kvm: vm'], (r, kvm) =>
    r
      .step('the last reference is gone', (t) => t.call(archDestroyVm, kvm.of(t)))
      .local((t) => t.call(hooks.destroyDevices(), kvm.of(t)))
      .local((t) => {
        const { machine } = t;
        const vm = kvm.of(t);
        hooks.forget(machine, vm);
        for (const field of [references, process, lock, quirks.disabled]) machine.put(field.base + vm, 0);
        machine.note(NOTE['vm-destroyed'], vm, 0, 0);
        t.return(0);
      }),
  );

  const release = routines.define('kvm_vm_release', 'virt/kvm/kvm_main.c', ['filp: file', 'kvm: vm'], (r, _filp, kvm) =>
    r
      .step('put the reference of the VM descriptor', (t) => {
        if (put(t.machine, kvm.of(t))) t.call(destroyVm, kvm.of(t));
      })
      .local((t) => t.return(0)),
  );

  const checkExtension = routines.define(
    'kvm_vm_ioctl_check_extension_generic',
    'virt/kvm/kvm_main.c',
    ['filp: file'],
    (r) =>
      r.step('look the capability up', (t) => {
        const answers: Readonly<Record<number, number | undefined>> = {
          [CAP.deviceCtrl]: kernel.has('cap-device-ctrl') ? 1 : 0,
          [CAP.vmAttributes]: 0,
          [CAP.disableQuirks]: x86 && kernel.has('vm-enable-cap') ? 1 : 0,
          [CAP.disableQuirks2]: x86 ? quirks.answer() : 0,
          [CAP.noncoherentMemslots]: kernel.has('noncoherent-memslots') ? 1 : undefined,
          [CAP.spaprTce]: power ? 1 : 0,
          [CAP.spaprTce64]: power && kernel.has('spapr-tce-64') ? 1 : 0,
          [CAP.spaprTceVfio]: power && kernel.has('spapr-tce') ? 1 : 0,
        };
        // A long in the kernel: 0x1_0000_0000 is not capability 0.
        const cap = Number(argument(t, 2).wide(t));
        const usual = x86 ? X86_ANSWERS.get(cap) : undefined;
        const derived = answers[cap] ?? (t.args.answer === undefined ? usual : undefined);
        t.return(derived ?? world().files.inert.declared(t));
      }),
  );

  const enableCap = routines.define('kvm_vm_ioctl_enable_cap', 'arch/x86/kvm/x86.c', ['filp: file'], (r, filp) =>
    r.step('enable the capability', (t) => {
      const arg = argument(t, 2);
      const vm = world().files.objectOf<VmId>(t.machine, filp.of(t));
      if (!kernel.has('vm-enable-cap')) return t.return(refuse.noEnableCap(t.machine));
      if (!readable(arg)) return t.return(world().files.refuse.unreadable(t.machine));
      const flags = field32(t, arg, 'flags');
      if (flags !== 0) return t.return(refuse.flags(t.machine, flags));
      const cap = field32(t, arg, 'cap');
      if (ENABLED_BY_NUMBER.has(cap)) return t.return(world().files.inert.declared(t));
      const strict = cap === CAP.disableQuirks2 && kernel.has('disable-quirks2');
      if (!x86 || (!strict && cap !== CAP.disableQuirks)) return t.return(refuse.capability(t.machine, cap));
      const taken = quirks.disable(t.machine, vm, field64(t, arg, 'args'), strict);
      return t.return(taken ? 0 : refuse.quirks(t.machine));
    }),
  );

  return {
    references,
    process,
    lock,
    createVm,
    destroyVm,
    release,
    checkExtension,
    enableCap,
    get,
    getSafe(m, vm) {
      if (read(m, references.base + vm) === 0) return false;
      get(m, vm);
      return true;
    },
    put,
    gate: (t, vm) =>
      read(t.machine, process.base + vm) === world().files.process(t) + 1 ? 0 : refuse.otherProcess(t.machine, vm),
  };
}
