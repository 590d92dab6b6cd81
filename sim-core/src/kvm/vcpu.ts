/**
 * vCPU objects: creation, which actor executes them, and the ioctls that load them.
 *
 * A vCPU's program is an actor of the scenario. It runs as soon as KVM_CREATE_VCPU has made the object with its id;
 * KVM_RUN is therefore nothing but the load on the caller's pCPU. Every vCPU ioctl loads the vCPU and puts it again.
 */

import type { Local, Routine, RoutineBuilder } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, pointedInt, readable, writeField } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { FREED_OBJECTS } from '../state/event.ts';
import { type CpuId, type FileId, idAt, knownId, type VcpuId, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { isX86 } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import type { Vms } from './vm.ts';

export interface Vcpus {
  readonly vm: Field;
  readonly id: Field;
  readonly cpu: Field;
  /**
   * Per vCPU object: 1 once it has been loaded to run: by its actor's first step, by KVM_RUN, or by another of its ioctls
   * when the scenario does not say where it starts.
   */
  readonly entered: Field;
  /** An ioctl loads the vCPU on the pCPU of its thread: may the guest begin there? */
  loadedByIoctl(machine: Machine, vcpu: VcpuId): void;
  readonly actorVcpu: Field;
  /** Per actor: the pCPU that a VMM thread runs on. */
  readonly threadCpu: Field;
  /** sched_setaffinity(2) of the calling thread, which then runs on the first pCPU of the mask. */
  readonly setAffinity: Routine;
  readonly createVcpu: Routine<[filp: FileId]>;
  readonly release: Routine<[filp: FileId, vcpu: VcpuId]>;
  /** Only the load: the guest is on the pCPU of the thread from then on, whatever its header says. */
  readonly run: Vcpus['load'];
  /** KVM_GET_REGS and the like: only the load. */
  readonly load: Routine<[filp: FileId]>;
  /** KVM_GET_SREGS and KVM_SET_SREGS: CR0.CD. */
  readonly getSregs: Routine<[filp: FileId]>;
  readonly setSregs: Routine<[filp: FileId]>;
  readonly hasAttr: Routine<[filp: FileId]>;
  readonly getAttr: Routine<[filp: FileId]>;
  readonly setAttr: Routine<[filp: FileId]>;
  free(machine: Machine, vm: VmId): void;
}

const CR0_CD = 1 << 30;
const CR0_PE_ET_NE = 0x31;
/** Above every KVM_MAX_VCPU_IDS that x86 ever had; the exact limit of a kernel is not modelled. */
const MAX_VCPU_ID = 4096;

export function createVcpus(base: WorldBase, world: () => World, vms: () => Vms): Vcpus {
  const { layout, topology, dims, kernel, routines } = base;
  const vmOf = layout.field('vcpuVm', [dims.vcpus]);
  const id = layout.field('vcpuId', [dims.vcpus]);
  const cpu = layout.field('vcpuCpu', [dims.vcpus]);
  const entered = layout.field('vcpuEntered', [dims.vcpus], { internal: true });
  const actorVcpu = layout.field('actorVcpu', [topology.actors.length], {
    labels: [topology.actors.map((a) => a.name)],
  });
  const threadCpu = layout.field('threadCpu', [topology.actors.length], {
    labels: [topology.actors.map((a) => a.name)],
    initial: topology.actors.map((a) => (a.kind === 'thread' || a.kind === 'setup' ? Math.max(a.cpu, 0) : 0)),
  });
  const refuse = base.refusals.add({
    idTooLarge: [E.INVAL, 'vCPU id {}, which is too large', 'number'],
    sameId: [E.EXIST, 'a vCPU with id {} in the VM', 'number'],
    noCpu: [E.INVAL, 'no pCPU of this machine in the mask'],
    noAttributes: [E.INVAL, 'no such request for a vCPU: this kernel has no vCPU attributes'],
    unknownAttribute: [E.NXIO, 'no attribute of that group and number'],
  });
  const read = (m: Machine, slot: number): number => m.state[slot]!;
  const threadCpuOf = (t: Task): CpuId => read(t.machine, threadCpu.base + t.actor) as CpuId;

  function existing(m: Machine, vm: VmId, wanted: number): boolean {
    for (let v = 0; v < dims.vcpus; v++) {
      if (idAt<VmId>(m, vmOf, v) === vm && read(m, id.base + v) === wanted) return true;
    }
    return false;
  }

  /** The actor that executes the new vCPU: same id, and of the VM that its block names, if it names one. */
  function bindActor(t: Task, vcpu: VcpuId, wanted: number): void {
    const vmName = argument(t, 0).name;
    const actor = topology.actors.findIndex(
      (a, i) =>
        a.kind === 'vcpu' &&
        a.subject === wanted &&
        (a.vmName === undefined || a.vmName === vmName) &&
        read(t.machine, actorVcpu.base + i) === 0,
    );
    if (actor < 0) return;
    t.machine.put(actorVcpu.base + actor, vcpu + 1);
    if (isX86(topology.cpu) && topology.actors[actor]?.firmware === false) world().kvm.mmu.mtrr.reset(t.machine, vcpu);
  }

  /**
   * Freeing a vCPU of VMX loads it once more, for its nested state, and up to v4.8 that was after its dirty mask was
   * freed: with non-coherent DMA the load sets a bit in freed memory.
   */
  function loadWhileFreeing(m: Machine, vcpu: VcpuId): void {
    // linux: arch/x86/kvm/vmx.c vmx_free_vcpu_nested(), arch/x86/kvm/x86.c kvm_arch_vcpu_free()
    if (topology.cpu.vendor !== 'intel' || !kernel.has('nested-free-loads-vcpu') || kernel.has('dirty-mask-freed-last'))
      return;
    const vm = knownId<VmId>(m, vmOf, vcpu);
    if (topology.cpu.wbinvdExit && world().kvm.hasNoncoherentDma(m, vm))
      world().monitors.report(m, 'use-after-free', vcpu, FREED_OBJECTS.indexOf('dirty-mask'));
  }

  function freeVcpu(m: Machine, vcpu: VcpuId): void {
    const { wbinvd } = world().kvm;
    loadWhileFreeing(m, vcpu);
    for (const field of [vmOf, id, cpu, entered, wbinvd.dirtyMask, wbinvd.pinned]) m.put(field.base + vcpu, 0);
    world().kvm.mmu.forgetVcpu(m, vcpu);
    for (let a = 0; a < topology.actors.length; a++) {
      if (read(m, actorVcpu.base + a) === vcpu + 1) m.put(actorVcpu.base + a, 0);
    }
  }

  // linux: virt/kvm/kvm_main.c kvm_vm_ioctl_create_vcpu(): the vCPU is made, loaded and put before its id is checked.
  const createVcpu = routines.define('kvm_vm_ioctl_create_vcpu', 'virt/kvm/kvm_main.c', ['filp: file'], (r, filp) => {
    const made = r.variable('vcpu: vcpu');
    const vmOfFile = (t: Task): VmId => world().files.objectOf(t.machine, filp.of(t));
    r.step('make the vCPU and load it once', (t) => {
      const { machine } = t;
      const wanted = argument(t, 2).int(t);
      if (wanted < 0 || wanted >= MAX_VCPU_ID) {
        t.return(refuse.idTooLarge(machine, wanted));
        return;
      }
      let vcpu = 0 as VcpuId;
      while (vcpu < dims.vcpus && read(machine, vmOf.base + vcpu) !== 0) vcpu++;
      if (vcpu === dims.vcpus) throw tooManyAtOnce(`the scenario has more than ${dims.vcpus} vCPUs`);
      const vm = vmOfFile(t);
      const duplicate = existing(machine, vm, wanted);
      machine.put(vmOf.base + vcpu, vm + 1);
      machine.put(id.base + vcpu, wanted);
      world().kvm.wbinvd.load(machine, vcpu, threadCpuOf(t));
      made.set(t, vcpu);
      if (!duplicate) return;
      freeVcpu(machine, vcpu);
      t.return(refuse.sameId(machine, wanted));
    });
    r.step('take a reference of the VM and install the descriptor', (t) => {
      const { machine } = t;
      const { files } = world();
      const vcpu = made.of(t);
      vms().get(machine, vmOfFile(t));
      bindActor(t, vcpu, read(machine, id.base + vcpu));
      t.return(files.install(t, files.create(machine, 'vcpu', vcpu)));
    });
  });

  const release = routines.define(
    'kvm_vcpu_release',
    'virt/kvm/kvm_main.c',
    ['filp: file', 'vcpu: vcpu'],
    (r, _filp, vcpu) =>
      r
        .step('put the reference of the vCPU descriptor', (t) => {
          const vm = knownId<VmId>(t.machine, vmOf, vcpu.of(t));
          if (vms().put(t.machine, vm)) t.call(vms().destroyVm, vm);
        })
        .local((t) => t.return(0)),
  );

  function loadedByIoctl(m: Machine, vcpu: VcpuId): void {
    const runs = topology.actors.findIndex((_, actor) => read(m, actorVcpu.base + actor) === vcpu + 1);
    if (topology.actors[runs]?.startsThere !== true) m.put(entered.base + vcpu, 1);
  }

  /** A vCPU ioctl: the load, then what it does, if that is anything here. */
  function ioctl(request: string | undefined, act: (t: Task, vcpu: VcpuId) => void): Vcpus['load'] {
    const write = (r: RoutineBuilder, filp: Local<FileId>): void => {
      const vcpuOf = (t: Task): VcpuId => world().files.objectOf<VcpuId>(t.machine, filp.of(t));
      r.local((t) => {
        loadedByIoctl(t.machine, vcpuOf(t));
        t.call(world().kvm.wbinvd.vcpuLoad, vcpuOf(t), threadCpuOf(t));
      });
      r.local((t) => {
        act(t, vcpuOf(t));
        t.return(world().files.inert.declared(t));
      });
    };
    return routines.define('kvm_vcpu_ioctl', 'virt/kvm/kvm_main.c', ['filp: file'], write, 'kernel', request);
  }

  const cacheDisable = (vcpu: VcpuId): number => world().kvm.mmu.cacheDisable.base + vcpu;

  // linux: kernel/sched/syscalls.c: the mask is the third argument; only its lowest pCPU matters here.
  const setAffinity = routines.define('sched_setaffinity', 'kernel/sched/syscalls.c', [], (r) =>
    r.step('move the thread to a pCPU of the mask', (t) => {
      const mask = argument(t, 2);
      if (!mask.pointee) return t.return(world().files.refuse.unreadable(t.machine));
      const bits = mask.pointee.wide(t) & ((1n << BigInt(topology.cpu.count)) - 1n);
      if (bits === 0n) return t.return(refuse.noCpu(t.machine));
      let first = 0;
      while (((bits >> BigInt(first)) & 1n) === 0n) first++;
      t.machine.put(threadCpu.base + t.actor, first);
      return t.return(0);
    }),
  );

  /** The attributes of a vCPU: group 0 (KVM_VCPU_TSC_CTRL), attribute 0 (the TSC offset). */
  function attribute(name: string, access: (t: Task, addressReadable: boolean) => number): Vcpus['load'] {
    return routines.define(name, 'arch/x86/kvm/x86.c', ['filp: file'], (r) =>
      r.step('look the vCPU attribute up', (t) => {
        const arg = argument(t, 2);
        if (!kernel.has('vcpu-attributes')) return t.return(refuse.noAttributes(t.machine));
        if (!readable(arg)) return t.return(world().files.refuse.unreadable(t.machine));
        if (field32(t, arg, 'group') !== 0 || field64(t, arg, 'attr') !== 0n)
          return t.return(refuse.unknownAttribute(t.machine));
        const addr = arg.fields?.get('addr');
        return t.return(access(t, addr !== undefined && pointedInt(t, addr) !== undefined));
      }),
    );
  }

  return {
    vm: vmOf,
    id,
    cpu,
    entered,
    loadedByIoctl,
    actorVcpu,
    threadCpu,
    setAffinity,
    createVcpu,
    release,
    run: ioctl('KVM_RUN', (t, vcpu) => t.machine.put(entered.base + vcpu, 1)),
    load: ioctl(undefined, () => {}),
    // linux: arch/x86/kvm/x86.c __set_sregs(): unlike MOV to CR0 it zaps nothing.
    setSregs: ioctl('KVM_SET_SREGS', (t, vcpu) => {
      const cr0 = argument(t, 2).fields?.get('cr0');
      if (cr0) t.machine.put(cacheDisable(vcpu), (cr0.int(t) & CR0_CD) === 0 ? 0 : 1);
    }),
    getSregs: ioctl('KVM_GET_SREGS', (t, vcpu) => {
      const disabled = t.machine.state[cacheDisable(vcpu)] !== 0;
      writeField(t, argument(t, 2), 'cr0', CR0_PE_ET_NE | (disabled ? CR0_CD : 0));
    }),
    hasAttr: attribute('kvm_arch_tsc_has_attr', () => 0),
    getAttr: attribute('kvm_arch_tsc_get_attr', (t, ok) => (ok ? 0 : world().files.refuse.unwritable(t.machine))),
    setAttr: attribute('kvm_arch_tsc_set_attr', (t, ok) => (ok ? 0 : world().files.refuse.unreadable(t.machine))),
    free(m, vm) {
      for (let v = 0 as VcpuId; v < dims.vcpus; v++) if (idAt<VmId>(m, vmOf, v) === vm) freeVcpu(m, v);
    },
  };
}
