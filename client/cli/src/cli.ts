/** The command line: finds the command, calls it, and says what went wrong. Nothing else ends the program. */
import { type Arguments, parseArguments } from './arguments.ts';
import { commandNamed } from './command-named.ts';
import type { Command, Invocation } from './commands/command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { asFailure, errorDocument, refusalText } from './failure-report.ts';
import { commandHelp, generalHelp } from './help.ts';
import type { Io, Output } from './io.ts';
import { jsonText } from './json.ts';
import { paintFor, textColumns } from './paint.ts';
import { printable } from './printable.ts';
import { type StatusLine, statusLine } from './status-line.ts';
import { VERSION } from './version.ts';

/** Options that work without a command, as people expect of any program. */
const WITHOUT_COMMAND: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
  '-V': 'version',
};

/** Runs one call of a command line with these commands, and returns its exit code. */
export async function runCommandLine(io: Io, commands: readonly Command[]): Promise<ExitCode> {
  const status = statusLine(io.stderr);
  try {
    return await dispatch(io, commands, status);
  } catch (error) {
    status.clear();
    return report(io, error);
  } finally {
    status.clear();
  }
}

async function dispatch(io: Io, commands: readonly Command[], status: StatusLine): Promise<ExitCode> {
  const [first, ...rest] = io.arguments;
  if (first === undefined) {
    print(io.stderr, generalHelp(commands, paintFor(io.stderr), textColumns(io.stderr)));
    return EXIT.wrong;
  }
  const name = WITHOUT_COMMAND[first] ?? first;
  if (name === 'version') {
    print(io.stdout, `snoopscope ${VERSION}`);
    return EXIT.fine;
  }
  const command = commandNamed(name, commands);
  const parsed = parseArguments(command, rest);
  const call = callOf(io, parsed, status);
  if (!parsed.flag('help')) return command.run(call);
  call.print(commandHelp(command, call.paint, call.width));
  return EXIT.fine;
}

function callOf(io: Io, parsed: Arguments, status: StatusLine): Invocation {
  const cleared =
    <T>(write: (value: T) => void) =>
    (value: T): void => {
      status.clear();
      write(value);
    };
  return {
    ...parsed,
    io,
    format: parsed.text('format') ?? 'text',
    asGiven: (option) => `--${option}`,
    paint: paintFor(io.stdout),
    width: textColumns(io.stdout),
    print: cleared((text) => print(io.stdout, text)),
    printJson: cleared((document) => printDocument(io.stdout, jsonText(document))),
    remark: cleared((text) => print(io.stderr, text)),
    status: (text) => status.show(printable(text, false)),
  };
}

/** Says what stopped the command: as JSON on stdout when JSON was asked for, else for people on stderr. */
function report(io: Io, error: unknown): ExitCode {
  const failure = asFailure(error);
  if (asksForJson(io.arguments)) printDocument(io.stdout, jsonText(errorDocument(failure)));
  else print(io.stderr, refusalText(failure, io.stderr));
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
