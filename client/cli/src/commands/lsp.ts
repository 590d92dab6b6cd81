/** `snoopscope lsp`: the language server for editors. */
import { SERVE_OPTIONS, serve } from '../serve.ts';
import type { Command } from './command.ts';

export const lsp: Command = {
  name: 'lsp',
  summary: 'Start the language server, for any editor that speaks LSP.',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  description: [
    'Over standard input and output, or on a port of this machine. docs/editors.md says how editors start it.',
  ],
  options: SERVE_OPTIONS,
  examples: [{ line: 'lsp', about: 'As an editor starts it.' }],
  async run(call) {
    // Loaded when it is needed: the other commands start faster without it.
    return serve(call, await import('@snoopscope/server/node'));
  },
};
