/**
 * Every two options of the commands that explore, by their own tables: either both act, or the two are refused by name with
 * exit code 2. An option acts beside another if the call with both differs from the call with the other alone, in what it
 * prints or in the files that it writes, for some of the values here.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMANDS } from '@snoopscope/cli';
import { afterAll, describe, expect, it } from 'vitest';
import { root, snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-'));
afterAll(() => rmSync(folder, { recursive: true }));
// Threads are started from the file beside the program.
process.argv[1] = path.join(root, 'client/cli/src/cli.ts');

/** Two findings, a condition that fails, two kernels, and more states than a small limit lets through. */
const SCENARIO = `scenario "pairs"
kernel v6.12
machine {
  cpu intel count=2
  memory x y = 0 0
  allow evict max=1
}
setup {
  kvm = open("/dev/kvm", O_RDWR) = 3
  vm = ioctl(kvm, KVM_CREATE_VM, 0) = 4
  v0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  v1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  mov [x], 1
  mov eax, [y]
  mov [x], 2
}
vcpu 1 cpu=1 {
  mov [y], 1
  mov eax, [x]
}
thread vmm {
  close(77) = 0
  close(78) = 0
}
exists vcpu0.eax == 0 && vcpu1.eax == 0 on v6.12, v6.1
exists vcpu1.eax == 2
`;

/** What each option is tried with; that of `undefined` is a switch. */
const VALUES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  kernel: ['v6.1', 'v5.4'],
  granularity: ['micro'],
  'max-states': ['3', '20', '90'],
  'max-seconds': ['1'],
  'max-megabytes': ['1'],
  'max-depth': ['2', '5'],
  'max-switches': ['0', '1'],
  'stop-on': ['unexpected-result', 'stale-read'],
  ignore: ['unexpected-result', 'stale-read'],
  'no-reduction': [undefined],
  without: ['versions', 'dead-state', 'sleep-sets', 'partial-order'],
  estimate: [undefined],
  workers: ['2'],
  fingerprint: [undefined],
  checkpoint: ['a.cp'],
  random: ['5', '60'],
  seed: ['7'],
  pct: ['2'],
  shard: ['2/3', '1/2'],
  format: ['json', 'gcc', 'tap'],
  witness: [undefined],
  watch: [undefined],
  coverage: ['text', 'json'],
  'coverage-file': ['c.txt'],
};

/** What an option needs beside it, or shows more with. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  seed: ['random'],
  pct: ['random'],
  'explore shard': ['random'],
  coverage: ['coverage-file'],
  'coverage-file': ['coverage'],
};
const COMPANION_VALUES: Readonly<Record<string, string>> = { random: '60', coverage: 'json', 'coverage-file': 'd.txt' };

/** Options that act and show nothing of it here. */
const UNSEEN: ReadonlyMap<string, string> = new Map([
  ['max-seconds', 'acts by the clock'],
  ['max-megabytes', 'acts on spaces that are larger than those of a test'],
  ['workers', 'more threads find the same; test/explore/parallel.test.ts'],
]);

interface Given {
  readonly option: string;
  readonly value: string | undefined;
}

const seen = new Map<string, Promise<string>>();

/** What a call shows: its output without what differs from call to call, and the files that it leaves. */
function shown(command: string, given: readonly Given[]): Promise<string> {
  const words = [...given]
    .sort((a, b) => (a.option < b.option ? -1 : 1))
    .map(({ option, value }) => (value === undefined ? `--${option}` : `--${option}=${value}`));
  const key = [command, ...words].join(' ');
  if (!seen.has(key)) seen.set(key, called(command, words));
  return seen.get(key)!;
}

async function called(command: string, words: readonly string[]): Promise<string> {
  const here = path.join(folder, `${seen.size}`);
  mkdirSync(here);
  for (const name of ['a', 'b', 'c']) writeFileSync(path.join(here, `${name}.snoop`), SCENARIO);
  const interrupt = new AbortController();
  const { exitCode, stdout, stderr } = await snoopscope([command, ...words, command === 'test' ? '.' : 'a.snoop'], {
    workingDirectory: here,
    interrupt: interrupt.signal,
    onWrite: (stream, text) => {
      if (stream === 'stderr' && text.includes('Watching')) interrupt.abort();
    },
  });
  const files = readdirSync(here).filter((name) => !name.endsWith('.snoop'));
  const written = files.map(
    (name) => `${name}: ${name.endsWith('.cp') ? '' : readFileSync(path.join(here, name), 'utf8')}`,
  );
  const steady = stdout
    .replace(/[\d.]+ (?:s\b|seconds)/g, '? s')
    .replace(/("?(?:seconds|statesPerSecond|bytes|bytesPerState|time)"?[:=]\s*"?)[\d.e+-]+/g, '$1?')
    .replace(/[\d,]+ states a second|[\d.]+ bytes a state|[\d.]+ [kM]?B\b/g, '?');
  return [exitCode, steady, stderr, ...written].join('\n');
}

const isRefused = (text: string): boolean => text.startsWith('2\n');

function companions(command: string, ...options: readonly string[]): Given[] {
  const names = options.flatMap((option) => COMPANIONS[option] ?? COMPANIONS[`${command} ${option}`] ?? []);
  return [...new Set(names)]
    .filter((option) => !options.includes(option))
    .map((option) => ({ option, value: COMPANION_VALUES[option] }));
}

/** Does `acting` change anything beside `other`, for some values of both? */
async function acts(command: string, acting: readonly Given[], others: readonly Given[]): Promise<boolean> {
  for (const one of acting) {
    for (const other of others) {
      const beside = [other, ...companions(command, one.option, other.option)];
      const both = await shown(command, [one, ...beside]);
      if (!isRefused(both) && both !== (await shown(command, beside))) return true;
    }
  }
  return false;
}

describe.each(['explore', 'check', 'test'])('%s', (name) => {
  const command = COMMANDS.find((one) => one.name === name)!;
  const options = command.options.map((option) => option.name);

  it('has values here for each of its options', () => {
    expect(options.filter((option) => VALUES[option] === undefined)).toEqual([]);
  });

  const given = (option: string): Given[] => {
    const { choices } = command.options.find((one) => one.name === option)!;
    const values = VALUES[option]!.filter((value) => !choices || choices.includes(value!));
    return values.map((value) => ({ option, value }));
  };

  const pairs = options.flatMap((one, at) => options.slice(at + 1).map((other) => [one, other] as const));
  it.each(pairs)('--%s and --%s both act, or do not go together', async (one, other) => {
    const beside = companions(name, one, other);
    const calls = given(one).flatMap((first) => given(other).map((second) => [first, second, ...beside]));
    const texts = await Promise.all(calls.map((words) => shown(name, words)));
    if (texts.every(isRefused)) {
      const names = [one, other, ...beside.map(({ option }) => option)];
      for (const text of texts)
        expect(names.filter((option) => text.includes(`--${option}`)).length, text).toBeGreaterThan(1);
      return;
    }
    expect({
      [one]: UNSEEN.has(one) || (await acts(name, given(one), given(other))),
      [other]: UNSEEN.has(other) || (await acts(name, given(other), given(one))),
    }).toEqual({ [one]: true, [other]: true });
  });
});
