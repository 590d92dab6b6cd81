/**
 * What a vCPU does between exits: guest memory accesses through the second-stage page tables and the caches of the
 * pCPU it runs on, and the entry into the guest.
 *
 * Modelled: loads and stores of one word with their effective memory type, page faults for missing leaves, cache control
 * instructions, fences, guest control registers and MSRs as far as they decide memory types. Left out: everything else
 * that a CPU computes.
 *
 * Sources: Intel SDM volumes 2 and 3; linux arch/x86/kvm/vmx/vmx.c vmx_handle_exit(), virt/kvm/kvm_main.c vcpu_load().
 */
import type { Task } from '../engine/task.ts';
import { LEAF } from '../kvm/mmu.ts';
import { ModelLimit } from '../limits.ts';
import type { Copy } from '../memory/memory.ts';
import { cacheable, MEMTYPE } from '../memory/memtype.ts';
import { EXIT_REASONS, type ExitReason, ZAP_REASONS } from '../state/event.ts';
import { type CpuId, idAt, knownId, NONE, type None, type PageId, type VcpuId, type VmId } from '../state/ids.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { BUFFERED, type BufferedEntry, createStoreBuffers, type StoreBuffers } from './store-buffer.ts';

/** Detail of an `access` happening: these bits, the type at `typeShift`, vCPU ordinal + 1 at `vcpuShift`, then the value. */
export const ACCESS = { store: 1, typeShift: 1, vcpuShift: 4, valueShift: 10 } as const;

const GENERAL_PROTECTION = 13;

export interface Cpu {
  /**
   * Makes sure that the task's vCPU exists and is loaded on a pCPU. False when the step must not continue: it then blocks
   * (no vCPU yet), or calls vcpu_load and runs again.
   */
  enter(task: Task): boolean;
  /** The vCPU object of the task's actor. Only after `enter`. */
  vcpuOf(task: Task): VcpuId;
  /** The VM of the task's vCPU. Only after `enter`. */
  vmOf(task: Task): VmId;
  /** The pCPU that the task's vCPU is on. Only after `enter`. */
  cpuOf(task: Task): CpuId;
  /** The ordinal among the scenario's vCPU actors, for the ghost. */
  ordinalOf(task: Task): number;
  /**
   * Makes sure that the page of a word has a leaf. False when the step must not continue: it then takes the page fault
   * and runs again.
   */
  present(task: Task, word: number, write?: boolean): boolean;
  load(task: Task, word: number): number;
  /** False when the store buffer is full: the task then waits, and the step must not continue. */
  store(task: Task, word: number, value: number): boolean;
  storeNonTemporal(task: Task, word: number, value: number): boolean;
  /** CLFLUSH, CLFLUSHOPT or CLWB of the line of a word. False as for a store. */
  flush(task: Task, kind: 'clflush' | 'clflushopt' | 'clwb', word: number): boolean;
  /** SFENCE: what is younger stays younger. False as for a store. */
  storeFence(task: Task): boolean;
  /** The types of the task's access to a word: what it gets, and what the guest alone would have. The leaf is present. */
  typesOf(task: Task, word: number): { type: number; guestType: number };
  /** All that the task's CPU has buffered takes effect: MFENCE, and whatever serializes. */
  serialize(task: Task): void;
  readonly storeBuffers: StoreBuffers;
  /** #GP: the instruction does nothing, and the guest's handler skips it. */
  generalProtection(task: Task, msr: number): void;
  /** A VM exit of the task's vCPU: recorded, counted, write-combining buffers drained. */
  exit(task: Task, reason: ExitReason): void;
  /** WBINVD (or WBNOINVD, which keeps the lines) executed in the guest, on a CPU that cannot exit on it. */
  wbinvdHere(task: Task, keep?: boolean): void;
  /** An uncached access to a device waits for stores and what was combined before it, not for CLFLUSHOPT and CLWB. */
  orderUncached(task: Task): void;
  /** The guest changes its mapping of a page. */
  setGuestPat(task: Task, page: PageId, type: number): void;
  /** MOV to CR0: sets CR0.CD or clears it. May call the zap of all leaves, so it is the last thing a step does. */
  writeCr0(task: Task, cacheDisable: boolean): void;
  /** A CPU access of the host: coherent, WB, no vCPU. */
  hostLoad(machine: Machine, cpu: CpuId, word: number): number;
  hostStore(machine: Machine, cpu: CpuId, word: number, value: number): void;
}

