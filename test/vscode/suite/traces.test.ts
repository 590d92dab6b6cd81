// Runs as files in the window: a trace is saved, opened, debugged, and compared with another one.
import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { openScenario, scenarioUri } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

suite('traces', () => {
  const runs: DebugRun[] = [];
  const [old, fixed] = [scenarioUri('old.snooptrace'), scenarioUri('fixed.snooptrace')];

  suiteSetup(async () => {
    await openScenario(scenario);
    for (const [kernel, file] of [
      ['v5.11', old],
      ['v5.12', fixed],
    ] as const) {
      const { run } = await DebugRun.start(() =>
        vscode.debug.startDebugging(undefined, {
          type: 'snoopscope',
          request: 'launch',
          name: kernel,
          program: scenarioUri(scenario).toString(),
          kernel,
        }),
      );
      await run.after('workbench.action.debug.continue');
      const saved = await vscode.commands.executeCommand<vscode.Uri>('snoopscope.saveTrace', file);
      assert.equal(saved.toString(), file.toString());
      await run.end();
    }
  });

  teardown(async function () {
    if (hasWindow() && this.currentTest?.state === 'failed') await window.screenshot('failed traces');
    for (const run of runs.splice(0)) await run.end();
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  suiteTeardown(async () => {
    for (const file of [old, fixed]) await vscode.workspace.fs.delete(file);
  });

  test('one that is opened says what it holds, and F5 debugs it where it was saved', async () => {
    await vscode.commands.executeCommand('vscode.open', old);
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    assert.instanceOf(input, vscode.TabInputCustom);
    if (hasWindow()) {
      await window.viewWaitFor('h1');
      assert.include((await window.viewTexts('dl')).join(), 'v5.11');
      await window.screenshot('trace');
    }
    const { run, stop } = await DebugRun.start(() =>
      hasWindow() ? window.press('F5') : vscode.commands.executeCommand('snoopscope.debugTrace'),
    );
    runs.push(run);
    assert.match(stop.text, /^local-cpu-not-flushed\.snoop on v5\.11, after \d+ micro-steps, as saved$/);
    assert.include(vscode.window.activeTextEditor?.document.getText() ?? '', 'r0 = MRd x ns');
    if (hasWindow()) await window.screenshot('trace-debugged');
    // Its scenario is out of the trace, and the run goes back as any other.
    const back = await run.after('workbench.action.debug.stepBack');
    assert.equal(back.reason, 'step');
  });

  test('two of them stop where they part, and step together up to there', async () => {
    const [one, other] = [DebugRun.following(/^A: /), DebugRun.following(/^B: /)];
    await vscode.commands.executeCommand('snoopscope.compareTraces', old, [old, fixed]);
    runs.push(await one, await other);
    const [a, b] = runs as [DebugRun, DebugRun];
    const { position } = await a.place();
    assert.equal((await b.at(position)).position, position);
    const [left, right] = await Promise.all([a, b].map((run) => run.frames()));
    assert.equal(left?.at(-1)?.line, right?.at(-1)?.line);
    if (hasWindow()) await window.screenshot('compare-traces');
    await a.request('snoopscope/seek', { position: position - 2 });
    await b.at(position - 2);
    await b.request('snoopscope/seek', { position: position - 1 });
    await a.at(position - 1);
    // After that each goes its own way.
    await a.request('snoopscope/seek', { position: position + 1 });
    assert.equal((await a.place()).position, position + 1);
    assert.equal((await b.place()).position, position - 1);
  });

  test('one that is damaged says so, and starts nothing', async () => {
    const damaged = scenarioUri('damaged.snooptrace');
    await vscode.workspace.fs.writeFile(damaged, (await vscode.workspace.fs.readFile(old)).subarray(0, 300));
    await vscode.commands.executeCommand('vscode.open', damaged);
    if (hasWindow()) {
      await window.viewWaitFor('p');
      assert.include((await window.viewTexts('p')).join(), 'The trace is damaged');
    }
    await vscode.workspace.fs.delete(damaged);
  });
});
