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
    'Serves standard input and output, or a port on 127.0.0.1. docs/editors.md shows how to set up editors.',
  ],
  options: SERVE_OPTIONS,
  examples: [{ line: 'dap --port 4711', about: 'Serve one session per connection.' }],
  async run(call) {
    const { serveStdio, serveSocket } = await import('@snoopscope/debug-adapter/node');
    return serve(call, { serveStdio, listen: async (port) => (await serveSocket(port)).server });
  },
};
