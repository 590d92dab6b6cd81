/** From a word of the call to the command it names. */
import { didYouMean, nearest } from '@snoopscope/sim-core';
import type { Command } from './commands/command.ts';
import { Failure } from './failure.ts';

/** The command of a name; an unknown name is a Failure that suggests the nearest one. */
export function commandNamed(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  if (Object.hasOwn(ELSEWHERE, name)) throw new Failure(ELSEWHERE[name]!, { code: 'unknown-command' });
  const what = name.startsWith('-') ? 'option' : 'command';
  const known = what === 'option' ? ['--help', '--version'] : commands.map((candidate) => candidate.name);
  const near = nearest(name, known);
  throw new Failure(`There is no ${what} \`${name}\`${didYouMean(near)} \`snoopscope help\` lists them.`, {
    code: `unknown-${what}`,
  });
}

/** What people look for here and find in another place. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  conformance:
    '`conformance` is not a command of an installed snoopscope: it compares the simulator with recordings of kernels that only a clone of the repository has. There it is `npm run -s conformance`.',
};
