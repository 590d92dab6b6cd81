/** The MCP server as a program of its own: what the extension registers with the editor. */
import { runCommandLine } from '../cli.ts';
import { TOOL_COMMANDS as commands } from '../commands/tool-commands.ts';
import { processIo } from '../process-io.ts';
import { serveMcp } from './serve-mcp.ts';

const { interrupt, workingDirectory } = processIo();
serveMcp({ commands, main: (io) => runCommandLine(io, commands) }, workingDirectory, interrupt).finally(() =>
  process.stdin.destroy(),
);
