// `export c` and `compare`: programs for real machines, and what they print held against the simulator.
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { NEWEST } from '../../sim-core/src/index.ts';
import { needs } from '../needs.ts';
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

describe('with a C compiler', () => {
  beforeEach((context) => needs(context, hasCompiler, 'cc is not installed: apt-get install gcc libc6-dev'));

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
    expect(said).toContain(
      `the program ran on ${release()}, and this is about ${newest}: export and compare it with --kernel ${release()}`,
    );
    const asked = await snoopscope(['compare', '--kernel', 'v6.1', scenario, saved('files.tap', stdout)]);
    expect([asked.exitCode, asked.stdout]).toEqual([
      0,
      expect.stringMatching(
        `: 5 calls against v6.1, no difference\n  the program was made for ${newest}, and this is about v6.1: export it with --kernel v6.1\n$`,
      ),
    ]);
    const cut = await snoopscope(['compare', scenario, saved('cut.tap', stdout.replace(/^ok 3.*\n/m, ''))]);
    expect([cut.exitCode, cut.stdout]).toEqual([
      1,
      expect.stringContaining('the log ends early or lacks lines: its plan has 3 tests, and 2 have results'),
    ]);
  });

  test('a program that was made for a kernel is compared with it, and one for another says so', async () => {
    const scenario = saved(
      'choice.snoop',
      'scenario "Choice"\nmachine {\n  cpu intel\n}\nsetup {\n  a = open("/dev/null", O_RDWR)\n}\nthread t {\n  close(a) = 0\n}\n'.replace(
        '#kernel\n',
        '',
      ),
    );
    const program = path.join(folder, 'choice');
    expect(compiler('-o', program, saved('choice.c', await exported('--kernel', release(), scenario)))).toBe('');
    const log = saved('choice.tap', spawnSync(program, [], { encoding: 'utf8' }).stdout);
    const same = await snoopscope(['compare', '--kernel', release(), scenario, log]);
    expect([same.exitCode, same.stdout]).toEqual([0, expect.stringMatching(/: 2 calls against \S+, no difference\n$/)]);
  });
});

test('a path that a program does not open is left out by name, and the first lines do not claim it', async () => {
  const paths = ['/dev/vfio/vfio0', '/dev/vfio/', '//dev/kvm', '/dev/vfio/03', '/etc/motd', '/dev/vfio/devices/vfio-1'];
  const scenario = saved(
    'paths.snoop',
    `scenario "Paths"\nmachine {\n  cpu intel\n  device usb 0000:02:00.0 group=27\n}\nsetup {\n${paths.map((each) => `  open("${each}", O_RDONLY)\n`).join('')}  open("/dev/vfio/noiommu-27", O_RDWR)\n  open("/dev/vfio/noiommu-28", O_RDWR)\n}\n`,
  );
  const { exitCode, stdout, stderr } = await snoopscope(['export', 'c', scenario]);
  expect(exitCode).toBe(0);
  const [head = ''] = stdout.split('*/');
  expect(head).toContain('It opens the VFIO group of a device that is named, and no other device.');
  expect(stdout).toContain('open_group("noiommu-", 27, O_RDWR)');
  expect(stdout).toContain('.group = 27, .vfio_pci = 1, .noiommu = 1');
  for (const each of paths) {
    const why = `open("${each}", O_RDONLY) (a program does not open this path)`;
    expect([head, stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      expect.stringContaining(why),
      expect.stringContaining(why),
    ]);
  }
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

test('a log of another run says which kernel its program was made for, or that it is of another run', async () => {
  const [call, other] = ['container = open("/dev/vfio/vfio", O_RDWR)', 'kvm = open("/dev/kvm", O_RDWR)'];
  const compared = async (line: string, ...more: string[]) => {
    const log = saved('other.tap', ['TAP version 13', '1..6', '# kernel 6.1.0', ...more, line, ''].join('\n'));
    const { exitCode, stdout } = await snoopscope(['compare', '--kernel', 'v5.12', wbinvd, log]);
    expect(exitCode).toBe(1);
    return stdout;
  };
  const made = await compared(`# 21 setup: ${call} = 3`, '# made for v6.1');
  expect(made).toContain(
    `the log has line 21, setup: ${call} here; the program was made for v6.1, and this is about v5.12`,
  );
  expect(made).toContain('the program was made for v6.1, and this is about v5.12: export it with --kernel v5.12');
  expect(await compared(`# 20 setup: ${other} = 3`, '# made for v5.12')).toContain(
    `the log has line 20, setup: ${other} here; it is of another run`,
  );
});

test('outcomes of a litmus program are looked for among those of the explorer', async () => {
  const histogram = (...lines: string[]): string =>
    saved(
      'litmus.txt',
      `Test ADD and DEL of one file race Allowed\nHistogram (${lines.length} states)\n${lines.join('\n')}\n`,
    );
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
  ['12    :>added=0; deleted=0; \n', 'A part of the log is missing: its histogram has no first line'],
  [
    histogramOf('12    :>nothing=0; '),
    'The scenario has no nothing, which the log has: the log is of another scenario',
  ],
  [histogramOf('12    :>added=0; de'), 'its line `12 :>added=0; de` has no end'],
  [histogramOf('1 :>added=0; deleted=0; ', '1 :>added=0; '), 'its line `1 :>added=0;` has other names than the first'],
  [histogramOf('1 :>added=0; deleted=0; ').replace('(1', '(3'), 'its histogram is of 3 states and lists 1'],
  [
    histogramOf('1 :>added=0; deleted=0; ').replace('ADD', 'SUB'),
    'The log is of the scenario "SUB and DEL of one file race"',
  ],
  ['Test ADD and DEL of one file race Allowed\n', 'its histogram ends after the first line'],
  ['(Spin Version 6.5.2 -- 6 December 2019)\n', 'compiled with -DPRINTF'],
  [histogramOf(), 'so there is nothing to compare: no round had an outcome'],
])('%j is refused with a reason', async (text, reason) => {
  const { exitCode, stderr } = await snoopscope(['compare', race, saved('refused.txt', text)]);
  expect([exitCode, stderr.replaceAll(/\s+/g, ' ')]).toEqual([2, expect.stringContaining(reason)]);
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
