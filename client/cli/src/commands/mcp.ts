/** `snoopscope mcp`: the simulator as tools for assistants. */
import { EXIT } from '../exit-codes.ts';
import type { CommandLine } from '../mcp/serve-mcp.ts';
import type { Command } from './command.ts';

/** `line`: the command line that the tools call. */
export function mcpCommand(line: () => CommandLine): Command {
  return {
    name: 'mcp',
    summary: 'Serve the simulator to assistants as tools of the Model Context Protocol.',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    description: [
      'Serves standard input and output. The tools are check, run, explore, bisect, report, import, kernels and reference; each answers what the command of that name prints. An exploration stops after 60 seconds unless the call names another limit. Reads the files that a call names and what they include, and writes none; no network.',
      'Configure it as a stdio server: command `snoopscope`, argument `mcp`. In VS Code the extension registers it.',
    ],
    options: [],
    examples: [{ line: 'mcp', about: 'As an assistant starts it.' }],
    async run(call) {
      // Loaded when it is needed: the other commands start faster without it.
      const { serveMcp } = await import('@snoopscope/cli/mcp');
      await serveMcp(line(), call.io.workingDirectory, call.io.interrupt);
      if (!call.io.interrupt.aborted) return EXIT.fine;
      process.stdin.destroy();
      return EXIT.interrupted;
    },
  };
}
