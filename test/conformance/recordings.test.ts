/**
 * Every recording of a real kernel, replayed: the simulator gives the kernel's answer to every call of every sequence.
 * The recordings are the ground truth; nothing here is ever rewritten from what the simulator does.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseRecording, replay } from '../../sim-core/src/index.ts';

const folder = new URL('recordings/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'));
const read = (name: string): ReturnType<typeof parseRecording> =>
  parseRecording(gunzipSync(readFileSync(new URL(name, folder))).toString('utf8'));

describe('recordings of real kernels', () => {
  it('are all here', () => {
    expect(files).toHaveLength(30);
  });

  for (const file of files) {
    it(`${file}: no differences`, () => {
      const { header, sequences } = read(file);
      const result = replay(header, sequences);
      expect(result.standIn, 'a recorded release has a profile of its own').toBeUndefined();
      expect(result.ops).toBeGreaterThan(800);
      expect(result.differences.slice(0, 10)).toEqual([]);
      expect(result.differences).toHaveLength(0);
    });
  }

  it('notice another kernel', () => {
    // Without this, a replay that compared nothing would pass.
    const { header, sequences } = read('k5.10-intel-snoop-off-wbinvd.jsonl.gz');
    const wrong = { ...header, kernel_version: 'Debian 5.12.9-1', kernel_release: '5.12.0-1-amd64' };
    const result = replay(wrong, sequences);
    expect(result.standIn).toContain('v5.12 stands in for it');
    expect(new Set(result.differences.map((d) => d.what))).toEqual(new Set(['wbinvd']));
  });
});