export function createCpu(base: WorldBase, world: () => World): Cpu {
  const { topology } = base;
  const pages = topology.pages.length;
  const ordinals = new Int32Array(topology.actors.length).fill(-1);
  topology.actors
    .filter((a) => a.kind === 'vcpu')
    .forEach((a, i) => {
      ordinals[topology.actors.indexOf(a)] = i;
    });
  const copy: Copy = { value: 0, version: 0 };

  const executedBy = (t: Task): VcpuId | None => idAt<VcpuId>(t.machine, world().kvm.actorVcpu, t.actor);
  const vcpuOf = (t: Task): VcpuId => executedBy(t) as VcpuId;
  const cpuOf = (t: Task): CpuId => knownId<CpuId>(t.machine, world().kvm.vcpuCpu, vcpuOf(t));
  const vmOf = (t: Task): VmId => knownId<VmId>(t.machine, world().kvm.vcpuVm, vcpuOf(t));
  const ordinalOf = (t: Task): number => ordinals[t.actor]!;
  const pageOf = (word: number): PageId => topology.words[word]!.page;

  function noteAccess(
    m: Machine,
    cpu: CpuId,
    ordinal: number,
    word: number,
    type: number,
    value: number,
    store: number,
  ): void {
    m.note(
      NOTE.access,
      cpu,
      word,
      store | (type << ACCESS.typeShift) | ((ordinal + 1) << ACCESS.vcpuShift) | (value << ACCESS.valueShift),
    );
  }

  const storeBuffers = createStoreBuffers(base, act);

  /** Executes what a store buffer held, or what goes past it. */
  function act(m: Machine, cpu: CpuId, { kind, vcpu, target, value, type, guestType }: BufferedEntry): void {
    const { memory, ghost } = world();
    switch (kind) {
      case 'store': {
        noteAccess(m, cpu, vcpu, target, type, value, ACCESS.store);
        ghost.store(m, vcpu, target, guestType, memory.store(m, cpu, target, type, value));
        return;
      }
      case 'movnti': {
        noteAccess(m, cpu, vcpu, target, type === MEMTYPE.WB ? MEMTYPE.WC : type, value, ACCESS.store);
        // A non-temporal store follows the WC rules on write-back memory; other types win over it.
        const combines = type === MEMTYPE.WB || type === MEMTYPE.WT || type === MEMTYPE.WC;
        const version = combines
          ? memory.storeNonTemporal(m, cpu, target, value)
          : memory.store(m, cpu, target, type, value);
        if (guestType === MEMTYPE.WB || guestType === MEMTYPE.WT) ghost.storeNonTemporal(m, vcpu, target, version);
        else ghost.store(m, vcpu, target, guestType, version);
        return;
      }
      case 'clflush':
      case 'clflushopt':
        memory.drainLine(m, cpu, target);
        memory.flushLine(m, target);
        ghost.flushLine(m, vcpu, target);
        return;
      case 'clwb':
        memory.drainLine(m, cpu, target);
        memory.cleanLine(m, target);
        ghost.cleanLine(m, vcpu, target);
        return;
      case 'sfence':
        memory.drain(m, cpu);
        ghost.fence(m, vcpu);
    }
  }

  /** Into the store buffer when there is one, else at once. False when the buffer is full: the task waits. */
  function issue(t: Task, entry: Omit<BufferedEntry, 'vcpu'>): boolean {
    const whole = { ...entry, vcpu: ordinalOf(t) };
    if (!storeBuffers.on) act(t.machine, cpuOf(t), whole);
    else if (storeBuffers.push(t.machine, cpuOf(t), whole))
      t.machine.note(NOTE.buffered, cpuOf(t), BUFFERED.indexOf(entry.kind), entry.target);
    else {
      t.block();
      return false;
    }
    return true;
  }

  function serialize(t: Task): void {
    storeBuffers.drain(t.machine, cpuOf(t));
    drainCombined(t);
  }

  function drainCombined(t: Task): void {
    world().memory.drain(t.machine, cpuOf(t));
    world().ghost.fence(t.machine, ordinalOf(t));
  }

  const leafOf = (t: Task, word: number): number =>
    t.machine.state[world().kvm.leaf.base + vmOf(t) * pages + pageOf(word)]!;

  function exit(t: Task, reason: ExitReason): void {
    const index = EXIT_REASONS.indexOf(reason);
    t.machine.note(NOTE.exit, vcpuOf(t), index, 0);
    world().counters.exit(t.machine, t.actor, index);
    storeBuffers.drain(t.machine, cpuOf(t));
    world().memory.drain(t.machine, cpuOf(t));
  }

  /** The word at a guest address: another one where a memory slot says so. */
  function wordBehind(t: Task, word: number): number {
    const page = pageOf(word);
    const target = world().kvm.mmu.slots.backing(t.machine.state, vmOf(t), page)?.page ?? page;
    if (target === page) return word;
    const start = (one: PageId): bigint => topology.pages[one]!.address;
    const offset = topology.words[word]!.address - start(page);
    const found = topology.pages[target]?.words.find(
      (other) => topology.words[other]!.address === start(target) + offset,
    );
    if (found !== undefined) return found;
    throw new ModelLimit(
      `a memory slot puts the page of ${topology.pages[target]?.name} at the address of ${topology.words[word]?.name}, and that page has no word at offset ${offset}: declare one`,
    );
  }

  /** The word that an access reaches; undefined when user space answers it, since no slot has it or it may not be written. */
  function reach(t: Task, word: number, write: boolean): number | undefined {
    const leaf = leafOf(t, word);
    const barred = write && ((leaf & LEAF.readOnly) !== 0 || (leaf & LEAF.present) === 0);
    if ((leaf & LEAF.mmio) === 0 && !barred) return wordBehind(t, word);
    const slot = world().kvm.leaf.base + vmOf(t) * pages + pageOf(word);
    // The fault itself left the guest; later accesses to an address that no slot has leave it by the entry it made.
    if ((leaf & LEAF.handled) !== 0) t.machine.put(slot, leaf & ~LEAF.handled);
    else exit(t, world().kvm.mmu.mmioExit);
    t.machine.note(NOTE['user-exit'], vcpuOf(t), pageOf(word), write ? 1 : 0);
    return undefined;
  }

  function storeTo(t: Task, kind: 'store' | 'movnti', word: number, value: number): boolean {
    const target = reach(t, word, true);
    return target === undefined || issue(t, { kind, target, value, ...cpu.typesOf(t, word) });
  }

  const cpu: Cpu = {
    storeBuffers,
    vcpuOf,
    vmOf,
    cpuOf,
    ordinalOf,

    enter(t) {
      const vcpu = executedBy(t);
      if (vcpu === NONE) {
        t.block();
        return false;
      }
      const entered = world().kvm.vcpus.entered.base + vcpu;
      if (t.machine.state[entered] !== 0) return true;
      t.machine.put(entered, 1);
      t.again();
      t.call(world().kvm.vcpuLoad, vcpu, (topology.actors[t.actor]?.cpu ?? 0) as CpuId);
      return false;
    },

    present(t, word, write = false) {
      const leaf = leafOf(t, word);
      const barred = write && (leaf & LEAF.readOnly) !== 0;
      if ((leaf & LEAF.present) !== 0 && !barred) return true;
      // User space answers the access, or has just been asked.
      const { slots } = world().kvm.mmu;
      if ((leaf & LEAF.mmio) !== 0 && !slots.backing(t.machine.state, vmOf(t), pageOf(word))) return true;
      if (write && (leaf & LEAF.handled) !== 0) return true;
      t.again();
      t.call(world().kvm.mmu.pageFault, vcpuOf(t), pageOf(word), write ? 1 : 0);
      return false;
    },

    load(t, word) {
      const { machine } = t;
      const { memory, ghost, monitors } = world();
      const target = reach(t, word, false);
      if (target === undefined) return 0;
      const { type, guestType: own } = cpu.typesOf(t, word);
      if (!cacheable(type)) storeBuffers.drainOrdered(machine, cpuOf(t));
      const buffered = storeBuffers.forward(machine.state, cpuOf(t), target);
      if (buffered !== undefined) {
        noteAccess(machine, cpuOf(t), ordinalOf(t), target, type, buffered, 0);
        return buffered;
      }
      memory.load(machine, cpuOf(t), target, type, copy);
      const promised = ghost.load(machine, ordinalOf(t), target, own);
      noteAccess(machine, cpuOf(t), ordinalOf(t), target, type, copy.value, 0);
      monitors.cpuLoad(machine, ordinalOf(t), target, copy.version, promised);
      return copy.value;
    },

    store: (t, word, value) => storeTo(t, 'store', word, value),
    storeNonTemporal: (t, word, value) => storeTo(t, 'movnti', word, value),
    flush(t, kind, word) {
      const target = topology.words[wordBehind(t, word)]!.line;
      return issue(t, { kind, target, value: 0, type: 0, guestType: 0 });
    },
    storeFence: (t) => issue(t, { kind: 'sfence', target: 0, value: 0, type: 0, guestType: 0 }),
    serialize,

    typesOf(t, word) {
      const { mmu } = world().kvm;
      return {
        type: mmu.effectiveType(t.machine, vmOf(t), pageOf(word), vcpuOf(t)),
        guestType: mmu.guestType(t.machine, vcpuOf(t), vmOf(t), pageOf(word)),
      };
    },

    generalProtection(t, msr) {
      t.machine.note(NOTE.exception, vcpuOf(t), GENERAL_PROTECTION, msr);
    },

    exit,

    wbinvdHere(t, keep = false) {
      storeBuffers.drain(t.machine, cpuOf(t));
      t.machine.note(NOTE.wbinvd, cpuOf(t), vcpuOf(t), 0);
      world().counters.flush(t.machine, cpuOf(t));
      if (keep) world().memory.cleanCpu(t.machine, cpuOf(t));
      else world().memory.flushCpu(t.machine, cpuOf(t));
    },

    orderUncached(t) {
      storeBuffers.drainOrdered(t.machine, cpuOf(t));
      drainCombined(t);
    },

    setGuestPat(t, page, type) {
      // The guest drops the page from its TLB, which serializes.
      storeBuffers.drain(t.machine, cpuOf(t));
      t.machine.put(world().kvm.mmu.guestPat.base + vmOf(t) * pages + page, type);
    },

    writeCr0(t, cacheDisable) {
      const { machine } = t;
      const { mmu } = world().kvm;
      const slot = mmu.cacheDisable.base + vcpuOf(t);
      const toggled = machine.state[slot] !== (cacheDisable ? 1 : 0);
      machine.put(slot, cacheDisable ? 1 : 0);
      world().ghost.cacheDisable(machine, ordinalOf(t), cacheDisable);
      // linux: arch/x86/kvm/x86.c kvm_post_set_cr0()
      if (toggled && mmu.zapsForGuestTypes(machine, vmOf(t)) && !world().kvm.hasQuirkCdNwCleared(machine, vmOf(t)))
        t.call(mmu.zapGfnRange, vmOf(t), ZAP_REASONS.indexOf('cr0-cd'), mmu.everything);
    },

    hostLoad(machine, cpu, word) {
      world().memory.load(machine, cpu, word, MEMTYPE.WB, copy);
      noteAccess(machine, cpu, -1, word, MEMTYPE.WB, copy.value, 0);
      world().monitors.hostLoad(machine, cpu, word, copy.version);
      return copy.value;
    },

    hostStore(machine, cpu, word, value) {
      noteAccess(machine, cpu, -1, word, MEMTYPE.WB, value, ACCESS.store);
      const version = world().memory.store(machine, cpu, word, MEMTYPE.WB, value);
      world().ghost.hostStore(machine, word, version);
    },
  };
  return cpu;
}
