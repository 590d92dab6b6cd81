/**
 * Races on real kernels: every outcome that was observed is one that the explorer predicts at micro-steps. The histogram
 * is the ground truth; nothing in it is ever rewritten from what the simulator does.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { judgeRaces } from '../../client/cli/src/race-conformance.ts';
import { judgeRace, parseRaces, profileNamed } from '../../sim-core/src/index.ts';

const file = fileURLToPath(new URL('races/histograms.jsonl', import.meta.url));
const text = readFileSync(file, 'utf8');

describe('races on real kernels', () => {
  it('end only in ways that are predicted', () => {
    const results = [...judgeRaces(file, text)];
    expect(results).toHaveLength(141);
    expect(results.filter(({ gaveUp }) => gaveUp !== undefined)).toEqual([]);
    expect(results.filter(({ standIn }) => standIn !== undefined)).toEqual([]);
    expect(results.flatMap(({ race, differences }) => differences.map(({ outcome }) => `${race}: ${outcome}`))).toEqual(
      [],
    );
    // A vCPU's WBINVD returns nothing; everything else is compared.
    expect(new Set(results.flatMap(({ race, uncompared }) => uncompared.map((name) => `${race} ${name}`)))).toEqual(
      new Set(['wbinvd_add b1']),
    );
  });

  it('end in other ways on another kernel', () => {
    // Without this, a judgement that compared nothing would pass.
    const rows = text.split('\n').filter((line) => line.includes('"6.12.117"'));
    const results = [...judgeRaces(file, rows.join('\n'), profileNamed('v5.10'))];
    expect(results.filter(({ differences }) => differences.length > 0).length).toBeGreaterThan(10);
  });
});

describe('judgeRace', () => {
  const rows = parseRaces('{"kernel":"6.1","race":"r","outcome":"a1=0 b1=EEXIST nc=1","count":3}\n');

  it('wants all of an outcome in one execution', () => {
    const terms = ['a1.err', 'b1.err', 'noncoherent(vm)'];
    const judge = (...outcomes: string[][]): number =>
      judgeRace(
        rows,
        terms,
        outcomes.map((values) => ({ values })),
      ).differences.length;
    expect(judge(['0', '17', '1'])).toBe(0);
    expect(judge(['0', '0', '1'], ['17', '17', '1'])).toBe(1);
  });

  it('adds what all VMs registered', () => {
    const judged = judgeRace(
      rows,
      ['a1.err', 'b1.err', 'noncoherent(vm)', 'noncoherent(vm2)'],
      [{ values: ['0', '17', '0', '1'] }],
    );
    expect(judged.differences).toEqual([]);
  });

  it('leaves out executions in which an actor never ended', () => {
    const terms = ['a1.err', 'b1.err', 'noncoherent(vm)', 'rp4'];
    expect(judgeRace(rows, terms, [{ values: ['0', '17', '1', '1'] }]).differences).toHaveLength(1);
  });
});

describe('a histogram that is none', () => {
  it.each([
    ['{', 'Line 1 is not JSON.'],
    ['[]', 'Line 1 is not a JSON object.'],
    ['{"kernel":"6.1","race":"../r","outcome":"a1=0","count":1}', 'names a scenario'],
    ['{"kernel":"6.1","race":"r","outcome":"a1","count":1}', 'is not a list of results'],
    ['{"kernel":"6.1","race":"r","outcome":"a1=0","count":0}', 'above 0'],
    ['{"race":"r","outcome":"a1=0","count":1}', '`kernel` is not a string'],
  ])('%s', (line, message) => {
    expect(() => parseRaces(line)).toThrow(message);
  });
});
