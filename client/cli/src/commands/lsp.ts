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
    'Serves standard input and output, or a port on 127.0.0.1. docs/editors.md shows how to set up editors.',
  ],
  options: SERVE_OPTIONS,
  examples: [{ line: 'lsp', about: 'As an editor starts it.' }],
  async run(call) {
    // Loaded when it is needed: the other commands start faster without it.
    return serve(call, await import('@snoopscope/server/node'));
  },
};
