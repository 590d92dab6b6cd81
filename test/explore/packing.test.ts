/** States as few bits: what is packed comes out again, in every later arrangement too. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Packing } from '../../sim-core/src/explore/states/packing.ts';
import { SharedStore } from '../../sim-core/src/explore/states/shared-store.ts';
import { SlotValues } from '../../sim-core/src/explore/states/slot-values.ts';
import { HOLE, hashTwo, hashWords, StateStore, WHOLE_SLEEP } from '../../sim-core/src/explore/states/store.ts';
import { toEnd } from '../../sim-core/src/to-end.ts';

const SLOTS = 40;
const value = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(-1, 1 << 20, -(1 << 30), 77));
/** What states hold: a few slots change from the state before. */
const change = fc.record({ slot: fc.nat(SLOTS - 1), value });

describe('packing', () => {
  it('keeps every stored state through any number of new arrangements', () => {
    let relayouts = 0;
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 60 }), (history) => {
        const slotValues = new SlotValues(new Int32Array(SLOTS), undefined, []);
        let packing = new Packing(slotValues, undefined);
        const store = new StateStore(packing.words, true);
        const states: Int32Array[] = [];
        const state = new Int32Array(SLOTS);
        for (const changes of history) {
          let stale = false;
          for (const { slot, value: written } of changes) {
            stale = slotValues.meet(slot, written) || stale;
            state[slot] = written;
          }
          if (stale) {
            relayouts++;
            const old = packing;
            packing = new Packing(slotValues, undefined, { before: old });
            const translate = old.translation(packing);
            toEnd(
              store.rewriting(packing.words, (...places) => {
                translate(...places);
                return WHOLE_SLEEP;
              }),
            );
          }
          const words = new Uint32Array(packing.words);
          packing.pack(state, words, 0);
          const number = store.insert(words, 0, hashWords(words, 0, words.length), -1, 0, 0);
          if (number === states.length) states.push(state.slice());
          expect(states[number]).toEqual(state);
        }
        const read = new Int32Array(SLOTS);
        states.forEach((expected, number) => {
          const words = new Uint32Array(packing.words);
          store.read(number, words);
          read.fill(0);
          packing.unpack(words, 0, read);
          expect(read).toEqual(expected);
        });
      }),
      { numRuns: 200 },
    );
    expect(relayouts).toBeGreaterThan(200);
  });

  it('gives no bits to a slot that never changed, and one to a slot with two values', () => {
    const slotValues = new SlotValues(new Int32Array(SLOTS), undefined, []);
    expect(new Packing(slotValues, undefined).fields).toEqual([]);
    slotValues.meet(7, 5);
    expect(new Packing(slotValues, undefined).fields).toEqual([
      { slots: [7], word: 0, shift: 0, width: 1, bundle: undefined },
    ]);
  });
});

describe.each([
  ['the store of one search', (words: number) => new StateStore(words, true)],
  ['the store in shared memory', (words: number) => new SharedStore(words, true)],
] as const)('%s', (_, create) => {
  it('gives equal states one number, in the order of discovery', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 300 }), (pairs) => {
        const store = create(2);
        const numbers = new Map<string, number>();
        for (const pair of pairs) {
          const words = Uint32Array.from(pair);
          if (!store.hasRoom(1)) toEnd(store.reserving(1));
          const number = store.insert(words, 0, hashWords(words, 0, 2), -1, 3, 0);
          const key = pair.join();
          expect(number).toBe(numbers.get(key) ?? numbers.size);
          numbers.set(key, number);
        }
        expect(store.count).toBe(numbers.size);
      }),
    );
  });
});

it('the hash of two words is that of words', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 2, maxLength: 2 }), (words) => {
      expect(hashTwo(words[0]!, words[1]!)).toBe(hashWords(words, 0, 2));
    }),
  );
});

it('a number in shared memory that was not used becomes a hole', () => {
  const first = new SharedStore(1, false);
  const second = new SharedStore(first.buffers);
  const words = Uint32Array.of(9);
  first.insert(words, 0, hashWords(words, 0, 1), -1, 0, 0);
  // The other view finds the state; it took no number for it.
  expect(second.insert(words, 0, hashWords(words, 0, 1), -1, 0, 0)).toBe(0);
  second.settle();
  expect([second.count, second.holes, second.parent(0)]).toEqual([1, 0, -1]);
  expect(HOLE).toBeLessThan(-1);
});
