// Each file in transcripts/ is a debug session as a user sees it. UPDATE=1 rewrites the answers; look at the difference.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { rerun } from './transcript.ts';

const folder = path.join(import.meta.dirname, 'transcripts');
const names = readdirSync(folder).filter((name) => name.endsWith('.dap'));

test('there are transcripts', () => expect(names.length).toBeGreaterThan(0));

test.each(names)('%s', async (name) => {
  const file = path.join(folder, name);
  const text = readFileSync(file, 'utf8');
  const now = await rerun(text);
  if (process.env.UPDATE) writeFileSync(file, now);
  else expect(now).toBe(text);
  // The same commands give the same bytes in the same process, too.
  expect(await rerun(now)).toBe(now);
});
