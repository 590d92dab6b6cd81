// The views in a browser: what they look like to a screen reader, what keys and pointer do, and what their page may not do.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../../scripts/install.mjs';
import { installChromium } from './host/install.mjs';
import { openPage } from './host/workbench.mjs';
import { openView, picturesOf, serveViews, THEMES } from './view-host.mjs';

const NAMES = ['timeline', 'topology', 'memory', 'outcomes'];
const axe = createRequire(import.meta.url).resolve('axe-core');
const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

/** title → what is tried; it throws what is wrong. */
const CASES = {
  ...Object.fromEntries(
    Object.keys(THEMES).map((theme) => [
      `axe-core finds nothing, in the theme ${theme}`,
      (views) => audited(views, theme),
    ]),
  ),
  'a page that tries to load, send, evaluate or write scripts may not': tries,
  'nothing moves by itself': still,
  'the timeline follows keys': keys,
  'the timeline is scrubbed by the pointer': scrubbed,
  'zoom and filter ask for another picture': zoomed,
  'what somebody wrote leads to where it was written': written,
  'an outcome leads to the debugger': outcome,
  'the page of outcomes asks for other explorations, and says how far one is': methods,
  'what is copied is the text equivalent': copied,
  'at 900 pixels and at half the size nothing is cut off': narrow,
  'forced colours leave shapes and letters': forced,
};

/** As after random runs by PCT: the most that the page has to show. */
const EXPLORED = {
  method: { kind: 'random', runs: 1000, seed: 1, pctDepth: 3 },
  running: false,
  lines: ['a.snoop on v5.11: nothing proved', '1000 runs of statements, drawn by PCT of depth 3 from seed 1.'],
};

/** Runs all cases and gives each outcome to `keep`. */
export async function runViewPages(keep) {
  const views = await serveViews();
  const { browser } = await openPage(await installChromium());
  const text = await readFile(path.join(root, 'scenarios', scenario), 'utf8');
  try {
    for (const [title, attempt] of Object.entries(CASES)) {
      const began = Date.now();
      const open = (name, options = {}) => {
        const pictures = picturesOf(text);
        const exploration = name === 'outcomes' ? EXPLORED : undefined;
        return openView(browser, views.url, name, pictures[name], {
          onIntent: pictures.intend,
          exploration,
          ...options,
        });
      };
      try {
        await attempt(open);
        keep({ kind: 'passed', title: `views: ${title}`, milliseconds: Date.now() - began });
      } catch (error) {
        keep({ kind: 'failed', title: `views: ${title}`, error: error.stack });
      }
      for (const context of browser.contexts()) await context.close();
    }
  } finally {
    await browser.close();
    views.close();
  }
}

