// The kernels that a workspace names in its snoopscope.json.
import { KERNELS_FILE, type NamedKernels, readKernelsFile } from '@snoopscope/sim-core';
import { Uri, workspace } from 'vscode';
import { readText } from './files.ts';

/** What the nearest file in the folder of a scenario or above it names; what is wrong in it the language server says. */
export async function kernelsNamedFor(scenario: Uri): Promise<NamedKernels | undefined> {
  // A text that has no file yet is in no folder; it will be in that of the workspace.
  const own = scenario.path.startsWith('/') ? Uri.joinPath(scenario, '..') : workspace.workspaceFolders?.[0]?.uri;
  for (let folder = own; folder !== undefined; ) {
    const text = await readText(Uri.joinPath(folder, KERNELS_FILE)).catch(() => undefined);
    if (text !== undefined) return readKernelsFile(text).named;
    const above = Uri.joinPath(folder, '..');
    if (above.path === folder.path) return undefined;
    folder = above;
  }
  return undefined;
}
