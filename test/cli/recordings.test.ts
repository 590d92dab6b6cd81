// Files that are not recordings: `npm run -s conformance` and `snoopscope import` say what is wrong with them, and end with 2.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { node } from '../../scripts/install.mjs';
import { root, snoopscope } from './command.ts';

const recording = path.join(root, 'test/conformance/recordings/k6.1-intel-snoop-off.jsonl.gz');
const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-recordings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const header = '{"type":"header","groups":[]}';
const files: Record<string, Uint8Array | string> = {
  'text.gz': 'hello\n',
  'cut.jsonl.gz': readFileSync(recording).subarray(0, 3000),
  'damaged.gz': Buffer.concat([gzipSync('hello').subarray(0, 10), Buffer.alloc(20, 0xff)]),
  'random.bin': Buffer.from([1, 0, 2, 0, 3]),
  empty: '',
  'other.json': '{\n',
  'null.jsonl': 'null\n',
  'sequence.jsonl': `${header}\n{"type":"seq"}\n`,
  'call.jsonl': `${header}\n{"type":"seq","id":"a","ops":[null],"teardown":{"n":0,"fx":[]}}\n`,
};
for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
mkdirSync(path.join(folder, 'folder'));

const MESSAGES: readonly (readonly [string, RegExp])[] = [
  ['missing', /No such file\./],
  ['folder', /This is a folder\./],
  ['text.gz', /It is named \.gz, but it is not compressed with gzip\./],
  ['cut.jsonl.gz', /ends too early: a part of it is missing\./],
  ['damaged.gz', /cannot be unpacked: /],
  ['random.bin', /This is a binary file, not text\./],
  ['empty', /The recording is empty/],
  ['other.json', /Line 1 of the recording is not JSON\./],
  ['null.jsonl', /Line 1 is not the header of a recording/],
  ['sequence.jsonl', /Line 2 is not a sequence/],
  ['call.jsonl', /Line 2: entry 0 of "ops" is not a call/],
];

test.each(MESSAGES)('import recording %s', async (name, message) => {
  const { exitCode, stderr, stdout } = await snoopscope(['import', 'recording', name], { workingDirectory: folder });
  expect(stderr.replace(/\s+/g, ' ')).toMatch(message);
  expect(stderr).not.toContain('bug of Snoopscope');
  expect([exitCode, stdout]).toEqual([2, '']);
});

describe('conformance', () => {
  const conformance = (args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, INIT_CWD: folder };
      const words = [path.join(root, 'client/cli/src/conformance.ts'), ...args];
      execFile(node, words, { cwd: root, env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });

  test.each([
    ['missing', /^missing: error: No such file\.\n$/],
    ['cut.jsonl.gz', /^cut\.jsonl\.gz: error: It is compressed with gzip and ends too early/],
    ['--nonsense', /^conformance: error: There is no option `--nonsense`\. --help lists them\.\n$/],
    ['--kernel', /^conformance: error: --kernel needs a value\.\n$/],
    ['--max=x', /^conformance: error: --max takes a whole number, found `x`\.\n$/],
  ] as const)('%s', async (word, message) => {
    const { code, stdout, stderr } = await conformance([word]);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('--help', async () => {
    const { code, stdout, stderr } = await conformance(['--help']);
    for (const option of ['--functions', '--kernel KERNEL', '--toggle CHANGE', '--max N'])
      expect(stdout).toContain(`  ${option} `);
    expect([code, stderr]).toEqual([0, '']);
  });
});