function equal(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

async function audited(open, theme) {
  const source = await readFile(axe, 'utf8');
  for (const name of NAMES) {
    const { page } = await open(name, { theme });
    await page.locator('summary').click();
    await page.locator('table').first().waitFor();
    await page.evaluate(source);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    equal(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`),
      [],
      name,
    );
  }
}

async function tries(open) {
  const { page } = await open('timeline');
  const found = await page.evaluate(async () => {
    const refused = async (attempt) => {
      try {
        await attempt();
        return 'done';
      } catch {
        return 'refused';
      }
    };
    // The console of a browser may evaluate; a script of the page may not.
    const inPage = (code) =>
      new Promise((resolve) => {
        const script = document.createElement('script');
        script.textContent = `window.ran = true; ${code}`;
        window.ran = false;
        document.head.append(script);
        setTimeout(() => resolve(window.ran ? 'done' : 'refused'));
      });
    const loads = (element) =>
      new Promise((resolve) => {
        element.onload = () => resolve('done');
        element.onerror = () => resolve('refused');
        document.body.append(element);
      });
    return {
      fetch: await refused(() => fetch('/view.js')),
      socket: await refused(
        () =>
          new Promise((_, reject) => {
            const socket = new WebSocket('ws://127.0.0.1:9/');
            socket.onerror = reject;
          }),
      ),
      script: await inPage(''),
      otherScript: await loads(Object.assign(document.createElement('script'), { src: '/view.js' })),
      image: await loads(Object.assign(document.createElement('img'), { src: '/timeline' })),
      worker: await refused(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker('/view.js');
            worker.onerror = reject;
            worker.onmessage = resolve;
          }),
      ),
      handler: await new Promise((resolve) => {
        const button = document.createElement('button');
        window.handled = 'refused';
        button.setAttribute('onclick', "window.handled = 'done'");
        document.body.append(button);
        button.click();
        resolve(window.handled);
      }),
    };
  });
  equal(
    Object.entries(found).filter(([, outcome]) => outcome !== 'refused'),
    [],
    'not refused',
  );
  const violations = await page.evaluate(() => window.violations);
  for (const directive of ['connect-src', 'script-src-elem', 'img-src', 'worker-src', 'script-src-attr'])
    if (!violations.includes(directive)) throw new Error(`the policy says nothing about ${directive}: ${violations}`);
  // Evaluation from a string, by a script that may run: a nonce is not enough for it.
  await page.evaluate(() => {
    const { nonce } = document.querySelector('script[nonce]');
    // Later, when it is no longer this evaluation that runs it.
    const attempt =
      "try { window.evaluated = new Function('return 1')(); } catch (error) { window.evaluated = error.name; }";
    const textContent = `setTimeout(() => { ${attempt} })`;
    document.head.append(Object.assign(document.createElement('script'), { nonce, textContent }));
  });
  await page.waitForFunction(() => window.evaluated !== undefined);
  const evaluated = await page.evaluate(() => window.evaluated);
  equal(evaluated, 'EvalError', 'evaluation from a string');
}

async function still(open) {
  for (const name of NAMES) {
    const { page } = await open(name);
    const moving = await page.evaluate((tag) => {
      const inside = [...document.querySelector(tag).shadowRoot.querySelectorAll('*')];
      const animated = inside.filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== 'none' || transitionDuration !== '0s';
      });
      return document.getAnimations().length + animated.length;
    }, `snoop-${name}`);
    equal(moving, 0, name);
  }
}

async function keys(open) {
  const { page, intents } = await open('timeline');
  const expected = async (key, wanted) => {
    intents.length = 0;
    await page.keyboard.press(key);
    for (let i = 0; i < 100 && intents.length === 0; i++) await page.evaluate(() => new Promise(requestAnimationFrame));
    equal(intents.at(-1), wanted, key);
  };
  await page.locator('svg [data-choice][tabindex="0"]').focus();
  await expected('ArrowLeft', { kind: 'goTo', position: 66 });
  await expected('Shift+ArrowLeft', { kind: 'goTo', position: 56 });
  await expected('Home', { kind: 'goTo', position: 0 });
  await expected('ArrowRight', { kind: 'goTo', position: 1 });
  await expected('End', { kind: 'goTo', position: 67 });
  await expected('p', { kind: 'finding', forwards: false });
  await expected('n', { kind: 'finding', forwards: true });
  await expected('Enter', { kind: 'select', actor: 0 });
  await page.keyboard.press('ArrowDown');
  await expected('Enter', { kind: 'goTo', position: 0 });
  await page.keyboard.press('/');
  equal(
    await page.evaluate(() => document.querySelector('snoop-timeline').shadowRoot.activeElement?.tagName),
    'INPUT',
    '/',
  );
}

async function scrubbed(open) {
  const { page, intents } = await open('timeline');
  const box = await page.locator('svg').boundingBox();
  await page.mouse.move(box.x + 400, box.y + 15);
  await page.mouse.down();
  for (let x = 400; x <= 600; x += 20) await page.mouse.move(box.x + x, box.y + 15);
  await page.mouse.up();
  await page.waitForFunction(() => document.querySelector('snoop-timeline').picture.cursor < 67);
  const { position } = intents.at(-1);
  // 600 of 1200 pixels: 128 to the left for names, 24 to the right.
  equal(position, Math.round(((600 - 128) / (1200 - 128 - 24)) * 67), 'where the pointer was left');
  if (intents.some(({ kind }) => kind !== 'goTo')) throw new Error(JSON.stringify(intents));
}

async function zoomed(open) {
  const { page, intents } = await open('timeline');
  await page.getByRole('button', { name: 'Zoom in (+)' }).click();
  const { kind, first, end } = intents.at(-1);
  equal([kind, end - first], ['window', 34], 'zoom');
  await page.getByRole('searchbox').fill('wbinvd');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('snoop-timeline').picture.filter === 'wbinvd');
  await page.getByRole('searchbox').fill('no such thing');
  await page.keyboard.press('Enter');
  await page.getByText('Nothing in this run matches').waitFor();
}

async function written(open) {
  const { page, intents } = await open('memory');
  await page.locator('[data-choice]', { hasText: 'written by vcpu0, line 35' }).last().click();
  equal(intents.at(-1).kind, 'goToEvent', 'a click');
  // The state of the run just after the store, which both show.
  await page.waitForFunction(() => document.querySelector('snoop-memory').picture.position === 59);
}

async function outcome(open) {
  const { page, intents } = await open('outcomes');
  await page.getByRole('button', { name: /^Outcome gpu.r0=0: 1 final state\. Debug outcome/ }).click();
  equal(intents, [{ kind: 'debug', schedule: 'schedule vcpu0*3 gpu*2' }], 'a click');
}

async function methods(open) {
  const { page, intents, tell } = await open('outcomes');
  const explore = page.getByRole('button', { name: 'Explore', exact: true });
  equal(await page.getByRole('spinbutton', { name: 'depth' }).inputValue(), '3', 'what was explored last');
  await page.getByRole('spinbutton', { name: 'runs' }).fill('0');
  await explore.click();
  equal(intents, [], 'no runs');
  await page.getByRole('spinbutton', { name: 'runs' }).fill('20');
  await page.getByRole('spinbutton', { name: 'runs' }).press('Enter');
  equal(intents.at(-1), { kind: 'explore', method: { kind: 'random', runs: 20, seed: 1, pctDepth: 3 } }, 'Enter');
  await page.getByRole('combobox').selectOption('with few switches');
  await page.getByRole('spinbutton', { name: 'switches at most' }).fill('0');
  await explore.click();
  equal(intents.at(-1), { kind: 'explore', method: { kind: 'switches', most: 0 } }, 'switches');
  for (const [kind, words] of [
    ['estimate', 'estimate only'],
    ['all', 'all interleavings'],
  ]) {
    await page.getByRole('combobox').selectOption(words);
    await explore.click();
    equal(intents.at(-1), { kind: 'explore', method: { kind } }, words);
  }
  const running = { method: { kind: 'all' }, running: true, lines: ['Exploring', '12 states'], share: 0.25 };
  await tell({ kind: 'exploration', exploration: running });
  equal(await page.getByRole('progressbar').getAttribute('value'), '0.25', 'how far it is');
  equal(await page.getByRole('combobox').isDisabled(), true, 'while it runs');
  await page.getByRole('button', { name: 'Cancel' }).click();
  equal(intents.at(-1), { kind: 'cancel' }, 'Cancel');
}

async function copied(open) {
  for (const [name, wanted] of [
    ['outcomes', 'schedule vcpu0*3 gpu*2'],
    ['timeline', 'wbinvd'],
    ['memory', 'DRAM'],
    ['topology', 'dmar0'],
  ]) {
    const { page, intents } = await open(name);
    await page.locator('summary').click();
    await page.getByRole('button', { name: 'Copy as text' }).click();
    const { kind, text } = intents.at(-1);
    if (kind !== 'copy' || !text.includes(wanted)) throw new Error(`${name}: ${text}`);
  }
  const { page, intents } = await open('outcomes');
  await page
    .getByRole('button', { name: /^Copy schedule: / })
    .first()
    .click();
  equal(intents, [{ kind: 'copy', text: 'schedule vcpu0*3 gpu*2' }], 'Copy schedule');
}

async function narrow(open) {
  for (const name of NAMES)
    for (const size of [
      { width: 900, height: 300 },
      { width: 2400, height: 840 },
    ]) {
      const { page } = await open(name, size);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      equal(overflow, 0, `${name} at ${size.width}: the page itself does not scroll`);
      const cut = await page.evaluate((tag) => {
        const view = document.querySelector(tag);
        const [drawing] = view.shadowRoot.querySelectorAll('svg');
        const { right } = drawing.getBoundingClientRect();
        return [...drawing.querySelectorAll('rect')].filter((one) => one.getBoundingClientRect().right > right + 1)
          .length;
      }, `snoop-${name}`);
      equal(cut, 0, `${name} at ${size.width}: shapes outside the drawing`);
    }
}

async function forced(open) {
  const { page } = await open('timeline');
  await page.emulateMedia({ forcedColors: 'active' });
  const letters = await page.locator('svg text.letter').allTextContents();
  for (const letter of ['X', 'T', '!', 'M'])
    if (!letters.includes(letter)) throw new Error(`no letter ${letter}: ${letters}`);
}
