// The worker that explores beside the editor, in plain pages of the browser that the host has. VS Code for the Web is not
// isolated, so what its threads do with shared memory is seen here alone.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../../scripts/install.mjs';
import { installChromium } from './host/install.mjs';
import { openPage } from './host/workbench.mjs';

/** What makes a page isolated, so that it has shared memory. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
const script = '/explore-level-worker-browser.js';

const cases = [
  { title: 'an isolated page has workers that share memory', headers: isolation, script, count: 3, memory: 'shared' },
  { title: 'any other page has workers that exchange messages', headers: {}, script, count: 3, memory: 'messages' },
  {
    title: 'without their script one worker does all',
    headers: {},
    script: '/missing.js',
    count: 1,
    memory: 'messages',
  },
];

const method = { kind: 'all' };

/** Runs all cases and gives each outcome to `keep`. */
export async function runBrowserWorkers(keep) {
  const text = await scenario();
  const { browser, page } = await openPage(await installChromium());
  let one;
  try {
    for (const { title, headers, script, count, memory } of cases) {
      const server = await serve(headers);
      const began = Date.now();
      try {
        await page.goto(server.url);
        one ??= await explore(page, { text, method, workers: 1, levelWorker: server.url + script });
        const found = await explore(page, { text, method, workers: 3, levelWorker: server.url + script });
        const problem = problemOf(found, one, { count, memory });
        const outcome = problem
          ? { kind: 'failed', error: problem }
          : { kind: 'passed', milliseconds: Date.now() - began };
        keep({ ...outcome, title: `workers in a browser: ${title}` });
      } catch (error) {
        keep({ kind: 'failed', title: `workers in a browser: ${title}`, error: error.stack });
      } finally {
        server.close();
      }
    }
  } finally {
    await browser.close();
  }
}

function problemOf(found, one, { count, memory }) {
  const { workers, states, complete } = found;
  // With shared memory facts may come in in another order, and other states be seen.
  if (complete !== true || (memory === 'messages' && states !== one.states)) {
    return `found ${JSON.stringify(found)} instead of ${one.states} states`;
  }
  if (workers.count !== count || workers.memory !== memory) return `worked as ${JSON.stringify(workers)}`;
  if (count > 1 && !(workers.expanded > 1000)) return `others than the first expanded ${workers.expanded} states`;
  if (count === 1 && workers.problem === undefined) return 'nothing is said about the workers that are missing';
  return undefined;
}

function explore(page, request) {
  return page.evaluate(
    (asked) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/simulator-browser.js');
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = ({ data }) => {
          // How far it is, and what it knows so far.
          if (data.kind === 'progress' || data.kind === 'known') return;
          worker.terminate();
          const { states, complete } = data.report ?? {};
          resolve({ kind: data.kind, workers: data.workers, states, complete });
        };
        worker.postMessage(asked);
      }),
    { kind: 'explore', includes: {}, maxBytes: 2 ** 30, ...request },
  );
}

/** An empty page, and the bundles. */
async function serve(headers) {
  const server = createServer(async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.url === '/')
      return response.setHeader('content-type', 'text/html').end('<!doctype html><title></title>');
    const file = path.join(root, 'dist', path.basename(request.url));
    const bundle = await readFile(file).catch(() => undefined);
    if (bundle === undefined) return response.writeHead(404).end();
    response.setHeader('content-type', 'text/javascript').end(bundle);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

async function scenario() {
  const outfile = path.join(root, 'dist-test', 'everyone-writes.mjs');
  const entry = path.join(root, 'test/explore/everyone-writes.ts');
  await build({ entryPoints: [entry], outfile, format: 'esm' });
  const { everyoneWritesEverything } = await import(pathToFileURL(outfile).href);
  return everyoneWritesEverything(4, 3);
}
