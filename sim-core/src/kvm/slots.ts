/**
 * Memory slots: which user memory a guest-physical address maps to.
 *
 * The real thing: KVM_SET_USER_MEMORY_REGION creates, deletes, moves or changes a slot under kvm->slots_lock. Deleting and
 * moving go through an invalid slot: it is marked, leaves are zapped, and only then the new set of slots counts; faults
 * wait meanwhile. Which leaves are zapped has changed often: all of the VM, or those of the slot.
 * Modelled: all of that, both address spaces (only the first backs the guest, the other is that of SMM, x86 and v4.2 or later), read-only slots.
 * A VM that was never given a slot has every page of the scenario at its own address, as if its VMM had said so before; the
 * first slot ends that. User memory that the scenario does not name stands for the page at the guest's own address.
 * Left out: guest_memfd, what dirty logging finds, the number of pages of all slots together.
 * Sources: linux virt/kvm/kvm_main.c kvm_set_memory_region(), kvm_set_memslot(), arch/x86/kvm/mmu/mmu.c
 * kvm_arch_flush_shadow_memslot().
 */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, readable } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import { ZAP_REASONS } from '../state/event.ts';
import { type FileId, NONE, type None, type PageId, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { isX86, PAGE_BYTES, pageFinder } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import type { AddressRange } from './mtrr.ts';

/** `noncoherentDma` is KVM_MEM_NON_COHERENT_DMA, of a series that was not merged. */
export const SLOT_FLAGS = { logDirtyPages: 1, readOnly: 2, noncoherentDma: 8 } as const;
/** Ours: the slot is being deleted or moved. */
const INVALID = 0x100;
const SLOTS_FIRST = 125;
const SLOTS_BEFORE = 509;
const SLOTS_NOW = 32_764;
/** x86 keeps three slots for itself. */
const SLOTS_NOW_ELSEWHERE = SLOTS_NOW + 3;
const MOST_PAGES = (1n << 31n) - 1n;
const PAGE_MASK = PAGE_BYTES - 1n;
const USER_END = 1n << 47n;
const ALL_BITS = (1n << 64n) - 1n;

/** What a page of the guest maps to. */
export interface Backed {
  readonly page: PageId;
  readonly readOnly: boolean;
  /** The slot has the flag KVM_MEM_NON_COHERENT_DMA. */
  readonly noncoherentDma: boolean;
  /** Nothing may be mapped now: the slot is being deleted or moved. */
  readonly invalid: boolean;
  /** The slot may have large leaves over these guest addresses. */
  readonly whole: (range: AddressRange) => boolean;
}

export interface Slots {
  /** Per VM: 1 once a slot was made. */
  readonly explicit: Field;
  readonly setRegion: Routine<[filp: FileId]>;
  readonly setRegion2: Routine<[filp: FileId]> | undefined;
  /** What a guest address leads to; undefined when no slot has it. */
  backing(state: Int32Array, vm: VmId, page: PageId): Backed | undefined;
  /** The memory slots of a VM, in the order in which they were made. */
  all(state: Int32Array, vm: VmId): readonly Slot[];
  forget(machine: Machine, vm: VmId): void;
}

/** A slot as the table has it. */
export interface Slot extends AddressRange {
  readonly id: number;
  readonly user: bigint;
  readonly flags: number;
}

const EVERYTHING = (): boolean => true;

export function createSlots(base: WorldBase, world: () => World): Slots {
  const { layout, topology, dims, kernel, routines, wide } = base;
  const shape = [dims.vms, dims.memorySlots];
  const any = dims.memorySlots > 0;
  const explicit = layout.field('vmHasSlots', [any ? dims.vms : 0]);
  const lock = layout.field('slotsLock', [any ? dims.vms : 0]);
  const idField = layout.field('slotId', shape);
  const startField = layout.field('slotStart', shape);
  const endField = layout.field('slotEnd', shape);
  const userField = layout.field('slotUser', shape);
  const flagsField = layout.field('slotFlags', shape);
  const fields = [idField, startField, endField, userField, flagsField];
  const pageAt = pageFinder(topology.pages);
  const { vendor } = topology.cpu;
  const x86 = isX86(topology.cpu);
  // linux: __KVM_HAVE_READONLY_MEM is not defined for POWER.
  const readOnlyFlag = vendor === 'power' ? 0 : SLOT_FLAGS.readOnly;
  const fixedFlags = (): number => readOnlyFlag | (kernel.has('noncoherent-memslots') ? SLOT_FLAGS.noncoherentDma : 0);
  const at = (field: Field, vm: VmId, index: number): number => field.base + vm * dims.memorySlots + index;

  function slot(state: Int32Array, vm: VmId, index: number): Slot | undefined {
    const id = state[at(idField, vm, index)]!;
    if (id === 0) return undefined;
    const big = (field: Field): bigint => wide.value(state[at(field, vm, index)]! - 1);
    return {
      id: id - 1,
      start: big(startField),
      end: big(endField),
      user: big(userField),
      flags: state[at(flagsField, vm, index)]!,
    };
  }

  function find(state: Int32Array, vm: VmId, fits: (one: Slot) => boolean): number {
    for (let i = 0; i < dims.memorySlots; i++) {
      const one = slot(state, vm, i);
      if (one && fits(one)) return i;
    }
    return -1;
  }

  function write(m: Machine, vm: VmId, index: number, one: Slot | undefined): void {
    const big = (value: bigint | undefined): number => (value === undefined ? 0 : wide.intern(value) + 1);
    m.put(at(idField, vm, index), one === undefined ? 0 : one.id + 1);
    m.put(at(startField, vm, index), big(one?.start));
    m.put(at(endField, vm, index), big(one?.end));
    m.put(at(userField, vm, index), big(one?.user));
    m.put(at(flagsField, vm, index), one?.flags ?? 0);
  }

  function create(m: Machine, vm: VmId, one: Slot): void {
    let index = 0;
    while (index < dims.memorySlots && m.state[at(idField, vm, index)] !== 0) index++;
    if (index === dims.memorySlots) throw tooManyAtOnce(`the scenario has more than ${dims.memorySlots} memory slots`);
    write(m, vm, index, one);
    if (m.state[explicit.base + vm] !== 0) return;
    m.put(explicit.base + vm, 1);
    world().kvm.mmu.dropUnbacked(m, vm);
  }

  const addressSpaces = (): number => (x86 && kernel.has('smm-address-space') ? 2 : 1);
  const slots = (): number => {
    if (kernel.has('many-memory-slots')) return x86 ? SLOTS_NOW : SLOTS_NOW_ELSEWHERE;
    return kernel.has('more-memory-slots') ? SLOTS_BEFORE : SLOTS_FIRST;
  };

  const refuse = base.refusals.add({
    unknownFlags: [E.INVAL, 'flags that it does not know ({x})', 'number'],
    unaligned: [E.INVAL, 'an address or size that is not a multiple of 4 KiB'],
    beyondUser: [E.INVAL, 'a range of user memory beyond the end of user space'],
    slotNumber: [E.INVAL, 'slot number {x}, which is too large', 'number'],
    tooLarge: [E.INVAL, 'a range of guest memory that is too large or wraps around'],
    nothingToDelete: [E.INVAL, 'no slot {} to delete', 'number'],
    overlaps: [E.EXIST, 'another slot in the range that slot {} is to have', 'number'],
    changed: [E.INVAL, 'another size, user memory or read-only flag than slot {} has', 'number'],
  });

  /** The slot that the argument describes, or why it cannot be. */
  function described(t: Task): Slot | number {
    const { machine: m } = t;
    const arg = argument(t, 2);
    if (!readable(arg)) return world().files.refuse.unreadable(m);
    const flags = field32(t, arg, 'flags');
    const [start, size, user] = ['guest_phys_addr', 'memory_size', 'userspace_addr'].map((name) =>
      field64(t, arg, name),
    ) as [bigint, bigint, bigint];
    const id = field32(t, arg, 'slot');
    const knownFlags = SLOT_FLAGS.logDirtyPages | fixedFlags();
    if ((flags & ~knownFlags) !== 0) return refuse.unknownFlags(m, flags & ~knownFlags);
    if (((start | size | user) & PAGE_MASK) !== 0n) return refuse.unaligned(m);
    if (user + size > USER_END) return refuse.beyondUser(m);
    if (id >>> 16 >= addressSpaces() || (id & 0xffff) >= slots()) return refuse.slotNumber(m, id);
    if (start + size > ALL_BITS || size / PAGE_BYTES > MOST_PAGES) return refuse.tooLarge(m);
    return { id, start, end: start + size, user, flags };
  }

  /** What the call asks for: an errno, 0 when nothing changes, or what to do. */
  function decide(m: Machine, vm: VmId, wanted: Slot): number | 'create' | 'delete' | 'move' | 'flags' {
    const index = find(m.state, vm, (one) => one.id === wanted.id);
    const old = index < 0 ? undefined : slot(m.state, vm, index);
    if (wanted.end === wanted.start) return old ? 'delete' : refuse.nothingToDelete(m, wanted.id);
    const overlaps = (): boolean =>
      find(
        m.state,
        vm,
        (one) =>
          one.id !== wanted.id && one.id >> 16 === wanted.id >> 16 && one.start < wanted.end && wanted.start < one.end,
      ) >= 0;
    if (!old) return overlaps() ? refuse.overlaps(m, wanted.id) : 'create';
    const sameSize = old.end - old.start === wanted.end - wanted.start;
    if (!sameSize || old.user !== wanted.user || ((old.flags ^ wanted.flags) & fixedFlags()) !== 0)
      return refuse.changed(m, wanted.id);
    if (old.start !== wanted.start) return overlaps() ? refuse.overlaps(m, wanted.id) : 'move';
    return old.flags === wanted.flags ? 0 : 'flags';
  }

  // linux: arch/x86/kvm/mmu/mmu.c kvm_arch_flush_shadow_memslot(); elsewhere, such as in arch/arm64/kvm/mmu.c, only the slot goes.
  function zapRangeFor(m: Machine, vm: VmId, old: Slot): number {
    if (!x86) return world().kvm.mmu.rangeNumber(old);
    const zapsAll = kernel.has('quirk-slot-zap-all')
      ? world().kvm.hasQuirkSlotZapAll(m, vm)
      : !kernel.has('slot-zaps-its-pages');
    return zapsAll ? world().kvm.mmu.everything : world().kvm.mmu.rangeNumber(old);
  }

  function define(name: string): Routine<[filp: FileId]> {
    return routines.define(name, 'virt/kvm/kvm_main.c', ['filp: file'], (r, filp) => {
      const changed = r.variable('slot: number', 0);
      const vmOf = (t: Task): VmId => world().files.objectOf<VmId>(t.machine, filp.of(t));
      const lockOf = (t: Task): number => lock.base + vmOf(t);
      const result = r.variable('r: result', 0);
      const unlock = r.label();
      r.step('check the argument', (t) => {
        const wanted = described(t);
        if (typeof wanted === 'number') t.return(wanted);
      });
      r.lock('kvm->slots_lock', lockOf);
      r.local((t) => {
        const { machine } = t;
        const vm = vmOf(t);
        const wanted = described(t) as Slot;
        const change = decide(machine, vm, wanted);
        const index = find(machine.state, vm, (one) => one.id === wanted.id);
        if (typeof change === 'number') result.set(t, change);
        else if (change === 'create') create(machine, vm, wanted);
        else if (change === 'flags') write(machine, vm, index, wanted);
        else {
          const old = slot(machine.state, vm, index)!;
          write(machine, vm, index, { ...old, flags: old.flags | INVALID });
          changed.set(t, index + 1);
          return;
        }
        t.goto(unlock);
      });
      r.step('zap the leaves of the slot, or all', (t) => {
        const vm = vmOf(t);
        const old = slot(t.machine.state, vm, changed.of(t) - 1)!;
        t.call(world().kvm.mmu.zapGfnRange, vm, ZAP_REASONS.indexOf('memory-slot'), zapRangeFor(t.machine, vm, old));
      });
      r.step('install the new slots', (t) => {
        const wanted = described(t) as Slot;
        write(t.machine, vmOf(t), changed.of(t) - 1, wanted.end === wanted.start ? undefined : wanted);
      });
      r.at(unlock).unlock('kvm->slots_lock', lockOf);
      r.local((t) => t.return(result.of(t)));
    });
  }

  const all = (state: Int32Array, vm: VmId): readonly Slot[] =>
    Array.from({ length: any ? dims.memorySlots : 0 }, (_, index) => slot(state, vm, index)).flatMap(
      (one) => one ?? [],
    );

  return {
    all,
    explicit,
    setRegion: define('kvm_vm_ioctl_set_memory_region'),
    setRegion2: kernel.has('memory-region2') ? define('kvm_vm_ioctl_set_memory_region') : undefined,

    backing(state, vm, page) {
      if (!any || state[explicit.base + vm] === 0)
        return { page, readOnly: false, noncoherentDma: false, invalid: false, whole: EVERYTHING };
      const address = topology.pages[page]!.address;
      const index = find(state, vm, (one) => one.id >> 16 === 0 && one.start <= address && address < one.end);
      const one = index < 0 ? undefined : slot(state, vm, index);
      if (!one) return undefined;
      const target: PageId | None = pageAt(one.user + (address - one.start));
      return {
        page: target === NONE ? page : target,
        readOnly: (one.flags & SLOT_FLAGS.readOnly) !== 0,
        noncoherentDma: (one.flags & SLOT_FLAGS.noncoherentDma) !== 0,
        invalid: (one.flags & INVALID) !== 0,
        whole: (range) =>
          one.start <= range.start &&
          range.end <= one.end &&
          (one.flags & SLOT_FLAGS.logDirtyPages) === 0 &&
          ((one.user - one.start) & (range.end - range.start - 1n)) === 0n,
      };
    },

    forget(m, vm) {
      if (!any) return;
      m.put(explicit.base + vm, 0);
      for (const field of fields) for (let i = 0; i < dims.memorySlots; i++) m.put(at(field, vm, i), 0);
    },
  };
}
