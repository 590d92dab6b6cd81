/**
 * The bare-metal ghost: the guest's own program on an ideal machine, beside the real one.
 *
 * On that machine each vCPU is a CPU that never migrates, the guest's own memory types count, WBINVD and CR0.CD act,
 * and the hardware may at any time evict a line, prefetch one or drain a write-combining buffer. The ghost does not
 * follow one such execution but bounds all of them: for each place that a read can be served from it keeps the oldest
 * version that may be there. A read on the real machine that returns an older one could not have happened on bare
 * metal, so the host broke a promise; every other old value is the guest's own doing.
 *
 * Why bounds are enough: what a guest may see is a minimum over the places that may serve the read (DRAM, a modified
 * line, an old copy of its own), and every rule of the architecture (a write-back, a flush, a fence) maps those minima
 * to new ones. `guaranteed` bounds what a coherent access finds: the modified line, or DRAM once that line was evicted,
 * which may happen at any time. While a line may still be modified (`dirtyIn`), DRAM below it has a bound of its own
 * (`underDirty`), and that is what a device finds which bypasses the caches.
 *
 * Left out: which of several old copies a CPU holds, a guest that races with its own device on a write-combining
 * buffer (both orders are allowed), aliases of one page with two types at once.
 *
 * Sources: Intel SDM volume 3, "Memory Cache Control"; docs/hardware.md has every rule with its section.
 */
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';
import { BYPASSES, NO_FILL, OLD_COPY } from './ghost-marks.ts';
import type { Memory } from './memory.ts';
import { cacheable, MEMTYPE } from './memtype.ts';

export interface Ghost {
  /** Per word: the oldest version that a coherent access may find: in a modified line, or in DRAM when there is none. */
  readonly guaranteed: Field;
  /** Per line: the CPU that may hold it modified, + 1: a vCPU's ordinal, or the number of vCPUs for the host. */
  readonly dirtyIn: Field;
  /** Per word: the oldest version that DRAM may hold while the line is modified; 0 while it is not. */
  readonly underDirty: Field;
  /** Per word: the newest version that a device wrote; 0 when there is none. */
  readonly deviceWrite: Field;
  /** Per vCPU and word: {@link OLD_COPY}, whether its cache may hold a copy that is older than DRAM. */
  readonly mayHoldOld: Field;
  /** Per vCPU and word: the oldest version of that copy; 0 while there is none. */
  readonly oldVersion: Field;
  /** Per vCPU and word: the version that waits in its write-combining buffer, 0 when none does. */
  readonly combining: Field;
  /** Per vCPU and word: 1 when that version will reach DRAM without a look into the caches. */
  readonly combiningBypasses: Field;
  /** Per vCPU: {@link NO_FILL}. */
  readonly noFill: Field;

  /** Per word: the newest version at the moment the page was given to the VM; 0 while the host has it. */
  readonly given: Field;
  /** Per word: 1 once the page came back from the VM. */
  readonly returned: Field;

  /** All fields above that hold versions; the last dimension of each is the word. */
  readonly versions: readonly Field[];
  /** What the ghost remembers beside versions. */
  readonly marks: readonly Field[];

