/** `snoopscope help [COMMAND]`: the help pages. */
import { commandNamed } from '../command-named.ts';
import { EXIT } from '../exit-codes.ts';
import { commandHelp, generalHelp } from '../help.ts';
import type { Command } from './command.ts';

/** `commands`: all of them, this one included. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'help',
    summary: 'Print the list of commands, or the help page of one.',
    operands: '[COMMAND]',
    minOperands: 0,
    maxOperands: 1,
    operandOffers: [{ words: () => commands().map(({ name }) => name) }],
    description: ['`snoopscope COMMAND --help` prints the same page.'],
    options: [],
    examples: [
      { line: 'help', about: 'The list of commands.' },
      { line: 'help explore', about: 'The help page of `explore`.' },
    ],
    async run({ operands: [name], paint, width, print }) {
      if (name === undefined) print(generalHelp(commands(), paint, width));
      else print(commandHelp(commandNamed(name, commands()), paint, width));
      return EXIT.fine;
    },
  };
}
