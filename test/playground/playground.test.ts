// The playground in real Chromium: the path of a visitor, links, a visit without a network, narrow windows, and what its
// content security policy refuses.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPlayground } from '../../scripts/playground/build.mjs';
import { servePlayground } from '../../scripts/playground/serve.mjs';
import { everyoneWritesEverything } from '../explore/everyone-writes.ts';
import { installChromium } from '../vscode/host/install.mjs';
import { PATIENCE } from '../vscode/host/workbench.mjs';

const KB = 1024;
let scratch: string;
let folder: string;
let server: Server;
let address: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** What went wrong in the page. */
let problems: string[];

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-playground-'));
  folder = await buildPlayground(path.join(scratch, 'playground'));
  server = await servePlayground(folder);
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { executablePath, env } = await installChromium();
  browser = await chromium.launch({
    executablePath,
    env,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(scratch, { recursive: true, force: true });
});

beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(PATIENCE);
  problems = [];
  page = await opened();
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

async function opened(fragment = ''): Promise<Page> {
  const next = await context.newPage();
  next.on('pageerror', ({ message }) => problems.push(message));
  next.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await next.goto(`${address}${fragment}`);
  await next.waitForFunction(() => !document.getElementById('status')?.textContent?.startsWith('Loading'));
  return next;
}

async function says(text: RegExp, on = page): Promise<string> {
  await on.waitForFunction(
    ([source, flags]) => new RegExp(source ?? '', flags).test(document.getElementById('status')?.textContent ?? ''),
    [text.source, text.flags],
  );
  return (await on.textContent('#status')) ?? '';
}

/** Keys go to the editor. A click also sets its selection, on a busy machine as late as after the first keys. */
function typeIntoEditor(): Promise<void> {
  return page.locator('#editor').locator('textarea, .native-edit-context').first().focus();
}

/** The timeline's own words on where the cursor is. */
function cursorOf(on: Page): Promise<string> {
  return on.locator('#status').textContent() as Promise<string>;
}

test('edit, diagnostics, run, step back, explore, counterexample, link', async () => {
  // A word that does not exist is underlined, and repaired again.
  await page.click('.view-line:has-text("wbinvd") >> nth=-1');
  await page.keyboard.press('End');
  await page.keyboard.type('x');
  await page.waitForSelector('.squiggly-error');
  await page.keyboard.press('Backspace');
  await page.waitForSelector('.squiggly-error', { state: 'detached' });

  await page.click('#run');
  const found = await says(/^Step [1-9]\d* of \d+, line 42$/);
  await page.waitForSelector('snoop-timeline');
  await page.click('#step-back');
  await page.waitForFunction((before) => document.getElementById('status')?.textContent !== before, found);
  const back = await says(/^Step \d+ of/);
  expect(Number(/\d+/.exec(back)?.[0])).toBeLessThan(Number(/\d+/.exec(found)?.[0]));

  await page.click('#explore');
  await says(/^Explored/);
  await page.waitForSelector('snoop-outcomes');
  await page.locator('snoop-outcomes [data-choice]', { hasText: 'gpu read an old value' }).first().click();
  await says(/^Step [1-9]\d* of \d+, line 42$/);

  await page.click('#share');
  await says(/link/);
  const shared = await opened(new URL(page.url()).hash);
  expect(await says(/^Step [1-9]/, shared)).toBe(found);
});

test('explore by another method: random runs, by PCT, few switches, or an estimate alone', async () => {
  await page.click('#tab-outcomes');
  expect(await by('random', { runs: '20', seed: '3' })).toMatch(/^(Nothing proved|FAILED) on .*20 .*runs/);
  expect(await by('pct', { runs: '20', pctDepth: '2' })).toContain('PCT');
  expect(await by('switches', { most: '0' })).toMatch(/^As declared on .*6 states/);
  expect(await by('estimate')).toMatch(/^An estimate on .*nothing was explored\.$/);
  expect(await page.locator('snoop-outcomes svg').count()).toBe(0);
  expect(await by('all')).toMatch(/^As declared on /);
  await page.locator('snoop-outcomes [data-choice]', { hasText: 'gpu read an old value' }).first().waitFor();
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const found = await (window as unknown as { axe: typeof axe }).axe.run('#result-pane');
    return found.violations.map(({ id }) => id);
  });
  expect(violations).toEqual([]);
});

test('an exploration that takes too long is cancelled, and one with few switches does not', async () => {
  // As a visitor has left it.
  await page.evaluate((text) => localStorage.setItem('snoopscope.scenario', text), everyoneWritesEverything(6, 6));
  await page.reload();
  await says(/^Ready/);
  await page.click('#explore');
  await says(/^Exploring: \d/);
  await page.click('snoop-outcomes .explore button');
  await says(/^Cancelled/);
  expect(await page.locator('snoop-outcomes .state p').allTextContents()).toEqual(['Cancelled.']);
  expect(await by('switches', { most: '0' })).toMatch(/at most 0 switches/);
});

