// `export c` and `compare`: programs for real machines, and what they print held against the simulator.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { NEWEST } from '../../sim-core/src/index.ts';
import { root, snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-c-'));
afterAll(() => rmSync(folder, { recursive: true }));

const scenarios = globSync('scenarios/**/*.snoop', { cwd: root }).sort();
const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0;
const race = 'scenarios/kvm-vfio/add-races-with-delete.snoop';
const wbinvd = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';

const newest = NEWEST.name;

function histogramOf(...lines: string[]): string {
  const title = 'ADD and DEL of one file race';
  return `Test ${title} Allowed\nHistogram (${lines.length} states)\n${lines.map((line) => `${line}\n`).join('')}`;
}

function saved(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function exported(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await snoopscope(['export', 'c', ...words]);
  expect(stderr.split('\n').filter((line) => line.includes('error'))).toEqual([]);
  expect(exitCode).toBe(0);
  return stdout;
}

function compiler(...words: string[]): string {
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread'];
  const { stderr } = spawnSync('cc', [...flags, ...words], { encoding: 'utf8' });
  return stderr;
}

describe.skipIf(!hasCompiler)('with a C compiler (apt-get install gcc libc6-dev)', () => {
  test('every scenario of the gallery is a program without warnings', async () => {
    const wrong: string[] = [];
    for (const scenario of scenarios) {
      const said = compiler('-fsyntax-only', saved('one.c', await exported(scenario)));
      if (said !== '') wrong.push(`${scenario}\n${said}`);
    }
    expect(wrong).toEqual([]);
  });

  test('so is every one that has a litmus program', async () => {
    let programs = 0;
    for (const scenario of scenarios) {
      const { exitCode, stdout, stderr } = await snoopscope(['export', 'c', '--litmus', scenario]);
      if (exitCode === 2) {
        expect(stderr).toMatch(/\[not-a-program\]/);
        continue;
      }
      programs++;
      expect(compiler('-fsyntax-only', saved('litmus.c', stdout))).toBe('');
    }
    expect(programs).toBeGreaterThan(20);
  });

  const bare = 'scenario "Bare"\nmachine {\n  cpu intel\n}\n';
  test.each([
    ['with a device and two threads', race, ['', '--litmus']],
    ['without threads', 'scenarios/iommu/smmu-claims-snooping-it-cannot-force.snoop', ['--litmus']],
    ['without devices', saved('bare-open.snoop', `${bare}setup {\n  a = open("/dev/vfio/devices/vfio0")\n}\n`), ['']],
    ['that does nothing', saved('bare.snoop', bare), ['']],
  ])('what the check of syntax alone does not see has no warnings either: a scenario %s', async (_, file, forms) => {
    for (const form of forms) {
      const source = saved('whole.c', await exported(...(form === '' ? [] : [form]), file));
      expect(compiler('-O2', '-c', '-o', '/dev/null', source)).toBe('');
    }
  });

  test('a litmus program without an outcome says why, and fails', async () => {
    const scenario = saved(
      'nowhere.snoop',
      'scenario "No such address"\nmachine {\n  cpu intel\n  memory x = 0 at=0x800000000000\n}\nthread a {\n  fd = open("/dev/null", O_RDWR)\n}\nexists [x] == 0\n',
    );
    const program = path.join(folder, 'nowhere');
    expect(compiler('-o', program, saved('nowhere.c', await exported('--litmus', scenario)))).toBe('');
    const { status, stdout } = spawnSync(program, [], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([
      1,
      `${'Bail out! a page of the scenario cannot be mapped at its address\n'.repeat(10)}Test No such address Allowed
Histogram (0 states)
# 10 of 10 rounds ended before their outcome
# stopped, because 10 rounds had no outcome
# kernel ${release()}
# made for ${newest}
# no round had an outcome: nothing is known
`,
    ]);
    const { exitCode, stderr } = await snoopscope(['compare', scenario, saved('nowhere.txt', stdout)]);
    expect([exitCode, stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringContaining('no round had an outcome; a page of the scenario cannot be mapped'),
    ]);
    for (const rounds of [['0'], ['many'], ['99999999999999999999'], []])
      expect(spawnSync(program, ['-n', ...rounds], { encoding: 'utf8' })).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(
          new RegExp(`^-n takes a number of rounds, from 1 to \\d+, not ${rounds[0] ?? 'nothing'}\n$`),
        ),
      });
  });

  test('a program touches no device that is not named, and says so as a skipped test', async () => {
    const program = path.join(folder, 'program');
    expect(compiler('-o', program, saved('skip.c', await exported(wbinvd)))).toBe('');
    const unnamed = spawnSync(program, [], { encoding: 'utf8' });
    expect([unnamed.status, unnamed.stdout]).toEqual([
      4,
      'TAP version 13\n1..0 # SKIP name the device that plays it, NAME=0000:00:00.0: gpu\n',
    ]);
    const strange = spawnSync(program, ['gpu=../../etc'], { encoding: 'utf8' });
    expect([strange.status, strange.stdout]).toEqual([4, expect.stringContaining('# SKIP not bound to vfio-pci: ')]);
    for (const [words, why] of [
      [['nic=0000:00:00.0'], 'no device of the scenario: nic=0000:00:00.0 (-h lists them)'],
      [['gpu=0000:00:00.0', 'gpu=0000:00:01.0'], 'named twice: gpu=0000:00:01.0'],
      [[`gpu=${'0'.repeat(32)}`], `not an address: gpu=${'0'.repeat(32)}`],
    ] as const)
      expect(spawnSync(program, words, { encoding: 'utf8' })).toMatchObject({
        status: 2,
        stdout: '',
        stderr: `${why}\n`,
      });
    for (const help of ['-h', '--help'])
      expect(spawnSync(program, [help], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(
          /^usage: \S+ gpu=ADDRESS\n.*\n {2}gpu: the device that plays \S+, bound to vfio-pci\n$/,
        ),
      });
  });

  test('calls that need no device run anywhere, and are compared', async () => {
    const scenario = saved(
      'files.snoop',
      'scenario "Descriptors"\nmachine {\n  cpu intel\n}\nsetup {\n  a = open("/dev/null", O_RDWR)\n  b = dup(a)\n  close(a) = 0\n  close(a) = -EBADF\n}\nthread other of elsewhere {\n  close(7) = -EBADF\n}\n',
    );
    const program = path.join(folder, 'files');
    expect(compiler('-o', program, saved('files.c', await exported(scenario)))).toBe('');
    const { status, stdout } = spawnSync(program, [], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('ok 3 line 12')]);
    const { exitCode, stdout: said } = await snoopscope(['compare', scenario, saved('files.tap', stdout)]);
    expect([exitCode, said]).toEqual([0, expect.stringMatching(/: 5 calls against \S+, no difference\n/)]);
    expect(said).toContain(`the program ran on ${release()}, and this is about `);
    const asked = await snoopscope(['compare', '--kernel', 'v6.1', scenario, saved('files.tap', stdout)]);
    expect([asked.exitCode, asked.stdout]).toEqual([
      0,
      expect.stringMatching(/: 5 calls against v6.1, no difference\n$/),
    ]);
  });
});

