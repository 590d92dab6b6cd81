/** `snoopscope dap`: the debug adapter for editors. */
import { SERVE_OPTIONS, serve } from '../serve.ts';
import type { Command } from './command.ts';

export const dap: Command = {
  name: 'dap',
  summary: 'Start the debug adapter, for any editor that speaks DAP.',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  description: [
    'Over standard input and output, or on a port of this machine. docs/editors.md says how editors start it.',
  ],
  options: SERVE_OPTIONS,
  examples: [{ line: 'dap --port 4711', about: 'A server that takes one session a connection.' }],
  async run(call) {
    const { serveStdio, serveSocket } = await import('@snoopscope/debug-adapter/node');
    return serve(call, { serveStdio, listen: async (port) => (await serveSocket(port)).server });
  },
};
