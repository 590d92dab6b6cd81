/**
 * TCE tables of a VM on POWER: what a paravirtualized guest fills with hypercalls, and what kvm-vfio binds to VFIO groups.
 *
 * Modelled, not measured: KVM_CREATE_SPAPR_TCE and KVM_CREATE_SPAPR_TCE_64 with their checks, the descriptor, its reference
 * of the VM, and whether a table fits the window of a group. Every group has one window, the first 2 GiB in pages of 4 KiB.
 * Left out: the entries, H_PUT_TCE and other hypercalls, locked memory, the reference counts of hardware tables.
 * Sources: linux arch/powerpc/kvm/book3s_64_vio.c, arch/powerpc/kvm/powerpc.c.
 */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, readable } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { type FileId, knownId, type TceTableId, type VmId } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Vms } from './vm.ts';

export interface TceTables {
  /** KVM_CREATE_SPAPR_TCE. ENOTTY on other CPUs, as for every request that does not exist. */
  readonly create: Routine<[filp: FileId]>;
  /** KVM_CREATE_SPAPR_TCE_64, v4.6 and later. */
  readonly create64: Routine<[filp: FileId]>;
  readonly release: Routine<[filp: FileId, table: TceTableId]>;
  /** Does a descriptor's table belong to the VM? */
  isOf(machine: Machine, file: FileId, vm: VmId): boolean;
  /** Does the window of every group hold the table? */
  fits(machine: Machine, file: FileId): boolean;
}

const SOURCE = 'arch/powerpc/kvm/book3s_64_vio.c';
const WINDOW_BYTES = 0x8000_0000n;
const SMALLEST_SHIFT = 12;
const LARGEST_SHIFT = 34;
const ALL_BITS = 0xffff_ffff_ffff_ffffn;

interface Window {
  readonly shift: number;
  /** In pages. */
  readonly offset: bigint;
  readonly size: bigint;
}

export function createTceTables(base: WorldBase, world: () => World, vms: () => Vms): TceTables {
  const { layout, dims, kernel, routines, topology, wide } = base;
  const power = topology.cpu.vendor === 'power';
  const vmOf = layout.field('tceTableVm', [dims.tceTables]);
  const liobn = layout.field('tceTableLiobn', [dims.tceTables]);
  const fitting = layout.field('tceTableFits', [dims.tceTables]);
  const tables = Array.from({ length: dims.tceTables }, (_, table) => table as TceTableId);
  const read = (m: Machine, slot: number): number => m.state[slot]!;
  const tableOf = (m: Machine, file: FileId): TceTableId => world().files.objectOf<TceTableId>(m, file);

  const refuse = base.refusals.add({
    notPower: [E.NOTTY, 'no such request for a VM: TCE tables are of POWER'],
    noWide: [E.NOTTY, 'no such request for a VM: this kernel has no KVM_CREATE_SPAPR_TCE_64'],
    flags: [E.INVAL, 'flags other than 0'],
    emptyWindow: [E.INVAL, 'a window without pages'],
    pageSize: [E.INVAL, 'pages of 2^{} bytes, outside 2^12 to 2^34', 'number'],
    windowEnd: [E.INVAL, 'a window that ends after the last address'],
    taken: [E.BUSY, 'a table of that number (LIOBN) in {}', 'vm'],
  });

  function windowOf(t: Task, long: boolean): Window {
    const arg = argument(t, 2);
    if (!long) return { shift: SMALLEST_SHIFT, offset: 0n, size: field64(t, arg, 'window_size') >> 12n };
    return { shift: field32(t, arg, 'page_shift'), offset: field64(t, arg, 'offset'), size: field64(t, arg, 'size') };
  }

  function refusal(t: Task, long: boolean): number {
    if (!power) return refuse.notPower(t.machine);
    if (long && !kernel.has('spapr-tce-64')) return refuse.noWide(t.machine);
    const arg = argument(t, 2);
    if (!readable(arg)) return world().files.refuse.unreadable(t.machine);
    if (long && field32(t, arg, 'flags') !== 0) return refuse.flags(t.machine);
    const { shift, offset, size } = windowOf(t, long);
    if (size === 0n) return refuse.emptyWindow(t.machine);
    if (shift < SMALLEST_SHIFT || shift > LARGEST_SHIFT) return refuse.pageSize(t.machine, shift);
    return offset + size > ALL_BITS >> BigInt(shift) ? refuse.windowEnd(t.machine) : 0;
  }

  function allocate(t: Task, vm: VmId, long: boolean): TceTableId {
    const { machine } = t;
    const table = tables.find((one) => read(machine, vmOf.base + one) === 0);
    if (table === undefined) throw tooManyAtOnce(`the scenario has more than ${dims.tceTables} TCE tables`);
    const { shift, offset, size } = windowOf(t, long);
    machine.put(vmOf.base + table, vm + 1);
    machine.put(liobn.base + table, wide.intern(field64(t, argument(t, 2), 'liobn')));
    machine.put(fitting.base + table, offset === 0n && size << BigInt(shift) <= WINDOW_BYTES ? 1 : 0);
    return table;
  }

  const define = (long: boolean): TceTables['create'] => {
    const vmOfFile = (t: Task, filp: Local<FileId>): VmId => world().files.objectOf(t.machine, filp.of(t));
    return routines.define('kvm_vm_ioctl_create_spapr_tce', SOURCE, ['filp: file'], (r, filp) => {
      const lockOf = (t: Task): number => vms().lock.base + vmOfFile(t, filp);
      const ret = r.variable('ret: result', 0);
      r.step('copy the argument and check the window', (t) => {
        const errno = refusal(t, long);
        if (errno !== 0) t.return(errno);
      });
      r.lock('kvm->lock', lockOf);
      r.local((t) => {
        const vm = vmOfFile(t, filp);
        const wanted = wide.intern(field64(t, argument(t, 2), 'liobn'));
        const taken = tables.some(
          (one) => read(t.machine, vmOf.base + one) === vm + 1 && read(t.machine, liobn.base + one) === wanted,
        );
        if (taken) return ret.set(t, refuse.taken(t.machine, vm));
        vms().get(t.machine, vm);
        const { files } = world();
        return ret.set(t, files.install(t, files.create(t.machine, 'spapr-tce', allocate(t, vm, long))));
      }, 'if no table of the VM has the number, make one and its descriptor; else -EBUSY');
      r.unlock('kvm->lock', lockOf);
      r.local((t) => t.return(ret.of(t)));
    });
  };

  const release = routines.define(
    'kvm_spapr_tce_release',
    SOURCE,
    ['filp: file', 'table: tceTable'],
    (r, _filp, table) => {
      const vm = r.variable('kvm: vm');
      const of = (t: Task): VmId => knownId<VmId>(t.machine, vmOf, table.of(t));
      r.lock('kvm->lock', (t) => vms().lock.base + of(t));
      r.local((t) => {
        vm.set(t, of(t));
        for (const field of [vmOf, liobn, fitting]) t.machine.put(field.base + table.of(t), 0);
      }, 'take the table off the list of the VM');
      r.unlock('kvm->lock', (t) => vms().lock.base + vm.of(t));
      r.step('put the reference of the VM', (t) => {
        if (vms().put(t.machine, vm.of(t))) t.call(vms().destroyVm, vm.of(t));
      });
      r.local((t) => t.return(0));
    },
  );

  return {
    create: define(false),
    create64: define(true),
    release,
    isOf: (m, file, vm) => read(m, vmOf.base + tableOf(m, file)) === vm + 1,
    fits: (m, file) => read(m, fitting.base + tableOf(m, file)) === 1,
  };
}
