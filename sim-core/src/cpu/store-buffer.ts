/**
 * Store buffers: what a CPU has executed and what has not reached its cache or memory yet.
 *
 * The real thing: a store retires into a buffer of its CPU and becomes visible to others later, in program order; its
 * own CPU sees it at once. CLFLUSHOPT and CLWB wait there too and are ordered only by fences and by older stores to
 * their own line, so a younger store may overtake them, and a doorbell, too. MFENCE and everything that serializes waits
 * until the buffer is empty; an uncached access waits for all but those; SFENCE only keeps what is younger from
 * overtaking what is older. That is x86-TSO.
 *
 * Modelled, with `store-buffer=on`: one queue a pCPU, of `LIMITS.storeBuffer` entries. Without the option every store
 * is visible at once. Left out: the store of a CPU to a device register does not wait itself (what is ordered before it
 * takes effect, then it takes place), loads that are executed early, and locked instructions.
 *
 * Sources: Intel SDM volume 3, "Memory Ordering" and "Store Buffer"; volume 2, CLFLUSHOPT, CLWB; Sewell and others,
 * "x86-TSO: A Rigorous and Usable Programmer's Model for x86 Multiprocessors".
 */
import { LIMITS } from '../limits.ts';
import type { CpuId } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';

/** What can wait. The order is the encoding; the first is an empty place. */
export const BUFFERED = ['nothing', 'store', 'movnti', 'clflush', 'clflushopt', 'clwb', 'sfence'] as const;
export type BufferedKind = Exclude<(typeof BUFFERED)[number], 'nothing'>;

export interface BufferedEntry {
  readonly kind: BufferedKind;
  /** The vCPU's ordinal among the scenario's vCPUs. */
  readonly vcpu: number;
  /** Of a store: the word. Of a flush: the line. Of a fence: 0. */
  readonly target: number;
  readonly value: number;
  /** Of a store: the effective memory type, and the one that the guest alone would have; as they were when it executed. */
  readonly type: number;
  readonly guestType: number;
}

export interface StoreBuffers {
  /** False without `store-buffer=on`: then nothing ever waits. */
  readonly on: boolean;
  /** Appends. False when the buffer is full: the CPU has to wait. */
  push(machine: Machine, cpu: CpuId, entry: BufferedEntry): boolean;
  /** The value of the CPU's youngest waiting store to a word, or undefined. */
  forward(state: Int32Array, cpu: CpuId, word: number): number | undefined;
  /** The oldest entry that is not ordered weakly takes effect. False when there is none. */
  commit(machine: Machine, cpu: CpuId): boolean;
  /** The oldest weakly ordered flush of a line takes effect. False when there is none, or something orders it. */
  commitFlush(machine: Machine, cpu: CpuId, line: number): boolean;
  /** Everything takes effect but the weakly ordered flushes that no fence orders: what an uncached access waits for. */
  drainOrdered(machine: Machine, cpu: CpuId): void;
  /** Everything takes effect, in program order. */
  drain(machine: Machine, cpu: CpuId): void;
  /** What waits, the oldest first. */
  list(state: Int32Array, cpu: CpuId): BufferedEntry[];
}

const SHIFT = { type: 3, guestType: 6, vcpu: 9, target: 15 } as const;

