/** Checkpoints: what was saved continues to the result of an uninterrupted exploration; everything else is refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointFile } from '../../client/cli/src/checkpoint-file.ts';
import {
  type CheckpointIdentity,
  decodeCheckpoint,
  elaborate,
  encodeCheckpoint,
  identityOf,
  type Model,
  parse,
  profileNamed,
  RandomSearch,
  randomRuns,
} from '../../sim-core/src/index.ts';
import { randomScenario } from './random-scenario.ts';

const RACE = readFileSync(
  join(import.meta.dirname, '../../scenarios/kvm-device/concurrent-create-makes-two.snoop'),
  'utf8',
);

function modelOf(text: string, profile = 'v5.11'): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

const identity: CheckpointIdentity = { scenario: 'a', kernel: 'b', options: '{"c":"ü\\n"}', engine: 'd' };

describe('a checkpoint', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.record({ a: fc.uint8Array(), b: fc.uint16Array(), c: fc.uint32Array(), d: fc.int32Array() }),
        (data, arrays) => {
          const bytes = encodeCheckpoint(identity, { kind: 'k', data, arrays });
          const back = decodeCheckpoint(bytes, identity);
          expect(JSON.stringify(back.data)).toBe(JSON.stringify(data));
          expect(back.kind).toBe('k');
          expect({ ...back.arrays }).toEqual(
            Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()])),
          );
        },
      ),
    );
  });

  it('is refused when a byte of it is missing or different', () => {
    const bytes = encodeCheckpoint(identity, { kind: 'k', data: [1, 2], arrays: { a: Uint32Array.of(1, 2, 3) } });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        expect(() => decodeCheckpoint(bytes.subarray(0, at), identity)).toThrow(/not a checkpoint|incomplete/);
        const changed = bytes.slice();
        changed[at] = changed[at]! ^ by;
        expect(() => decodeCheckpoint(changed, identity)).toThrow(/not a checkpoint|incomplete/);
      }),
    );
  });

  it.each([
    ['scenario', 'another scenario'],
    ['kernel', 'another kernel'],
    ['engine', 'another version'],
  ])('of another %s is refused and says so', (key, words) => {
    const bytes = encodeCheckpoint(identity, { kind: 'k', data: 0, arrays: {} });
    expect(() => decodeCheckpoint(bytes, { ...identity, [key]: 'other' })).toThrow(words);
  });

  it('with other options is refused and says which they are', () => {
    const model = modelOf(RACE);
    const bytes = encodeCheckpoint(identityOf(model, { fingerprint: false, findings: {}, workers: 1 }, '1'), {
      kind: 'k',
      data: 0,
      arrays: {},
    });
    const other = identityOf(model, { fingerprint: true, findings: { leak: 'stop' }, workers: 1 }, '1');
    expect(() => decodeCheckpoint(bytes, other)).toThrow(
      'other options: it has fingerprint false, no findings leak, this exploration fingerprint true, findings leak stop. Remove',
    );
  });

  it('knows a scenario by its text and a kernel by its name', () => {
    const one = identityOf(modelOf(RACE), {}, '1');
    expect(identityOf(modelOf(RACE), {}, '1')).toEqual(one);
    expect(identityOf(modelOf(`${RACE}\n// more\n`), {}, '1').scenario).not.toBe(one.scenario);
    expect(identityOf(modelOf(RACE, 'v6.12'), {}, '1').kernel).not.toBe(one.kernel);
  });
});

describe('random runs', () => {
  it('that continue from a checkpoint come to what uninterrupted ones come to', () => {
    fc.assert(
      fc.property(
        randomScenario,
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 0, max: 300 }),
        fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
        (text, seed, moves, depth) => {
          const asked = { runs: 20, seed, maxSteps: 200, ...(depth ? { pct: { depth } } : {}) };
          const whole = randomRuns(modelOf(text), asked);
          const first = new RandomSearch(modelOf(text), asked);
          first.step(moves);
          const bytes = encodeCheckpoint(identity, first.checkpointData());
          const second = new RandomSearch(modelOf(text), asked);
          second.restore(decodeCheckpoint(bytes, identity));
          while (second.step(100)) expect(second.progress().done).toBeLessThan(20);
          expect(JSON.stringify(second.result())).toBe(JSON.stringify(whole));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the file of a checkpoint', () => {
  it('is replaced as a whole, leaves nothing beside it, and is read again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'snoopscope-'));
    try {
      const model = modelOf(RACE);
      const search = new RandomSearch(model, { runs: 30, seed: 1 });
      const file = new CheckpointFile(folder, 'a.checkpoint', identity);
      expect(await file.read()).toBeUndefined();
      search.step(10);
      await file.write(search);
      search.step(30);
      await file.write(search);
      expect(readdirSync(folder)).toEqual(['a.checkpoint']);
      expect(await file.read()).toEqual(search.checkpointData());
      writeFileSync(join(folder, 'a.checkpoint'), 'else');
      await expect(file.read()).rejects.toThrow('not a checkpoint');
      const nowhere = new CheckpointFile(join(folder, 'missing'), 'b', identity);
      await expect(nowhere.write(search)).rejects.toMatchObject({ code: 'unwritable-file' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
