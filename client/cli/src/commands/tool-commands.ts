/** The commands that are tools of the MCP server: all that the server of the extension has. */
import { bisect } from './bisect.ts';
import { check } from './check.ts';
import type { Command } from './command.ts';
import { explore } from './explore.ts';
import { importCommand } from './import.ts';
import { kernels } from './kernels.ts';
import { report } from './report.ts';
import { run } from './run.ts';

export const TOOL_COMMANDS: readonly Command[] = [run, check, explore, bisect, importCommand, report, kernels];
