/**
 * DRAM, the private caches of the physical CPUs, and their write-combining buffers.
 *
 * The real thing: x86 keeps caches coherent with each other and with snooped DMA in hardware. A line is in one of the
 * MESI states; an access follows its memory type. A transaction that is not snooped sees DRAM alone.
 *
 * Modelled: one private write-back cache per pCPU, MESI per 64-byte line, several words a line; one write-combining
 * buffer a line and CPU; self-snoop and the supply of clean lines by another cache as options. A word carries a version, so that "older" has a meaning: every write
 * makes a new one, in the global order of the interleaving.
 *
 * Left out here: store buffers (cpu/store-buffer.ts). Left out: shared last-level caches, speculation other than allowed prefetch, capacity (a line leaves
 * a cache only when told to), the timing of everything.
 *
 * Sources: Intel SDM volume 3, "Memory cache control" (methods of caching, MESI, WBINVD, INVD, self-snooping) and
 * volume 2 for the instructions.
 */
import type { Field } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';
import { cacheable, MEMTYPE } from './memtype.ts';

/** States of a line in one cache. */
export const LINE = { invalid: 0, shared: 1, exclusive: 2, modified: 3 } as const;
export const LINE_STATES = ['I', 'S', 'E', 'M'] as const;

/**
 * What a write-combining buffer holds of a word: nothing, a store that the caches hear of when it reaches DRAM
 * (non-temporal, or self-snooped), or one that goes past them.
 */
export const COMBINING = { none: 0, coherent: 1, bypassing: 2 } as const;

/** What an access sees or writes. */
export interface Copy {
  value: number;
  version: number;
}

export interface Memory {
  /** Per word: what DRAM holds. */
  readonly dram: Field;
  readonly dramVersion: Field;
  /** Per pCPU and line: {@link LINE}. */
  readonly lineState: Field;
  /** Per pCPU and word: what its cache holds; 0 while the line is invalid. */
  readonly cached: Field;
  readonly cachedVersion: Field;
  /** Per pCPU and word: {@link COMBINING}. */
  readonly wcValid: Field;
  readonly wcValue: Field;
  readonly wcVersion: Field;
  /** Per word: the newest version there is. */
  readonly latest: Field;
  /** All fields above that hold versions; the last dimension of each is the word. */
  readonly versions: readonly Field[];
  /** Per pCPU: the other pCPU, + 1, whose clean copy serves the next fill; 0 when DRAM does. */
  readonly supplier: Field;
  /** Called just before a modified line is written over DRAM: the monitors look at what is lost. */
  onWriteback: (machine: Machine, cpu: number, line: number) => void;

  /** A CPU's load with the effective type. Fills `out`. */
  load(machine: Machine, cpu: number, word: number, type: number, out: Copy): void;
  /** A CPU's store with the effective type: makes a new version and returns it. */
  store(machine: Machine, cpu: number, word: number, type: number, value: number): number;
  /** A store of non-temporal kind to WB memory: WC rules, and the line leaves all caches. */
  storeNonTemporal(machine: Machine, cpu: number, word: number, value: number): number;
  /** A device's read: snooped, or of DRAM alone. */
  dmaRead(machine: Machine, word: number, snooped: boolean, out: Copy): void;
  /** A device's write: makes a new version and returns it. */
  dmaWrite(machine: Machine, word: number, value: number, snooped: boolean): number;
  /** Write back and invalidate a line in every cache (CLFLUSH). */
  flushLine(machine: Machine, line: number): void;
  /** Write back a line wherever it is modified, keep it clean (CLWB). */
  cleanLine(machine: Machine, line: number): void;
  /** Write back and invalidate all of one CPU's cache (WBINVD). Drains its WC buffers. */
  flushCpu(machine: Machine, cpu: number): void;
  /** Write back all of one CPU's cache and keep it (WBNOINVD). */
  cleanCpu(machine: Machine, cpu: number): void;
  /** Discard all of one CPU's cache without writing back (INVD). */
  invalidateCpu(machine: Machine, cpu: number): void;
  /** One line leaves one cache, written back when modified. False when it is not there. */
  evict(machine: Machine, cpu: number, line: number): boolean;
  /** One line enters one cache. False when it is already there. */
  prefetch(machine: Machine, cpu: number, line: number): boolean;
  /** The next fill of one CPU comes from a clean copy of another. False when no copy there differs from DRAM. */
  supplyFrom(machine: Machine, cpu: number, other: number): boolean;
  /** One CPU's WC buffers reach DRAM. False when they are empty. */
  drain(machine: Machine, cpu: number): boolean;
  /** The WC buffer of one line reaches DRAM. False when it is empty. */
  drainLine(machine: Machine, cpu: number, line: number): boolean;
}

