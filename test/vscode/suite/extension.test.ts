import { assert } from 'chai';
import * as vscode from 'vscode';

suite('extension', () => {
  test('a .snoop file is of the language snoop', async () => {
    const document = await vscode.workspace.openTextDocument({ language: 'snoop', content: 'scenario "nothing"\n' });
    assert.equal(document.languageId, 'snoop');
  });
});
