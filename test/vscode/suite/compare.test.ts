import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { scenarioUri } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

/** What the commands return; client/vscode/src/compare-worker.ts has the whole of it. */
interface Compared {
  readonly kind: string;
  readonly message?: string;
  readonly problems: readonly { readonly line: number }[];
  readonly questions: readonly { readonly text: string }[];
  readonly rows: readonly {
    readonly kernels: readonly string[];
    readonly cells: readonly { readonly answer: string; readonly way?: { schedule: string; finding?: string } }[];
  }[];
  readonly turns: readonly { readonly to: string; readonly changes: readonly { readonly commit?: string }[] }[];
}

suite('comparing kernels', () => {
  let run: DebugRun | undefined;

  teardown(async () => {
    await run?.end();
    run = undefined;
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('two kernels differ by the commit that turns the answers, and an answer leads into the debugger', async () => {
    const uri = scenarioUri(scenario);
    const { kind, message, questions, rows, turns } = await vscode.commands.executeCommand<Compared>(
      'snoopscope.compareKernels',
      uri.toString(),
      ['v5.11', 'v5.12'],
    );
    assert.equal(kind, 'compared', message);
    assert.deepEqual(
      questions.map(({ text }) => text),
      ['gpu.r0 == 0', 'stale-read'],
    );
    assert.deepEqual(
      rows.map(({ kernels, cells }) => [kernels, cells.map(({ answer }) => answer)]),
      [
        [['v5.11'], ['always', 'always']],
        [['v5.12'], ['never', 'never']],
      ],
    );
    assert.deepEqual(
      turns.map(({ to, changes }) => [to, changes.map(({ commit }) => commit)]),
      [
        ['v5.12', ['c2162e13d6e2']],
        ['v5.12', ['c2162e13d6e2']],
      ],
    );
    const way = rows[0]?.cells[1]?.way;
    const wanted = { scenario: uri.toString(), kernel: 'v5.11', ...way };
    const started = await DebugRun.start(() =>
      vscode.commands.executeCommand('snoopscope.debugCounterexample', wanted),
    );
    run = started.run;
    assert.equal(started.stop.reason, 'exception');
  });

  test('bisecting finds every turn between the kernels that the conditions name', async () => {
    const answer = await vscode.commands.executeCommand<Compared>(
      'snoopscope.bisect',
      scenarioUri(scenario).toString(),
    );
    assert.equal(answer.kind, 'compared', answer.message);
    assert.deepEqual(
      answer.rows.map(({ kernels }) => [kernels[0], kernels.at(-1)]),
      [
        ['v3.13', 'v5.11'],
        ['v5.12', 'v7.3'],
      ],
    );
  });

  test('two kernels step together until their runs part', async () => {
    const sessions: vscode.DebugSession[] = [];
    const listener = vscode.debug.onDidStartDebugSession((session) => sessions.push(session));
    try {
      await vscode.commands.executeCommand('snoopscope.debugTwoKernels', scenarioUri(scenario).toString(), [
        'v5.11',
        'v5.12',
      ]);
      const [a, b] = sessions as [vscode.DebugSession, vscode.DebugSession];
      assert.deepEqual(
        [a, b].map(({ configuration }) => configuration.kernel),
        ['v5.11', 'v5.12'],
      );
      const place = async (session: vscode.DebugSession): Promise<number> =>
        (await session.customRequest('snoopscope/position', {})).position;
      const at = async (session: vscode.DebugSession, position: number) => {
        while ((await place(session)) !== position);
      };
      // Where WBINVD is emulated: before that the two kernels do the same.
      const parting = await place(a);
      assert.isAbove(parting, 50);
      await at(b, parting);
      await a.customRequest('snoopscope/seek', { position: 10 });
      await at(b, 10);
      await b.customRequest('snoopscope/seek', { position: 20 });
      await at(a, 20);
    } finally {
      listener.dispose();
      for (const session of sessions) await vscode.debug.stopDebugging(session);
    }
  });

  test('the answers are in a page, as links', async function () {
    if (!hasWindow()) skip(this, 'only a window shows the page');
    await vscode.commands.executeCommand('snoopscope.compareKernels', scenarioUri(scenario).toString(), [
      'v5.11',
      'v6.1',
    ]);
    await window.waitFor('.tab:has-text("Kernels: local-cpu-not-flushed.snoop")');
    await window.waitFor('iframe.webview.ready');
    await window.screenshot('compare');
  });
});
