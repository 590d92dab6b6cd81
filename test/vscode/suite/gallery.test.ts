import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { hasWindow, window } from './window.ts';

const file = 'wbinvd/local-cpu-not-flushed.snoop';
const row = '.pane-body .monaco-list-row';

suite('gallery', () => {
  let run: DebugRun | undefined;

  teardown(async () => {
    await run?.end();
    run = undefined;
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('the view has the scenarios by topic, with the kernels where they turn', async function () {
    if (!hasWindow()) skip(this, 'only a window shows the view');
    await vscode.commands.executeCommand('snoopscope.gallery.focus');
    await window.waitFor(`${row}:has-text("wbinvd")`);
    await window.click(`${row}:has-text("wbinvd")`);
    await window.waitFor(`${row}:has-text("WBINVD forgets")`);
    const texts = await window.texts(row);
    assert.isTrue(
      texts.some((text) => text.includes('WBINVD forgets the CPU it runs on') && text.includes('v5.12')),
      texts.join('; '),
    );
    await window.hover(`${row}:has-text("WBINVD forgets")`);
    await window.screenshot('gallery');
  });

  test('a scenario opens as it ships, and cannot be changed', async () => {
    await vscode.commands.executeCommand('snoopscope.gallery.open', file);
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.uri.scheme, 'snoopscope-gallery');
    assert.equal(document?.languageId, 'snoop');
    assert.isFalse(vscode.workspace.fs.isWritableFileSystem('snoopscope-gallery'));
  });

  test('a copy is a file of the workspace, under a name that is free', async () => {
    const copy = () => vscode.commands.executeCommand<vscode.Uri>('snoopscope.gallery.copy', file);
    const [first, second] = [await copy(), await copy()];
    assert.match(first.path, /\/local-cpu-not-flushed\.snoop$/);
    assert.match(second.path, /\/local-cpu-not-flushed-2\.snoop$/);
    assert.equal(String(vscode.window.activeTextEditor?.document.uri), String(second));
    for (const uri of [first, second]) await vscode.workspace.fs.delete(uri);
  });

  test('a scenario can be debugged as it ships', async () => {
    const started = await DebugRun.start(() => vscode.commands.executeCommand('snoopscope.gallery.debug', file));
    run = started.run;
    assert.equal(started.stop.reason, 'entry');
  });

  test('New Scenario begins with one that runs', async () => {
    const document = await vscode.commands.executeCommand<vscode.TextDocument>('snoopscope.newScenario', 'iommufd');
    assert.equal(document.languageId, 'snoop');
    assert.isTrue(document.isUntitled);
    const verdict = await vscode.commands.executeCommand<{ kind: string; passed: boolean }>('snoopscope.checkScenario');
    assert.equal(verdict.kind, 'judged');
    assert.isTrue(verdict.passed);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });
});
