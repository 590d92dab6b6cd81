/** Every command, one line each, in the order of the help page. */
import { runCommandLine } from '../cli.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { bisect } from './bisect.ts';
import { check } from './check.ts';
import type { Command } from './command.ts';
import { compare } from './compare.ts';
import { completionCommand } from './completion.ts';
import { dap } from './dap.ts';
import { diff } from './diff.ts';
import { explore } from './explore.ts';
import { exportCommand } from './export.ts';
import { helpCommand } from './help.ts';
import { importCommand } from './import.ts';
import { inventory } from './inventory.ts';
import { kernels } from './kernels.ts';
import { lsp } from './lsp.ts';
import { mcpCommand } from './mcp.ts';
import { merge } from './merge.ts';
import { recordScript } from './record-script.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { test } from './test.ts';

export const COMMANDS: readonly Command[] = [
  run,
  check,
  explore,
  merge,
  test,
  bisect,
  importCommand,
  report,
  inventory,
  recordScript,
  diff,
  exportCommand,
  compare,
  kernels,
  lsp,
  dap,
  mcpCommand(() => ({ commands: COMMANDS, main })),
  completionCommand(() => COMMANDS),
  helpCommand(() => COMMANDS),
];

/** Runs one call of `snoopscope`, and returns its exit code. */
export function main(io: Io): Promise<ExitCode> {
  return runCommandLine(io, COMMANDS);
}
