// Scenarios opened as a user opens them, and waiting for what the language server says about them.
import * as vscode from 'vscode';

/** Opens a file of the gallery, `wbinvd/local-cpu-not-flushed.snoop`, in an editor. */
export async function openScenario(name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(scenarioUri(name));
  await vscode.window.showTextDocument(document);
  return document;
}

export function scenarioUri(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (!folder) throw new Error('The suite needs scenarios/ as its workspace.');
  return vscode.Uri.joinPath(folder.uri, name);
}

/** Opens a text that no file has. */
export async function openText(content: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument({ language: 'snoop', content });
  await vscode.window.showTextDocument(document);
  return document;
}

/** The range of the first `word` in the document. */
export function rangeOf(document: vscode.TextDocument, word: string): vscode.Range {
  const start = document.getText().indexOf(word);
  if (start < 0) throw new Error(`The scenario has no ${word}.`);
  return new vscode.Range(document.positionAt(start), document.positionAt(start + word.length));
}

/** A place inside the first `word`. */
export function insideOf(document: vscode.TextDocument, word: string): vscode.Position {
  return rangeOf(document, word).start.translate(0, 1);
}

/** Replaces the first `word` in the editor; the file stays as it is. */
export async function replace(document: vscode.TextDocument, word: string, by: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, rangeOf(document, word), by);
  await vscode.workspace.applyEdit(edit);
}

/** Takes unsaved edits back. */
export async function revert(document: vscode.TextDocument): Promise<void> {
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand('workbench.action.files.revert');
}

/** Waits until the diagnostics of the document are as `wanted` says, and returns them. */
export function diagnostics(
  document: vscode.TextDocument,
  wanted: (found: vscode.Diagnostic[]) => boolean,
): Promise<vscode.Diagnostic[]> {
  return new Promise((resolve) => {
    const look = () => {
      const found = vscode.languages.getDiagnostics(document.uri);
      if (!wanted(found)) return;
      listener.dispose();
      resolve(found);
    };
    const listener = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}

/** The code of a diagnostic, whether or not it has a page. */
export function codeOf({ code }: vscode.Diagnostic): string | number | undefined {
  return typeof code === 'object' ? code.value : code;
}
