/** The MCP server as a program of its own: what the extension registers with the editor. */
import { main } from '../cli.ts';
import { COMMANDS } from '../commands/table.ts';
import { processIo } from '../process-io.ts';
import { serveMcp } from './serve-mcp.ts';

const { interrupt, workingDirectory } = processIo();
serveMcp({ commands: COMMANDS, main }, workingDirectory, interrupt).finally(() => process.stdin.destroy());
