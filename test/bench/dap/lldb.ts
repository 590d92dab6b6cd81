// LLDB's debug adapter as a reference, where it is installed: its name has changed over the years.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';

const NAMES = [
  'lldb-dap',
  ...[20, 19, 18].map((version) => `lldb-dap-${version}`),
  'lldb-vscode',
  ...[17, 16, 15, 14].map((version) => `lldb-vscode-${version}`),
];

export const LLDB_MISSING =
  'LLDB is skipped: neither lldb-dap nor lldb-vscode is on the path, or there is no cc. Debian has them in the package lldb; LLDB_DAP names one elsewhere.';

export function findLldb(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const files = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return [...(process.env.LLDB_DAP ? [process.env.LLDB_DAP] : []), ...files].find(isExecutable);
}

/** A loop of stores as the scenario has it; undefined without a compiler. */
export function compiledLoop(folder: string): string | undefined {
  const source = path.join(folder, 'loop.c');
  writeFileSync(source, 'int main(void)\n{\n\tvolatile int x = 0;\n\tfor (;;) {\n\t\tx = 1;\n\t\tx = 2;\n\t}\n}\n');
  const program = path.join(folder, 'loop');
  try {
    execFileSync('cc', ['-g', '-O0', '-o', program, source], { stdio: 'ignore' });
    return program;
  } catch {
    return undefined;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
