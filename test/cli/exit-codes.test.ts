// The exit code of every command in every case that it knows: what scripts and CI rely on.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMANDS } from '@snoopscope/cli';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { snoopscope } from './command.ts';

const good = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
const differs = 'test/cli/scenarios/declared-result-differs.snoop';
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-exit-codes-'));
  writeFileSync(path.join(folder, 'broken.snoop'), 'vcpu 0 {\n');
  writeFileSync(path.join(folder, 'a.strace'), 'openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3\n');
  const share = await snoopscope(`test --format json --shard 1/2 ${good} ${differs}`);
  writeFileSync(path.join(folder, 'share1.json'), share.stdout);
  const other = await snoopscope(`test --format json --shard 2/2 ${good} ${differs}`);
  writeFileSync(path.join(folder, 'share2.json'), other.stdout);
  const whole = await snoopscope(`test --format json --shard 1/1 ${good}`);
  writeFileSync(path.join(folder, 'whole.json'), whole.stdout);
  const { stdout } = await snoopscope(`run ${good}`);
  writeFileSync(path.join(folder, 'not.tap'), stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** For each command: a call for each exit code that it can have. `TMP` is a folder with what the calls need. */
const CALLS: Readonly<Record<string, Readonly<Partial<Record<0 | 1 | 2 | 3, string>>>>> = {
  run: {
    0: `run ${good}`,
    1: `run ${differs}`,
    2: 'run TMP/broken.snoop',
    3: `run --max-steps 3 ${good}`,
  },
  check: { 0: `check ${good}`, 1: `check ${differs}`, 2: 'check TMP/none.snoop', 3: `check --max-states 3 ${good}` },
  explore: {
    0: `explore ${good}`,
    1: `explore --kernel v5.11 --stop-on stale-read ${good}`,
    2: `explore --kernel v99.9 ${good}`,
    3: `explore --max-states 3 ${good}`,
  },
  merge: {
    0: 'merge TMP/whole.json',
    1: 'merge TMP/share1.json TMP/share2.json',
    2: 'merge TMP/broken.snoop',
    3: 'merge TMP/share1.json',
  },
  test: { 0: `test ${good}`, 1: `test ${good} ${differs}`, 2: 'test TMP/none', 3: `test --max-states 3 ${good}` },
  bisect: { 0: `bisect ${good}`, 2: `bisect --from v5.11 ${good}`, 3: `bisect --max-states 3 ${good}` },
  import: { 0: 'import TMP/a.strace', 2: 'import TMP/broken.snoop' },
  report: { 0: 'report TMP/a.strace', 2: 'report TMP/broken.snoop' },
  inventory: { 0: 'inventory', 2: 'inventory surplus' },
  'record-script': { 0: 'record-script', 2: 'record-script a b c d' },
  diff: {
    0: `diff ${good} ${good}`,
    1: `diff --kernel v5.11 --kernel-b v5.12 ${good}`,
    2: `diff ${good} TMP/none.snoop`,
    3: `diff --max-steps 3 ${good}`,
  },
  export: { 0: `export trace ${good}`, 2: `export nothing ${good}`, 3: `export trace --max-steps 3 ${good}` },
  compare: { 2: `compare ${good} TMP/not.tap` },
  kernels: { 0: 'kernels v5.12', 2: 'kernels v99.9' },
  lsp: { 2: 'lsp --port none' },
  dap: { 2: 'dap --port none' },
  mcp: { 2: 'mcp surplus' },
  completion: { 0: 'completion bash', 2: 'completion csh' },
  help: { 0: 'help check', 2: 'help chek' },
};

test('every command is in the table', () => {
  expect(Object.keys(CALLS).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
});

describe.each(Object.entries(CALLS))('%s', (_, calls) => {
  test.each(Object.entries(calls))('%s: %s', async (code, line) => {
    const { exitCode, stderr } = await snoopscope(line.replaceAll('TMP', folder));
    expect(exitCode, stderr).toBe(Number(code));
    if (code === '2') expect(stderr).toMatch(/error/);
  });
});