  /** The page of a word changes its owner: the VM gets it, or the host gets it back. */
  give(machine: Machine, page: number): void;
  free(machine: Machine, page: number): void;
  store(machine: Machine, vcpu: number, word: number, guestType: number, version: number): void;
  /** A non-temporal store to memory of a cacheable type: it leaves the caches and waits in a write-combining buffer. */
  storeNonTemporal(machine: Machine, vcpu: number, word: number, version: number): void;
  /** A guest's load with its own memory type. Returns the oldest version that bare metal can deliver. */
  load(machine: Machine, vcpu: number, word: number, guestType: number): number;
  /** The oldest version that bare metal can deliver to a device: from DRAM alone, or snooped. */
  deviceReadBound(state: Int32Array, word: number, snooped: boolean): number;
  fence(machine: Machine, vcpu: number): void;
  /** CLFLUSH by a vCPU: what it stored to the line before, in its write-combining buffer too, is in DRAM. */
  flushLine(machine: Machine, vcpu: number, line: number): void;
  /** CLWB by a vCPU: the line is in DRAM, copies stay and may hold old data of a device. */
  cleanLine(machine: Machine, vcpu: number, line: number): void;
  /** WBINVD takes a while when KVM emulates it; bare metal may execute it at any moment of that. */
  wbinvdBegins(machine: Machine, vcpu: number): void;
  wbinvd(machine: Machine, vcpu: number): void;
  /** WBNOINVD: writes back what WBINVD writes back; copies stay. */
  wbnoinvd(machine: Machine, vcpu: number): void;
  invd(machine: Machine, vcpu: number): void;
  /** The guest sets or clears CR0.CD. */
  cacheDisable(machine: Machine, vcpu: number, on: boolean): void;
  deviceStore(machine: Machine, word: number, version: number, snooped: boolean): void;
  /** A store by the host's own CPU: it takes part in coherence, and the guest has to flush it like any other. */
  hostStore(machine: Machine, word: number, version: number): void;
}

