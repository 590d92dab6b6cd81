import { assert } from 'chai';
import * as vscode from 'vscode';
import { everyoneWritesEverything } from '../../explore/everyone-writes.ts';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { diagnostics, openScenario, replace, revert, scenarioUri } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';
/** A condition that is wrong on v5.10 and v5.11. */
const [right, wrong] = ['~exists gpu.r0 == 0 on v5.12..', '~exists gpu.r0 == 0 on v5.10..'];
/** In the peek view of a message. */
const debugButton = '.floating-click-widget:has-text("Debug Counterexample")';
const row = '.test-explorer-tree .monaco-list-row';

suite('testing', () => {
  let run: DebugRun | undefined;
  let original: Uint8Array;

  suiteSetup(async () => {
    original = await vscode.workspace.fs.readFile(scenarioUri(scenario));
  });

  teardown(async function () {
    if (this.currentTest?.state === 'failed' && hasWindow())
      await window.screenshot(`failed ${this.currentTest.title}`);
    await run?.end();
    run = undefined;
    // A VS Code of the user saves what it tests, and what it debugs: the file is put back, and what is open read again.
    await vscode.workspace.fs.writeFile(scenarioUri(scenario), original);
    for (const document of vscode.workspace.textDocuments) {
      const isScenario = document.uri.toString() === scenarioUri(scenario).toString();
      if (isScenario || (document.isDirty && document.uri.scheme === 'file')) await revert(document);
    }
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('the Test Explorer has folders, scenarios and conditions, and runs what it has', async function () {
    if (!hasWindow()) skip(this, 'only a window shows the Test Explorer');
    const document = await openScenario(scenario);
    await testAt(document, right, 'testing.runAtCursor');
    await vscode.commands.executeCommand('workbench.view.testing.focus');
    await window.waitFor(`${row}:has-text("kvm-vfio")`);
    await window.screenshot('testing-tree');
  });

  test('a condition that fails says at its line what refutes it, as the command does', async () => {
    const document = await openScenario(scenario);
    await replace(document, right, wrong);
    await testAt(document, wrong, 'testing.runAtCursor');
    const [found] = await checkDiagnostics(document);
    assert.equal(found?.range.start.line, lineOf(document, wrong));
    assert.equal(
      found?.message,
      [
        '~exists gpu.r0 == 0 on v5.10.. fails on v5.10..v5.11',
        'An execution ends with gpu.r0 = 0:',
        'schedule vcpu0*3 gpu*2 // on v5.10',
      ].join('\n'),
    );
    if (hasWindow()) await window.screenshot('testing-failed');
    // Until the file changes.
    await replace(document, 'WBINVD forgets', 'WBINVD misses');
    await diagnostics(document, (all) => all.every(({ source }) => source !== 'snoopscope check'));
  });

  test('a declared result that is wrong is at its line, with what came instead', async () => {
    const document = await openScenario(scenario);
    const line = lineOf(document, '= -EEXIST');
    await replace(document, '= -EEXIST', '= 0');
    await vscode.commands.executeCommand('testing.runCurrentFile');
    const [found] = await checkDiagnostics(document);
    assert.equal(found?.code, 'unexpected-result');
    assert.equal(found?.range.start.line, line);
    assert.include(found?.message, 'returned -1 EEXIST, declared is 0');
  });

  test('debugging a condition goes to its counterexample', async () => {
    const document = await openScenario(scenario);
    await replace(document, right, wrong);
    const started = await DebugRun.start(() => debugAt(document, wrong));
    run = started.run;
    assert.equal(run.session.configuration.kernel, 'v5.10');
    assert.equal(run.session.configuration.schedule, 'schedule vcpu0*3 gpu*2');
  });

  test('the message in the editor has a button that debugs the counterexample', async function () {
    if (!hasWindow()) skip(this, 'only a window shows the message');
    const document = await openScenario(scenario);
    await replace(document, right, wrong);
    await isTest(document, wrong);
    await testAt(document, wrong, 'testing.runAtCursor');
    await checkDiagnostics(document);
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('testing.openOutputPeek');
    await window.waitFor(debugButton);
    await window.screenshot('testing-peek');
    const started = await DebugRun.start(() => window.click(debugButton));
    run = started.run;
    assert.equal(run.session.configuration.schedule, 'schedule vcpu0*3 gpu*2');
  });

  test('debugging a condition that holds goes to an example', async () => {
    const document = await openScenario(scenario);
    const started = await DebugRun.start(() => debugAt(document, 'exists  gpu.r0 == 0 on v3.13'));
    run = started.run;
    assert.equal(run.session.configuration.kernel, 'v3.13');
    assert.match(run.session.configuration.schedule, /^schedule /);
  });

  test('what failed runs again, and only that', async () => {
    const document = await openScenario(scenario);
    await replace(document, right, wrong);
    await vscode.commands.executeCommand('testing.runCurrentFile');
    await checkDiagnostics(document);
    // An edit elsewhere takes the diagnostic away; only another run brings it back.
    await replace(document, 'WBINVD forgets', 'WBINVD misses');
    await diagnostics(document, (all) => all.every(({ source }) => source !== 'snoopscope check'));
    await vscode.commands.executeCommand('testing.reRunFailTests');
    const [found, ...more] = await checkDiagnostics(document);
    assert.equal(found?.range.start.line, lineOf(document, wrong));
    assert.isEmpty(more);
  });

  test('a continuous run checks what is saved, until it is stopped', async function () {
    if (!hasWindow()) skip(this, 'only a window asks which kind of run');
    const document = await openScenario(scenario);
    await isTest(document, right);
    await vscode.commands.executeCommand('workbench.view.testing.focus');
    void vscode.commands.executeCommand('testing.startContinuousRun');
    await window.click('.quick-input-list .monaco-list-row:has-text("Check")');
    await window.click('.quick-input-action');
    await replace(document, right, wrong);
    await document.save();
    const [found] = await checkDiagnostics(document);
    assert.equal(found?.range.start.line, lineOf(document, wrong));
    await vscode.commands.executeCommand('testing.stopContinuousRun');
  });

  test('a run that is cancelled is over, and says nothing', async () => {
    const document = await openScenario(scenario);
    await replace(document, document.getText(), everyoneWritesEverything(6, 6));
    const over = vscode.commands.executeCommand('testing.runCurrentFile');
    if (hasWindow())
      await window.waitFor(
        '.codicon-loading:visible, .codicon-testing-loading-icon:visible, .codicon-modifier-spin:visible',
      );
    await vscode.commands.executeCommand('testing.cancelRun');
    await over;
    assert.isEmpty(vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'snoopscope check'));
  });

  test('coverage marks the lines of the scenario', async function () {
    if (!hasWindow()) skip(this, 'only a window shows coverage');
    const document = await openScenario(scenario);
    await testAt(document, right, 'testing.coverageAtCursor');
    await window.waitFor('.coverage-deco-gutter');
    await vscode.commands.executeCommand('workbench.view.testing.coverage.focus').then(undefined, () => {});
    await window.screenshot('testing-coverage');
  });
});

/** Runs a command of the Test Explorer for the test at a line. */
async function testAt(document: vscode.TextDocument, text: string, command: string): Promise<void> {
  await isTest(document, text);
  const editor = await vscode.window.showTextDocument(document);
  const position = new vscode.Position(lineOf(document, text), 0);
  editor.selection = new vscode.Selection(position, position);
  await vscode.commands.executeCommand(command);
}

/** Until the Test Explorer has the condition: an edit comes to it a little later. */
async function isTest(document: vscode.TextDocument, condition: string): Promise<void> {
  const label = condition.replace(/ +/g, ' ');
  for (;;) {
    const tests: string[][] = await vscode.commands.executeCommand('vscode.testing.getTestsInFile', document.uri);
    if (tests.some((path) => path.at(-1)?.includes(label))) return;
  }
}

/** The command is over when the session is. */
async function debugAt(document: vscode.TextDocument, text: string): Promise<void> {
  void testAt(document, text, 'testing.debugAtCursor');
}

function lineOf(document: vscode.TextDocument, text: string): number {
  const at = document.getText().indexOf(text);
  if (at < 0) throw new Error(`The scenario has no ${text}.`);
  return document.positionAt(at).line;
}

async function checkDiagnostics(document: vscode.TextDocument): Promise<vscode.Diagnostic[]> {
  const all = await diagnostics(document, (found) => found.some(({ source }) => source === 'snoopscope check'));
  return all.filter(({ source }) => source === 'snoopscope check');
}
