// The playground in Firefox, through WebDriver BiDi: `npm run test:firefox`, with FIREFOX_EXECUTABLE where it is not on the
// path. The path of a visitor, as playground.test.ts has it for Chromium.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPlayground } from '../../scripts/playground/build.mjs';
import { servePlayground } from '../../scripts/playground/serve.mjs';

const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-firefox-'));
const server = await servePlayground(await buildPlayground(path.join(scratch, 'playground')));
const address = `http://127.0.0.1:${server.address().port}/`;
const firefox = await startFirefox(path.join(scratch, 'profile'));
try {
  await visit(firefox);
  process.stdout.write(`passed in ${firefox.version}\n`);
} finally {
  await firefox.close();
  server.close();
  await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
}

async function visit({ open, evaluate, until }) {
  const step = (what) => process.stdout.write(`${what}\n`);
  const status = "document.getElementById('status').textContent";
  const click = (id) => evaluate(`document.getElementById('${id}').click()`);
  const shown = (element, selector) =>
    until(`document.querySelector('${element}')?.shadowRoot?.querySelector('${selector}') != null`);
  await open(address);
  await until(`${status}.startsWith('Ready')`);
  step('the page is ready');

  await click('run');
  await until(`/^Step \\d+ of \\d+/.test(${status})`);
  await shown('snoop-timeline', '[aria-label^="Cause 1:"]');
  step('a run comes to its finding, and the timeline has its causes');

  const found = await evaluate(status);
  await click('step-back');
  await until(`/^Step/.test(${status}) && ${status} !== ${JSON.stringify(found)}`);
  const back = await evaluate(status);
  step('a step back');

  await click('share');
  await until('location.hash.length > 100');
  const link = await evaluate('location.href');

  await click('explore');
  await shown('snoop-outcomes', '[aria-label^="stale-read"]');
  await evaluate(
    `document.querySelector('snoop-outcomes').shadowRoot.querySelector('[aria-label^="stale-read"]').dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }))`,
  );
  await until(`/^Step \\d+ of \\d+/.test(${status})`);
  step('explored, and the counterexample is open');

  await open('about:blank');
  await open(link);
  await until(`/^Step \\d+ of \\d+/.test(${status})`);
  // Both say `Step N of M`, and the line.
  assert.equal(await evaluate(status), back);
  step('the link opens the same step');
}

/** A Firefox of its own, spoken to over BiDi. */
async function startFirefox(profile) {
  await mkdir(profile);
  const program = process.env.FIREFOX_EXECUTABLE ?? 'firefox-esr';
  const child = spawn(program, ['--headless', '--remote-debugging-port=0', '--profile', profile, '--no-remote'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}\n${said}`)));
    child.stderr.on('data', (data) => {
      said += data;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
  });
  const socket = new WebSocket(`${url}/session`);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`No connection to ${url}`));
  });
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const { id, type, result, error, message } = JSON.parse(data);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (type === 'error') reject?.(new Error(`${error}: ${message}`));
    else resolve?.(result);
  };
  let last = 0;
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  const { capabilities } = await ask('session.new', { capabilities: {} });
  const { context } = await ask('browsingContext.create', { type: 'tab' });
  const evaluate = async (expression) => {
    const { type, result, exceptionDetails } = await ask('script.evaluate', {
      expression,
      target: { context },
      awaitPromise: true,
    });
    if (type === 'exception') throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value;
  };
  return {
    version: `${capabilities.browserName} ${capabilities.browserVersion}`,
    evaluate,
    open: (page) => ask('browsingContext.navigate', { context, url: page, wait: 'complete' }),
    until: async (condition) => {
      const result = await evaluate(
        `new Promise((resolve) => { const end = performance.now() + 60000; const look = () => (${condition}) ? resolve('yes') : performance.now() > end ? resolve(${'document.getElementById("status").textContent'}) : setTimeout(look, 50); look(); })`,
      );
      if (result !== 'yes') throw new Error(`Never: ${condition}; the page says: ${result}`);
    },
    async close() {
      socket.close();
      child.kill();
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
    },
  };
}
