// A log of a VMM becomes a scenario: from the palette's command, and because it was opened.
import { assert } from 'chai';
import * as vscode from 'vscode';
import { DebugRun } from './debugging.ts';
import { skip } from './runner.ts';
import { scenarioUri } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const log = `execve("/usr/bin/qemu-system-x86_64", ["qemu-system-x86_64"], 0x7ffe /* 20 vars */) = 0
openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9
ioctl(9, KVM_CREATE_VM, 0) = 10
ioctl(10, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=11, flags=0}) = 0
`;

const vmm = (pid: number, group: number): string =>
  `${pid} openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9
${pid} ioctl(9, KVM_CREATE_VM, 0) = 10
${pid} openat(AT_FDCWD, "/dev/vfio/${group}", O_RDWR) = 11
`;

suite('importing', () => {
  const file = scenarioUri('imported/qemu.log');
  let run: DebugRun | undefined;

  suiteSetup(() => vscode.workspace.fs.writeFile(file, new TextEncoder().encode(log)));
  suiteTeardown(() => vscode.workspace.fs.delete(vscode.Uri.joinPath(file, '..'), { recursive: true }));
  teardown(async () => {
    await run?.end();
    run = undefined;
    await vscode.commands.executeCommand('notifications.clearAll');
    await vscode.commands.executeCommand('notifications.hideList');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  test('a log becomes a scenario that can be debugged', async () => {
    const reply = await vscode.commands.executeCommand<{ kind: string; differences: number }>(
      'snoopscope.importLog',
      file,
    );
    assert.equal(reply.kind, 'imported', JSON.stringify(reply));
    assert.equal(reply.differences, 0);
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.languageId, 'snoop');
    assert.include(document?.getText(), 'vm = ioctl(kvm, KVM_CREATE_VM, 0) = 10');
    if (hasWindow()) await window.screenshot('imported');
    const started = await DebugRun.start(() =>
      vscode.commands.executeCommand('snoopscope.debugScenario', document?.uri),
    );
    run = started.run;
    assert.equal(started.stop.reason, 'entry');
  });

  test('lines of strace in a scenario are imported by the quick fix of a pointer, saved or not', async () => {
    const content = `setup {
  openat(AT_FDCWD, "/dev/vfio/26", O_RDWR) = 24
  openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 25
  ioctl(24, VFIO_GROUP_SET_CONTAINER, 0x55f0c8a1b8f8) = 0
}
`;
    const document = await vscode.workspace.openTextDocument({ language: 'snoop', content });
    await vscode.window.showTextDocument(document);
    const pointer = new vscode.Range(3, 40, 3, 40);
    let fix: vscode.CodeAction | undefined;
    while (!fix?.command) {
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        pointer,
        vscode.CodeActionKind.QuickFix.value,
      );
      fix = actions.find(({ title }) => title === 'Import the lines of strace as a new scenario');
    }
    const { command, arguments: given = [] } = fix.command;
    const reply = await vscode.commands.executeCommand<{ kind: string; scenario: string }>(command, ...given);
    assert.equal(reply.kind, 'imported', JSON.stringify(reply));
    assert.include(reply.scenario, 'ioctl(group26, VFIO_GROUP_SET_CONTAINER, [container]) = 0');
  });

  test('what is not a log is refused, and says why', async () => {
    const reply = await vscode.commands.executeCommand<{ kind: string; message: string }>(
      'snoopscope.importLog',
      scenarioUri('wbinvd/local-cpu-not-flushed.snoop'),
    );
    assert.equal(reply.kind, 'refused');
    assert.match(reply.message, /^local-cpu-not-flushed\.snoop: No line of it is known/);
  });

  test('of a log of two VMMs one is picked', async function () {
    if (!hasWindow()) skip(this, 'the list can only be driven in the packaged host');
    const both = scenarioUri('imported/two.log');
    await vscode.workspace.fs.writeFile(
      both,
      new TextEncoder().encode(`90 vfork() = 100\n90 vfork() = 200\n${vmm(100, 7)}${vmm(200, 8)}`),
    );
    const imported = vscode.commands.executeCommand<{ kind: string; scenario: string }>('snoopscope.importLog', both);
    for (let rows: string[] = []; rows.length < 2; ) rows = await window.texts('.quick-input-list .monaco-list-row');
    await window.screenshot('import-process');
    await window.click('.quick-input-list .monaco-list-row:has-text("Process 200")');
    const reply = await imported;
    assert.equal(reply.kind, 'imported', JSON.stringify(reply));
    assert.include(reply.scenario, '/dev/vfio/8');
  });

  test('a log that is opened offers it', async function () {
    if (!hasWindow()) skip(this, 'only a window shows what is offered');
    await vscode.window.showTextDocument(file);
    const offer = 'qemu.log is a log of a VMM. Snoopscope can make a scenario from it.';
    for (let texts: string[] = []; !texts.includes(offer); ) {
      await vscode.commands.executeCommand('notifications.showList');
      texts = await window.texts('.notification-list-item-message');
    }
    await window.screenshot('import-offered');
    const imported = new Promise<vscode.TextDocument>((resolve) => {
      const listener = vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor?.document.languageId !== 'snoop') return;
        listener.dispose();
        resolve(editor.document);
      });
    });
    await window.click('.notification-list-item .monaco-button:has-text("Import")');
    assert.include((await imported).getText(), 'KVM_CREATE_VM');
  });
});
