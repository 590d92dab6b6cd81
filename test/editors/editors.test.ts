// The language server in Debian's Neovim and Emacs, through their own clients, with the configuration that docs/editors.md
// shows. `npm run test:editors`; part of `npm test` where the editors are installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { build } from '../../scripts/build.mjs';
import { root } from '../../scripts/install.mjs';
import { needs } from '../needs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-editors-'));
const scenario = path.join(folder, 'a.snoop');
const environment = { ...process.env, HOME: folder, PATH: `${folder}:${process.env.PATH}`, TERM: 'dumb' };

/** Line 9 has a word that is nearly right, line 13 an instruction, and nothing is aligned as the formatter would. */
const TEXT = `scenario "Editors"
kernel v6.1
machine {
  cpu intel
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VMM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  wbinvd
    mov [x],1
}
exists [x] == 1
`;

/** What an editor's driver prints. */
interface Seen {
  readonly problem?: string;
  readonly diagnostic?: { readonly line: number; readonly message: string };
  readonly hover?: string;
  readonly completion?: readonly string[];
  readonly fix?: string;
  readonly text?: string;
  readonly mode?: string;
}

beforeAll(async () => {
  await build(['cli']);
  const command = path.join(folder, 'snoopscope');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${path.join(root, 'dist/cli.js')}" "$@"\n`);
  chmodSync(command, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function has(command: string): boolean {
  return process.platform === 'linux' && spawnSync(command, ['--version']).status === 0;
}

/** The block of docs/editors.md that begins with the marker. */
function blockOf(marker: string): string {
  const text = readFileSync(path.join(root, 'docs/editors.md'), 'utf8');
  const block = new RegExp(`<!-- ${marker} -->\\n+\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (!block) throw new Error(`docs/editors.md has no block ${marker}`);
  return block;
}

function driven<What = Seen>(command: string, args: readonly string[], text = TEXT): What {
  writeFileSync(scenario, text);
  const output = execFileSync(command, args, {
    env: environment,
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const line = output.split('\n').findLast((each) => each.startsWith('{'));
  if (!line) throw new Error(`${command} printed: ${output}`);
  return JSON.parse(line) as What;
}

function expectAll(seen: Seen): void {
  expect(seen.problem).toBeUndefined();
  expect(seen.diagnostic).toEqual({ line: 9, message: expect.stringContaining('KVM_CREATE_VM') });
  expect(seen.hover).toContain('invalidates the caches');
  expect(seen.completion?.map((label) => label.trim())).toEqual(
    expect.arrayContaining([expect.stringMatching(/^clflush/)]),
  );
  expect(seen.fix).toContain('KVM_CREATE_VM');
  expect(seen.text).toContain('KVM_CREATE_VM, 0)');
  expect(seen.text).toContain('\n  mov [x], 1\n');
}

describe('Neovim', () => {
  beforeEach((context) => needs(context, has('nvim'), 'nvim is not installed: apt-get install neovim'));

  test('diagnostics, hover, completion, a quick fix and formatting', () => {
    const config = path.join(folder, 'init.lua');
    writeFileSync(config, blockOf('neovim 0.7'));
    const drive = path.join(root, 'test/editors/neovim.lua');
    expectAll(
      driven('nvim', [
        '--headless',
        '-u',
        'NONE',
        '-c',
        `luafile ${config}`,
        '-c',
        `edit ${scenario}`,
        '-c',
        `luafile ${drive}`,
      ]),
    );
  });

  test('loads the syntax file, and colours what it should', () => {
    writeFileSync(scenario, TEXT);
    const at = (line: number, column: number) => `synIDattr(synID(${line}, ${column}, 1), 'name')`;
    const places = [at(1, 1), at(8, 9), at(10, 22), at(13, 3), at(16, 1), at(1, 12)].join(', ');
    const output = execFileSync(
      'nvim',
      [
        ...['--headless', '-u', 'NONE', '-c', `edit ${scenario}`],
        ...['-c', `source ${path.join(root, 'syntaxes/snoop.vim')}`],
        ...['-c', `call writefile([json_encode([${places}, v:errmsg])], '${folder}/colours')`, '-c', 'qa!'],
      ],
      { env: environment, encoding: 'utf8' },
    );
    expect(output).toBe('');
    expect(JSON.parse(readFileSync(path.join(folder, 'colours'), 'utf8'))).toEqual([
      'snoopKeyword',
      'snoopCall',
      'snoopConstant',
      'snoopCall',
      'snoopKeyword',
      'snoopString',
      '',
    ]);
  });
});

describe('Emacs', () => {
  const reason = 'emacs is not installed: apt-get install emacs-nox elpa-eglot';
  beforeEach((context) => needs(context, has('emacs'), reason));

  test('diagnostics, hover, completion, a quick fix and formatting', () => {
    const config = path.join(folder, 'config.el');
    writeFileSync(config, blockOf('emacs 28'));
    const args = ['--batch', '--eval', '(package-initialize)', '-l', 'eglot', '-l', config, scenario];
    const seen = driven('emacs', [...args, '-l', path.join(root, 'test/editors/emacs.el')]);
    expectAll(seen);
    expect(seen.mode).toBe('snoop-mode');
  });

  test('loads the mode, and colours what it should', () => {
    writeFileSync(scenario, TEXT);
    const words = '"scenario" "KVM_CREATE_VCPU" "wbinvd" "exists"';
    const face =
      '(lambda (word) (goto-char (point-min)) (search-forward word) (get-text-property (1- (point)) (quote face)))';
    const faces = `(progn (font-lock-ensure) (princ (mapcar ${face} (list ${words}))))`;
    const args = ['--batch', '-l', path.join(root, 'syntaxes/snoop-mode.el'), scenario, '--eval', faces];
    const { stdout, stderr } = spawnSync('emacs', args, { env: environment, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual([
      '(font-lock-keyword-face font-lock-constant-face font-lock-function-name-face font-lock-keyword-face)',
      expect.any(String),
    ]);
  });
});

/** What dap-mode shows of a stop. */
interface Frame {
  readonly name: string;
  readonly line: number;
}

interface Debugged extends Readonly<Record<'entry' | 'breakpoint' | 'next' | 'back' | 'reverse', Frame>> {
  readonly problem?: string;
  readonly value: string;
  readonly scopes: readonly string[];
  readonly ended: boolean;
}

const RIGHT_TEXT = `kernel v5.11
machine {
  cpu intel
  memory x = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 {
  mov [x], 1
  wbinvd
}
`;

function hasDapMode(): boolean {
  const find = [
    '--batch',
    '--eval',
    '(package-initialize)',
    '--eval',
    '(kill-emacs (if (locate-library "dap-mode") 0 1))',
  ];
  return has('emacs') && spawnSync('emacs', find).status === 0;
}

describe('Emacs with dap-mode', () => {
  const reason = 'dap-mode is not installed: apt-get install emacs-nox elpa-dap-mode';
  beforeEach((context) => needs(context, hasDapMode(), reason));

  test('entry, a breakpoint, a value, a step, and back again over the same places', () => {
    const config = path.join(folder, 'dap.el');
    writeFileSync(config, `${blockOf('emacs 28')}\n${blockOf('dap-mode')}`);
    const args = ['--batch', '--eval', '(package-initialize)', '-l', config, scenario];
    const drive = path.join(root, 'test/editors/dap-mode.el');
    const seen = driven<Debugged>('emacs', [...args, '-l', drive], RIGHT_TEXT);
    expect(seen.problem).toBeUndefined();
    expect(seen).toMatchObject({
      entry: { name: 'setup', line: 7 },
      breakpoint: { name: 'vcpu0', line: 13 },
      value: "1 in cpu0's cache (M); DRAM has 0 (stale)",
      next: { name: 'vcpu0 (ended)', line: 14 },
      back: { name: 'vcpu0', line: 13 },
      reverse: { name: 'setup', line: 7 },
      ended: true,
    });
    expect(seen.scopes).toEqual(expect.arrayContaining(['Actor', 'Memory', 'Caches', 'Locks']));
  });
});
