// A workbench in headless Chromium: opens it, and lets tests inside VS Code press keys in it, read it and take pictures of it.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const chromiumArgs = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** Milliseconds after which what was waited for will not come, on a machine that is busy with other tests as well. */
export const PATIENCE = 150_000;

/** Starts Chromium with one empty page. `browser` is what installChromium() returned. */
export async function openPage({ executablePath, env }) {
  const browser = await chromium.launch({ executablePath, env, headless: true, args: chromiumArgs });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(PATIENCE);
  return { browser, page };
}

/**
 * Shows `url` in `page` and waits for the workbench.
 * `onLog(type, args)` gets the console of workbench and extension host. `exited` resolves to the exit code of a test run.
 */
export async function openWorkbench(page, url, { onLog = () => {} } = {}) {
  let exit;
  const exited = new Promise((resolve) => {
    exit = resolve;
  });
  page.once('crash', () => exit(3));
  // VS Code calls these two when it finds them at load time, so they come before goto().
  await page.exposeFunction('codeAutomationLog', (type, args) => onLog(type, args));
  await page.exposeFunction('codeAutomationExit', (code) => exit(code));
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector('.monaco-workbench .statusbar-item');
  return { exited };
}

/** What a test can ask of the window, by name. Each gets the page and the request's arguments. */
const actions = {
  press: (page, keys) => page.keyboard.press(keys),
  type: (page, text) => page.keyboard.type(text),
  click: (page, selector) => page.locator(selector).first().click(),
  hover: (page, selector) => page.locator(selector).first().hover(),
  waitFor: async (page, selector) => void (await page.locator(selector).first().waitFor()),
  texts: (page, selector) => page.locator(selector).allInnerTexts(),
  styles: (page, selector, property) =>
    page
      .locator(selector)
      .evaluateAll(
        (elements, name) => elements.map((element) => getComputedStyle(element).getPropertyValue(name)),
        property,
      ),
  viewWaitFor: async (page, selector) => void (await inViews(page, selector)),
  viewClick: async (page, selector) => (await inViews(page, selector)).first().click(),
  viewSelect: async (page, selector, value) => void (await (await inViews(page, selector)).first().selectOption(value)),
  viewFill: async (page, selector, text) => (await inViews(page, selector)).first().fill(text),
  viewFocus: async (page, selector) => (await inViews(page, selector)).first().focus(),
  viewPressAndReturn: async (page, selector, keys) => {
    const view = (await inViews(page, selector)).first();
    const focus = await view.evaluateHandle(() => ({
      returned: new Promise((resolve) => window.addEventListener('focus', () => resolve(), { once: true })),
    }));
    await page.keyboard.press(keys);
    await focus.evaluate(({ returned }) => returned);
  },
  viewLabels: async (page, selector) =>
    (await inViews(page, selector)).evaluateAll((all) =>
      all.map((element) => element.getAttribute('aria-label') ?? ''),
    ),
  viewStyles: async (page, selector, property) =>
    (await inViews(page, selector)).evaluateAll(
      (all, name) => all.map((element) => getComputedStyle(element).getPropertyValue(name)),
      property,
    ),
  viewTexts: async (page, selector) => (await inViews(page, selector)).allTextContents(),
  screenshot: async (page, name) => {
    await mkdir(screenshotFolder, { recursive: true });
    await page.screenshot({ path: path.join(screenshotFolder, `${name}.png`) });
  },
};

/** What a selector finds in the page of some view: waits until there is one. Pages of views are in frames of frames. */
async function inViews(page, selector) {
  for (;;) {
    for (const frame of page.frames()) {
      const found = frame.locator(selector);
      if (frame !== page.mainFrame() && (await found.count().catch(() => 0)) > 0) return found;
    }
    await new Promise((resolve) => page.once('frameattached', resolve) && setTimeout(resolve, 50));
  }
}

const screenshotFolder = path.resolve(import.meta.dirname, '../screenshots');

/** Does what a test asks: `{action, args}`. */
export function perform(page, { action, args }) {
  if (!Object.hasOwn(actions, action)) throw new Error(`The window knows no action ${action}.`);
  return actions[action](page, ...args);
}
