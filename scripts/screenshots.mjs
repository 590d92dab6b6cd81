// `npm run screenshots [-- NAME…]`: makes docs/images/*.png and client/vscode/walkthrough/*.webp from the real extension in real VS Code.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installChromium, installServer } from '../test/vscode/host/install.mjs';
import { startServer } from '../test/vscode/host/server.mjs';
import { openPage, openWorkbench } from '../test/vscode/host/workbench.mjs';
import { build } from './build.mjs';
import { ensureInstalled, root } from './install.mjs';

const images = path.join(root, 'docs', 'images');
const topFrame = '.debug-top-stack-frame-line';

/** name of the image → what to do until the window shows it. Each begins with the scenario open. */
const pictures = {
  async 'stale-read'(page) {
    await page.keyboard.press('F5');
    await page.locator(topFrame).first().waitFor();
    await page.keyboard.press('Control+J'); // closes the panel: room for the explanation
    await page.keyboard.press('Control+Shift+D');
    await page.locator('.debug-call-stack .monaco-list-row').first().waitFor();
    await page.keyboard.press('F5');
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    // The view shows the stop before for a moment, with variables that are no longer there.
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'r0' }).first().waitFor();
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'Caches' }).first().click();
    await page.locator('.debug-variables .monaco-list-row', { hasText: 'cpu0' }).first().waitFor();
    // The pointer would show a hover of its own.
    await page.mouse.move(720, 890);
  },
  async ask(page) {
    await page.keyboard.press('F5');
    await page.locator(topFrame).first().waitFor();
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('F5');
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.keyboard.press('Control+Shift+Y');
    for (const [question, answer] of [
      ['who x', 'was written last'],
      ['why flushes(cpu0)', 'runs on no pCPU'],
    ]) {
      await page.locator('.repl-input-wrapper .monaco-editor').click();
      await page.keyboard.type(question);
      await page.keyboard.press('Enter');
      await page.locator('.repl .monaco-list-row', { hasText: answer }).first().waitFor();
    }
    await page.mouse.move(720, 300);
  },
  async 'who-moves'(page) {
    await page.keyboard.press('Control+P');
    await page.keyboard.type('release-and-open-take-locks-crosswise.snoop');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'crosswise' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: 'scenario' }).first().waitFor();
    await page.keyboard.press('F5');
    await page.locator(topFrame).first().waitFor();
    await page.keyboard.press('Control+J');
    await page.keyboard.press('Control+Shift+D');
    await page.keyboard.press('F5');
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.locator('.debug-toolbar .codicon-debug-step-back').first().click();
    await page.locator('.zone-widget.exception-widget-container').first().waitFor({ state: 'detached' });
    await page.locator('.debug-toolbar .codicon-git-branch').first().click();
    await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
  },
  async explore(page) {
    await page.keyboard.press('Control+P');
    await page.keyboard.type('migrated-after-flush-lost-cpu.snoop');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'migrated-after' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: 'is lost from the dirty mask' }).first().waitFor();
    await page.keyboard.press('Control+B'); // closes the side bar: room for the page
    await page.locator('.codelens-decoration a', { hasText: 'Explore' }).first().click();
    await page.locator('.codelens-decoration a', { hasText: 'Debug counterexample' }).first().click();
    await page.locator('.zone-widget.exception-widget-container').first().waitFor();
    await page.keyboard.press('Control+J');
    await page.mouse.move(720, 890);
  },
  async 'quick-fix'(page) {
    await page
      .locator('.view-line', { hasText: 'KVM_DEV_VFIO_GROUP_ADD' })
      .first()
      .getByText('KVM_DEV_VFIO_GROUP_ADD')
      .dblclick();
    await page.keyboard.type('KVM_DEV_VFIO_GROUP_AD');
    await page.locator('.squiggly-error').first().waitFor();
    await page.keyboard.press('Escape'); // closes the completion list
    await page.keyboard.press('Control+.');
    await page.locator('.action-widget').first().waitFor();
  },
  async hover(page) {
    await page.locator('.view-line').getByText('KVM_CREATE_DEVICE').first().hover();
    await page.locator('.monaco-hover:visible .hover-row').first().waitFor();
  },
};

