// `export promela`, proven against SPIN: the outcomes and findings of SPIN's search are the explorer's, and so is the number of states.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../needs.ts';
import { root, snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-promela-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasSpin = process.platform === 'linux' && has('spin', '-V') && has('cc', '--version');

/** Each with something of its own: the environment, a deadlock, use after free, posted writes, a bench scenario with a loop. */
const PROVEN = [
  ['scenarios/caches/flush-without-fence-comes-late.snoop', 'micro'],
  ['scenarios/kvm-vfio/release-and-open-take-locks-crosswise.snoop', 'micro'],
  ['scenarios/kvm-device/close-before-reference-frees-vm.snoop', 'micro'],
  ['scenarios/pcie/unmap-under-posted-write-faults.snoop', 'micro'],
  ['scenarios/wbinvd/mask-cleared-after-migration.snoop', 'micro'],
  ['test/bench/explore/L2e.snoop', 'statement'],
] as const;

function has(command: string, argument: string): boolean {
  return spawnSync(command, [argument]).status === 0;
}

async function exported(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await snoopscope(['export', 'promela', ...words]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return stdout;
}

/** What SPIN prints when it searches the model. */
function searched(model: string, flags: readonly string[] = [], defines: readonly string[] = []): string {
  writeFileSync(path.join(folder, 'model.pml'), model);
  const run = (command: string, ...words: string[]): string => {
    const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
    expect(`${command} ${status} ${stderr}`).toBe(`${command} 0 `);
    return stdout;
  };
  // Without SPIN's own ideas of which variables are dead, its states are the explorer's.
  run('spin', '-o1', '-o2', '-o3', ...defines, '-a', 'model.pml');
  run('cc', '-w', '-O0', '-DSAFETY', '-DNOREDUCE', ...flags, '-o', 'pan', 'pan.c');
  return run('./pan', '-m1000000');
}

describe('with SPIN', () => {
  beforeEach((context) => needs(context, hasSpin, 'spin is not installed: apt-get install spin gcc'));

  test.each(PROVEN)('SPIN comes to the outcomes, findings and states of %s by %ss', async (scenario, granularity) => {
    const said = searched(await exported('--granularity', granularity, scenario), ['-DPRINTF']);
    const log = path.join(folder, 'pan.log');
    writeFileSync(log, said);
    const compared = await snoopscope(['compare', '--granularity', granularity, '--format', 'json', scenario, log]);
    expect(compared.exitCode).toBe(0);
    const explored = await snoopscope([
      'explore',
      '--no-reduction',
      '--granularity',
      granularity,
      '--format',
      'json',
      scenario,
    ]);
    const { states, finals, outcomes } = JSON.parse(explored.stdout);
    expect(outcomes.length).toBeGreaterThan(0);
    expect(JSON.parse(compared.stdout).logs).toMatchObject([
      { kind: 'spin', observed: finals, differences: [], neverSeen: [], remarks: [] },
    ]);
    expect(Number(/(\d+) states, stored\n/.exec(said)?.[1])).toBe(states);
    for (const { values, finals: times } of outcomes as { values: string[]; finals: number }[]) {
      const { terms } = JSON.parse(explored.stdout) as { terms: string[] };
      const line = `1 :>${terms.map((term, i) => `${term}=${values[i]};`).join(' ')}`;
      expect(said.split('\n').filter((each) => each === line)).toHaveLength(times);
    }
  });

  test('SPIN stops at a condition that fails, at an outcome and at a finding, with a trail', async () => {
    const model = await exported('scenarios/wbinvd/mask-cleared-after-migration.snoop');
    const [outcome] = /OUTCOME\((\d+), "1 :>[^"]*stale-read=yes/.exec(model)?.slice(1) ?? [];
    expect(searched(model)).toContain('errors: 0');
    expect(searched(model, [], [`-DSTOP_AT_OUTCOME=${outcome}`])).toContain('errors: 1');
    expect(searched(model, [], ['-DSTOP_AT_FINDING=0'])).toContain('errors: 1');
    const wrong = readFileSync(path.join(root, 'scenarios/wbinvd/mask-cleared-after-migration.snoop'), 'utf8').concat(
      '~exists stale-read\n',
    );
    const file = path.join(folder, 'wrong.snoop');
    writeFileSync(file, wrong);
    expect(searched(await exported(file), [], ['-DCHECK'])).toContain('errors: 1');
  });

  test('of a search that met a limit, SPIN says where the model ends', async () => {
    const { exitCode, stdout, stderr } = await snoopscope([
      ...['export', 'promela', '--granularity', 'statement', '--max-states', '200', 'test/bench/explore/L2e.snoop'],
    ]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('incomplete');
    const said = searched(stdout, ['-DPRINTF']);
    expect(said).toContain('not learned\n');
    const log = path.join(folder, 'incomplete.log');
    writeFileSync(log, said);
    const compared = await snoopscope(['compare', '--granularity', 'statement', 'test/bench/explore/L2e.snoop', log]);
    expect(compared.stdout).toContain('SPIN came to what the model lacks');
    expect(compared.exitCode).toBe(3);
  });
});

test('a wrong outcome, a finding that is not predicted and an outcome that is missing are differences', async () => {
  const scenario = 'scenarios/wbinvd/mask-cleared-after-migration.snoop';
  const log = path.join(folder, 'wrong.log');
  writeFileSync(
    log,
    [
      '1 :>gpu.r0=1; stale-read=no; flushes(cpu1)=1;',
      '1 :>gpu.r0=7; stale-read=no; flushes(cpu1)=1;',
      'finding 3 lost-write line 2',
      '(Spin Version 6.5.2 -- 6 December 2019)',
      'Full statespace search for:',
    ].join('\n'),
  );
  const { exitCode, stdout } = await snoopscope([
    'compare',
    '--granularity',
    'statement',
    '--format',
    'json',
    scenario,
    log,
  ]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout).logs[0].differences).toEqual([
    'gpu.r0=7 stale-read=no flushes(cpu1)=1: seen 1 time, not predicted',
    'lost-write line 2: found, not predicted',
    'gpu.r0=0 stale-read=yes flushes(cpu1)=1: predicted, not reached',
    'stale-read line 54: predicted, not found',
  ]);
});

test('text of a scenario stays in comments and strings of the model', async () => {
  const text = readFileSync(path.join(root, 'scenarios/wbinvd/mask-cleared-after-migration.snoop'), 'utf8');
  const file = path.join(folder, 'hostile.snoop');
  writeFileSync(file, text.replace(/scenario "[^"]*"/, 'scenario "*/ c_code { system(0) } /* \\\\ %s"'));
  const model = await exported(file);
  const code = model.replace(/\/\*[\s\S]*?\*\//g, '').replace(/"[^"\n]*"/g, '');
  expect(code).not.toContain('c_code');
  expect(code).not.toContain('system');
});

test.each([
  [['--schedule', 'gpu'], '--schedule is for one run'],
  [['--format', 'text'], '--format is for'],
  [['--picture', 'timeline'], '--picture is for pictures'],
])('options of other kinds are refused: %s', async (words, message) => {
  const { exitCode, stderr } = await snoopscope([
    'export',
    'promela',
    ...words,
    'scenarios/wbinvd/local-cpu-not-flushed.snoop',
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
});
