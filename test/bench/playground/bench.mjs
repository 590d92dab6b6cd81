// How long the playground takes until somebody can type in it, beside a page with Monaco alone, in turn in one browser.
// Each visit is the first one: nothing is cached. The shares of Monaco's time are what to compare, not the milliseconds.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { inBrowser } from '../../../scripts/build.mjs';
import { root } from '../../../scripts/install.mjs';
import { buildPlayground } from '../../../scripts/playground/build.mjs';
import { servePlayground } from '../../../scripts/playground/serve.mjs';
import { installChromium } from '../../vscode/host/install.mjs';

const VISITS = 9;
/** A page with an editor in which nothing but text is known. */
const ALONE = `import { editor } from 'monaco-editor/editor/editor.api.js';
editor.create(document.getElementById('editor'), { value: 'scenario', language: 'plaintext', automaticLayout: true });`;
const PAGE = `<!doctype html><meta charset="utf-8"><title>Monaco</title><link rel="stylesheet" href="page.css">
<style>html, body, #editor { height: 100%; margin: 0 }</style><div id="editor"></div><script type="module" src="page.js"></script>`;

export async function run() {
  const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-bench-'));
  const servers = await Promise.all([
    monacoAlone(path.join(scratch, 'monaco')).then((folder) => servePlayground(folder)),
    buildPlayground(path.join(scratch, 'playground')).then((folder) => servePlayground(folder)),
  ]);
  const browser = await chromium.launch({ ...(await installChromium()), args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const [alone, playground] = servers.map((server) => `http://127.0.0.1:${server.address().port}/`);
    const visits = { alone: [], playground: [], ready: [] };
    for (let i = 0; i < VISITS; i++) {
      visits.alone.push((await visit(browser, alone)).typing);
      const { typing, ready } = await visit(browser, playground, true);
      visits.playground.push(typing);
      visits.ready.push(ready);
    }
    const row = (title, times) => [
      title,
      ...[median, fastest].flatMap((of) => [of(times).toFixed(0), (of(times) / of(visits.alone)).toFixed(2)]),
    ];
    return {
      tables: [
        {
          title: `Time to interactive, ${VISITS} first visits`,
          columns: ['', 'median, ms', 'of Monaco alone', 'fastest, ms', 'of Monaco alone'],
          rows: [
            row('Monaco alone: the editor takes keys', visits.alone),
            row('playground: the editor takes keys', visits.playground),
            row('playground: it says that it is ready, with its gallery', visits.ready),
          ],
          notes: ['On a busy machine the fastest visits say more than the others.'],
        },
      ],
      result: { visits },
    };
  } finally {
    await browser.close();
    for (const server of servers) server.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function monacoAlone(folder) {
  await esbuild({
    ...inBrowser,
    absWorkingDir: root,
    stdin: { contents: ALONE, resolveDir: root },
    outfile: path.join(folder, 'page.js'),
    format: 'esm',
    bundle: true,
    minify: true,
    loader: { '.ttf': 'file' },
    mainFields: ['browser', 'module', 'main'],
  });
  await writeFile(path.join(folder, 'index.html'), PAGE);
  return folder;
}

/** One visit of a page by a browser that was never there. */
async function visit(browser, address, saysReady = false) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    await page.addInitScript(watch);
    await page.goto(address);
    await page.waitForFunction(() => window.typing !== undefined);
    if (saysReady) await page.waitForFunction(() => window.ready !== undefined);
    return await page.evaluate(() => ({ typing: window.typing, ready: window.ready }));
  } finally {
    await context.close();
  }
}

/** In the page: notes when there is text in the editor and the page has time for a key, and when it says that it is ready. */
function watch() {
  const look = () => {
    if (document.querySelector('#editor .view-line span span')) setTimeout(() => (window.typing ??= performance.now()));
    if (/^Ready/.test(document.getElementById('status')?.textContent ?? '')) window.ready ??= performance.now();
    if (window.typing === undefined || window.ready === undefined) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

function fastest(values) {
  return Math.min(...values);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
