// The questions that a debugger's user asks, each through the window, in two sessions: to start one takes VS Code long.
import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { openScenario } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const forward = 'workbench.action.debug.continue';
const threads = '.debug-call-stack .monaco-list-row';
const variables = '.debug-variables .monaco-list-row';
const typed = '.repl .monaco-list-row';
const choices = '.quick-input-list .monaco-list-row';

suite('questions', () => {
  let run: DebugRun;

  suiteSetup(async function () {
    if (!hasWindow()) skip(this, 'only a window has a console and a Variables view');
    // As users have it who have set nothing.
    await vscode.workspace.getConfiguration('debug').update('openDebug', 'openOnDebugBreak', true);
    await openScenario('wbinvd/local-cpu-not-flushed.snoop');
    ({ run } = await DebugRun.start(() => vscode.commands.executeCommand('snoopscope.debugScenario')));
  });

  teardown(async function () {
    if (this.currentTest?.state === 'failed') await window.screenshot(`failed ${this.currentTest.title}`);
  });

  suiteTeardown(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await run?.end();
    await vscode.workspace.getConfiguration('debug').update('openDebug', undefined, true);
    await vscode.commands.executeCommand('workbench.view.explorer');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('the debug view opens, with who can move, and the console greets', async () => {
    await row(threads, 'setup (moves next)');
    await row(threads, 'vcpu0 (waits for setup to end)');
    await row(typed, 'Type `help` here for more');
    await window.screenshot('questions-start');
  });

  test('what does the kernel do here: its page, and out of it into the caller', async () => {
    vscode.debug.addBreakpoints([new vscode.FunctionBreakpoint('kvm_arch_register_noncoherent_dma')]);
    const inside = await run.after(forward);
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    assert.equal(inside.frames[0]?.name, 'kvm_arch_register_noncoherent_dma');
    const page = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.include(page, 'kvm_arch_register_noncoherent_dma(kvm)\n  | count up');
    await window.screenshot('questions-kernel-page');
    const outside = await run.after('workbench.action.debug.stepOut');
    assert.equal(outside.frames[0]?.name, 'kvm_vfio_update_coherency');
  });

  test('why did this call fail', async () => {
    await run.request('setExceptionBreakpoints', { filters: ['failed-call'] });
    const failed = await run.after(forward);
    assert.equal(failed.reason, 'exception');
    await ask('why', 'found group 26 already in the list');
    await window.screenshot('questions-failed-call');
  });

  test('who wrote this, and when', async () => {
    await run.request('setExceptionBreakpoints', { filters: ['stale-read'] });
    await run.after(forward);
    await ask('who x', 'x was written last in micro-step');
    await ask('history noncoherent(vm)', 'written by setup, line');
    await window.screenshot('questions-who');
  });

  test('why is it so: the leaf, the count, the flush that did not come', async () => {
    for (const fact of ['ept(vm, x)', 'noncoherent(vm)', 'flushes(cpu0)']) await ask(`why ${fact}`, `${fact} is`);
    await window.screenshot('questions-why');
  });

  test('what does each agent see', async () => {
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await window.click(`${variables}:has-text("Memory")`);
    await row(variables, "1 in cpu0's cache (M); DRAM has 0 (stale)");
    await window.screenshot('questions-memory');
    const seen = await Promise.all(
      ['cpu0', 'gpu'].map((view) =>
        run.request<{ data: string }>('readMemory', { memoryReference: `${view}@0x100000`, count: 8 }),
      ),
    );
    assert.deepEqual(
      seen.map(({ data }) => data),
      ['AQAAAAAAAAA=', 'AAAAAAAAAAA='],
    );
  });

  test('what if the value were another one: a change in the view begins a branch', async () => {
    await window.click(`${variables}:has-text("1 in cpu0's cache")`);
    const changed = run.stop();
    await window.press('F2');
    await window.waitFor('.debug-variables input');
    await window.press('Control+A');
    await window.type('7');
    await window.press('Enter');
    assert.equal((await changed).description, 'Changed');
    assert.equal((await run.place()).branch, 2);
    await ask('diff branch 1', 'branch 2: you: ');
    await window.screenshot('questions-branch');
  });

  test('where are the locks, and who else can move', async () => {
    await run.end();
    await openScenario('kvm-vfio/release-and-open-take-locks-crosswise.snoop');
    ({ run } = await DebugRun.start(() => vscode.commands.executeCommand('snoopscope.debugScenario')));
    const found = await run.after(forward);
    assert.equal(found.reason, 'exception');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    // Lists draw only the rows for which there is room.
    await row(threads, 'waits for group->group_lock');
    const crowded = ['Watch', 'Call Stack', 'Breakpoints'];
    for (const pane of crowded) await window.click(`.pane-header:has-text("${pane}")`);
    for (const scope of ['Locals', 'Actor']) await window.click(`${variables}:has-text("${scope}")`);
    await window.click(`${variables}:has-text("Locks")`);
    await row(variables, 'held by');
    await window.screenshot('questions-locks');
    for (const pane of crowded) await window.click(`.pane-header:has-text("${pane}")`);
    await run.request('snoopscope/seek', { position: 40 });
    await run.at(40);
    const asked = vscode.commands.executeCommand('snoopscope.letAnotherMove');
    await window.waitFor(choices);
    await window.screenshot('questions-who-moves');
    const offered = await window.texts(choices);
    assert.isAbove(offered.length, 1);
    assert.equal(new Set(offered).size, offered.length);
    await window.press('Escape');
    await asked;
  });
});

/** Waits until a list of the window has a row with a text. */
function row(list: string, text: string): Promise<void> {
  return window.waitFor(`${list}:has-text(${JSON.stringify(text)})`);
}

/** Types into the debug console, and waits until it says something. */
async function ask(line: string, answer: string): Promise<void> {
  await vscode.commands.executeCommand('workbench.debug.action.focusRepl');
  await window.type(line);
  await window.press('Enter');
  await row(typed, answer);
}
