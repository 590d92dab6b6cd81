// The npm package of the command: packed, installed in an empty folder without a registry, and used there.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, bundles } from '../../scripts/build.mjs';
import { root, toolEnvironment } from '../../scripts/install.mjs';
import { packCommand } from '../../scripts/pack.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-npm-'));
const project = path.join(folder, 'project');
const installed = path.join(project, 'node_modules/snoopscope');
const windows = process.platform === 'win32';
const command = path.join(project, 'node_modules/.bin', windows ? 'snoopscope.cmd' : 'snoopscope');
const environment = { ...toolEnvironment(), NODE_COMPILE_CACHE: path.join(folder, 'cache') };
let tarball = '';

beforeAll(async () => {
  mkdirSync(project);
  tarball = await packCommand(folder);
  writeFileSync(path.join(project, 'package.json'), '{ "private": true }\n');
  const install = ['install', '--offline', '--no-audit', '--no-fund', tarball];
  execFileSync('npm', install, {
    cwd: project,
    env: { ...environment, npm_config_registry: 'http://127.0.0.1:9/' },
    shell: windows,
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(command, args, { cwd: project, encoding: 'utf8', env: environment, shell: windows });
}

/** The pages of diagnostics, to which the language server links. */
function pagesIn(place: string): string[] {
  return readdirSync(path.join(place, 'docs/reference/diagnostics')).sort();
}

test('holds the bundles of the command and the pages of diagnostics, and depends on nothing', () => {
  expect(readdirSync(installed).sort()).toEqual([
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES.txt',
    'dist',
    'docs',
    'package.json',
  ]);
  expect(pagesIn(installed)).toEqual(pagesIn(root));
  expect(readdirSync(path.join(installed, 'docs'))).toEqual(['reference']);
  expect(readdirSync(path.join(installed, 'docs/reference'))).toEqual(['diagnostics']);
  expect(readdirSync(path.join(installed, 'dist')).sort()).toEqual([
    'cli-dap.js',
    'cli-lsp.js',
    'cli-mcp.js',
    'cli-program.js',
    'cli.js',
    'explore-level-worker.js',
  ]);
  const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['dependencies']));
  expect(manifest.private).toBeUndefined();
  expect(readdirSync(path.join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'snoopscope',
  ]);
  expect(statSync(tarball).size).toBeLessThan(1024 ** 2);
});

test('check', () => {
  const scenario = path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop');
  expect(run('check', '--kernel', 'v5.11', scenario)).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/v5\.11 {2}passed/),
  });
});

test('explore, with a second thread', () => {
  const scenario = path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop');
  const { status, stdout } = run('explore', '--workers', '2', '--format', 'json', scenario);
  expect(status).toBe(0);
  expect(JSON.parse(stdout).complete).toBe(true);
});

test('completion and version', () => {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  expect(run('-v').stdout).toBe(`snoopscope ${version}\n`);
  expect(run('completion', 'bash').stdout).toContain('complete -F _snoopscope snoopscope');
});

const initialize = {
  lsp: { jsonrpc: '2.0', id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } },
  dap: { seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'snoopscope' } },
};

test.each([
  ['lsp', /"textDocumentSync"/],
  ['dap', /"supportsStepBack":true/],
] as const)('%s answers over standard streams', async (name, answer) => {
  const json = JSON.stringify(initialize[name]);
  const child = spawn(command, [name], { cwd: project, env: environment, shell: windows });
  try {
    const seen = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (answer.test(text)) resolve(text);
      });
      child.once('error', reject);
      child.once('close', () => reject(new Error(`${name} ended after: ${text}`)));
      child.stdin.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    });
    expect(seen).toMatch(answer);
  } finally {
    child.kill('SIGKILL');
  }
});

test('mcp serves an assistant that speaks the protocol', async () => {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport({ command, args: ['mcp'], cwd: project, env: { ...environment } }));
  try {
    const file = path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop');
    const answer = await client.callTool({ name: 'check', arguments: { file, kernel: 'v5.11' } });
    expect(JSON.stringify(answer.content)).toContain('v5.11  passed');
  } finally {
    await client.close();
  }
});

test('no bundle makes code from text', async () => {
  const packed = path.join(installed, 'dist');
  const others = path.join(folder, 'bundles');
  await build(
    Object.keys(bundles).filter((name) => !existsSync(path.join(packed, `${name}.js`))),
    { minify: true, folder: others },
  );
  const files = [packed, others].flatMap((place) => readdirSync(place).map((file) => path.join(place, file)));
  expect(files.map((file) => path.basename(file, '.js'))).toEqual(expect.arrayContaining(Object.keys(bundles)));
  const found = files.filter((file) =>
    /\beval\s*\(|\bnew Function\b|(?<![.\w"'`$])Function\s*[(;,]/.test(readFileSync(file, 'utf8')),
  );
  expect(found).toEqual([]);
});

test('a plain npm pack at the root makes a package that installs and works too', () => {
  const other = path.join(folder, 'plain');
  mkdirSync(other);
  const options = { encoding: 'utf8', shell: windows, env: environment } as const;
  const packed = execFileSync('npm', ['pack', '--silent', '--offline', '--pack-destination', other], {
    ...options,
    cwd: root,
  });
  writeFileSync(path.join(other, 'package.json'), '{ "private": true }\n');
  const file = path.join(other, packed.trim().split('\n').at(-1)!);
  execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', file], {
    ...options,
    cwd: other,
    env: { ...environment, npm_config_registry: 'http://127.0.0.1:9/' },
  });
  const bin = path.join(other, 'node_modules/.bin', windows ? 'snoopscope.cmd' : 'snoopscope');
  expect(readdirSync(path.join(other, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['snoopscope']);
  expect(readdirSync(path.join(other, 'node_modules/snoopscope')).sort()).toEqual([
    'LICENSE',
    'README.md',
    'dist',
    'docs',
    'package.json',
  ]);
  expect(pagesIn(path.join(other, 'node_modules/snoopscope'))).toEqual(pagesIn(root));
  expect(spawnSync(bin, ['--version'], options).stdout).toMatch(/^(?:snoopscope )?\d+\.\d+\.\d+/);
  const scenario = path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop');
  expect(spawnSync(bin, ['check', scenario], options).status).toBe(0);
});