/** Explores by a method of the form, and returns what it came to. */
async function by(method: string, numbers: Readonly<Record<string, string>> = {}): Promise<string> {
  await page.selectOption('snoop-outcomes select', method);
  for (const [name, number] of Object.entries(numbers)) await page.fill(`snoop-outcomes input[name=${name}]`, number);
  await page.click('snoop-outcomes .explore button');
  await says(/^(?:Explored|Estimated)/);
  return (await page.locator('snoop-outcomes .state[aria-busy=false] p').allTextContents()).join(' ');
}

test('compare kernels: a table whose cells run the scenario there', async () => {
  await page.click('#compare');
  await says(/^Compared/);
  const heads = await page.locator('#panel th[scope=col]').allTextContents();
  expect(heads).toContain('v5.12..v7.3');
  await page.locator('#panel td button', { hasText: 'passed' }).first().click();
  await says(/^Step/);
  expect(await page.inputValue('#kernel')).not.toBe('');
});

test('check prints what the command prints', async () => {
  await page.click('#check');
  await says(/^Passed/);
  expect(await page.textContent('#panel pre')).toContain('holds  exists gpu.r0 == 0 on v3.13..v5.11');
});

test('a run that begins right after an edit is kept', async () => {
  await page.click('#run');
  await says(/^Step [1-9]/);
  await typeIntoEditor();
  // The edit ends the older run, which may still be ending when the new one begins.
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Enter');
  await page.click('#run');
  await says(/^Step [1-9]/);
  await page.click('#step-back');
  await says(/^Step \d+ of/);
  expect(await page.isEnabled('#stop')).toBe(true);
});

test('an empty scenario is not judged', async () => {
  await typeIntoEditor();
  const emptied = async (): Promise<string | undefined> => {
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    return page.evaluate(async () => {
      await new Promise(requestAnimationFrame);
      return document.querySelector('#editor .view-lines')?.textContent?.trim();
    });
  };
  // Keys that come before the editor listens, on a busy machine, are lost.
  await expect.poll(emptied, { timeout: PATIENCE }).toBe('');
  for (const button of ['#check', '#explore', '#compare']) {
    await page.click(button);
    await says(/^The scenario cannot run: It has nothing to run/);
    await page.click('#run');
    await says(/nothing to run: it has no actor/);
  }
});

test('the longest scenario of the gallery fits a link', async () => {
  const entries: { title: string; path: string; text: string }[] = JSON.parse(
    readFileSync(path.join(folder, 'gallery.json'), 'utf8'),
  );
  const longest = entries.reduce((a, b) => (a.text.length > b.text.length ? a : b));
  await page.selectOption('#gallery', longest.path);
  await says(/^Step/);
  await page.click('#share');
  await says(/link/);
  const { hash } = new URL(page.url());
  expect(hash.length).toBeLessThan(8 * KB);
  const other = await opened(hash);
  await says(/^Step/, other);
  expect(await other.inputValue('#gallery')).toBe(longest.path);
});

test('a damaged link says so, and one from a newer version keeps the scenario', async () => {
  expect(await cursorOf(await opened('#s=AAAA'))).toMatch(/^The link is damaged/);
  expect(await cursorOf(await opened('#zzz'))).toMatch(/^The address ends with something that is not a link/);
  const newer = await page.evaluate(async () => {
    const text = JSON.stringify({ version: 99, text: 'scenario "From tomorrow"\n' });
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    return btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '');
  });
  const kept = await opened(`#s=${newer}`);
  expect(await cursorOf(kept)).toMatch(/newer version/);
  await kept.waitForSelector('.view-line:has-text("From tomorrow")');
});

test('after the first visit it works without a network', async () => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await context.setOffline(true);
  await page.reload();
  await says(/^Ready/);
  await page.click('#run');
  await says(/^Step [1-9]\d* of \d+, line 42$/);
});

