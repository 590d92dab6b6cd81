// Builds the playground: a folder that any static host can serve.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build as esbuild } from 'esbuild';
import { PROFILES } from '../../sim-core/src/kernel/profiles.ts';
import { monarchGrammar } from '../../sim-core/src/scenario/monarch.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { VOCABULARY } from '../../sim-core/src/scenario/vocabulary.ts';
import { inBrowser, withoutMeanings } from '../build.mjs';
import { root } from '../install.mjs';
import { thirdPartyNotices } from '../notices.mjs';

const source = path.join(root, 'client/playground/src');
const FIRST = 'wbinvd/local-cpu-not-flushed.snoop';

/** Builds the page into a folder, dist/playground by default. Returns the folder. */
export async function buildPlayground(folder = path.join(root, 'dist/playground')) {
  const unfinished = `${folder}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const gallery = galleryEntries();
  const common = {
    ...inBrowser,
    absWorkingDir: root,
    bundle: true,
    minify: true,
    logLevel: 'warning',
    metafile: true,
    mainFields: ['browser', 'module', 'main'],
  };
  const built = await Promise.all([
    esbuild({
      ...common,
      // Names that every browser with modules has.
      entryPoints: { page: path.join(source, 'page.ts') },
      outdir: unfinished,
      format: 'esm',
      splitting: true,
      chunkNames: 'chunk-[hash]',
      assetNames: '[name]-[hash]',
      loader: { '.ttf': 'file' },
      // Part of monaco-editor, but exported only together with all its languages.
      alias: {
        ...common.alias,
        'monaco-lsp-client': path.join(root, 'node_modules/monaco-editor/esm/external/monaco-lsp-client/out/index.js'),
      },
      plugins: [
        withoutParts,
        builtData({
          monarch: monarchGrammar(VOCABULARY),
          first: gallery.find(({ path: name }) => name === FIRST),
          kernels: PROFILES.map(({ name }) => name),
        }),
      ],
    }),
    esbuild({
      ...common,
      entryPoints: [path.join(source, 'worker.ts')],
      outfile: path.join(unfinished, 'worker.js'),
      format: 'iife',
      plugins: [withoutMeanings],
    }),
    esbuild({
      ...common,
      entryPoints: [path.join(root, 'node_modules/monaco-editor/esm/vs/editor/editor.worker.js')],
      outfile: path.join(unfinished, 'editor-worker.js'),
      format: 'iife',
    }),
    writeFile(path.join(unfinished, 'gallery.json'), JSON.stringify(gallery)),
    cp(path.join(source, 'index.html'), path.join(unfinished, 'index.html')),
    cp(path.join(root, 'client/vscode/icons/scenario-light.svg'), path.join(unfinished, 'icon.svg')),
  ]);
  const sources = new Set(built.flatMap((result) => Object.keys(result?.metafile?.inputs ?? {})));
  await writeFile(path.join(unfinished, 'THIRD-PARTY-NOTICES.txt'), await thirdPartyNotices(sources));
  // The editor's styles come first: the page's own add to them.
  const own = readFileSync(path.join(source, 'page.css'), 'utf8');
  const editors = readFileSync(path.join(unfinished, 'page.css'), 'utf8');
  await writeFile(path.join(unfinished, 'page.css'), `${editors}\n${own}`);
  await removeStylesTwice(unfinished, editors);
  await writeServiceWorker(unfinished, common);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return folder;
}

/** A part that is loaded later gets styles of its own, which no page asks for: the page's have all of them. */
async function removeStylesTwice(folder, styles) {
  const known = new Set(rulesOf(styles));
  for (const name of globSync('chunk-*.css', { cwd: folder })) {
    const missing = rulesOf(readFileSync(path.join(folder, name), 'utf8')).find((rule) => !known.has(rule));
    if (missing !== undefined) throw new Error(`${name} has a rule that page.css lacks: ${missing}`);
    await rm(path.join(folder, name));
  }
}

function rulesOf(styles) {
  return styles.match(/[^{}]+\{[^{}]*\}/g) ?? [];
}

function galleryEntries() {
  const folder = path.join(root, 'scenarios');
  return globSync('**/*.snoop', { cwd: folder })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file) => {
      const text = readFileSync(path.join(folder, file), 'utf8');
      const title = parse(text).lines.find(({ content }) => content.kind === 'scenario')?.content.text.value ?? file;
      return { path: file, title, text };
    });
}

/**
 * What the editor brings and a page for scenarios has no use for: texts that models of language propose, colours, drops,
 * pairs of tags, headers in a minimap, lists of differences, and what helps to debug the editor itself.
 */
const UNUSED = [
  'contrib/inlineCompletions/browser/inlineCompletions.contribution',
  'contrib/colorPicker/browser/colorPickerContribution',
  'contrib/dropOrPasteInto/browser/copyPasteContribution',
  'contrib/dropOrPasteInto/browser/dropIntoEditorContribution',
  'contrib/linkedEditing/browser/linkedEditing',
  'contrib/sectionHeaders/browser/sectionHeaders',
  'contrib/diffEditorBreadcrumbs/browser/contribution',
  'contrib/gpu/browser/gpuActions',
  'standalone/browser/inspectTokens/inspectTokens',
];

const withoutParts = {
  name: 'without-parts',
  setup({ onLoad }) {
    const files = UNUSED.map((file) => file.replaceAll('/', '[\\\\/]').replaceAll('.', '\\.'));
    onLoad({ filter: new RegExp(`[\\\\/](?:${files.join('|')})\\.js$`) }, () => ({ contents: '' }));
  },
};

/** Modules `built:NAME` with plain data. */
function builtData(values) {
  return {
    name: 'built-data',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^built:/ }, ({ path: name }) => ({ path: name.slice('built:'.length), namespace: 'built' }));
      onLoad({ filter: /.*/, namespace: 'built' }, ({ path: name }) => ({
        contents: JSON.stringify(values[name]),
        loader: 'json',
      }));
    },
  };
}

async function writeServiceWorker(folder, common) {
  const files = (await readdir(folder)).sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(path.join(folder, file)));
  const build = {
    name: `snoopscope-${hash.digest('hex').slice(0, 16)}`,
    files: ['./', ...files.filter((file) => file !== 'index.html')],
  };
  await esbuild({
    ...common,
    entryPoints: [path.join(source, 'service-worker.ts')],
    outfile: path.join(folder, 'service-worker.js'),
    format: 'iife',
    define: { ...common.define, BUILD: JSON.stringify(build) },
  });
}
