// What `npm test` says about tests that fail and of test files whose process crashes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { root } from '../../scripts/install.mjs';
import { unitOutcome } from '../../scripts/unit-outcome.mjs';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'snoopscope-outcome-')));
afterAll(() => rmSync(folder, { recursive: true }));

const result = (fullName: string, status: string, meta = {}, failureMessages: string[] = []) => ({
  fullName,
  status,
  meta,
  failureMessages,
});

test('files that finish', () => {
  const results = [
    {
      name: '/r/test/a.test.ts',
      status: 'failed',
      assertionResults: [
        result('fits', 'passed'),
        result('at last', 'passed', {}, ['Error: Timeout 30000ms exceeded.\n    at a.test.ts:9']),
        result('does not', 'failed', {}, [
          '\u001b[31mAssertionError\u001b[39m: expected 1 to be 2\n    at a.test.ts:3',
        ]),
      ],
    },
    {
      name: '/r/test/b.test.ts',
      status: 'passed',
      assertionResults: [result('later', 'skipped', { reason: 'no window here' }), result('never', 'todo')],
    },
    { name: '/r/test/does-not-load.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
  ];
  expect(unitOutcome(results, '', '/r')).toEqual({
    passed: 2,
    failed: 2,
    retried: ['test/a.test.ts at last: Error: Timeout 30000ms exceeded.'],
    skipped: [
      { title: 'later', reason: 'no window here' },
      { title: 'never', reason: 'its test gives no reason' },
    ],
    failures: [
      'test/a.test.ts does not: AssertionError: expected 1 to be 2',
      'test/does-not-load.test.ts did not load: Cannot find module',
    ],
  });
});

test('what a crash kept from running has failed, and file, signal and reason are named', () => {
  const log = [
    '#',
    '# Fatal error in , line 0',
    '# Check failed: jit_page.has_value().',
    '\u001b[31m\u001b[1mCaused by: Error\u001b[22m: Worker exited unexpectedly with signal SIGTRAP during started state while running test file /r/test/a.test.ts\u001b[39m',
  ].join('\n');
  const results = [
    {
      name: '/r/test/a.test.ts',
      status: 'failed',
      assertionResults: [result('fits', 'passed'), result('one', 'pending'), result('two', 'pending')],
    },
  ];
  expect(unitOutcome(results, log, '/r')).toEqual({
    passed: 1,
    failed: 2,
    retried: [],
    skipped: [],
    failures: ['test/a.test.ts crashed with SIGTRAP: Check failed: jit_page.has_value(). (2 tests of it did not run)'],
  });
});

test('files of one process: the one that crashed is named, those after it have failed', () => {
  const log =
    'Worker exited unexpectedly with signal SIGABRT during started state while running test files /r/test/a.test.ts, /r/test/b.test.ts, /r/test/c.test.ts';
  const results = [
    { name: '/r/test/a.test.ts', status: 'passed', assertionResults: [result('fits', 'passed')] },
    { name: '/r/test/b.test.ts', status: 'failed', assertionResults: [result('dies', 'pending')] },
  ];
  expect(unitOutcome(results, log, '/r')).toEqual({
    passed: 1,
    failed: 2,
    retried: [],
    skipped: [],
    failures: [
      'test/b.test.ts crashed with SIGABRT (1 test of it did not run)',
      'test/c.test.ts did not run: its process had crashed',
    ],
  });
  expect(unitOutcome(results.slice(0, 1), log, '/r').failures).toEqual([
    'test/a.test.ts crashed with SIGABRT',
    'test/b.test.ts did not run: its process had crashed',
    'test/c.test.ts did not run: its process had crashed',
  ]);
});

test.each([true, false])('a real run whose files kill their processes, isolated: %s', (isolate) => {
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  const config = { include: ['*.test.mjs'], globals: true, isolate };
  write('vitest.config.mjs', `export default { test: ${JSON.stringify(config)} };`);
  write(
    'fine.test.mjs',
    `let runs = 0;
test('fine', () => {});
test['skip']('left out', () => {});
test('at last', { retry: 1 }, () => {
  if (++runs < 2) throw new Error('not yet');
});
`,
  );
  write(
    'signal.test.mjs',
    `test('first', () => {});
test('second', () => {
  process.stderr.write('\\nFATAL ERROR: Reached heap limit\\n', () => process.kill(process.pid, 'SIGKILL'));
  return new Promise(() => {});
});
test('third', () => {});
`,
  );
  const report = path.join(folder, 'report.json');
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const words = [
    vitest,
    'run',
    '--root',
    folder,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const crash = 'signal.test.mjs crashed with SIGKILL: FATAL ERROR: Reached heap limit (3 tests of it did not run)';
  const leftOut = [{ title: 'left out', reason: 'its test gives no reason' }];
  const retried = ['fine.test.mjs at last: Error: not yet'];
  // The longer file comes first, and takes the other along where they share a process.
  expect(unitOutcome(testResults, stdout + stderr, folder)).toEqual(
    isolate
      ? { passed: 2, failed: 3, retried, skipped: leftOut, failures: [crash] }
      : {
          passed: 0,
          failed: 4,
          retried: [],
          skipped: [],
          failures: [crash, 'fine.test.mjs did not run: its process had crashed'],
        },
  );
});
