import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { codeOf, diagnostics, openScenario } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const one = 'wbinvd/local-cpu-not-flushed.snoop'; // has `kernel v5.11`
const other = 'wbinvd/migrated-after-flush-lost-cpu.snoop'; // has `kernel v6.12`
const fromScenario = 'What the scenario says';

suite('selecting a kernel', () => {
  setup(function () {
    if (!hasWindow()) skip(this, 'the list can only be driven in the packaged host');
  });

  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  test('it counts for the open scenario alone, and no setting is written', async () => {
    await openScenario(one);
    await select('v5.12');
    await statusBarShows('v5.12');
    assert.equal(await reasonOfFirstStop(), 'end');
    await openScenario(other);
    await statusBarShows('v6.12 (scenario)');
    assert.isEmpty(vscode.workspace.getConfiguration('snoopscope').get('kernel'));
    await openScenario(one);
    await select(fromScenario);
    assert.equal(await reasonOfFirstStop(), 'exception');
  });

  test('the language server answers for it', async () => {
    const document = await openScenario('iommufd/enforcement-over-live-mappings.snoop');
    const isOld = (diagnostic: vscode.Diagnostic) => codeOf(diagnostic) === 'not-in-kernel';
    await diagnostics(document, (found) => !found.some(isOld));
    await select('v3.13');
    await diagnostics(document, (found) => found.some(isOld));
    await select(fromScenario);
    await diagnostics(document, (found) => !found.some(isOld));
  });

  test('for all scenarios it is the setting', async () => {
    await openScenario(other);
    const written = settingChanged();
    await select('For all scenarios', 'v5.12');
    await written;
    assert.equal(vscode.workspace.getConfiguration('snoopscope').get('kernel'), 'v5.12');
    await statusBarShows('v5.12');
    const taken = settingChanged();
    await select('For all scenarios', fromScenario);
    await taken;
    assert.isEmpty(vscode.workspace.getConfiguration('snoopscope').get('kernel'));
  });
});

/** Picks one item after another, by its first words. */
async function select(...items: readonly string[]): Promise<void> {
  const done = vscode.commands.executeCommand('snoopscope.selectKernel');
  let before: string | undefined;
  for (const item of items) {
    // The list of the step before is there until this one takes its place, and would take what is typed.
    const gone = before === undefined ? '' : `:not(:has(.monaco-list-row[aria-label*="${before}"]))`;
    await window.waitFor(`.quick-input-widget${gone} .quick-input-list .monaco-list-row`);
    before = item;
    // An editor that was opened just before may have the focus still, and would take what is typed.
    await window.waitFor('.quick-input-widget .quick-input-box input:focus');
    await window.type(item);
    await window.waitFor(`.quick-input-list .monaco-list-row.focused[aria-label*="${item}"]`);
    await window.press('Enter');
  }
  await done;
}

function settingChanged(): Promise<void> {
  return new Promise((resolve) => {
    const listener = vscode.workspace.onDidChangeConfiguration((change) => {
      if (!change.affectsConfiguration('snoopscope.kernel')) return;
      listener.dispose();
      resolve();
    });
  });
}

function statusBarShows(kernel: string): Promise<void> {
  return window.waitFor(`.statusbar-item[id$="snoopscope.kernel"]:has-text("${kernel}")`);
}

async function reasonOfFirstStop(): Promise<string> {
  const { run } = await DebugRun.start(() => vscode.commands.executeCommand('snoopscope.debugScenario'));
  const { reason } = await run.after('workbench.action.debug.continue');
  await run.end();
  return reason;
}
