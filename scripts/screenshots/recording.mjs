// The recording of docs/: half a minute from an open scenario to a counterexample, as an animated WebP.
import sharp from 'sharp';
import { command, inViews, lens, openQuickly } from './arrangements.mjs';
import { withWindow } from './window.mjs';

const SIZE = { width: 1100, height: 680 };
/** Of the file, in pixels: text can still be read. */
const WIDTH = 900;
/** How long a scene takes at most, before its last frame: a slow machine makes no slow recording. */
const SCENE_MS = 800;
const SHORTEST_MS = 20;

/** What happens, and how long its last frame stays, in milliseconds. */
const SCENES = [
  [async (page) => openQuickly(page, 'local-cpu-not-flushed.snoop', 'WBINVD forgets'), 1200],
  [
    async (page) => {
      await page.keyboard.press('F5');
      await page.locator('.debug-top-stack-frame-line').first().waitFor();
    },
    1200,
  ],
  [
    async (page) => {
      await page.keyboard.press('Control+J');
      await page.keyboard.press('F5');
      await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    },
    3500,
  ],
  ...Array.from({ length: 4 }, () => [
    (page) => page.locator('.debug-toolbar .codicon-debug-step-back').first().click(),
    500,
  ]),
  [
    async (page) => {
      await command(page, 'Snoopscope: Focus on Timeline View');
      await (await inViews(page, 'snoop-timeline svg [data-choice]')).waitFor();
    },
    1800,
  ],
  [async (page) => (await inViews(page, 'snoop-timeline svg [aria-label*="stores x = 1"]')).click(), 1200],
  [async (page) => (await inViews(page, 'snoop-timeline button[aria-label^="Next finding"]')).click(), 1800],
  [
    async (page) => {
      await page.keyboard.press('Shift+F5');
      await page.locator('.debug-toolbar').first().waitFor({ state: 'hidden' });
      await command(page, 'View: Hide Panel');
    },
    300,
  ],
  [
    async (page) => {
      await page.keyboard.press('Control+1'); // the editor has the focus
      await page.keyboard.press('Control+Home');
      const explored = page.locator('.tab', { hasText: 'Outcomes' });
      // VS Code loses the click on a lens that it draws again at that moment.
      while (!(await explored.isVisible())) {
        await lens(page, 'Explore').click();
        await explored.waitFor({ timeout: 5000 }).catch(() => {});
      }
      await (await inViews(page, 'snoop-outcomes svg [aria-label^="stale-read"]')).waitFor();
    },
    2200,
  ],
  [
    async (page) => {
      await (await inViews(page, 'snoop-outcomes svg [aria-label^="stale-read"]')).click();
      await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    },
    3500,
  ],
];

export async function record(file) {
  const frames = await withWindow({ size: SIZE, name: 'recording' }, filmed);
  const pages = await Promise.all(frames.map(({ image }) => sharp(image).resize({ width: WIDTH }).png().toBuffer()));
  const delay = frames.map(({ milliseconds }) => milliseconds);
  await sharp(pages, { join: { animated: true } })
    .webp({ quality: 45, effort: 4, loop: 0, delay })
    .toFile(file);
  return delay.reduce((sum, each) => sum + each, 0) / 1000;
}

/** Frames as the screencast gives them, each with how long it is to stay. */
async function filmed(page) {
  await page.keyboard.press('Control+B');
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+W'); // closes the editors: the recording opens one
  const session = await page.context().newCDPSession(page);
  const frames = [];
  session.on('Page.screencastFrame', ({ data, sessionId, metadata }) => {
    const image = Buffer.from(data, 'base64');
    if (!frames.at(-1)?.image.equals(image)) frames.push({ image, at: metadata.timestamp * 1000, hold: 0 });
    void session.send('Page.screencastFrameAck', { sessionId });
  });
  await session.send('Page.startScreencast', { format: 'png' });
  for (const [act, hold] of SCENES) {
    await act(page);
    // What it leads to is drawn a little later.
    await page.waitForTimeout(1500);
    const last = frames.at(-1);
    if (last) last.hold = hold;
  }
  await session.send('Page.stopScreencast');
  return paced(frames);
}

/** How long each frame stays: as it was, but a scene is no longer than {@link SCENE_MS}, and its last frame is held. */
function paced(frames) {
  const shown = [];
  for (let first = 0; first < frames.length; ) {
    const next = frames.findIndex(({ hold }, i) => i >= first && hold > 0);
    const last = next < 0 ? frames.length - 1 : next;
    const scene = frames.slice(first, last + 1);
    const took = Math.max(1, scene.at(-1).at - scene[0].at);
    const pace = Math.min(1, SCENE_MS / took);
    for (const [i, { image, at, hold }] of scene.entries()) {
      const stays = ((scene[i + 1]?.at ?? at) - at) * pace;
      // A frame that hardly anybody would see is left out.
      if (hold || stays >= SHORTEST_MS) shown.push({ image, milliseconds: hold || Math.round(stays) });
    }
    first = last + 1;
  }
  return shown;
}
