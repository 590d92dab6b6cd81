// Draws client/vscode/icons/icon.png from icon.svg: the Marketplace takes no SVG.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { installChromium } from '../test/vscode/host/install.mjs';
import { openPage } from '../test/vscode/host/workbench.mjs';
import { root } from './install.mjs';

const size = 256; // pixels; the Marketplace asks for at least 128
const icons = path.join(root, 'client/vscode/icons');
const drawing = await readFile(path.join(icons, 'icon.svg'), 'utf8');
const { browser, page } = await openPage(await installChromium());
try {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body { margin: 0 } svg { display: block; width: ${size}px }</style>${drawing}`);
  await page.screenshot({ path: path.join(icons, 'icon.png'), omitBackground: true });
} finally {
  await browser.close();
}