export function createGhost(base: WorldBase, memory: Memory): Ghost {
  const { topology, layout } = base;
  const words = topology.words.length;
  const lines = topology.lines.length;
  const vcpuNames = topology.actors.filter((a) => a.kind === 'vcpu').map((a) => a.name);
  const wordNames = topology.words.map((w) => w.name);
  const lineNames = topology.lines.map((l) => l.words.map((w) => wordNames[w]).join('+'));
  const vcpus = vcpuNames.length;
  const host = vcpus;
  const { selfSnoop, cleanSupply } = topology.cpu;
  const perWord = { labels: [wordNames] };
  const perVcpuWord = { labels: [vcpuNames, wordNames] };
  const guaranteed = layout.field('guaranteedVersion', [words], perWord);
  const dirtyIn = layout.field('dirtyIn', [lines], { labels: [lineNames] });
  const underDirty = layout.field('versionUnderDirty', [words], perWord);
  const deviceWrite = layout.field('deviceWriteVersion', [words], perWord);
  const mayHoldOld = layout.field('mayHoldOld', [vcpus, words], perVcpuWord);
  const oldVersion = layout.field('oldVersion', [vcpus, words], perVcpuWord);
  const combining = layout.field('combiningVersion', [vcpus, words], perVcpuWord);
  const combiningBypasses = layout.field('combiningBypasses', [vcpus, words], perVcpuWord);
  const noFill = layout.field('noFill', [vcpus], { labels: [vcpuNames] });
  const given = layout.field('givenVersion', [words], perWord);
  const returned = layout.field('returned', [words], perWord);
  const lineOf = Int32Array.from(topology.words, (w) => w.line);
  const wordsOf = topology.lines.map((l) => l.words);

  // --- bounds of what a read may be served with ------------------------------------------------------------------

  const isDirty = (s: Int32Array, word: number): boolean => s[dirtyIn.base + lineOf[word]!] !== 0;

  function least(s: Int32Array, field: Field, word: number, bound: number): number {
    return Math.min(bound, s[field.base + word]!);
  }

  /** What is left of a bound for DRAM while buffers have not drained: each may still land after a newer write. */
  function afterCombining(s: Int32Array, word: number, bound: number): number {
    for (let slot = combining.base + word; slot < combining.base + combining.size; slot += words) {
      const waiting = s[slot]!;
      if (waiting !== 0 && waiting < bound) bound = waiting;
    }
    return bound;
  }

  /** DRAM, past the caches. */
  function dramBound(s: Int32Array, word: number): number {
    const bound = s[guaranteed.base + word]!;
    return afterCombining(s, word, isDirty(s, word) ? least(s, underDirty, word, bound) : bound);
  }

  /** The modified line, or DRAM when it was evicted. */
  function snoopedBound(s: Int32Array, word: number): number {
    return afterCombining(s, word, s[guaranteed.base + word]!);
  }

  /** A CPU's read that finds no copy of its own. */
  function fillBound(s: Int32Array, word: number): number {
    let bound = snoopedBound(s, word);
    if (cleanSupply) for (let vcpu = 0; vcpu < vcpus; vcpu++) bound = ownCopy(s, vcpu, word, bound);
    return bound;
  }

  /**
   * What is left of a bound when the vCPU may also hit a copy of its own. Both slots are read in any case: an explorer takes
   * what was not read for what does not matter, and would find out late, when a device has written past the caches.
   */
  function ownCopy(s: Int32Array, vcpu: number, word: number, bound: number): number {
    const slot = vcpu * words + word;
    const mayHold = s[mayHoldOld.base + slot] !== 0;
    const old = least(s, oldVersion, slot, bound);
    return mayHold ? old : bound;
  }

  // --- what changes them -----------------------------------------------------------------------------------------

  /** A modified line is written back for certain: from here on it is in no cache modified. */
  function clean(m: Machine, line: number): void {
    if (m.state[dirtyIn.base + line] === 0) return;
    m.put(dirtyIn.base + line, 0);
    for (const word of wordsOf[line]!) {
      m.put(underDirty.base + word, 0);
      for (let slot = word; slot < combining.size; slot += words)
        if (m.state[combiningBypasses.base + slot] === BYPASSES.atTheEnd)
          m.put(combiningBypasses.base + slot, BYPASSES.orBeforeAWriteBack);
    }
  }

  function forgetOld(m: Machine, vcpu: number, line: number): void {
    for (const word of wordsOf[line]!) {
      m.put(mayHoldOld.base + vcpu * words + word, 0);
      m.put(oldVersion.base + vcpu * words + word, 0);
    }
  }

  function forgetOldEverywhere(m: Machine, line: number): void {
    for (let vcpu = 0; vcpu < vcpus; vcpu++) forgetOld(m, vcpu, line);
  }

  /** A coherent store that writes memory: every copy of the line is written back and dropped, then DRAM is written. */
  function throughCaches(m: Machine, word: number, version: number): void {
    const line = lineOf[word]!;
    clean(m, line);
    forgetOldEverywhere(m, line);
    m.put(guaranteed.base + word, version);
  }

  /** A write-through store: as above, but the CPU keeps its own copy and updates the word in it. */
  function writeThroughStore(m: Machine, vcpu: number, word: number, version: number): void {
    const line = lineOf[word]!;
    clean(m, line);
    for (let other = 0; other < vcpus; other++) if (other !== vcpu) forgetOld(m, other, line);
    m.put(mayHoldOld.base + vcpu * words + word, 0);
    m.put(oldVersion.base + vcpu * words + word, 0);
    m.put(guaranteed.base + word, version);
  }

  /** A store to DRAM that no cache hears of: copies stay, and a modified one may be written over it later. */
  function pastCaches(m: Machine, word: number, version: number): void {
    const { state } = m;
    const copies = fillBound(state, word);
    for (let vcpu = 0; vcpu < vcpus; vcpu++) {
      if (state[noFill.base + vcpu] === NO_FILL.flushed) continue;
      m.put(oldVersion.base + vcpu * words + word, ownCopy(state, vcpu, word, copies));
      m.put(mayHoldOld.base + vcpu * words + word, OLD_COPY.held);
    }
    if (!isDirty(state, word)) {
      m.put(guaranteed.base + word, version);
      return;
    }
    // A modified line keeps its older content, which an eviction writes over this store. But it may have been written back
    // before, and then this store, which may have waited in a buffer, is what everybody finds.
    m.put(underDirty.base + word, version);
    m.put(guaranteed.base + word, least(state, guaranteed, word, version));
  }

  /** A write-back store by one CPU: it owns the line, and whatever the line held besides came from where a fill comes. */
  function writeBackStore(m: Machine, cpu: number, word: number, version: number): void {
    const { state } = m;
    const line = lineOf[word]!;
    for (const other of wordsOf[line]!) {
      const fill = fillBound(state, other);
      m.put(underDirty.base + other, dramBound(state, other));
      m.put(guaranteed.base + other, other === word ? version : cpu === host ? fill : ownCopy(state, cpu, other, fill));
    }
    m.put(dirtyIn.base + line, cpu + 1);
    forgetOldEverywhere(m, line);
  }

  /** What waits in a write-combining buffer for a word has reached DRAM. */
  function drainWord(m: Machine, vcpu: number, word: number): void {
    const slot = vcpu * words + word;
    const version = m.state[combining.base + slot]!;
    if (version === 0) return;
    const bypasses = m.state[combiningBypasses.base + slot]!;
    m.put(combining.base + slot, 0);
    m.put(combiningBypasses.base + slot, 0);
    // A younger store that waits elsewhere may have drained before this one: then this one is what it leaves.
    for (let other = word; other < combining.size; other += words) {
      if (m.state[combining.base + other]! > version) m.put(combining.base + other, version);
    }
    if (bypasses === BYPASSES.orBeforeAWriteBack) pastCaches(m, word, least(m.state, guaranteed, word, version));
    else if (bypasses !== BYPASSES.no) pastCaches(m, word, version);
    else drained(m, word, version);
  }

  /**
   * A coherent store has drained at some time between its execution and now. So DRAM and every copy have the version or
   * a newer one; but if it drained early, the line may have been taken into a cache again since, and even modified.
   */
  function drained(m: Machine, word: number, version: number): void {
    m.put(guaranteed.base + word, version);
    if (isDirty(m.state, word)) m.put(underDirty.base + word, version);
    for (let slot = word; slot < mayHoldOld.size; slot += words) {
      if (m.state[mayHoldOld.base + slot] === 0) continue;
      m.put(oldVersion.base + slot, Math.max(version, m.state[oldVersion.base + slot]!));
    }
  }

  function drainLine(m: Machine, vcpu: number, line: number): void {
    for (const word of wordsOf[line]!) drainWord(m, vcpu, word);
  }

  function combine(m: Machine, vcpu: number, word: number, version: number, bypasses: boolean): void {
    // What waited there before may have drained until now, over a newer write.
    const { state } = m;
    m.put(guaranteed.base + word, afterCombining(state, word, state[guaranteed.base + word]!));
    if (isDirty(state, word)) m.put(underDirty.base + word, dramBound(state, word));
    m.put(combining.base + vcpu * words + word, version);
    m.put(combiningBypasses.base + vcpu * words + word, bypasses ? BYPASSES.atTheEnd : BYPASSES.no);
  }

  const ghost: Ghost = {
    guaranteed,
    dirtyIn,
    underDirty,
    deviceWrite,
    mayHoldOld,
    oldVersion,
    combining,
    combiningBypasses,
    noFill,
    given,
    returned,
    versions: [guaranteed, underDirty, deviceWrite, oldVersion, combining, given],
    marks: [dirtyIn, mayHoldOld, combiningBypasses, noFill],

    give(m, page) {
      for (const word of topology.pages[page]?.words ?? []) {
        m.put(given.base + word, m.state[memory.latest.base + word]!);
        m.put(returned.base + word, 0);
      }
    },

    free(m, page) {
      for (const word of topology.pages[page]?.words ?? []) {
        m.put(given.base + word, 0);
        m.put(returned.base + word, 1);
      }
    },

    store(m, vcpu, word, guestType, version) {
      const flushed = m.state[noFill.base + vcpu] === NO_FILL.flushed;
      if (guestType === MEMTYPE.WB && !flushed) {
        drainWord(m, vcpu, word);
        writeBackStore(m, vcpu, word, version);
        return;
      }
      if (guestType === MEMTYPE.WC) {
        if (selfSnoop) {
          clean(m, lineOf[word]!);
          forgetOldEverywhere(m, lineOf[word]!);
        }
        combine(m, vcpu, word, version, !selfSnoop);
        return;
      }
      if (cacheable(guestType)) drainWord(m, vcpu, word);
      else ghost.fence(m, vcpu);
      if (guestType === MEMTYPE.WT && !flushed) writeThroughStore(m, vcpu, word, version);
      else if (cacheable(guestType) || selfSnoop) throughCaches(m, word, version);
      else pastCaches(m, word, version);
    },

    storeNonTemporal(m, vcpu, word, version) {
      clean(m, lineOf[word]!);
      forgetOldEverywhere(m, lineOf[word]!);
      combine(m, vcpu, word, version, false);
    },

    load(m, vcpu, word, guestType) {
      if (cacheable(guestType)) {
        drainWord(m, vcpu, word);
        return ownCopy(m.state, vcpu, word, fillBound(m.state, word));
      }
      if (guestType === MEMTYPE.WC) drainWord(m, vcpu, word);
      else ghost.fence(m, vcpu);
      if (selfSnoop) {
        clean(m, lineOf[word]!);
        forgetOldEverywhere(m, lineOf[word]!);
      }
      return dramBound(m.state, word);
    },

    deviceReadBound: (state, word, snooped) => (snooped ? snoopedBound(state, word) : dramBound(state, word)),

    fence(m, vcpu) {
      for (let word = 0; word < words; word++) drainWord(m, vcpu, word);
    },

    flushLine(m, vcpu, line) {
      drainLine(m, vcpu, line);
      clean(m, line);
      forgetOldEverywhere(m, line);
    },

    cleanLine(m, vcpu, line) {
      drainLine(m, vcpu, line);
      clean(m, line);
    },

    wbinvdBegins(m, vcpu) {
      for (let slot = mayHoldOld.base + vcpu * words; slot < mayHoldOld.base + (vcpu + 1) * words; slot++)
        if (m.state[slot] === OLD_COPY.held) m.put(slot, OLD_COPY.flushing);
    },

    wbinvd(m, vcpu) {
      ghost.wbnoinvd(m, vcpu);
      // A copy that has become old since it began may have been fetched after the flush.
      for (let word = 0; word < words; word++) {
        const slot = vcpu * words + word;
        if (m.state[mayHoldOld.base + slot] !== OLD_COPY.flushing) continue;
        m.put(mayHoldOld.base + slot, OLD_COPY.none);
        m.put(oldVersion.base + slot, 0);
      }
      if (m.state[noFill.base + vcpu] === NO_FILL.hitsRemain) m.put(noFill.base + vcpu, NO_FILL.flushed);
    },

    wbnoinvd(m, vcpu) {
      ghost.fence(m, vcpu);
      for (let line = 0; line < lines; line++) if (m.state[dirtyIn.base + line] === vcpu + 1) clean(m, line);
    },

    invd(m, vcpu) {
      for (let line = 0; line < lines; line++) {
        if (m.state[dirtyIn.base + line] === vcpu + 1) {
          for (const word of wordsOf[line]!) {
            m.put(guaranteed.base + word, dramBound(m.state, word));
          }
          clean(m, line);
        }
        forgetOld(m, vcpu, line);
      }
      if (m.state[noFill.base + vcpu] === NO_FILL.hitsRemain) m.put(noFill.base + vcpu, NO_FILL.flushed);
    },

    cacheDisable(m, vcpu, on) {
      if (!on) m.put(noFill.base + vcpu, NO_FILL.off);
      else if (m.state[noFill.base + vcpu] === NO_FILL.off) m.put(noFill.base + vcpu, NO_FILL.hitsRemain);
    },

    deviceStore(m, word, version, snooped) {
      m.put(deviceWrite.base + word, version);
      if (snooped) throughCaches(m, word, version);
      else pastCaches(m, word, version);
    },

    hostStore(m, word, version) {
      writeBackStore(m, host, word, version);
    },
  };
  return ghost;
}
