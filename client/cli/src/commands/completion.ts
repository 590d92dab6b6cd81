/** `snoopscope completion SHELL`: a script that teaches a shell the commands, their options and the values these take. */
import { didYouMean, nearest } from '@snoopscope/sim-core';
import { listed } from '../arguments.ts';
import { SHELLS } from '../completion/table.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Command } from './command.ts';

/** `commands`: all of them, this one included. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'Print a completion script for bash, zsh or fish.',
    operands: 'SHELL',
    minOperands: 1,
    maxOperands: 1,
    operandOffers: [{ words: () => Object.keys(SHELLS) }],
    description: [
      `SHELL is ${listed(Object.keys(SHELLS), 'or')}. The script completes commands, options, kernels, findings and files. It holds the names that this version knows, so print it again after an update.`,
      'For every new shell: in ~/.bashrc `source <(snoopscope completion bash)`; in ~/.zshrc, after compinit, `source <(snoopscope completion zsh)`; for fish, write the script to ~/.config/fish/completions/snoopscope.fish.',
    ],
    options: [],
    examples: [
      {
        line: 'completion bash > ~/.local/share/bash-completion/completions/snoopscope',
        about: 'For bash-completion.',
      },
      { line: 'completion fish > ~/.config/fish/completions/snoopscope.fish', about: 'For fish.' },
    ],
    async run(call) {
      const [name] = call.operands as [string];
      const script = Object.hasOwn(SHELLS, name) ? SHELLS[name] : undefined;
      if (!script) throw unknownShell(name);
      call.print(script(commands()).trimEnd());
      return EXIT.fine;
    },
  };
}

function unknownShell(name: string): Failure {
  const known = Object.keys(SHELLS);
  const near = didYouMean(nearest(name, known));
  return new Failure(`There is no completion script for \`${name}\`, only for ${listed(known)}${near}`, {
    code: 'unknown-shell',
  });
}
