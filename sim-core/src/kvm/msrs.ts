/**
 * MSRs that decide memory types, as the guest writes them (WRMSR) and as the VMM does (KVM_SET_MSRS): the same checks, the
 * same zaps. A value that a register does not take is #GP for the guest and ends the VMM's list there.
 * Sources: linux arch/x86/kvm/x86.c kvm_set_msr_common(), msr_io(), arch/x86/kvm/mtrr.c.
 */
import type { Value } from '../engine/compile.ts';
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, readable, writeField } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { ZAP_REASONS } from '../state/event.ts';
import type { CpuId, FileId, VcpuId, VmId } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { MSR_NUMBERS, msrProblem, PAT } from './msr.ts';

export interface Msrs {
  /** What is wrong with a value; undefined when the register takes it. Registers that are not modelled take any. */
  problem(msr: number, value: bigint): string | undefined;
  write(machine: Machine, vcpu: VcpuId, msr: number, value: bigint): void;
  read(machine: Machine, vcpu: VcpuId, msr: number): bigint;
  /** Which leaves a write to a register makes KVM zap: a number for zapGfnRange; undefined for none. */
  zaps(machine: Machine, vm: VmId, vcpu: VcpuId, msr: number): number | undefined;
  readonly setMsrs: Routine<[filp: FileId]>;
  readonly getMsrs: Routine<[filp: FileId]>;
}

const POWER_ON_PAT = 0x0007_0406_0007_0406n;
const MODELLED: ReadonlySet<number> = new Set(MSR_NUMBERS.values());
/** linux: arch/x86/kvm/x86.c MAX_IO_MSRS */
const MOST_MSRS = 256;

export function createMsrs(base: WorldBase, world: () => World): Msrs {
  const refuse = base.refusals.add(
    { tooMany: [E['2BIG'], '{} entries, and 256 are too many', 'number'] },
    { name: 'msr_io', source: 'arch/x86/kvm/x86.c' },
  );
  const { kernel, routines, topology, wide } = base;

  const problem = (msr: number, value: bigint): string | undefined =>
    MODELLED.has(msr)
      ? msrProblem(msr, value, topology.cpu.physicalAddressBits, kernel.has('mtrr-reserved-bits'))
      : undefined;

  function write(m: Machine, vcpu: VcpuId, msr: number, value: bigint): void {
    if (!MODELLED.has(msr)) return;
    const { mmu } = world().kvm;
    if (msr === PAT) m.put(mmu.patMsr.base + vcpu, value === POWER_ON_PAT ? 0 : wide.intern(value) + 1);
    else mmu.mtrr.write(m, vcpu, msr, value);
  }

  function read(m: Machine, vcpu: VcpuId, msr: number): bigint {
    if (!MODELLED.has(msr)) return 0n;
    const { mmu } = world().kvm;
    if (msr !== PAT) return mmu.mtrr.read(m, vcpu, msr);
    const index = m.state[mmu.patMsr.base + vcpu]!;
    return index === 0 ? POWER_ON_PAT : wide.value(index - 1);
  }

  function zaps(m: Machine, vm: VmId, vcpu: VcpuId, msr: number): number | undefined {
    const { mmu } = world().kvm;
    // linux: arch/x86/kvm/mtrr.c update_mtrr(): never without EPT or NPT.
    if (!MODELLED.has(msr) || msr === PAT || !topology.cpu.twoDimensionalPaging || !mmu.zapsForGuestTypes(m, vm))
      return undefined;
    const range = mmu.mtrr.affected(m, vcpu, msr);
    if (range === undefined) return undefined;
    return range.start === 0n && range.end === ALL ? mmu.everything : mmu.rangeNumber(range);
  }

  /** The MSRs of the argument; undefined when nothing can be read there, or fewer than it says. */
  function entriesOf(t: Task): readonly Value[] | undefined {
    const entries = argument(t, 2).fields?.get('entries');
    const all = entries?.pointee ? [entries.pointee, ...(entries.more ?? [])] : [];
    const wanted = field32(t, argument(t, 2), 'nmsrs');
    return all.length < wanted || all.some((one) => one.fields === undefined) ? undefined : all.slice(0, wanted);
  }

  /** KVM_SET_MSRS and KVM_GET_MSRS: entry by entry, until one is refused; the result is how many were done. */
  function define(
    name: string,
    each: (t: Task, vm: VmId, vcpu: VcpuId, entry: Value) => number | 'refused' | undefined,
  ): Routine<[filp: FileId]> {
    return routines.define(name, 'arch/x86/kvm/x86.c', ['filp: file'], (r, filp) => {
      const done = r.variable('i: number', 0);
      const next = r.label();
      const vcpuOf = (t: Task): VcpuId => world().files.objectOf<VcpuId>(t.machine, filp.of(t));
      r.local((t) => {
        const { vcpus, vcpuLoad, threadCpu } = world().kvm;
        vcpus.loadedByIoctl(t.machine, vcpuOf(t));
        t.call(vcpuLoad, vcpuOf(t), t.machine.state[threadCpu.base + t.actor] as CpuId);
      });
      r.local((t) => {
        // A bare address, as a log shows it: what is there is unknown.
        const { unreadable } = world().files.refuse;
        if (!readable(argument(t, 2)))
          return t.return(argument(t, 2).wide(t) === 0n ? unreadable(t.machine) : world().files.inert.declared(t));
        const count = field32(t, argument(t, 2), 'nmsrs');
        if (count >= MOST_MSRS) return t.return(refuse.tooMany(t.machine, count));
        if (!entriesOf(t)) return t.return(unreadable(t.machine));
      });
      r.at(next).step('take the next MSR', (t) => {
        const entry = entriesOf(t)?.[done.of(t)];
        if (!entry) return t.return(done.of(t));
        const vcpu = vcpuOf(t);
        const vm = (t.machine.state[world().kvm.vcpuVm.base + vcpu]! - 1) as VmId;
        const range = each(t, vm, vcpu, entry);
        if (range === 'refused') return t.return(done.of(t));
        done.set(t, done.of(t) + 1);
        if (range !== undefined) t.call(world().kvm.mmu.zapGfnRange, vm, ZAP_REASONS.indexOf('mtrr'), range);
      });
      r.local((t) => t.goto(next));
    });
  }

  return {
    problem,
    write,
    read,
    zaps,
    setMsrs: define('do_set_msr', (t, vm, vcpu, entry) => {
      const [msr, value] = [field32(t, entry, 'index'), field64(t, entry, 'data')];
      if (problem(msr, value) !== undefined) return 'refused';
      write(t.machine, vcpu, msr, value);
      return zaps(t.machine, vm, vcpu, msr);
    }),
    getMsrs: define('do_get_msr', (t, _vm, vcpu, entry) => {
      writeField(t, entry, 'data', Number(BigInt.asIntN(32, read(t.machine, vcpu, field32(t, entry, 'index')))));
      return undefined;
    }),
  };
}

const ALL = (1n << 64n) - 1n;
