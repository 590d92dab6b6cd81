// Bundles everything that runs outside this repository into dist/. `npm run build`, or build(['cli']) from another script.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './install.mjs';

const dist = path.join(root, 'dist');
const onNode = { platform: 'node', format: 'cjs', target: 'node22' };
export const inBrowser = {
  platform: 'browser',
  target: 'es2023',
  // @vscode/debugadapter has stand-ins of its own for files and sockets; these are the two it lacks.
  alias: {
    url: path.join(root, 'scripts/stand-ins/url.mjs'),
    events: path.join(root, 'node_modules/events/events.js'),
  },
  define: { 'process.platform': '"web"' },
};
const inWorker = { ...inBrowser, format: 'iife' };
const withVSCode = { external: ['vscode'] };

/** Leaves out what matches of the records of checks. */
function withoutParts(name, parts) {
  return {
    name,
    setup: ({ onLoad }) =>
      onLoad({ filter: /[\\/]sim-core[\\/]src[\\/](scenario[\\/]checks|predict)[\\/][\w-]+\.ts$/ }, async (found) => ({
        contents: parts.reduce((text, part) => text.replace(part, ''), await readFile(found.path, 'utf8')),
        loader: 'ts',
      })),
  };
}

/** What the records of checks say for their pages and their tests alone: no bundle reads it. */
const FOR_PAGES = [
  /(?<=\n) {2}examples: \{(?:\n[\s\S]*?\n {2}\}| [^\n]* \}),\n/g,
  /(?<=\n) {2}sources: \[[^\]]*\],\n/g,
];
const withoutPages = withoutParts('without-pages', FOR_PAGES);

/** What they mean, which the command says in SARIF, is left out too where nobody asks for it. */
export const withoutMeanings = withoutParts('without-meanings', [
  ...FOR_PAGES,
  /(?<=\n) {2}doc:(?: [^\n]*|\n {4}[^\n]*),\n/g,
]);

/** What few calls need, in a bundle of its own that is read when it is asked for. */
function asBundle(names) {
  return {
    name: 'as-bundle',
    setup: ({ onResolve }) =>
      onResolve(
        { filter: /^@snoopscope\// },
        (found) => names[found.path] && { path: `./${names[found.path]}.js`, external: true },
      ),
  };
}

/**
 * For dependencies that write code as text and compile it: `Function` is one that refuses, which each of them takes for a
 * strict content security policy, and the validator that cannot do without is left out.
 */
const withoutCodeFromText = {
  define: { Function: 'noFunction' },
  inject: [path.join(root, 'scripts/stand-ins/no-function.mjs')],
  plugins: [
    {
      name: 'no-ajv',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/ajv-provider\.js$/ }, () => ({ path: path.join(root, 'scripts/stand-ins/no-ajv.mjs') })),
    },
  ],
};

/** The simulator, which the bundles of the extension that run in Node share: each of its own would double the VSIX. */
const withSharedSimulator = { ...onNode, plugins: [asBundle({ '@snoopscope/sim-core': 'sim-core' })] };

/** In the parts of the command: the simulator of the program that loads them. */
const withProgramsSimulator = {
  ...onNode,
  alias: { '@snoopscope/sim-core': path.join(root, 'scripts/stand-ins/shared-simulator.cjs') },
};

/** What the language server in a browser has no use for either: it knows which kernels have a change, and its other part what to say about it. */
const withoutChangeTexts = {
  name: 'without-change-texts',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]sim-core[\\/]src[\\/]kernel[\\/](?:\w+-)?changes\.ts$/ }, async (found) => ({
      contents: (await readFile(found.path, 'utf8')).replace(CHANGE_TEXTS, ''),
      loader: 'ts',
    })),
};

const CHANGE_TEXTS = /(?<=\n) {4}(?:subject|effect|where|bracketed):(?: [^\n]*|\n {6}[^\n]*),\n/g;

/** name in dist/ → entry file, where it runs, and the bundles that it finds beside it. */
export const bundles = {
  'sim-core': { entry: 'sim-core/src/index.ts', options: { ...onNode, plugins: [withoutPages] } },
  extension: {
    entry: 'client/vscode/src/extension.ts',
    options: { ...withSharedSimulator, ...withVSCode },
    beside: ['sim-core'],
  },
  'extension-browser': {
    entry: 'client/vscode/src/extension-browser.ts',
    options: { ...inBrowser, ...withVSCode, format: 'cjs', plugins: [withoutMeanings] },
  },
  check: { entry: 'client/vscode/src/check-node.ts', options: withSharedSimulator, beside: ['sim-core'] },
  server: { entry: 'server/src/main.ts', options: withSharedSimulator, beside: ['sim-core'] },
  'view-page-browser': {
    entry: 'client/vscode/src/view-page-browser.ts',
    options: { ...inWorker, conditions: ['production'] },
  },
  'server-browser': {
    entry: 'server/src/main-browser.ts',
    options: { ...inWorker, plugins: [withoutMeanings, withoutChangeTexts] },
  },
  'simulator-browser': {
    entry: 'client/vscode/src/simulator-browser.ts',
    options: { ...inWorker, plugins: [withoutMeanings] },
  },
  'debug-adapter': { entry: 'debug-adapter/src/main.ts', options: onNode },
  'debug-adapter-browser': { entry: 'debug-adapter/src/main-browser.ts', options: inWorker },
  'explore-level-worker-browser': {
    entry: 'client/vscode/src/explore-level-worker-browser.ts',
    options: inWorker,
  },
  'explore-level-worker': { entry: 'client/cli/src/explore-level-worker.ts', options: onNode },
  'cli-program': {
    entry: 'client/cli/src/main.ts',
    options: {
      ...onNode,
      // The program is not a module of Node's own loaders, so it asks with require().
      supported: { 'dynamic-import': false },
      plugins: [
        withoutPages,
        asBundle({
          '@snoopscope/server/node': 'cli-lsp',
          '@snoopscope/debug-adapter/node': 'cli-dap',
          '@snoopscope/cli/mcp': 'cli-mcp',
        }),
      ],
    },
    wrapped: true,
  },
  // The program has the simulator in it: it starts as one file, compiled ahead.
  'cli-lsp': { entry: 'server/src/node.ts', options: withProgramsSimulator },
  'cli-dap': { entry: 'debug-adapter/src/node.ts', options: withProgramsSimulator },
  'cli-mcp': {
    entry: 'client/cli/src/mcp/serve-mcp.ts',
    options: {
      ...withProgramsSimulator,
      ...withoutCodeFromText,
      loader: { '.md': 'text' },
    },
  },
  // In the extension, which has no other commands.
  mcp: {
    entry: 'client/cli/src/mcp/main-mcp.ts',
    options: {
      ...onNode,
      ...withoutCodeFromText,
      plugins: [...withoutCodeFromText.plugins, ...withSharedSimulator.plugins],
      loader: { '.md': 'text' },
    },
    beside: ['sim-core'],
  },
  cli: {
    entry: 'client/cli/src/start.ts',
    options: { ...onNode, banner: { js: '#!/usr/bin/env node' }, define: { 'import.meta.dirname': '__dirname' } },
    beside: ['cli-program', 'cli-lsp', 'cli-dap', 'cli-mcp', 'explore-level-worker'],
  },
};

