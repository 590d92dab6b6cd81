// The panel Snoopscope in the window: its views follow the debugger, and lead it.
import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { openScenario } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

/** By names that VS Code has had for long, and what its pages say about each. */
const THEMES = [
  ['Visual Studio Dark', 'vscode-dark'],
  ['Visual Studio Light', 'vscode-light'],
  ['Default High Contrast', 'vscode-high-contrast'],
  ['Default High Contrast Light', 'vscode-high-contrast-light'],
] as const;

suite('views', () => {
  let run: DebugRun | undefined;

  setup(async function () {
    if (!hasWindow()) skip(this, 'only a window shows views');
    // What earlier suites were told lies over the views.
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('notifications.hideList');
    // Else VS Code gives the focus to the editor some time after a stop, and a key for a view is lost.
    await focusEditorOnBreak(false);
    await openScenario(scenario);
    const started = await DebugRun.start(() => vscode.commands.executeCommand('workbench.action.debug.start'));
    run = started.run;
    await run.after('workbench.action.debug.continue');
    await run.after('workbench.action.debug.continue');
  });

  teardown(async function () {
    if (this.currentTest?.state === 'failed') await window.screenshot(`failed ${this.currentTest.title}`);
    await vscode.workspace.getConfiguration('workbench').update('colorTheme', undefined, true);
    await focusEditorOnBreak(undefined);
    await run?.end();
    run = undefined;
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('the timeline shows the run up to the finding, with its causes, and a key steps back', async () => {
    await vscode.commands.executeCommand('snoopscope.timeline.focus');
    await window.viewWaitFor('snoop-timeline svg [aria-label^="Cause 1:"]');
    const { position } = await place();
    assert.include(await window.viewTexts('snoop-timeline .at'), `After ${position} of ${position} steps`);
    await window.viewFocus('snoop-timeline svg [data-choice][tabindex="0"]');
    for (const [key, to] of [
      ['ArrowLeft', position - 1],
      ['n', position],
    ] as const) {
      await moved(() => window.press(key), to);
      await window.viewWaitFor(`snoop-timeline svg[aria-label*="the cursor at ${to}"]`);
    }
    await focusEditorOnBreak(undefined);
    // VS Code goes to the line in the editor; the reader of the view continues in the view.
    await window.viewPressAndReturn('snoop-timeline', 'Home');
    await window.viewWaitFor('snoop-timeline svg[aria-label*="the cursor at 0"]');
    await window.viewWaitFor('snoop-timeline svg [data-choice]:focus');
    assert.equal((await place()).position, 0);
    await window.screenshot('timeline');
  });

  test('a click on an event goes there, and what the debugger does the view shows', async () => {
    await vscode.commands.executeCommand('snoopscope.timeline.focus');
    await window.viewWaitFor('snoop-timeline svg [aria-label*="stores x = 1"]');
    const { position } = await place();
    await moved(() => window.viewClick('snoop-timeline svg [aria-label*="stores x = 1"]'), 59);
    await run!.after('workbench.action.debug.continue');
    await window.viewWaitFor(`snoop-timeline svg[aria-label*="the cursor at ${position}"]`);
  });

  test('memory says what each cache holds, and leads to who wrote it, by pointer and keys', async () => {
    await vscode.commands.executeCommand('snoopscope.memory.focus');
    await window.viewWaitFor('snoop-memory svg [aria-label^="x, cpu0: M 1"]');
    await window.screenshot('memory');
    await moved(() => window.viewClick('snoop-memory svg [aria-label^="x, cpu0: M 1"]'), 59);
    await run!.after('workbench.action.debug.continue');
    await window.viewWaitFor('snoop-memory svg [aria-label^="x, cpu0: M 1"]');
    await window.viewFocus('snoop-memory svg [aria-label^="x, cpu0: M 1"]');
    await moved(() => window.press('Enter'), 59);
  });

  test('topology lights the way of the last transaction, and a key leads to it', async () => {
    await vscode.commands.executeCommand('snoopscope.topology.focus');
    await window.viewWaitFor('snoop-topology svg .node.lit');
    const { position } = await place();
    await window.viewFocus('snoop-topology svg [data-choice]');
    await moved(() => window.press('Enter'), position);
  });

  test('each view is in the colours of the theme', async () => {
    const seen = new Map<string, Set<string | undefined>>();
    for (const [theme, kind] of THEMES) {
      await vscode.workspace.getConfiguration('workbench').update('colorTheme', theme, true);
      for (const name of ['timeline', 'memory', 'topology']) {
        await vscode.commands.executeCommand(`snoopscope.${name}.focus`);
        await window.viewWaitFor(`body[data-vscode-theme-kind="${kind}"] snoop-${name} svg text`);
        const [colour] = await window.viewStyles(`snoop-${name} svg text`, 'fill');
        seen.set(name, (seen.get(name) ?? new Set()).add(colour));
      }
      await window.screenshot(`views ${theme}`);
    }
    for (const [name, colours] of seen) assert.lengthOf(colours, THEMES.length, `${name}: ${[...colours].join()}`);
  });

  test('the outcomes of an exploration are a picture, and a click debugs one', async () => {
    await vscode.commands.executeCommand('snoopscope.explore');
    await window.viewWaitFor('snoop-outcomes svg [aria-label^="Outcome gpu.r0=0"]');
    await window.screenshot('outcomes');
    await run!.end();
    const started = await DebugRun.start(() => window.viewClick('snoop-outcomes svg [aria-label^="stale-read"]'));
    run = started.run;
    assert.equal(started.stop.description, 'Stale read');
  });

  async function focusEditorOnBreak(value: boolean | undefined): Promise<void> {
    await vscode.workspace.getConfiguration('debug').update('focusEditorOnBreak', value, true);
  }

  /** Where the session is. */
  function place(): Thenable<{ position: number }> {
    return run!.request('snoopscope/position', {});
  }

  /** Does something, and waits until the session has stopped where it leads. */
  async function moved(act: () => Promise<void>, to: number): Promise<void> {
    await run!.stopAfter(act);
    assert.equal((await place()).position, to);
  }
});
