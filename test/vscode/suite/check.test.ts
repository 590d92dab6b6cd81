import { assert } from 'chai';
import * as vscode from 'vscode';
import { openScenario, openText, scenarioUri } from './scenario.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

/** What the command returns; client/vscode/src/check-worker.ts has the whole of it. */
interface Verdict {
  readonly kind: string;
  /** Of a mistake of ours. */
  readonly message?: string;
  readonly kernels: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly conditions: readonly { readonly holds: boolean }[];
  }[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

suite('checking', () => {
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  test('every condition is judged on every kernel that the scenario names', async () => {
    await openScenario(scenario);
    const { kind, kernels, message } = await check();
    assert.equal(kind, 'judged', message);
    const names = kernels.map(({ name }) => name);
    assert.includeMembers(names, ['v3.13', 'v5.11', 'v5.12']);
    assert.isTrue(kernels.every(({ passed, conditions }) => passed && conditions.every(({ holds }) => holds)));
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
});

async function check(uri?: string): Promise<Verdict> {
  return (await vscode.commands.executeCommand('snoopscope.checkScenario', uri)) as Verdict;
}