export function createMemory(base: WorldBase): Memory {
  const { topology, layout } = base;
  const cpus = topology.cpu.count;
  const words = topology.words.length;
  const lines = topology.lines.length;
  const cpuNames = Array.from({ length: cpus }, (_, i) => `cpu${i}`);
  const wordNames = topology.words.map((w) => w.name);
  const lineNames = topology.lines.map((l) => l.words.map((w) => wordNames[w]).join('+'));
  const perWord = { labels: [wordNames] };
  const perCpuWord = { labels: [cpuNames, wordNames] };
  const dram = layout.field('dram', [words], { ...perWord, initial: topology.words.map((w) => w.initial) });
  const dramVersion = layout.field('dramVersion', [words], perWord);
  const lineState = layout.field('lineState', [cpus, lines], { labels: [cpuNames, lineNames], values: LINE_STATES });
  const cached = layout.field('cached', [cpus, words], perCpuWord);
  const cachedVersion = layout.field('cachedVersion', [cpus, words], perCpuWord);
  const wcValid = layout.field('wcValid', [cpus, words], perCpuWord);
  const wcValue = layout.field('wcValue', [cpus, words], perCpuWord);
  const wcVersion = layout.field('wcVersion', [cpus, words], perCpuWord);
  const latest = layout.field('latestVersion', [words], perWord);
  const supplier = layout.field('supplier', [cpus], { labels: [cpuNames] });
  const lineOf = Int32Array.from(topology.words, (w) => w.line);
  const wordsOf = topology.lines.map((l) => l.words);
  const selfSnoop = topology.cpu.selfSnoop;

  const stateSlot = (cpu: number, line: number): number => lineState.base + cpu * lines + line;
  const wordSlot = (field: Field, cpu: number, word: number): number => field.base + cpu * words + word;

  function newVersion(m: Machine, word: number): number {
    const version = m.state[latest.base + word]! + 1;
    m.put(latest.base + word, version);
    return version;
  }

  function writeDram(m: Machine, word: number, value: number, version: number): void {
    m.put(dram.base + word, value);
    m.put(dramVersion.base + word, version);
  }

  function writeback(m: Machine, cpu: number, line: number): void {
    memory.onWriteback(m, cpu, line);
    m.note(NOTE.writeback, cpu, line, -1);
    for (const word of wordsOf[line]!) {
      writeDram(m, word, m.state[wordSlot(cached, cpu, word)]!, m.state[wordSlot(cachedVersion, cpu, word)]!);
    }
  }

  function drop(m: Machine, cpu: number, line: number): void {
    m.put(stateSlot(cpu, line), LINE.invalid);
    for (const word of wordsOf[line]!) {
      m.put(wordSlot(cached, cpu, word), 0);
      m.put(wordSlot(cachedVersion, cpu, word), 0);
    }
  }

  function flushOne(m: Machine, cpu: number, line: number): void {
    const state = m.state[stateSlot(cpu, line)]!;
    if (state === LINE.invalid) return;
    if (state === LINE.modified) writeback(m, cpu, line);
    drop(m, cpu, line);
  }

  function fill(m: Machine, cpu: number, line: number): void {
    const from = m.state[supplier.base + cpu]! - 1;
    const supplied = from >= 0 && isClean(m.state, from, line);
    m.put(supplier.base + cpu, 0);
    let shared = false;
    for (let other = 0; other < cpus; other++) {
      const state = m.state[stateSlot(other, line)]!;
      if (other === cpu || state === LINE.invalid) continue;
      if (state === LINE.modified) writeback(m, other, line);
      m.put(stateSlot(other, line), LINE.shared);
      shared = true;
    }
    m.put(stateSlot(cpu, line), shared ? LINE.shared : LINE.exclusive);
    for (const word of wordsOf[line]!) {
      const value = supplied ? wordSlot(cached, from, word) : dram.base + word;
      const version = supplied ? wordSlot(cachedVersion, from, word) : dramVersion.base + word;
      m.put(wordSlot(cached, cpu, word), m.state[value]!);
      m.put(wordSlot(cachedVersion, cpu, word), m.state[version]!);
    }
  }

  function isClean(state: Int32Array, cpu: number, line: number): boolean {
    const held = state[stateSlot(cpu, line)];
    return held === LINE.shared || held === LINE.exclusive;
  }

  function differsFromDram(state: Int32Array, cpu: number, line: number): boolean {
    return wordsOf[line]!.some((word) => state[wordSlot(cachedVersion, cpu, word)] !== state[dramVersion.base + word]);
  }

  /** Removes a line from all other caches; a modified copy is written back first. */
  function takeFromOthers(m: Machine, cpu: number, line: number): void {
    for (let other = 0; other < cpus; other++) if (other !== cpu) flushOne(m, other, line);
  }

  function drainWord(m: Machine, cpu: number, word: number): boolean {
    const held = m.state[wordSlot(wcValid, cpu, word)];
    if (held === COMBINING.none) return false;
    if (held === COMBINING.coherent) for (let other = 0; other < cpus; other++) flushOne(m, other, lineOf[word]!);
    writeDram(m, word, m.state[wordSlot(wcValue, cpu, word)]!, m.state[wordSlot(wcVersion, cpu, word)]!);
    m.put(wordSlot(wcValid, cpu, word), 0);
    m.put(wordSlot(wcValue, cpu, word), 0);
    m.put(wordSlot(wcVersion, cpu, word), 0);
    return true;
  }

  function drain(m: Machine, cpu: number): boolean {
    let any = false;
    for (let word = 0; word < words; word++) any = drainWord(m, cpu, word) || any;
    return any;
  }

  function drainLine(m: Machine, cpu: number, line: number): boolean {
    let any = false;
    for (const word of wordsOf[line]!) any = drainWord(m, cpu, word) || any;
    return any;
  }

  /** An uncached access meets a line that is cached under another type: self-snoop decides. */
  function resolveAlias(m: Machine, line: number): void {
    if (!selfSnoop) return;
    for (let cpu = 0; cpu < cpus; cpu++) flushOne(m, cpu, line);
  }

  function fromDram(m: Machine, word: number, out: Copy): void {
    out.value = m.state[dram.base + word]!;
    out.version = m.state[dramVersion.base + word]!;
  }

  function fromCache(m: Machine, cpu: number, word: number, out: Copy): void {
    out.value = m.state[wordSlot(cached, cpu, word)]!;
    out.version = m.state[wordSlot(cachedVersion, cpu, word)]!;
  }

  function storeWriteBack(m: Machine, cpu: number, word: number, value: number, version: number): void {
    const line = lineOf[word]!;
    if (m.state[stateSlot(cpu, line)] === LINE.invalid) fill(m, cpu, line);
    takeFromOthers(m, cpu, line);
    m.put(stateSlot(cpu, line), LINE.modified);
    m.put(wordSlot(cached, cpu, word), value);
    m.put(wordSlot(cachedVersion, cpu, word), version);
  }

  function storeCombining(
    m: Machine,
    cpu: number,
    word: number,
    value: number,
    version: number,
    how: number = COMBINING.coherent,
  ): void {
    m.put(wordSlot(wcValid, cpu, word), how);
    m.put(wordSlot(wcValue, cpu, word), value);
    m.put(wordSlot(wcVersion, cpu, word), version);
  }

  const memory: Memory = {
    dram,
    dramVersion,
    lineState,
    cached,
    cachedVersion,
    wcValid,
    wcValue,
    wcVersion,
    latest,
    versions: [dramVersion, cachedVersion, wcVersion, latest],
    supplier,
    onWriteback: () => {},

    load(m, cpu, word, type, out) {
      const line = lineOf[word]!;
      if (cacheable(type)) {
        drainWord(m, cpu, word);
        if (m.state[stateSlot(cpu, line)] === LINE.invalid) fill(m, cpu, line);
        fromCache(m, cpu, word, out);
        return;
      }
      if (type === MEMTYPE.WC) drainWord(m, cpu, word);
      else drain(m, cpu);
      resolveAlias(m, line);
      fromDram(m, word, out);
    },

    store(m, cpu, word, type, value) {
      const line = lineOf[word]!;
      const version = newVersion(m, word);
      if (type === MEMTYPE.WB) {
        drainWord(m, cpu, word);
        storeWriteBack(m, cpu, word, value, version);
      } else if (type === MEMTYPE.WC) {
        resolveAlias(m, line);
        storeCombining(m, cpu, word, value, version, selfSnoop ? COMBINING.coherent : COMBINING.bypassing);
      } else {
        // Only uncached accesses wait for the buffers of other lines.
        if (cacheable(type)) drainWord(m, cpu, word);
        else drain(m, cpu);
        if (type === MEMTYPE.WT) {
          takeFromOthers(m, cpu, line);
          const state = m.state[stateSlot(cpu, line)]!;
          if (state === LINE.modified) flushOne(m, cpu, line);
          else if (state !== LINE.invalid) {
            m.put(wordSlot(cached, cpu, word), value);
            m.put(wordSlot(cachedVersion, cpu, word), version);
          }
        } else if (type === MEMTYPE.WP) {
          for (let other = 0; other < cpus; other++) flushOne(m, other, line);
        } else {
          resolveAlias(m, line);
        }
        writeDram(m, word, value, version);
      }
      return version;
    },

    storeNonTemporal(m, cpu, word, value) {
      const version = newVersion(m, word);
      for (let other = 0; other < cpus; other++) flushOne(m, other, lineOf[word]!);
      storeCombining(m, cpu, word, value, version);
      return version;
    },

    dmaRead(m, word, snooped, out) {
      if (snooped) {
        const line = lineOf[word]!;
        for (let cpu = 0; cpu < cpus; cpu++) {
          if (m.state[stateSlot(cpu, line)] !== LINE.modified) continue;
          writeback(m, cpu, line);
          m.put(stateSlot(cpu, line), LINE.shared);
        }
      }
      fromDram(m, word, out);
    },

    dmaWrite(m, word, value, snooped) {
      if (snooped) for (let cpu = 0; cpu < cpus; cpu++) flushOne(m, cpu, lineOf[word]!);
      const version = newVersion(m, word);
      writeDram(m, word, value, version);
      return version;
    },

    flushLine(m, line) {
      for (let cpu = 0; cpu < cpus; cpu++) flushOne(m, cpu, line);
    },

    cleanLine(m, line) {
      for (let cpu = 0; cpu < cpus; cpu++) {
        if (m.state[stateSlot(cpu, line)] !== LINE.modified) continue;
        writeback(m, cpu, line);
        m.put(stateSlot(cpu, line), LINE.exclusive);
      }
    },

    flushCpu(m, cpu) {
      drain(m, cpu);
      for (let line = 0; line < lines; line++) flushOne(m, cpu, line);
    },

    cleanCpu(m, cpu) {
      drain(m, cpu);
      for (let line = 0; line < lines; line++) {
        if (m.state[stateSlot(cpu, line)] !== LINE.modified) continue;
        writeback(m, cpu, line);
        m.put(stateSlot(cpu, line), LINE.exclusive);
      }
    },

    invalidateCpu(m, cpu) {
      for (let line = 0; line < lines; line++) if (m.state[stateSlot(cpu, line)] !== LINE.invalid) drop(m, cpu, line);
    },

    evict(m, cpu, line) {
      if (m.state[stateSlot(cpu, line)] === LINE.invalid) return false;
      flushOne(m, cpu, line);
      return true;
    },

    prefetch(m, cpu, line) {
      if (m.state[stateSlot(cpu, line)] !== LINE.invalid) return false;
      fill(m, cpu, line);
      return true;
    },

    supplyFrom(m, cpu, other) {
      if (m.state[supplier.base + cpu] !== 0) return false;
      const useful = topology.lines.some(
        (_, line) =>
          isClean(m.state, other, line) &&
          m.state[stateSlot(cpu, line)] === LINE.invalid &&
          differsFromDram(m.state, other, line),
      );
      if (useful) m.put(supplier.base + cpu, other + 1);
      return useful;
    },

    drain,
    drainLine,
  };
  return memory;
}
