// The completion scripts, tried in the shells that they are for.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMANDS } from '@snoopscope/cli';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { needs } from '../needs.ts';
import { root, snoopscope } from './command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-completion-'));
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

beforeAll(async () => {
  for (const shell of SHELLS)
    writeFileSync(scriptOf(shell), (await snoopscope(`completion ${shell}`, { columns: 40 })).stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

function scriptOf(shell: Shell): string {
  return path.join(folder, `snoopscope.${shell}`);
}

function isThere(shell: Shell): boolean {
  return spawnSync(shell, ['-c', ':']).status === 0;
}

function needsShell(context: TestContext, shell: Shell): void {
  needs(context, isThere(shell), `${shell} is not installed: apt-get install ${shell}`);
}

const BASH_PROGRAM = `
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_snoopscope
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** What a shell offers after the words, the last of which is being typed. */
const OFFERS: Readonly<Record<'bash' | 'fish', (words: readonly string[]) => string[]>> = {
  bash(words) {
    // As bash takes the line apart before it calls the function.
    const taken = words.flatMap((word) => (word.startsWith('--') ? word.split(/(=)/).filter((part) => part) : [word]));
    return lines(
      execFileSync('bash', ['-c', BASH_PROGRAM, 'bash', scriptOf('bash'), ...taken], { cwd: root, encoding: 'utf8' }),
    );
  },
  fish(words) {
    const program = `source ${scriptOf('fish')}; complete -C ${JSON.stringify(words.join(' '))}`;
    const output = execFileSync('fish', ['-c', program], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    });
    return lines(output).map((line) => line.replace(/\t.*/, '').replace(/^--[a-z-]+=/, ''));
  },
};

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The words typed so far → some of what is offered, and something that is not. */
const CASES: readonly (readonly [typed: string, offered: readonly string[], not: readonly string[]])[] = [
  ['snoopscope ', COMMANDS.map(({ name }) => name), ['--kernel', 'scenarios/']],
  ['snoopscope e', ['explore', 'export'], ['check']],
  ['snoopscope help ', ['help', 'bisect'], ['--kernel']],
  ['snoopscope completion ', [...SHELLS], ['help']],
  ['snoopscope run --', ['--kernel', '--schedule', '--help'], ['--workers']],
  ['snoopscope check --kernel v5.1', ['v5.1', 'v5.11', 'v5.19'], ['v5.2']],
  ['snoopscope check --kernel ', ['all', 'v6.1', 'series-v1'], ['--kernel']],
  ['snoopscope bisect --from v3.1', ['v3.12'], ['all']],
  ['snoopscope kernels v6.1', ['v6.1', 'v6.12'], ['v5.1']],
  ['snoopscope run --format ', ['text', 'json'], ['junit', '--kernel']],
  ['snoopscope test --format=', ['text', 'json', 'junit', 'tap'], []],
  ['snoopscope test --format=ju', ['junit'], ['json']],
  ['snoopscope check --granularity mi', ['micro'], ['statement']],
  ['snoopscope explore --stop-on stale', ['stale-read'], ['all']],
  ['snoopscope explore --stop-on stale-read,', ['stale-read,deadlock'], ['stale-read,stale-read']],
  ['snoopscope explore --without par', ['partial-order'], ['symmetry']],
  ['snoopscope explore --max-states ', [], ['scenarios', 'scenarios/', '100']],
  ['snoopscope import ', ['recording'], ['trace']],
  ['snoopscope export --kernel v5.11 ', ['trace', 'svg'], ['v5.11']],
  ['snoopscope export --picture ', ['timeline', 'outcomes'], ['trace']],
  ['snoopscope run scenarios/wbinvd/local', ['scenarios/wbinvd/local-cpu-not-flushed.snoop'], []],
  ['snoopscope check a.snoop b.snoop scenarios/wbinvd/local', ['scenarios/wbinvd/local-cpu-not-flushed.snoop'], []],
  ['snoopscope run a.snoop scenarios/wbinvd/local', [], ['scenarios/wbinvd/local-cpu-not-flushed.snoop']],
];

describe.each(['bash', 'fish'] as const)('%s', (shell) => {
  test.for(CASES)('%s', ([typed, offered, not], context) => {
    needsShell(context, shell);
    const offers = OFFERS[shell](typed.split(' '));
    expect(offers).toEqual(expect.arrayContaining([...offered]));
    for (const word of not) expect(offers).not.toContain(word);
  });
});

test('bash offers traces where one can be run', (context) => {
  needsShell(context, 'bash');
  writeFileSync(path.join(folder, 'a.snooptrace'), '');
  for (const command of ['run', 'diff', 'export trace'])
    expect(OFFERS.bash(['snoopscope', ...command.split(' '), path.join(folder, 'a.s')])).toEqual([
      path.join(folder, 'a.snooptrace'),
    ]);
});

test('bash offers scenarios and folders, not their goldens', (context) => {
  needsShell(context, 'bash');
  const offers = OFFERS.bash(['snoopscope', 'run', 'scenarios/wbinvd/']);
  expect(offers.every((name) => name.endsWith('.snoop'))).toBe(true);
  expect(OFFERS.bash(['snoopscope', 'run', 'scenarios/wb'])).toEqual(['scenarios/wbinvd']);
});

// zsh answers no question about completions: a shell in a terminal of its own types, presses Tab, and writes its line to a file.
const ZSH_SETUP = `
autoload -Uz compinit
compinit -u -D
source $SCRIPT
show() { print -r -- "$BUFFER" > $TYPED; exit }
zle -N show
bindkey '^X' show
PS1=READY
`;
const ZSH_PROGRAM = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'source $SETUP'
zpty -r shell output '*READY'
zpty -w -n shell "$1"$'\\t\\x18'
while zpty -r shell output; do :; done
`;

function zshLine(typed: string): string {
  const setup = path.join(folder, 'setup.zsh');
  const line = path.join(folder, 'line');
  writeFileSync(setup, ZSH_SETUP);
  execFileSync('zsh', ['-f', '-c', ZSH_PROGRAM, 'zsh', typed], {
    cwd: root,
    timeout: 60_000,
    env: { ...process.env, HOME: folder, SCRIPT: scriptOf('zsh'), SETUP: setup, TYPED: line },
  });
  return readFileSync(line, 'utf8').trimEnd();
}

test.for([
  ['snoopscope expo', 'snoopscope export'],
  ['snoopscope run --ker', 'snoopscope run --kernel='],
  ['snoopscope check --kernel=v5.12 --gran', 'snoopscope check --kernel=v5.12 --granularity='],
  ['snoopscope check --granularity mi', 'snoopscope check --granularity micro'],
  ['snoopscope test --format=ju', 'snoopscope test --format=junit'],
  ['snoopscope kernels series', 'snoopscope kernels series-v1'],
  // zsh takes the comma away again when a space follows.
  ['snoopscope explore --stop-on stale-read,dea', 'snoopscope explore --stop-on stale-read,deadlock,'],
  ['snoopscope help bis', 'snoopscope help bisect'],
  ['snoopscope export tra', 'snoopscope export trace'],
  ['snoopscope run scenarios/wbinvd/loc', 'snoopscope run scenarios/wbinvd/local-cpu-not-flushed.snoop'],
] as const)('zsh: %s', ([typed, completed], context) => {
  needsShell(context, 'zsh');
  expect(zshLine(typed)).toBe(completed);
});

test.for(SHELLS)('%s reads the script without complaint', (shell, context) => {
  needsShell(context, shell);
  expect(spawnSync(shell, ['-n', scriptOf(shell)], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});