test('the first lines say which device nodes it opens, and what is left out', async () => {
  const [head] = (await exported(wbinvd)).split('*/');
  expect(head).toContain('It opens /dev/vfio/vfio, the VFIO group of a device that is named, /dev/kvm');
  expect(head).toContain('line 42, gpu: r0 = MRd x ns (only the device can do that)');
});

test('no text of a scenario leaves its comment or its string', async () => {
  const title = String.raw`*/ int main(){} /* ??/ \" \n ü %s`;
  const scenario = saved(
    'hostile.snoop',
    `scenario "${title}"\nmachine {\n  cpu intel\n  memory x = 0\n}\nsetup {\n  open("/dev/a\\"*/\\\\??", O_RDONLY) // */ x\n}\nvcpu 0 {\n  pat x = WC // */\n}\nexists [x] == 0\n`,
  );
  for (const form of [[], ['--litmus']]) {
    const text = await exported(...form, scenario);
    expect(text.split('*/')[0]).toContain('cc -O2 -pthread');
    expect(text).not.toMatch(/[^\x20-\x7e\n\t]/);
    if (hasCompiler) expect(compiler('-fsyntax-only', saved('hostile.c', text))).toBe('');
  }
});

test('a call that the kernel answers otherwise is a difference, with both results', async () => {
  const log = saved(
    'wrong.tap',
    ['TAP version 13', '1..6', '# 20 setup: container = open("/dev/vfio/vfio", O_RDWR) = -13 (EACCES)'].join('\n'),
  );
  const { exitCode, stdout } = await snoopscope(['compare', wbinvd, log]);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('the kernel returned -1 EACCES (Permission denied), v5.11 returns 3');
  expect(stdout).toContain('line 21, setup: group     = open("/dev/vfio/26", O_RDWR): the log ends before it');
});

test('outcomes of a litmus program are looked for among those of the explorer', async () => {
  const histogram = (...lines: string[]): string =>
    saved('litmus.txt', `Test x Allowed\nHistogram (${lines.length} states)\n${lines.join('\n')}\n`);
  const fine = await snoopscope(['compare', '--kernel', 'v6.12', race, histogram('300     :>added=0; deleted=0; ')]);
  expect([fine.exitCode, fine.stdout]).toEqual([
    0,
    expect.stringContaining('predicted, never seen: added=0 deleted=-1'),
  ]);
  const wrong = await snoopscope(['compare', '--kernel', 'v6.12', race, histogram('7     :>added=-1; deleted=0; ')]);
  expect([wrong.exitCode, wrong.stdout]).toEqual([
    1,
    expect.stringContaining('added=-1 deleted=0: seen 7 times, not predicted'),
  ]);
});

test.each([
  ['', 'This is not the output of an exported program'],
  ['TAP version 13\n1..0 # SKIP not bound to vfio-pci: 0000:00:00.0\n', 'The program ended without an observation'],
  ['12    :>nothing=0; \n', 'nothing'],
])('%j is refused with a reason', async (text, reason) => {
  const { exitCode, stderr } = await snoopscope(['compare', race, saved('refused.txt', text)]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(reason)]);
});

test('options that mean nothing together are refused', async () => {
  const refused = [
    ['export', 'c', '--litmus', '--schedule', '', race],
    ['export', 'svg', '--litmus', race],
    ['export', 'c', '--format', 'text', race],
  ];
  for (const words of refused) expect((await snoopscope(words)).exitCode, words.join(' ')).toBe(2);
});

test('vCPUs get as many address bits as the scenario has, when KVM would give fewer', async () => {
  expect(await exported('scenarios/memory-type/huge-leaf-and-mtrr-boundary.snoop')).toContain(
    '{ .function = 0x80000008, .eax = 40 }',
  );
  expect(await exported(wbinvd)).not.toContain('KVM_SET_CPUID2');
});