/** What bundles are made of. */
export const sources = [
  'sim-core/src',
  'server/src',
  'debug-adapter/src',
  'client/cli/src',
  'client/views/src',
  'client/vscode/src',
  'docs/language.md',
  'package-lock.json',
  'scripts/build.mjs',
];

/** The bundles that the extension consists of. Its debug adapter runs inside `extension`. */
export const extensionBundles = [
  'sim-core',
  'extension',
  'extension-browser',
  'view-page-browser',
  'server',
  'server-browser',
  'simulator-browser',
  'check',
  'explore-level-worker',
  'explore-level-worker-browser',
  'mcp',
];

/**
 * Builds the named bundles and what they find beside them, all by default, into dist/ or another folder. Returns the
 * source files that went into them, relative to the repository. Throws when an entry is missing or does not compile;
 * the others are written all the same.
 */
export async function build(names = Object.keys(bundles), { minify = false, folder = dist } = {}) {
  const all = new Set(names.flatMap((name) => [name, ...(bundles[name].beside ?? [])]));
  const outcomes = await Promise.allSettled(
    [...all].map((name) => bundle(bundles[name], outputOf(name, folder), minify)),
  );
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map((outcome) => outcome.reason.message);
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return new Set(outcomes.flatMap(({ value }) => value));
}

/** Whether dist/NAME.js, or what it finds beside it, is missing or older than some source. */
export async function isStale(name) {
  const needed = [name, ...(bundles[name].beside ?? [])];
  return isOlderThan(
    needed.map((each) => outputOf(each)),
    sources,
  );
}

/** Whether one of `files` is missing or older than something in `places`, files or folders of the repository. */
export async function isOlderThan(files, places) {
  const outputs = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  if (outputs.includes(undefined)) return true;
  const newest = await Promise.all(places.map((place) => newestChange(path.join(root, place))));
  return Math.max(...newest) > Math.min(...outputs.map((output) => output.mtimeMs));
}

async function bundle({ entry, options, wrapped }, outfile, minify) {
  if (!existsSync(path.join(root, entry)))
    throw new Error(`${path.relative(root, outfile)}: its entry ${entry} does not exist.`);
  const { build: esbuild } = await import('esbuild');
  const started = new Date();
  const { outputFiles, metafile } = await esbuild({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    write: false,
    metafile: true,
    minify,
    sourcemap: minify ? false : 'linked',
    mainFields: options.platform === 'node' ? ['module', 'main'] : ['browser', 'module', 'main'],
    logLevel: 'warning',
    ...options,
  });
  await mkdir(path.dirname(outfile), { recursive: true });
  for (const { path: file, contents } of outputFiles)
    await writeAtomically(file, wrapped && file.endsWith('.js') ? asFunction(contents) : contents, started);
  return Object.keys(metafile.inputs);
}

// A function, as Node makes one of any script, so that the file can be compiled as it is. Its last line tells this build
// from every other, for those who keep something that goes with it.
function asFunction(contents) {
  const build = createHash('sha256').update(contents).digest('hex');
  return `(function (exports, require, module, __filename, __dirname) {${Buffer.from(contents)}\n})\n// build ${build}\n`;
}

// A second process may be starting the same file. The time is that of the start, so that a source saved during the build counts as newer.
async function writeAtomically(file, contents, time) {
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, contents, { mode: file.endsWith('cli.js') ? 0o755 : 0o644 });
  await utimes(unfinished, time, time);
  await rename(unfinished, file);
}

// Folders count too: removing a file changes its folder only.
async function newestChange(place) {
  const found = await stat(place).catch(() => undefined);
  if (!found) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const inside = await Promise.all((await readdir(place)).map((name) => newestChange(path.join(place, name))));
  return Math.max(found.mtimeMs, ...inside);
}

function outputOf(name, folder = dist) {
  return path.join(folder, `${name}.js`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await import('./generate-grammar.mjs');
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  await build(names.length > 0 ? names : undefined, { minify: process.argv.includes('--minify') }).catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
