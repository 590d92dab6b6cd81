import { assert } from 'chai';
import * as vscode from 'vscode';
import { codeOf, diagnostics, openScenario, openText, scenarioUri } from './scenario.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

/** What the command returns; client/vscode/src/check-worker.ts has the whole of it. */
interface Verdict {
  readonly kind: string;
  /** Of a mistake of ours. */
  readonly message?: string;
  readonly passed: boolean;
  readonly groups: readonly {
    readonly name: string;
    readonly conditions: readonly { readonly holds: boolean }[];
  }[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

suite('checking', () => {
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  test('every condition is judged on every kernel that the scenario names', async () => {
    await openScenario(scenario);
    const { kind, passed, groups, message } = await check();
    assert.equal(kind, 'judged', message);
    assert.isTrue(passed);
    assert.deepEqual(
      groups.map(({ name }) => name),
      ['v3.13..v5.11', 'v5.12..v7.3'],
    );
    assert.isTrue(groups.every(({ conditions }) => conditions.every(({ holds }) => holds)));
  });

  test('a lens says what the check came to, until the text changes', async () => {
    const document = await openText('scenario "lens"\nmachine {\n  memory x = 0\n}\nexists [x] == 0 on v6.6\n');
    await check();
    assert.include(await lensTitles(document.uri), 'Checked: passed on v6.6');
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), '// new\n');
    await vscode.workspace.applyEdit(edit);
    assert.notInclude((await lensTitles(document.uri)).join(), 'Checked');
  });

  test('the lens names a file that need not be open', async () => {
    const { kind, message } = await check(scenarioUri(scenario).toString());
    assert.equal(kind, 'judged', message);
  });

  test('a scenario with an error is not judged', async () => {
    await openText('scenario "broken"\nsetup {\n  kvm = opne("/dev/kvm", O_RDWR)\n}\n');
    const { kind, problems } = await check();
    assert.equal(kind, 'broken');
    assert.equal(problems[0]?.line, 2);
  });

  test('a condition on a kernel that there is not is an error, and Check says it', async () => {
    const document = await openText('machine {\n  memory x = 0\n}\nexists [x] == 0 on v9.9\n');
    const [problem] = await diagnostics(document, (found) => found.length > 0);
    assert.equal(problem && codeOf(problem), 'unknown-kernel');
    const { kind, problems } = await check();
    assert.equal(kind, 'broken');
    assert.equal(problems[0]?.line, 3);
    assert.include(problems[0]?.message, 'There is no kernel `v9.9`');
  });
});

async function lensTitles(uri: vscode.Uri): Promise<string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
  return lenses.flatMap(({ command }) => command?.title ?? []);
}

async function check(uri?: string): Promise<Verdict> {
  return (await vscode.commands.executeCommand('snoopscope.checkScenario', uri)) as Verdict;
}
