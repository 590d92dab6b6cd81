// What people mistype, and what they are told. Every mistake of theirs ends with exit code 2 and without a stack trace.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { COMMANDS } from '@snoopscope/cli';
import { describe, expect, test } from 'vitest';
import { root, snoopscope } from './command.ts';

const race = 'test/cli/scenarios/race.snoop';

test('a distribution kernel runs as the nearest profile, and one remark says so', async () => {
  const nearest = await snoopscope(`run --kernel 6.8.0-45-generic ${race}`, { columns: 400 });
  const remark = '6.8.0-45-generic is an Ubuntu kernel. The nearest profile is v6.8';
  expect(nearest.stderr.split(remark)).toHaveLength(2);
  const exact = await snoopscope(`run --kernel v6.8 ${race}`, { columns: 400 });
  expect(exact.stderr).not.toContain('nearest');
  expect(nearest.stdout).toBe(exact.stdout);
});

describe('mistakes in the call', () => {
  test.each([
    ['conformance', 'There it is `npm run -s conformance`.', 'unknown-command'],
    ['chek a.snoop', 'There is no command `chek`; did you mean `check`?', 'unknown-command'],
    ['--verison', 'There is no option `--verison`; did you mean `--version`?', 'unknown-option'],
    ['run --kernl v5.11 a.snoop', '`run` has no option `--kernl`; did you mean `--kernel`?', 'unknown-option'],
    ['run -x a.snoop', '`run` has no option `-x`', 'unknown-option'],
    ['run', '`run` needs FILE', 'missing-operand'],
    ['run --kernel a.snoop', '`a.snoop` was taken as the value of --kernel.', 'missing-operand'],
    [`run --kernel a.snoop ${race}`, '`a.snoop` is a file name, and a kernel has a name such as', 'unknown-kernel'],
    [
      `run --schedule vcpu0*300 ${race}`,
      'Item 1 of the schedule, `vcpu0*300`, is possible only once on v7.3: vcpu0 has finished',
      'impossible-schedule',
    ],
    ['run a.snoop b.snoop', '`run` does not know what to do with `b.snoop`', 'surplus-operand'],
    ['run --kernel', '--kernel needs a value', 'missing-value'],
    ['check - -', '- is standard input, which can be read only once.', 'surplus-operand'],
    ['help run check', '`help` does not know what to do with `check`', 'surplus-operand'],
    ['explore --workers 65 a.snoop', '--workers takes a whole number from 1 to 64, found `65`', 'not-a-count'],
    ['explore --random 5 --pct 1001 a.snoop', '--pct takes a whole number from 1 to 1000', 'not-a-count'],
    ['explore --random 4294967297 a.snoop', '--random takes a whole number from 1 to 4294967296', 'not-a-count'],
    ['explore --random 5 --shard 1/4294967297 a.snoop', '--shard takes a share and their number', 'not-a-shard'],
    ['explore --ignore=, a.snoop', '--ignore names nothing; it takes stale-read', 'missing-value'],
    ['explore --random 5 --workers 2 a.snoop', '--random and --workers do not go', 'options-exclude-each-other'],
    ['explore --random 5 --fingerprint a.snoop', '--random and --fingerprint do not', 'options-exclude-each-other'],
    ['explore --random 5 --no-reduction a.snoop', 'keep no states', 'options-exclude-each-other'],
    ['explore --random 5 --max-states 9 a.snoop', 'keep no states', 'options-exclude-each-other'],
    ['explore --estimate --no-reduction a.snoop', 'without reduction', 'options-exclude-each-other'],
    ['explore --no-reduction --without symmetry a.snoop', 'all of them', 'options-exclude-each-other'],
    ['explore --max-switches 2 --without symmetry,sleep-sets a.snoop', 'nor sleep sets', 'options-exclude-each-other'],
    ['explore --stop-on leak --without partial-order a.snoop', 'nearest finding', 'options-exclude-each-other'],
    ['explore --estimate --random 5 a.snoop', '--estimate and --random do not go', 'options-exclude-each-other'],
    [
      'explore --stop-on leak,stale-read --ignore stale-read a.snoop',
      '--stop-on and --ignore both name `stale-read`',
      'options-exclude-each-other',
    ],
    ['run --events=yes a.snoop', '--events takes no value, found `yes`', 'unexpected-value'],
    ['run --format yaml a.snoop', '`yaml` is not a format of `run`, which knows text and json', 'unknown-format'],
    ['run --granularity micr a.snoop', 'did you mean `micro`?', 'unknown-granularity'],
    ['run --max-steps 0 a.snoop', '--max-steps takes a whole number from 1 on, found `0`', 'not-a-count'],
    ['run --max-steps 1e3 a.snoop', 'found `1e3`', 'not-a-count'],
    [`run --kernel v5.111 ${race}`, 'There is no kernel `v5.111`; did you mean `v5.11`?', 'unknown-kernel'],
    [
      `run --kernel v6.12+flush-noncoherent-dmb ${race}`,
      'there is no change `flush-noncoherent-dmb`',
      'unknown-kernel',
    ],
    ['kernels v6.1 --like 6.1.0-44-amd64', 'do not go together', 'options-exclude-each-other'],
    [`check --kernel linux ${race}`, 'Known are v3.12 to', 'unknown-kernel'],
    [`run --schedule vcpu7*2 ${race}`, 'no actor or move `vcpu7`', 'unknown-move'],
    [`bisect --from v5.11 ${race}`, '--from and --to belong together', 'missing-option'],
    ['import strace no-such.log', 'No such file', 'unreadable-file'],
    ['import recordng a.log', '`recordng` is neither a file nor a kind of log', 'unknown-kind'],
    ['import --assume snoop=off a.log', '--assume takes snoop-control=on|off', 'unknown-assumption'],
    ['import --assume vendor=amd,vendor=intel a.log', '`vendor=amd` and `vendor=intel`: say one', 'unknown-assumption'],
    ['export tla a.snoop', '`tla` cannot be exported. Supported kinds: trace, c, promela, text, svg,', 'unknown-kind'],
    ['export svg --max-states 5 a.snoop', '--max-states is for the picture `outcomes`', 'options-exclude-each-other'],
    [
      'export trace --max-states 5 a.snoop',
      'is for `promela` and the picture `outcomes`',
      'options-exclude-each-other',
    ],
    ['export dot --picture memory a.snoop', '`dot` has no form for the picture `memory`', 'unknown-picture'],
    ['export perfetto --picture topology a.snoop', 'only for timeline', 'unknown-picture'],
    ['export svg --picture map a.snoop', 'is not a picture of `export`', 'unknown-picture'],
    ['export trace --at 3 a.snoop', '--at is for pictures', 'options-exclude-each-other'],
    ['export text --width 900 a.snoop', '--width is for svg', 'options-exclude-each-other'],
    ['export promela --format text a.snoop', '--format is for `trace` and pictures', 'options-exclude-each-other'],
    [
      'run --kernel v5.11 --kernel v5.12 a.snoop',
      '--kernel is given twice, with v5.11 and with v5.12',
      'option-given-twice',
    ],
    [`export text --at x ${race}`, '--at takes a number of micro-steps', 'not-a-count'],
    [`export text --at 9999 ${race}`, '--at 9999 is after the end', 'no-position'],
    [`export svg --picture outcomes --at 3 ${race}`, '--at is about one run', 'options-exclude-each-other'],
    ['export constructor a.snoop', '`constructor` cannot be exported', 'unknown-kind'],
    ['lsp --port 0 --stdio', '--port and --stdio do not go together', 'options-exclude-each-other'],
    ['dap --stdio --port 0', '--port and --stdio do not go together', 'options-exclude-each-other'],
    ['lsp --port 99999', '--port takes a number from 0 to 65535', 'not-a-port'],
    ['help chek', 'did you mean `check`?', 'unknown-command'],
    ['completion fissh', 'only for bash, zsh and fish; did you mean `fish`?', 'unknown-shell'],
    ['completion', '`completion` needs SHELL', 'missing-operand'],
  ])('%s', async (line, message, code) => {
    const { exitCode, stdout, stderr } = await snoopscope(line, { columns: 400 });
    expect(stderr).toContain(message);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('no words at all: the help page, on stderr', async () => {
    const { exitCode, stdout, stderr } = await snoopscope('');
    expect(stderr).toContain('snoopscope COMMAND [options] [FILE…]');
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('an unknown kernel lists the known ones, those that are not mainline releases by name', async () => {
    const { stderr } = await snoopscope(`run --kernel nonsense ${race}`, { columns: 4000 });
    expect(stderr).toMatch(/Known are v3\.12 to v\d+\.\d+, .*series-v1/);
  });
});

test('an option twice with one value is the same as once', async () => {
  const { exitCode } = await snoopscope(`run --kernel v5.11 --kernel v5.11 ${race}`);
  expect(exitCode).toBe(0);
});

describe('help', () => {
  test('names every command and every exit code', async () => {
    const { exitCode, stdout } = await snoopscope('help');
    for (const { name, summary } of COMMANDS) expect(stdout.replace(/\s+/g, ' ')).toContain(`${name} ${summary}`);
    for (const code of ['0 success', '1 a condition', '2 invalid input', '3 a limit', '130 interrupted']) {
      expect(stdout.replace(/ +/g, ' ')).toContain(code);
    }
    expect(exitCode).toBe(0);
  });

  test.each(COMMANDS.map((command) => command.name))('%s: the same page however it is asked for', async (name) => {
    const page = await snoopscope(`help ${name}`);
    expect(await snoopscope(`${name} --help`)).toEqual(page);
    expect(page.exitCode).toBe(0);
    expect(page.stderr).toBe('');
    for (const { name: option } of COMMANDS.find((c) => c.name === name)?.options ?? []) {
      expect(page.stdout).toContain(`--${option}`);
    }
  });

  test.each(['--help', '-h'])('%s is help', async (word) => {
    expect(await snoopscope(word)).toEqual(await snoopscope('help'));
    expect(await snoopscope(`check ${word}`)).toEqual(await snoopscope('help check'));
    expect(await snoopscope(`${word} check`)).toEqual(await snoopscope('help check'));
  });

  test.each(['--version', '-v', '-V', 'version'])('%s is the version of the extension', async (word) => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    expect(await snoopscope(word)).toEqual({ exitCode: 0, stdout: `snoopscope ${version}\n`, stderr: '' });
  });

  test.each([...COMMANDS])('$name: its examples use options that their commands have', ({ name, examples }) => {
    expect(examples[0]?.line.split(' ')[0]).toBe(name);
    for (const { line } of examples) {
      // What a later command does with the output may be an example, too.
      const command = COMMANDS.find((one) => one.name === line.split(' ')[0]);
      expect(command, line).toBeDefined();
      const options = command?.options.map((option) => option.name);
      for (const [, option] of line.matchAll(/--([\w-]+)/g)) expect(options).toContain(option);
    }
  });
});

test('an empty schedule is a schedule: the actors run in turn, whatever the file says', async () => {
  const scheduled = `${readFileSync(path.join(root, race), 'utf8')}schedule vcpu1*2 vcpu0\n`;
  const run = (words: readonly string[], stdin: string): ReturnType<typeof snoopscope> =>
    snoopscope(['run', ...words, '-'], { stdin });
  const plain = await run([], readFileSync(path.join(root, race), 'utf8'));
  expect((await run([], scheduled)).stdout).not.toBe(plain.stdout);
  for (const words of [['--schedule', ''], ['--schedule='], ['--schedule', 'schedule']])
    expect(await run(words, scheduled)).toEqual(plain);
});

test('a schedule of no steps is refused, with its place', async () => {
  const { exitCode, stderr } = await snoopscope([
    'run',
    '--schedule',
    'vcpu0 vcpu1*0',
    'test/cli/scenarios/race.snoop',
  ]);
  expect(stderr).toContain('--schedule:1:16: error: `vcpu1*0` makes no step: a count begins at 1. [no-steps]');
  expect(exitCode).toBe(2);
});
