/** What takes long in a search comes in slices, so that a cancel is heard while states are rewritten. */
import { describe, expect, it } from 'vitest';
import { NO_REDUCTION } from '../../sim-core/src/explore/exploration.ts';
import { Search } from '../../sim-core/src/explore/search.ts';
import { FingerprintStore } from '../../sim-core/src/explore/states/fingerprint-store.ts';
import { SharedStore } from '../../sim-core/src/explore/states/shared-store.ts';
import { hashWords, SLICE_STATES, StateStore, WHOLE_SLEEP } from '../../sim-core/src/explore/states/store.ts';
import { elaborate, NEWEST, parse } from '../../sim-core/src/index.ts';
import { essence } from './essence.ts';
import { everyoneWritesEverything } from './everyone-writes.ts';

const COUNT = 100_000;

describe.each([
  ['the store of one search', () => new StateStore(1, false)],
  ['the store in shared memory', () => new SharedStore(1, false)],
  ['a store of fingerprints', () => new FingerprintStore(1, false, COUNT)],
] as const)('%s', (_, create) => {
  function filled() {
    const store = create();
    for (let i = 0; i < COUNT; i++) {
      const words = Uint32Array.of(i);
      if (!store.hasRoom(1)) for (const _ of store.reserving(1));
      store.insert(words, 0, hashWords(words, 0, 1), i - 1, 0, 0);
    }
    return store;
  }

  it('rewrites a bounded number of states in a slice, and has its old states until all are rewritten', () => {
    const store = filled();
    let translated = 0;
    const rewriting = store.rewriting(2, (from, at, to, toAt) => {
      translated++;
      to[toAt + 1] = from[at]!;
      return WHOLE_SLEEP;
    });
    let slices = 0;
    for (let before = 0; !rewriting.next().done; before = translated) {
      slices++;
      expect(translated - before).toBeLessThanOrEqual(SLICE_STATES);
      expect(store.words).toBe(1);
      expect(store.matches(77, Uint32Array.of(77))).toBe(true);
    }
    // Each state is translated, and then hashed.
    expect(slices).toBeGreaterThanOrEqual(2 * Math.floor(COUNT / SLICE_STATES));
    expect([store.words, store.count, translated]).toEqual([2, COUNT, COUNT]);
    for (const i of [0, 77, COUNT - 1]) {
      const words = Uint32Array.of(0, i);
      expect(store.matches(i, words)).toBe(true);
      expect(store.insert(words, 0, hashWords(words, 0, 2), 0, 0, 0)).toBe(i);
    }
  });

  it('makes room in slices', () => {
    const store = filled();
    const slices = [...store.reserving(10 * COUNT)].length;
    expect(slices).toBeGreaterThanOrEqual(Math.floor(COUNT / SLICE_STATES));
    const words = Uint32Array.of(77);
    expect(store.insert(words, 0, hashWords(words, 0, 1), 0, 0, 0)).toBe(77);
  });
});

describe('a search', () => {
  it('is stopped in the middle of rewriting its states, and says what it knew before', () => {
    const { model } = elaborate(parse(everyoneWritesEverything(4, 3)), { profile: NEWEST });
    const many = 3 * SLICE_STATES;
    const search = new Search(model!, { reduction: NO_REDUCTION, condenseFrom: many });
    // A step that makes no move rewrites.
    for (let made = -1; search.space.store.count < many || made !== search.progress().transitions; search.step(1))
      made = search.progress().transitions;
    const known = () => essence(search.result());
    const before = known();
    const { relayouts } = search.space;
    for (let slice = 0; slice < 2; slice++) {
      expect(search.step(1)).toBe(true);
      expect(known()).toEqual(before);
    }
    expect(search.space.relayouts).toBe(relayouts);
    search.stop({ kind: 'stopped' });
    expect(search.step(1_000_000)).toBe(false);
    expect(known()).toEqual(before);
  });

  it('continues after it has rewritten its states as one that did not', () => {
    const { model } = elaborate(parse(everyoneWritesEverything(3, 3)), { profile: NEWEST });
    const explored = [2 ** 30, SLICE_STATES].map((condenseFrom) => {
      const search = new Search(model!, { reduction: NO_REDUCTION, condenseFrom });
      while (search.step(100));
      return { search, found: essence(search.result()) };
    });
    const [plain, rewritten] = explored as [(typeof explored)[0], (typeof explored)[0]];
    expect(rewritten.search.space.relayouts).toBeGreaterThan(plain.search.space.relayouts);
    expect(rewritten.found).toEqual(plain.found);
  });
});
