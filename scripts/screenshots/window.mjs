// A window of VS Code with the extension and a copy of the gallery, for one picture or recording.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installChromium, installServer } from '../../test/vscode/host/install.mjs';
import { startServer } from '../../test/vscode/host/server.mjs';
import { openPage, openWorkbench } from '../../test/vscode/host/workbench.mjs';
import { root } from '../install.mjs';

/** Opens one with a scenario in the editor, gives its page to `use`, and closes it. A server each: nothing is inherited. */
export async function withWindow({ size, name }, use) {
  const [serverDir, chromium] = [await installServer(), await installChromium()];
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
    return await use(page);
  } catch (error) {
    const folder = path.join(root, 'test', 'vscode', 'screenshots');
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: path.join(folder, `${name}-failed.png`) });
    throw error;
  } finally {
    await browser.close();
    await server.close();
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function writeSettings(folder) {
  await mkdir(folder, { recursive: true });
  const settings = {
    'chat.disableAIFeatures': true,
    'debug.openDebug': 'neverOpen',
    'editor.cursorBlinking': 'solid',
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
