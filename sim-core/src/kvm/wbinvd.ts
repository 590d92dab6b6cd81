/**
 * WBINVD as KVM emulates it, and the hook that keeps its dirty mask.
 *
 * The real thing: a guest's WBINVD exits (VMX secondary control, SVM intercept). Unless the VM has non-coherent DMA,
 * KVM skips it. Otherwise it runs WBINVD on every pCPU on which the vCPU was loaded since the mask was last cleared.
 *
 * Modelled: the exit, the mask, the flush of each pCPU as a step of its own, the clear after the re-enabling of
 * preemption. Left out: the cost in time, nested guests, the emulator's path (same core, no RIP advance).
 *
 * Sources: linux arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip(), kvm_arch_vcpu_load(), wbinvd_ipi().
 */
import type { Routine } from '../engine/routine.ts';
import { type CpuId, idAt, knownId, NONE, type None, type VcpuId, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';

export interface Wbinvd {
  /** Per vCPU object: `wbinvd_dirty_mask`, one bit a pCPU. */
  readonly dirtyMask: Field;
  /** Per vCPU object: 1 while preemption is disabled, so that it cannot migrate. */
  readonly pinned: Field;
  readonly emulateWbinvd: Routine<[vcpu: VcpuId]>;
  readonly vcpuLoad: Routine<[vcpu: VcpuId, cpu: CpuId]>;
  /** The hook itself, for moves that are not a routine (a migration by the environment). */
  load(machine: Machine, vcpu: VcpuId, cpu: CpuId): void;
}

const FIRST_CPU = 0 as CpuId;

/** What the emulation asks of the VM: `need_emulate_wbinvd`, i.e. is there non-coherent DMA. */
export type HasNoncoherentDma = (machine: Machine, vm: VmId) => boolean;

export function createWbinvd(base: WorldBase, world: () => World, hasNoncoherentDma: HasNoncoherentDma): Wbinvd {
  const { layout, topology, dims, kernel, routines } = base;
  const cpus = topology.cpu.count;
  const dirtyMask = layout.field('wbinvdDirtyMask', [dims.vcpus]);
  const pinned = layout.field('vcpuPinned', [dims.vcpus], { internal: true });
  const vmOf = (m: Machine, vcpu: VcpuId): VmId => knownId<VmId>(m, world().kvm.vcpuVm, vcpu);
  const cpuOf = (m: Machine, vcpu: VcpuId): CpuId | None => idAt<CpuId>(m, world().kvm.vcpuCpu, vcpu);

  function runWbinvdOn(m: Machine, cpu: CpuId, vcpu: VcpuId): void {
    m.note(NOTE.wbinvd, cpu, vcpu, 0);
    world().counters.flush(m, cpu);
    world().memory.flushCpu(m, cpu);
  }

  function load(m: Machine, vcpu: VcpuId, cpu: CpuId): void {
    const last = cpuOf(m, vcpu);
    m.note(NOTE['vcpu-load'], vcpu, cpu, last);
    // linux: arch/x86/kvm/x86.c kvm_arch_vcpu_load(): only what is non-coherent at this moment is remembered.
    if (hasNoncoherentDma(m, vmOf(m, vcpu))) {
      const slot = dirtyMask.base + vcpu;
      if (topology.cpu.wbinvdExit) m.put(slot, m.state[slot]! | (1 << cpu));
      else if (last !== NONE && last !== cpu) runWbinvdOn(m, last, vcpu);
    }
    m.put(world().kvm.vcpuCpu.base + vcpu, cpu + 1);
  }

  const vcpuLoad = routines.define(
    'kvm_arch_vcpu_load',
    'arch/x86/kvm/x86.c',
    ['vcpu: vcpu', 'cpu: cpu'],
    (r, vcpu, cpu) =>
      r.step('note the pCPU in the dirty mask if there is non-coherent DMA', (t) => {
        load(t.machine, vcpu.of(t), cpu.of(t));
        t.return(0);
      }),
  );

  // What fans the flush out: the caller's own pCPU is left out by smp_call_function_many() and not by the others.
  const includesLocal = (): boolean => kernel.has('wbinvd-includes-local-cpu');
  const fanOut = (): string => (includesLocal() ? 'on_each_cpu_cond_mask' : 'smp_call_function_many');
  // `cpu` counts the pCPUs: each executes WBINVD at a time of its own.
  const flushEach = routines.define(fanOut, 'kernel/smp.c', ['vcpu: vcpu', 'cpu: cpu'], (r, vcpu, next) =>
    r.step('run WBINVD on the next pCPU of the mask', (t) => {
      const { machine } = t;
      const flushing = vcpu.of(t);
      const mask = machine.state[dirtyMask.base + flushing]!;
      const local = cpuOf(machine, flushing);
      const included = (one: CpuId): boolean => (mask & (1 << one)) !== 0 && (one !== local || includesLocal());
      let cpu = next.of(t);
      while (cpu < cpus && !included(cpu)) cpu++;
      if (cpu >= cpus) {
        t.return(0);
        return;
      }
      runWbinvdOn(machine, cpu, flushing);
      let more = (cpu + 1) as CpuId;
      while (more < cpus && !included(more)) more++;
      if (more >= cpus) {
        t.return(0);
        return;
      }
      next.set(t, more);
      t.again();
    }),
  );

  const flushMask = kernel.has('wbinvd-on-cpus-mask')
    ? routines.define('wbinvd_on_cpus_mask', 'arch/x86/lib/cache-smp.c', ['vcpu: vcpu'], (r, vcpu) =>
        r.local((t) => t.call(flushEach, vcpu.of(t), FIRST_CPU)).local((t) => t.return(0)),
      )
    : undefined;

  const emulateNoskip = routines.define(
    'kvm_emulate_wbinvd_noskip',
    'arch/x86/kvm/x86.c',
    ['vcpu: vcpu'],
    (r, vcpu) => {
      r.step(
        'ask whether the VM has non-coherent DMA; if so, disable preemption and add this pCPU to the mask',
        (t) => {
          const { machine } = t;
          const loaded = vcpu.of(t);
          if (!hasNoncoherentDma(machine, vmOf(machine, loaded))) {
            t.return(0);
            return;
          }
          if (!topology.cpu.wbinvdExit) {
            runWbinvdOn(machine, cpuOf(machine, loaded) as CpuId, loaded);
            t.return(0);
            return;
          }
          const slot = dirtyMask.base + loaded;
          machine.put(pinned.base + loaded, 1);
          machine.put(slot, machine.state[slot]! | (1 << cpuOf(machine, loaded)));
          if (flushMask) t.call(flushMask, loaded);
          else t.call(flushEach, loaded, FIRST_CPU);
        },
      );
      if (kernel.has('dirty-mask-keeps-current-cpu')) {
        r.step('clear the dirty mask but for this pCPU, then enable preemption', (t) => {
          t.machine.put(dirtyMask.base + vcpu.of(t), 1 << cpuOf(t.machine, vcpu.of(t)));
          t.machine.put(pinned.base + vcpu.of(t), 0);
          t.return(0);
        });
        return;
      }
      r.step('enable preemption', (t) => t.machine.put(pinned.base + vcpu.of(t), 0));
      r.step('clear the dirty mask', (t) => {
        t.machine.put(dirtyMask.base + vcpu.of(t), 0);
        t.return(0);
      });
    },
  );

  const emulateWbinvd = routines.define('kvm_emulate_wbinvd', 'arch/x86/kvm/x86.c', ['vcpu: vcpu'], (r, vcpu) =>
    r.local((t) => t.call(emulateNoskip, vcpu.of(t))).local((t) => t.return(0)),
  );

  return { dirtyMask, pinned, emulateWbinvd, vcpuLoad, load };
}
