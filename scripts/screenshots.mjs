// `npm run screenshots [-- NAME…]`: makes docs/images/*, client/vscode/walkthrough/* and docs/recording.webp from the real extension
// in real VS Code, and the picture of the playground from the built page.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { installChromium, installServer } from '../test/vscode/host/install.mjs';
import { openPage } from '../test/vscode/host/workbench.mjs';
import { build } from './build.mjs';
import { ensureInstalled, root } from './install.mjs';
import { buildPlayground } from './playground/build.mjs';
import { servePlayground } from './playground/serve.mjs';
import { pictures, walkthrough } from './screenshots/arrangements.mjs';
import { record } from './screenshots/recording.mjs';
import { withWindow } from './screenshots/window.mjs';

const LARGE = { width: 1280, height: 800 };
const SMALL = { width: 900, height: 560 };
const images = path.join(root, 'docs', 'images');
const steps = path.join(root, 'client', 'vscode', 'walkthrough');

/** Image → how it is made. */
const files = new Map([
  ...Object.entries(pictures).map(([name, arrange]) => [
    path.join(images, `${name}.png`),
    (file) => withWindow({ size: LARGE, name }, (page) => take(page, file, arrange)),
  ]),
  ...Object.entries(walkthrough).map(([name, arrange]) => [
    path.join(steps, `${name}.webp`),
    (file) => withWindow({ size: SMALL, name: `walkthrough-${name}` }, (page) => takeSmall(page, file, arrange)),
  ]),
  [path.join(images, 'playground.png'), playground],
  [path.join(root, 'docs', 'recording.webp'), record],
]);

ensureInstalled();
const say = (line) => process.stdout.write(`${line}\n`);
await build(['extension', 'server', 'check', 'view-page-browser']);
await installServer(say);
await installChromium(say);
const wanted = process.argv.slice(2);
await mkdir(images, { recursive: true });
for (const [file, make] of files) {
  const name = path.relative(root, file);
  if (wanted.length > 0 && !wanted.some((each) => name.includes(each))) continue;
  let seconds;
  try {
    seconds = await make(file);
  } catch (error) {
    process.exitCode = 1;
    say(`${name}  failed: ${error.message}`);
    continue;
  }
  const kilobytes = ((await stat(file)).size / 1024).toFixed(0);
  say(`${name}  ${kilobytes} KB${seconds === undefined ? '' : `, ${seconds.toFixed(0)} s`}`);
}

async function take(page, file, arrange) {
  await arrange(page);
  await writePicture(await page.screenshot({ animations: 'disabled' }), file);
}

/** A palette is enough for a window, and makes a third of the size. */
async function writePicture(image, file) {
  await sharp(image).png({ palette: true, quality: 90, effort: 10 }).toFile(file);
}

/** These pictures are in the VSIX, and shown small: a tenth of the size of a PNG. */
async function takeSmall(page, file, arrange) {
  await arrange(page);
  await writeFile(
    file,
    await sharp(await page.screenshot())
      .resize({ width: Math.round(SMALL.width * 0.72) })
      .webp({ quality: 40, effort: 6 })
      .toBuffer(),
  );
}

/** The page as a visitor has it after Run. */
async function playground(file) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-playground-'));
  const server = await servePlayground(await buildPlayground(path.join(scratch, 'playground')));
  const { browser, page } = await openPage(await installChromium());
  try {
    await page.setViewportSize(LARGE);
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => document.getElementById('status')?.textContent?.startsWith('Ready'));
    await page.locator('#run').click();
    await page.locator('snoop-timeline svg [aria-label^="Cause 1:"]').first().waitFor();
    await writePicture(await page.screenshot({ animations: 'disabled' }), file);
  } finally {
    await browser.close();
    server.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
