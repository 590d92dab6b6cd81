// Files through VS Code, so that unsaved, remote and virtual ones are read as the editor shows them.
import { LIMITS } from '@snoopscope/sim-core';
import { FileType, Uri, type WorkspaceFolder, workspace } from 'vscode';

/** The text of a file; that of the editor, when it is open with unsaved changes. */
export async function readText(uri: Uri): Promise<string> {
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open) return open.getText();
  const { type, size } = await workspace.fs.stat(uri);
  // Devices and pipes would never end; a larger file would be refused by the parser anyway.
  if ((type & FileType.File) === 0) throw new Error(`${uri.path} is not a regular file.`);
  if (size > LIMITS.scenarioCharacters * 4) throw new Error(`${uri.path} is larger than any scenario may be.`);
  return new TextDecoder().decode(await workspace.fs.readFile(uri));
}

/** Debug adapters know paths and URIs. A path belongs to the file system that the workspace is on, which need not be the local one. */
export function toUri(pathOrUri: string, folder: WorkspaceFolder | undefined = workspace.workspaceFolders?.[0]): Uri {
  if (/^[a-z][a-z0-9+.-]+:/i.test(pathOrUri)) return Uri.parse(pathOrUri, true);
  if (folder && folder.uri.scheme !== 'file') return folder.uri.with({ path: pathOrUri });
  return Uri.file(pathOrUri);
}

/** What a debug adapter is told: a path where there is one. */
export function fromUri(uri: Uri): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.toString();
}
