import { assert } from 'chai';
import * as vscode from 'vscode';
import { skip } from './runner.ts';
import { diagnostics, insideOf, openScenario, openText, rangeOf, replace, revert } from './scenario.ts';
import { hasWindow, window } from './window.ts';

const scenario = 'wbinvd/local-cpu-not-flushed.snoop';

suite('language', () => {
  teardown(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  test('a .snoop file is of the language snoop, and has no diagnostics once its only mistake is taken back', async () => {
    const document = await openScenario(scenario);
    assert.equal(document.languageId, 'snoop');
    // A mistake first: an empty list alone could also mean that nothing was checked yet.
    await replace(document, 'KVM_DEV_VFIO_GROUP_ADD', 'KVM_DEV_VFIO_GROUP_AD');
    await diagnostics(document, (found) => found.length > 0);
    await revert(document);
    await diagnostics(document, (found) => found.length === 0);
  });

  test('a mistyped attribute is underlined, and the quick fix has the right word', async () => {
    const document = await openScenario(scenario);
    const text = document.getText();
    await replace(document, 'KVM_DEV_VFIO_GROUP_ADD', 'KVM_DEV_VFIO_GROUP_AD');
    // What a run of the scenario finds is there beside it, as information.
    const isError = ({ severity }: vscode.Diagnostic): boolean => severity === vscode.DiagnosticSeverity.Error;
    const [diagnostic, ...others] = (await diagnostics(document, (found) => found.some(isError))).filter(isError);
    assert.isEmpty(others);
    assert.equal(document.getText(diagnostic?.range), 'KVM_DEV_VFIO_GROUP_AD');
    assert.include(diagnostic?.message, 'KVM_DEV_VFIO_GROUP_ADD');

    // An answer that was overtaken by the document's own events is empty; the editor asks again, and so do we.
    let fix: vscode.CodeAction | undefined;
    while (!fix?.edit) {
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        diagnostic?.range,
        vscode.CodeActionKind.QuickFix.value,
      );
      fix = actions.find(({ title }) => title.includes('KVM_DEV_VFIO_GROUP_ADD'));
    }
    await vscode.workspace.applyEdit(fix.edit);
    assert.equal(document.getText(), text);
    await diagnostics(document, (found) => !found.some(isError));
    await revert(document);
  });

  test('hover says what an ioctl, an attribute and an instruction do, their errnos and their source', async () => {
    const document = await openScenario(scenario);
    assert.match(await hover(document, 'KVM_SET_DEVICE_ATTR'), /errno[\s\S]*linux/i);
    assert.match(await hover(document, 'KVM_DEV_VFIO_GROUP_ADD'), /EEXIST[\s\S]*linux/i);
    assert.match(await hover(document, 'wbinvd\n'), /writes? back|write-back/i);
  });

  test('what calls will return is beside them', async () => {
    const document = await openScenario(scenario);
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>(
      'vscode.executeInlayHintProvider',
      document.uri,
      whole,
    );
    assert.isNotEmpty(hints);
  });

  test('completion offers requests, attributes, fields, errnos and names', async () => {
    const document = await openScenario(scenario);
    assert.includeMembers(await complete(document, 'KVM_CREATE_VM'), ['KVM_CREATE_VM', 'KVM_CREATE_DEVICE']);
    assert.includeMembers(await complete(document, 'KVM_DEV_VFIO_GROUP_ADD'), [
      'KVM_DEV_VFIO_GROUP_ADD',
      'KVM_DEV_VFIO_GROUP_DEL',
    ]);
    assert.include(await complete(document, 'EEXIST'), '-EEXIST');
    assert.include(await complete(document, 'container, VFIO_SET_IOMMU'), 'container');
  });

  test('the outline, the definition of a name and the formatter know the scenario', async () => {
    const document = await openScenario(scenario);
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    const names = flatten(symbols).map(({ name }) => name);
    for (const part of ['machine', 'setup', 'vcpu 0', 'device gpu']) assert.include(names, part);

    const [definition] = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
      'vscode.executeDefinitionProvider',
      document.uri,
      insideOf(document, 'container, VFIO_SET_IOMMU'),
    );
    const range = definition && ('range' in definition ? definition.range : definition.targetRange);
    assert.equal(range?.start.line, rangeOf(document, 'container = open').start.line);

    const ragged = await openText(document.getText().replace('  kvm = open(', '  kvm    =open('));
    const edits = await vscode.commands.executeCommand<vscode.TextEdit[]>(
      'vscode.executeFormatDocumentProvider',
      ragged.uri,
      {
        insertSpaces: true,
        tabSize: 2,
      },
    );
    assert.isNotEmpty(edits);
  });

  test('the file is coloured: keywords, strings and comments look different', async function () {
    if (!hasWindow()) skip(this, 'a desktop VS Code lets no test look at its window');
    await openScenario(scenario);
    await window.waitFor('.view-line span[class*="mtk"] >> text=scenario');
    const colours = await window.styles('.view-line span[class*="mtk"]', 'color');
    assert.isAtLeast(new Set(colours).size, 4, `colours in sight: ${[...new Set(colours)]}`);
    await window.screenshot('coloured');
  });
});

async function hover(document: vscode.TextDocument, word: string): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    insideOf(document, word),
  );
  return hovers
    .flatMap(({ contents }) => contents)
    .map((content) => (typeof content === 'string' ? content : content.value))
    .join('\n');
}

/** The labels offered at the start of the first `word`. */
async function complete(document: vscode.TextDocument, word: string): Promise<string[]> {
  const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    document.uri,
    rangeOf(document, word).start,
  );
  return items.map(({ label }) => (typeof label === 'string' ? label : label.label));
}

function flatten(symbols: vscode.DocumentSymbol[]): vscode.DocumentSymbol[] {
  return symbols.flatMap((symbol) => [symbol, ...flatten(symbol.children)]);
}