/** The same for the steps of the walkthrough, which show them small. */
const walkthrough = {
  open: closeSideBar,
  async find(page) {
    await closeSideBar(page);
    await toStaleRead(page);
  },
  async back(page) {
    await closeSideBar(page);
    await toStaleRead(page);
    for (let steps = 0; !(await isAt(page, 'mov [x], 1')) && steps < 12; steps++) {
      await page.locator('.debug-toolbar .codicon-debug-step-back').first().click();
      // The line of the step before may be the same.
      await page.waitForTimeout(500);
    }
  },
  async explore(page) {
    await closeSideBar(page);
    await page.locator('.codelens-decoration a', { hasText: 'Explore' }).first().click();
    await page.locator('.codelens-decoration a', { hasText: 'Debug counterexample' }).first().waitFor();
  },
  async compare(page) {
    await closeSideBar(page);
    await page.locator('.codelens-decoration a', { hasText: 'Compare kernels' }).first().click();
    await page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    for (const kernel of ['v5.11', 'v5.12']) {
      await page.keyboard.press('Control+A');
      await page.keyboard.type(kernel);
      await page
        .locator('.quick-input-list .monaco-list-row', { hasText: `Linux ${kernel}` })
        .first()
        .click();
    }
    await page.locator('.quick-input-action').first().click();
    const table = page.frameLocator('iframe.webview.ready').frameLocator('iframe').locator('table');
    await table.waitFor();
    // Where the page is beside the editor it would be cut.
    await page.locator('.tab', { hasText: 'Kernels:' }).first().dblclick();
    await table.waitFor();
  },
};

async function closeSideBar(page) {
  await page.keyboard.press('Control+B');
  await page.mouse.move(600, 480);
}

async function toStaleRead(page) {
  await page.keyboard.press('F5');
  await page.locator(topFrame).first().waitFor();
  await page.keyboard.press('Control+J');
  await page.keyboard.press('F5');
  await page.locator('.zone-widget.exception-widget-container').first().waitFor();
}

async function isAt(page, text) {
  await page.locator(topFrame).first().waitFor();
  return page.evaluate(
    ([marked, wanted]) => {
      const top = document.querySelector(marked)?.getBoundingClientRect().top;
      const lines = [...document.querySelectorAll('.view-line')];
      const line = lines.find((each) => Math.abs(each.getBoundingClientRect().top - (top ?? 0)) < 3);
      return line?.textContent?.replaceAll('\u00a0', ' ').includes(wanted) ?? false;
    },
    [topFrame, text],
  );
}

ensureInstalled();
await build(['extension', 'server', 'check']);
const say = (line) => process.stdout.write(`${line}\n`);
const [serverDir, chromium] = [await installServer(say), await installChromium(say)];
const wanted = process.argv.slice(2);
const sets = [
  { folder: images, ending: 'png', size: { width: 1440, height: 900 }, arrangements: pictures },
  {
    folder: path.join(root, 'client', 'vscode', 'walkthrough'),
    ending: 'webp',
    size: { width: 900, height: 560 },
    arrangements: walkthrough,
  },
];
for (const { folder, ending, size, arrangements } of sets) {
  await mkdir(folder, { recursive: true });
  for (const [name, arrange] of Object.entries(arrangements)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const file = path.join(folder, `${name}.${ending}`);
    await take(file, size, arrange);
    say(path.relative(root, file));
  }
}

// A server each: no picture inherits the state of another.
async function take(file, size, arrange) {
  const scratch = await mkdtemp(path.join(tmpdir(), 'snoopscope-picture-'));
  // A copy: a picture may show an edit, and VS Code may save it by itself.
  const scenarios = path.join(scratch, 'scenarios');
  await cp(path.join(root, 'scenarios'), scenarios, { recursive: true });
  await writeSettings(path.join(scratch, 'user-data', 'User'));
  const server = await startServer({
    serverDir,
    dataDir: path.join(scratch, 'server'),
    underDevelopment: true,
    userDataDir: path.join(scratch, 'user-data'),
    extensionsDir: path.join(scratch, 'extensions'),
  });
  const { browser, page } = await openPage(chromium);
  try {
    await page.setViewportSize(size);
    const openFile = path.join(scenarios, 'wbinvd', 'local-cpu-not-flushed.snoop');
    await openWorkbench(page, server.url({ workspace: scenarios, openFile, extensionDevelopmentPaths: [root] }));
    // The lens is the language server's: from here on everything works.
    await page.locator('.codelens-decoration', { hasText: 'Check' }).first().waitFor();
    await page.locator('.view-line').first().click();
    await arrange(page);
    if (file.endsWith('.png')) await page.screenshot({ path: file });
    else await writeFile(file, await webp(page, size));
  } catch (error) {
    await page.screenshot({
      path: path.join(root, 'test', 'vscode', 'screenshots', `${path.parse(file).name}-failed.png`),
    });
    throw error;
  } finally {
    await browser.close();
    await server.close();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** These pictures are in the VSIX, and shown small: a tenth of the size of a PNG. */
async function webp(page, size) {
  const session = await page.context().newCDPSession(page);
  const clip = { x: 0, y: 0, ...size, scale: 0.72 };
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 55, clip });
  return Buffer.from(data, 'base64');
}

async function writeSettings(folder) {
  await mkdir(folder, { recursive: true });
  const settings = {
    'chat.disableAIFeatures': true,
    'debug.openDebug': 'neverOpen',
    'editor.fontSize': 13,
    'editor.minimap.enabled': false,
    'files.autoSave': 'off',
    'git.enabled': false,
    'telemetry.telemetryLevel': 'off',
    'workbench.colorTheme': 'Default Dark Modern',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.startupEditor': 'none',
  };
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify(settings));
}