/** `act` makes an entry take effect; `lineOf` is the line of a word. */
export function createStoreBuffers(
  base: WorldBase,
  act: (machine: Machine, cpu: CpuId, entry: BufferedEntry) => void,
): StoreBuffers {
  const { layout, topology } = base;
  const { count: cpus, storeBuffer: on } = topology.cpu;
  const places = on ? LIMITS.storeBuffer : 0;
  const cpuNames = Array.from({ length: cpus }, (_, i) => `cpu${i}`);
  const shape = [cpus, places];
  const entries = layout.field('storeBufferEntry', shape, { labels: [cpuNames], internal: true });
  const values = layout.field('storeBufferValue', shape, { labels: [cpuNames], internal: true });

  function at(state: Int32Array, cpu: CpuId, place: number): BufferedEntry | undefined {
    const code = state[entries.base + cpu * places + place]!;
    if (code === 0) return undefined;
    return {
      kind: BUFFERED[code & 7] as BufferedKind,
      type: (code >> SHIFT.type) & 7,
      guestType: (code >> SHIFT.guestType) & 7,
      vcpu: (code >> SHIFT.vcpu) & 63,
      target: code >> SHIFT.target,
      value: state[values.base + cpu * places + place]!,
    };
  }

  function list(state: Int32Array, cpu: CpuId): BufferedEntry[] {
    const found: BufferedEntry[] = [];
    for (let place = 0; place < places; place++) {
      const entry = at(state, cpu, place);
      if (!entry) break;
      found.push(entry);
    }
    return found;
  }

  /** The younger ones move up, so that equal queues are equal states. */
  function remove(m: Machine, cpu: CpuId, from: number): void {
    const last = places - 1;
    for (let place = from; place <= last; place++) {
      const slot = cpu * places + place;
      m.put(entries.base + slot, place === last ? 0 : m.state[entries.base + slot + 1]!);
      m.put(values.base + slot, place === last ? 0 : m.state[values.base + slot + 1]!);
    }
  }

  function take(m: Machine, cpu: CpuId, place: number): void {
    const entry = at(m.state, cpu, place);
    if (!entry) throw new RangeError(`cpu${cpu} has no entry ${place} in its store buffer`);
    remove(m, cpu, place);
    act(m, cpu, entry);
  }

  const lineOf = (entry: BufferedEntry): number =>
    entry.kind === 'store' || entry.kind === 'movnti' ? topology.words[entry.target]!.line : entry.target;

  function commit(m: Machine, cpu: CpuId): boolean {
    const waiting = list(m.state, cpu);
    const place = waiting.findIndex((entry) => !weak(entry));
    if (place < 0) return false;
    // A fence is over when all that is older has taken effect.
    if (waiting[place]?.kind === 'sfence') for (let older = 0; older < place; older++) take(m, cpu, 0);
    take(m, cpu, waiting[place]?.kind === 'sfence' ? 0 : place);
    return true;
  }

  return {
    on,

    push(m, cpu, entry) {
      for (let place = 0; place < places; place++) {
        const slot = cpu * places + place;
        if (m.state[entries.base + slot] !== 0) continue;
        const code =
          BUFFERED.indexOf(entry.kind) |
          (entry.type << SHIFT.type) |
          (entry.guestType << SHIFT.guestType) |
          (entry.vcpu << SHIFT.vcpu) |
          (entry.target << SHIFT.target);
        m.put(entries.base + slot, code);
        m.put(values.base + slot, entry.value);
        return true;
      }
      return false;
    },

    forward(state, cpu, word) {
      if (!on) return undefined;
      return list(state, cpu).findLast((e) => (e.kind === 'store' || e.kind === 'movnti') && e.target === word)?.value;
    },

    commit,

    drainOrdered(m, cpu) {
      while (commit(m, cpu)) {
        // One after the other, in program order.
      }
    },

    commitFlush(m, cpu, line) {
      const waiting = list(m.state, cpu);
      const place = waiting.findIndex((entry) => weak(entry) && entry.target === line);
      if (place < 0) return false;
      const ordered = waiting.slice(0, place).some((older) => older.kind === 'sfence' || lineOf(older) === line);
      if (ordered) return false;
      take(m, cpu, place);
      return true;
    },

    drain(m, cpu) {
      while (places > 0 && m.state[entries.base + cpu * places] !== 0) take(m, cpu, 0);
    },

    list,
  };
}

/** Ordered only by fences and by older stores to the same line. */
function weak(entry: BufferedEntry): boolean {
  return entry.kind === 'clflushopt' || entry.kind === 'clwb';
}