test.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 900],
  ['dark', 380],
] as const)('axe finds nothing: %s, %d px', async (colorScheme, width) => {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 800 });
  await page.click('#run');
  await says(/^Step [1-9]/);
  await page.waitForSelector('snoop-timeline');
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    // The editor's own markup is Monaco's.
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run({ exclude: ['#editor'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
  expect(found).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});

test.each([
  { colorScheme: 'light' },
  { colorScheme: 'dark' },
  { colorScheme: 'light', contrast: 'more' },
  { colorScheme: 'dark', contrast: 'more' },
] as const)('what is written in the pictures stands out, and what can be pressed has an edge: %o', async (media) => {
  await page.emulateMedia(media);
  await page.click('#explore');
  await says(/^Explored/);
  await page.locator('snoop-outcomes text.action').first().waitFor();
  const poor = await page.evaluate(() => {
    const rgb = (colour: string): number[] => {
      const canvas = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((one) => {
        const share = one / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
    };
    const luminance = (colour: string): number => {
      const [r = 0, g = 0, b = 0] = rgb(colour);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = luminance(getComputedStyle(document.body).backgroundColor);
    const root = document.querySelector('snoop-outcomes')?.shadowRoot as ShadowRoot;
    const faint = Array.from(root.querySelectorAll('text')).filter((text) => {
      const ink = luminance(getComputedStyle(text).fill);
      return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
    });
    const bare = Array.from(root.querySelectorAll('button')).filter(
      (button) => getComputedStyle(button).borderColor === 'rgba(0, 0, 0, 0)',
    );
    return [...faint, ...bare].map(({ textContent }) => textContent);
  });
  expect(poor).toEqual([]);
});

test("on a phone's screen the results are in sight, below the scenario", async () => {
  await page.setViewportSize({ width: 380, height: 800 });
  await page.click('#run');
  await says(/^Step [1-9]/);
  const box = await page.locator('snoop-timeline').boundingBox();
  expect(box?.y).toBeLessThan(650);
});

test('everything without a mouse: run, step back, out of the editor, other views', async () => {
  const tabUntil = async (selector: string): Promise<void> => {
    for (let presses = 0; presses < 30; presses++) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${selector}`);
  };
  await tabUntil('#run');
  await page.keyboard.press('Enter');
  const found = await says(/^Step [1-9]\d* of \d+, line 42$/);
  await tabUntil('#step-back');
  await page.keyboard.press('Enter');
  await page.waitForFunction((before) => document.getElementById('status')?.textContent !== before, found);
  await tabUntil('#editor *');
  await page.keyboard.press('Control+M');
  await tabUntil('#tabs [role=tab]');
  await page.keyboard.press('ArrowRight');
  await page.waitForSelector('snoop-memory');
  await page.keyboard.press('Home');
  await page.waitForSelector('snoop-timeline');
  await tabUntil('snoop-timeline');
  const before = await says(/^Step \d+/);
  const timeline = page.locator('snoop-timeline [tabindex="0"]').first();
  await timeline.focus();
  await page.keyboard.press('End');
  await page.waitForFunction((last) => document.getElementById('status')?.textContent !== last, before);
});

test('what a run prints speaks of buttons that are there', async () => {
  await page.click('#run');
  await says(/^Step [1-9]/);
  await page.click('#tab-output');
  const printed = await page.textContent('#panel pre');
  expect(printed).toMatch(/^WBINVD forgets the CPU it runs on: scenario.snoop on v5.11/);
  expect(printed).not.toMatch(/Step Into|Type `help`/);
  // What was found, and why.
  expect(printed).toMatch(/\ngpu read an old value of x\n1\. vcpu0 on cpu0 stores x = 1 .*\n7\. gpu: MRd x → 0 /s);
});

test('the policy of the page refuses code in the page, and other servers', async () => {
  const outcome = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    const reached = await fetch('https://example.invalid/').then(
      () => 'reached',
      () => 'refused',
    );
    return { ran: 'ran' in window, reached };
  });
  expect(outcome).toEqual({ ran: false, reached: 'refused' });
  // Chromium says in the console what it refused.
  expect(problems.filter((text) => !/Content Security Policy|Fetch API cannot load/i.test(text))).toEqual([]);
  problems = [];
});

test('budgets: first paint, and all of it', () => {
  const sizes = new Map(
    readdirSync(folder).map((name) => [name, gzipSync(readFileSync(path.join(folder, name)), { level: 9 }).length]),
  );
  const page = readFileSync(path.join(folder, 'page.js'), 'utf8');
  const first = [...page.matchAll(/(?:from|import)\s*"\.\/(chunk-[^"]+\.js)"/g)].map(([, name]) => name ?? '');
  const painted = ['index.html', 'page.css', 'page.js', ...first].reduce(
    (sum, name) => sum + (sizes.get(name) ?? 0),
    0,
  );
  expect(painted).toBeGreaterThan(100 * KB);
  expect(painted).toBeLessThanOrEqual(900 * KB);
  const all = [...sizes].reduce((sum, [name, size]) => sum + (/\.(?:js|css|html)$/.test(name) ? size : 0), 0);
  expect(all).toBeLessThanOrEqual(1536 * KB);
});
