/**
 * Recordings of leaves on real kernels with EPT: which leaves KVM made and zapped, the exits, the WBINVDs that ran and what
 * the hardware used are what the simulator does. And no recording of either kind, however damaged, is more than refused.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  looksLikeEptRecording,
  parseEptRecording,
  parseRecording,
  profileNamed,
  replay,
  replayEpt,
} from '../../sim-core/src/index.ts';
import '../seed.ts';

const folder = new URL('ept/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'));
const text = (name: string, where = folder): string => gunzipSync(readFileSync(new URL(name, where))).toString('utf8');

describe('recordings of leaves', () => {
  it('are all here', () => {
    expect(files).toHaveLength(15);
  });

  it.each(files)('%s: no differences', (file) => {
    expect(looksLikeEptRecording(text(file))).toBe(true);
    const result = replayEpt(parseEptRecording(text(file)));
    expect(result.differences.slice(0, 10)).toEqual([]);
    expect(result.ops).toBeGreaterThan(20);
  });

  it('say what is not compared', () => {
    const { notCompared } = replayEpt(parseEptRecording(text('k6.1.192-ept0-cd.jsonl.gz')));
    expect([...notCompared.values()]).toEqual([3]);
  });

  it('take the width of addresses from the first mask of an MTRR', () => {
    // The same recording, as a CPU with 46 bits would have made it.
    const wide = text('k6.1.192-more.jsonl.gz').replace(/\bff(?=[\da-f]{5}800\b)/g, '3fff');
    expect(wide).toContain('3fff');
    expect(replayEpt(parseEptRecording(wide)).differences).toEqual([]);
  });

  it('notice another kernel, and another machine', () => {
    const base = parseEptRecording(text('k6.1.192-base.jsonl.gz'));
    const kinds = (profile: string): Set<string> =>
      new Set(replayEpt(base, profileNamed(profile)).differences.map(({ what }) => what));
    expect(kinds('v6.12')).toEqual(new Set(['result', 'calls', 'leaves', 'zaps', 'exits', 'type']));
    expect(kinds('v5.10')).toContain('leaves');
    const late = parseEptRecording(text('k6.1.192-two-cpus.jsonl.gz'));
    expect(replayEpt(late, profileNamed('v5.10')).differences.map(({ what }) => what)).toContain('wbinvd');
  });

  it('are not taken for recordings of calls', () => {
    const calls = text('k6.1-intel-snoop-off-npt0.jsonl.gz', new URL('recordings/', import.meta.url));
    expect(looksLikeEptRecording(calls)).toBe(false);
  });
});

describe('a damaged recording', () => {
  const leaves = text('k6.1.192-more.jsonl.gz').split('\n').slice(0, 30).join('\n');
  const calls = text('k6.1-intel-snoop-off-cpumax.jsonl.gz', new URL('recordings/', import.meta.url))
    .split('\n')
    .slice(0, 3)
    .join('\n');

  it.each([
    ['of leaves', leaves, (damaged: string): void => void replayEpt(parseEptRecording(damaged))],
    [
      'of calls',
      calls,
      (damaged: string): void => {
        const { header, sequences } = parseRecording(damaged);
        replay(header, sequences);
      },
    ],
  ] as const)('%s is refused with words, or replayed', (_, whole, run) => {
    fc.assert(
      fc.property(damageOf(whole), (damage) => {
        try {
          run(damage(whole));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
          expect((error as Error).message).toMatch(/recording|Line \d|kernel/);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Something that happens to a file: bytes cut, swapped or put in, values of another kind, lines lost or doubled. */
function damageOf(whole: string): fc.Arbitrary<(text: string) => string> {
  const place = fc.nat({ max: whole.length });
  const junk = fc.constantFrom('null', '{}', '[]', '-1', '1e99', '""', '"x"', 'true', '\u0000', '"seq"', '}', ',');
  const lines = whole.split('\n').length;
  return fc.oneof(
    place.map((at) => (text: string) => text.slice(0, at)),
    fc.tuple(place, junk).map(
      ([at, value]) =>
        (text: string) =>
          text.slice(0, at) + value + text.slice(at + 1),
    ),
    fc.tuple(fc.nat({ max: 400 }), junk).map(([skip, value]) => (text: string) => {
      // The value of one field becomes something else; the rest stays JSON.
      let count = 0;
      return text.replace(/:\s*("(?:[^"\\]|\\.)*"|-?\d+)/g, (field, old: string) =>
        count++ === skip ? field.replace(old, value) : field,
      );
    }),
    fc
      .tuple(
        fc.nat({ max: 60 }),
        fc.constantFrom('run 9 rd:1', 'run 0 rd:ffffffffffffffff', 'mem 0 0', 'vcpu 99', 'run 0 wrmsr:1:2'),
      )
      .map(([skip, op]) => (text: string) => {
        let count = 0;
        return text.replace(/"op": ?"[^"]*"/g, (field) => (count++ === skip ? `"op": "${op}"` : field));
      }),
    fc.nat({ max: lines }).map(
      (line) => (text: string) =>
        text
          .split('\n')
          .filter((_, i) => i !== line)
          .join('\n'),
    ),
    fc.nat({ max: lines }).map(
      (line) => (text: string) =>
        text
          .split('\n')
          .flatMap((content, i) => (i === line ? [content, content] : [content]))
          .join('\n'),
    ),
  );
}
