/** The command line: finds the command, calls it, and says what went wrong. Nothing else ends the program. */
import { didYouMean, nearest } from '@snoopscope/sim-core';
import { parseArguments } from './arguments.ts';
import type { Call, Command } from './commands/command.ts';
import { COMMANDS } from './commands/table.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { asFailure, errorDocument, failureText } from './failure-report.ts';
import { commandHelp, generalHelp } from './help.ts';
import type { Io, Output } from './io.ts';
import { jsonText } from './json.ts';
import { paintFor, widthOf } from './paint.ts';
import { VERSION } from './version.ts';

/** Words that work without a command, as people expect of any program. */
const SHORTHANDS: Readonly<Record<string, readonly string[]>> = {
  '--help': ['help'],
  '-h': ['help'],
  '--version': ['version'],
  '-V': ['version'],
};

/** Runs one call of the command line and returns its exit code. */
export async function main(io: Io): Promise<ExitCode> {
  try {
    return await dispatch(io);
  } catch (error) {
    return report(io, error);
  }
}

async function dispatch(io: Io): Promise<ExitCode> {
  const [first, ...rest] = io.arguments;
  if (first === undefined) {
    print(io.stderr, generalHelp(paintFor(io.stderr), widthOf(io.stderr)));
    return EXIT.wrong;
  }
  const [name, ...before] = SHORTHANDS[first] ?? [first];
  if (name === 'version') {
    print(io.stdout, `snoopscope ${VERSION}`);
    return EXIT.fine;
  }
  if (name === 'help') return help(io, [...before, ...rest]);
  const command = commandNamed(name as string);
  const parsed = parseArguments(command, rest);
  if (parsed.flag('help')) return help(io, [command.name]);
  return command.run(callOf(io, parsed));
}

function callOf(io: Io, parsed: ReturnType<typeof parseArguments>): Call {
  return {
    ...parsed,
    io,
    format: parsed.text('format') ?? 'text',
    paint: paintFor(io.stdout),
    width: widthOf(io.stdout),
    print: (text) => print(io.stdout, text),
    printJson: (document) => printDocument(io.stdout, jsonText(document)),
    remark: (text) => print(io.stderr, text),
  };
}

function help(io: Io, names: readonly string[]): ExitCode {
  const paint = paintFor(io.stdout);
  const width = widthOf(io.stdout);
  const [name, surplus] = names;
  if (surplus !== undefined)
    throw new Failure(`\`help\` does not know what to do with \`${surplus}\`: \`snoopscope help [COMMAND]\`.`, {
      code: 'surplus-operand',
    });
  print(io.stdout, name === undefined ? generalHelp(paint, width) : commandHelp(commandNamed(name), paint, width));
  return EXIT.fine;
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command;
  const names = [...COMMANDS.map((candidate) => candidate.name), 'help'];
  const what = name.startsWith('-') ? 'option' : 'command';
  throw new Failure(
    `There is no ${what} \`${name}\`${didYouMean(nearest(name, names))} \`snoopscope help\` lists them.`,
    {
      code: `unknown-${what}`,
    },
  );
}

/** Says what stopped the command: as JSON on stdout when JSON was asked for, else for people on stderr. */
function report(io: Io, error: unknown): ExitCode {
  const failure = asFailure(error);
  if (asksForJson(io.arguments)) printDocument(io.stdout, jsonText(errorDocument(failure)));
  else print(io.stderr, failureText(failure, io.stderr));
  return failure.exitCode;
}

// The arguments may be what is wrong, so they are looked at without the parser.
function asksForJson(words: readonly string[]): boolean {
  return words.some((word, index) => word === '--format=json' || (word === '--format' && words[index + 1] === 'json'));
}

function print(output: Output, text: string): void {
  if (!output.closed) output.write(`${printable(text, output.colours)}\n`);
}

/** For programs: every character as it is, those that a terminal would obey in escapes. */
function printDocument(output: Output, json: string): void {
  if (!output.closed) output.write(`${json}\n`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it replaces.
const CONTROL = /\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A terminal would obey the control characters of a hostile file. Colours are our own, or do no harm. */
function printable(text: string, colours: boolean): string {
  return text.replace(CONTROL, (found) => (colours && found.endsWith('m') && found.length > 1 ? found : '\u{fffd}'));
}
