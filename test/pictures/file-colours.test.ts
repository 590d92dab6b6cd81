// A picture as a file looks the same outside of browsers: librsvg, as many viewers and drawing programs, knows no variables.
import { globSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { snoopscope } from '../cli/command.ts';

const [scenario = ''] = globSync('scenarios/wbinvd/local-cpu-not-flushed.snoop');

test.each(['timeline', 'topology', 'memory', 'outcomes'])(
  '%s in a file has its colours written out',
  async (picture) => {
    const { stdout } = await snoopscope(`export svg --picture ${picture} ${scenario}`);
    expect(stdout).not.toContain('var(');
    const { data, info } = await sharp(Buffer.from(stdout)).flatten().raw().toBuffer({ resolveWithObject: true });
    let [paper, ink] = [0, 0];
    for (let at = 0; at < data.length; at += info.channels) {
      if (data[at] === 255 && data[at + 1] === 255 && data[at + 2] === 255) paper++;
      else if (data[at]! < 64) ink++;
    }
    expect(paper / (data.length / info.channels)).toBeGreaterThan(0.3);
    expect(ink).toBeGreaterThan(200);
  },
);
