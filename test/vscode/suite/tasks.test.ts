import { assert } from 'chai';
import * as vscode from 'vscode';
import { scenarioUri } from './scenario.ts';
import { hasWindow, window } from './window.ts';

suite('tasks', () => {
  const failing = scenarioUri('tasks/failing.snoop');

  suiteSetup(() =>
    vscode.workspace.fs.writeFile(
      failing,
      new TextEncoder().encode(
        'machine {\n  memory x = 0\n}\nsetup {\n  kvm = open("/dev/kvm", O_RDWR)\n}\n\n~exists [x] == 0\n',
      ),
    ),
  );
  teardown(async function () {
    if (this.currentTest?.state === 'failed' && hasWindow())
      await window.screenshot(`failed ${this.currentTest.title}`);
  });
  suiteTeardown(() => vscode.workspace.fs.delete(vscode.Uri.joinPath(failing, '..'), { recursive: true }));

  test('check scenarios without the command, and find what fails in the output', async () => {
    const [provided] = await vscode.tasks.fetchTasks({ type: 'snoopscope' });
    assert.isDefined(provided);
    const scope = vscode.workspace.workspaceFolders![0]!;
    const definition = { type: 'snoopscope', paths: ['tasks'] };
    const { name, source, execution } = provided as vscode.Task;
    const task = new vscode.Task(definition, scope, name, source, execution, '$snoopscope');
    const found = new Promise<vscode.Diagnostic>((resolve) => {
      const listener = vscode.languages.onDidChangeDiagnostics(() => {
        const [diagnostic] = vscode.languages.getDiagnostics(failing);
        if (!diagnostic) return;
        listener.dispose();
        resolve(diagnostic);
      });
    });
    const ended = new Promise<number | undefined>((resolve) => {
      const listener = vscode.tasks.onDidEndTaskProcess(({ exitCode }) => {
        listener.dispose();
        resolve(exitCode);
      });
    });
    await vscode.tasks.executeTask(task);
    assert.equal(await ended, 1);
    const { message, range, code, source: from } = await found;
    assert.equal(message, '~exists [x] == 0 fails on v7.3: An execution ends with [x] = 0: whatever the schedule');
    assert.equal(range.start.line, 7);
    assert.equal(code, 'condition');
    assert.equal(from, 'snoopscope check');
  });
});
