/**
 * The bare-metal ghost: the guest's own program on an ideal machine, beside the real one.
 *
 * On that machine each vCPU is a CPU that never migrates, the guest's own memory types count and WBINVD flushes. It
 * tells which version of a word the host has promised to be in DRAM, and which CPU may rightly still see an old one.
 * What the real machine then delivers is compared with the promise: a difference is the host's fault, not the guest's.
 *
 * Left out: the ghost's caches do not evict on their own (a promise must not depend on luck), and a guest that races
 * with its own device loses the promise for that word, as it would on bare metal.
 */
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';
import type { Memory } from './memory.ts';
import { MEMTYPE } from './memtype.ts';

export interface Ghost {
  /** Per word: the newest version that the guest's actions (or a device's write) force into DRAM. */
  readonly guaranteed: Field;
  /** Per word: the newest version that a CPU wrote. */
  readonly cpuWrite: Field;
  /** Per word: the newest version that a device wrote, until the guest itself destroys it; 0 when there is none. */
  readonly deviceWrite: Field;
  /** Per line: the vCPU whose ghost cache may hold it modified, + 1. */
  readonly dirtyIn: Field;
  /** Per vCPU and word: 1 while a load may rightly return a version older than the device's. */
  readonly mayHoldOld: Field;
  /** Per vCPU and word: the version that waits in the ghost's WC buffer, 0 when none does. */
  readonly combining: Field;

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
  /** An uncached load: whatever the CPU held of the line no longer matters. */
  uncachedLoad(machine: Machine, vcpu: number, word: number): void;
  fence(machine: Machine, vcpu: number): void;
  flushLine(machine: Machine, line: number): void;
  /** CLWB: the line is in DRAM, copies stay and may hold old data of a device. */
  cleanLine(machine: Machine, line: number): void;
  wbinvd(machine: Machine, vcpu: number): void;
  invd(machine: Machine, vcpu: number): void;
  deviceStore(machine: Machine, word: number, version: number, snooped: boolean): void;
  /** A write by the host itself: it takes part in coherence and is promised to nobody. */
  hostStore(machine: Machine, word: number, version: number, uncached: boolean): void;
}

export function createGhost(base: WorldBase, memory: Memory): Ghost {
  const { topology, layout } = base;
  const words = topology.words.length;
  const vcpuNames = topology.actors.filter((a) => a.kind === 'vcpu').map((a) => a.name);
  const wordNames = topology.words.map((w) => w.name);
  const lineNames = topology.lines.map((l) => l.words.map((w) => wordNames[w]).join('+'));
  const vcpus = vcpuNames.length;
  const perWord = { labels: [wordNames] };
  const perVcpuWord = { labels: [vcpuNames, wordNames] };
  const guaranteed = layout.field('guaranteedVersion', [words], perWord);
  const cpuWrite = layout.field('cpuWriteVersion', [words], perWord);
  const deviceWrite = layout.field('deviceWriteVersion', [words], perWord);
  const dirtyIn = layout.field('dirtyIn', [topology.lines.length], { labels: [lineNames] });
  const mayHoldOld = layout.field('mayHoldOld', [vcpus, words], perVcpuWord);
  const combining = layout.field('combiningVersion', [vcpus, words], perVcpuWord);
  const given = layout.field('givenVersion', [words], perWord);
  const returned = layout.field('returned', [words], perWord);
  const lineOf = Int32Array.from(topology.words, (w) => w.line);
  const wordsOf = topology.lines.map((l) => l.words);

  function promise(m: Machine, word: number, version: number): void {
    if ((m.state[guaranteed.base + word] as number) < version) m.put(guaranteed.base + word, version);
  }

  /** The ghost writes a dirty line back: its words are in DRAM now, and destroy what a device wrote beneath. */
  function clean(m: Machine, line: number): void {
    if (m.state[dirtyIn.base + line] === 0) return;
    for (const word of wordsOf[line] as readonly number[]) {
      const cpu = m.state[cpuWrite.base + word] as number;
      if ((m.state[deviceWrite.base + word] as number) > cpu) {
        m.put(deviceWrite.base + word, 0);
        m.put(guaranteed.base + word, cpu);
      } else promise(m, word, cpu);
    }
    m.put(dirtyIn.base + line, 0);
  }

  function forgetOld(m: Machine, vcpu: number, line: number): void {
    for (const word of wordsOf[line] as readonly number[]) m.put(mayHoldOld.base + vcpu * words + word, 0);
  }

  function forgetOldEverywhere(m: Machine, line: number): void {
    for (let vcpu = 0; vcpu < vcpus; vcpu++) forgetOld(m, vcpu, line);
  }

  const ghost: Ghost = {
    guaranteed,
    cpuWrite,
    deviceWrite,
    dirtyIn,
    mayHoldOld,
    combining,
    given,
    returned,
    versions: [guaranteed, cpuWrite, deviceWrite, combining, given],
    marks: [dirtyIn, mayHoldOld],

    give(m, page) {
      for (const word of topology.pages[page]?.words ?? []) {
        m.put(given.base + word, m.state[memory.latest.base + word] as number);
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
      const line = lineOf[word] as number;
      m.put(cpuWrite.base + word, version);
      if (guestType === MEMTYPE.WB) {
        m.put(dirtyIn.base + line, vcpu + 1);
      } else if (guestType === MEMTYPE.WC) {
        m.put(combining.base + vcpu * words + word, version);
      } else {
        ghost.fence(m, vcpu);
        promise(m, word, version);
        if (guestType === MEMTYPE.UC || guestType === MEMTYPE['UC-']) forgetOld(m, vcpu, line);
      }
    },

    uncachedLoad(m, vcpu, word) {
      ghost.fence(m, vcpu);
      forgetOld(m, vcpu, lineOf[word] as number);
    },

    fence(m, vcpu) {
      for (let word = 0; word < words; word++) {
        const slot = combining.base + vcpu * words + word;
        const version = m.state[slot] as number;
        if (version === 0) continue;
        promise(m, word, version);
        m.put(slot, 0);
      }
    },

    flushLine(m, line) {
      clean(m, line);
      forgetOldEverywhere(m, line);
    },

    cleanLine: clean,

    wbinvd(m, vcpu) {
      ghost.fence(m, vcpu);
      for (let line = 0; line < topology.lines.length; line++) {
        if (m.state[dirtyIn.base + line] === vcpu + 1) clean(m, line);
        forgetOld(m, vcpu, line);
      }
    },

    invd(m, vcpu) {
      for (let line = 0; line < topology.lines.length; line++) {
        if (m.state[dirtyIn.base + line] === vcpu + 1) m.put(dirtyIn.base + line, 0);
        forgetOld(m, vcpu, line);
      }
    },

    deviceStore(m, word, version, snooped) {
      const line = lineOf[word] as number;
      m.put(deviceWrite.base + word, version);
      if (snooped) {
        // The copies are written back and dropped first, so the neighbours of the word are in DRAM too.
        clean(m, line);
        m.put(deviceWrite.base + word, version);
        promise(m, word, version);
        for (let vcpu = 0; vcpu < vcpus; vcpu++) m.put(mayHoldOld.base + vcpu * words + word, 0);
        return;
      }
      if (m.state[dirtyIn.base + line] === 0) promise(m, word, version);
      for (let vcpu = 0; vcpu < vcpus; vcpu++) m.put(mayHoldOld.base + vcpu * words + word, 1);
    },

    hostStore(m, word, version, uncached) {
      m.put(cpuWrite.base + word, version);
      if (uncached) promise(m, word, version);
    },
  };
  return ghost;
}
