// The VSIX as it would be published: what is in it, what is not, and how large it may be.
import { globSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { build } from 'esbuild';
import JSZip from 'jszip';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundles } from '../../scripts/build.mjs';
import { freshVsix } from '../../scripts/package.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const KB = 1024;
/** Bytes. docs/ARCHITECTURE.md, "Sizes", says where they go. */
const budgets = { vsix: 2 * KB * KB, languageServer: 80 * KB };

let scratch: string;
let vsix: string;
let zip: JSZip;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-package-test-'));
  // It throws when vsce warns.
  vsix = await freshVsix();
  zip = await JSZip.loadAsync(readFileSync(vsix));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

function files(): string[] {
  return Object.values(zip.files).flatMap(({ name, dir }) => (dir ? [] : [name]));
}

async function read(file: string): Promise<string> {
  const found = zip.file(`extension/${file}`);
  if (!found) throw new Error(`The VSIX has no ${file}.`);
  return found.async('string');
}

describe('what is in it', () => {
  test('everything that the manifest names', async () => {
    const manifest = JSON.parse(await read('package.json'));
    const { languages, grammars, walkthroughs, viewsContainers, views } = manifest.contributes;
    const icons = [...Object.values(viewsContainers), ...Object.values(views)].flat() as { icon?: string }[];
    const named: string[] = [
      manifest.main,
      manifest.browser,
      manifest.icon,
      // A language of logs has neither.
      ...languages.flatMap(
        ({ configuration, icon }: { configuration?: string; icon?: { light: string; dark: string } }) => [
          ...(configuration === undefined ? [] : [configuration]),
          ...(icon === undefined ? [] : [icon.light, icon.dark]),
        ],
      ),
      ...grammars.map((grammar: { path: string }) => grammar.path),
      ...icons.flatMap(({ icon }) => (icon?.includes('.') ? [icon] : [])),
      ...walkthroughs.flatMap((walkthrough: { icon: string; steps: { media: { image: string } }[] }) => [
        walkthrough.icon,
        ...walkthrough.steps.map(({ media }) => media.image),
      ]),
    ];
    expect(named).not.toContain(undefined);
    const missing = named.filter((file) => !zip.file(path.posix.join('extension', file)));
    expect(missing).toEqual([]);
    for (const field of ['homepage', 'repository', 'bugs'])
      expect(JSON.stringify(manifest[field])).toContain('https://');
    for (const field of ['scripts', 'devDependencies', 'workspaces']) expect(manifest).not.toHaveProperty(field);
  });

  test('every bundle that a source of the extension asks for', () => {
    const asked = globSync('client/vscode/src/**/*.ts', { cwd: root })
      .flatMap((file) => [...readFileSync(path.join(root, file), 'utf8').matchAll(/['/]([a-z-]+\.js)'/g)])
      .map(([, name]) => name ?? '');
    expect(asked).toContain('server.js');
    expect(asked.filter((name) => !zip.file(`extension/dist/${name}`))).toEqual([]);
  });

  test('the whole gallery, without what only tests need, and nothing else of the repository', () => {
    const scenarios = globSync('scenarios/**/*.snoop', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
    expect(files()).toEqual(expect.arrayContaining(scenarios.map((file) => `extension/${file}`)));
    const strange = files().filter(
      (file) =>
        !/^(?:\[Content_Types\]\.xml|extension\.vsixmanifest)$|^extension\/(?:[^/]+\.(?:md|txt|json)|dist\/[^/]+\.js|docs\/(?:reference\/diagnostics\/)?[^/]+\.md|scenarios\/.+\.snoop|syntaxes\/[^/]+\.json|client\/vscode\/(?:gallery\.json|l10n\/[a-z0-9.]+\.json|icons\/[^/]+\.(?:png|svg)|walkthrough\/[a-z]+\.webp))$/.test(
          file,
        ),
    );
    expect(strange).toEqual([]);
  });

  test('every document that the sources cite to users', async () => {
    const cited = globSync(['sim-core/src/{ops,engine,scenario,kernel}/**/*.ts', 'server/src/**/*.ts'], { cwd: root })
      .flatMap((file) => [...readFileSync(path.join(root, file), 'utf8').matchAll(/docs\/[A-Za-z]+\.md/g)])
      .map(([name]) => name);
    expect(cited).toContain('docs/language.md');
    expect([...new Set(cited)].filter((file) => !zip.file(`extension/${file}`))).toEqual([]);
  });

  test('no link that leads nowhere', async () => {
    const broken: string[] = [];
    for (const name of files().filter((file) => file.endsWith('.md'))) {
      const text = await zip.file(name)!.async('string');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        if (!zip.file(path.posix.join(path.posix.dirname(name), target))) broken.push(`${name}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test('a README of its own, from the same source: no image, no relative link, no command of the checkout', async () => {
    const readme = await read('readme.md');
    expect(readme).not.toMatch(/!\[|\]\((?!https:|#)|<!--|npm (?:start|test|run)/);
    expect(readme).toContain('$ snoopscope check scenarios/wbinvd/local-cpu-not-flushed.snoop');
    expect(readme).toContain('press F5');
  });

  test('the licence of every package whose code is bundled', async () => {
    const notices = await read('THIRD-PARTY-NOTICES.txt');
    for (const name of ['vscode-languageclient', 'vscode-languageserver', '@vscode/debugadapter', 'events'])
      expect(notices).toContain(`\n${name} `);
    expect(notices.match(/^={78}$/gm)?.length).toBe(notices.match(/^\S+ \d+\.\d+\.\d+\S* \(/gm)?.length);
    expect(notices).not.toContain('esbuild');
  });
});

test('the server for assistants that the extension registers answers', async () => {
  const program = path.join(scratch, 'mcp.js');
  for (const bundle of ['mcp.js', 'sim-core.js']) {
    await writeFile(path.join(scratch, bundle), await read(`dist/${bundle}`));
  }
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [program], cwd: root }));
  try {
    const file = 'scenarios/wbinvd/local-cpu-not-flushed.snoop';
    const { content } = await client.callTool({ name: 'run', arguments: { file } });
    expect(JSON.stringify(content)).toContain('stale-read');
  } finally {
    await client.close();
  }
});

describe('budgets', () => {
  test('the VSIX', () => {
    expect(statSync(vsix).size).toBeLessThanOrEqual(budgets.vsix);
  });

  test('the language server in a browser, beyond the LSP library', async () => {
    const server = gzipSync(await read('dist/server-browser.js'), { level: 9 }).length;
    const empty = gzipSync(await emptyServer(), { level: 9 }).length;
    expect(empty).toBeGreaterThan(20 * KB);
    expect(server - empty).toBeLessThanOrEqual(budgets.languageServer);
  });
});

/** The smallest server that the library allows, bundled as ours is. */
async function emptyServer(): Promise<Uint8Array> {
  const contents = `
    import { BrowserMessageReader, BrowserMessageWriter, createConnection, TextDocuments } from 'vscode-languageserver/browser';
    import { TextDocument } from 'vscode-languageserver-textdocument';
    const connection = createConnection(new BrowserMessageReader(self), new BrowserMessageWriter(self));
    connection.onInitialize(() => ({ capabilities: {} }));
    new TextDocuments(TextDocument).listen(connection);
    connection.listen();`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: path.join(root, 'server/src') },
    bundle: true,
    write: false,
    minify: true,
    mainFields: ['browser', 'module', 'main'],
    logLevel: 'error',
    ...(bundles['server-browser'].options as object),
  });
  return outputFiles[0]!.contents;
}
