/** The command line: finds the command, calls it, and says what went wrong. Nothing else ends the program. */
import { didYouMean, ModelLimit, nearest } from '@snoopscope/sim-core';
import { parseArguments } from './arguments.ts';
import type { Call, Command } from './commands/command.ts';
import { COMMANDS } from './commands/table.ts';
import { diagnosticsText } from './diagnostics.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { commandHelp, generalHelp } from './help.ts';
import type { Io, Output } from './io.ts';
import { paintFor, widthOf, wrap } from './paint.ts';
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
    printJson: (document) => print(io.stdout, JSON.stringify(document, undefined, 2)),
    remark: (text) => print(io.stderr, text),
  };
}

function help(io: Io, names: readonly string[]): ExitCode {
  const paint = paintFor(io.stdout);
  const width = widthOf(io.stdout);
  const [name] = names;
  print(io.stdout, name === undefined ? generalHelp(paint, width) : commandHelp(commandNamed(name), paint, width));
  return EXIT.fine;
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command) return command;
  const names = [...COMMANDS.map((candidate) => candidate.name), 'help'];
  const what = name.startsWith('-') ? 'option' : 'command';
  throw new Failure(`There is no ${what} \`${name}\`${didYouMean(nearest(name, names))} \`snoopscope help\` lists them.`, {
    code: `unknown-${what}`,
  });
}

/** Says what stopped the command: as JSON on stdout when JSON was asked for, else for people on stderr. */
function report(io: Io, error: unknown): ExitCode {
  const failure = asFailure(error);
  if (asksForJson(io.arguments)) print(io.stdout, JSON.stringify(errorDocument(failure), undefined, 2));
  else print(io.stderr, failureText(failure, io.stderr));
  return failure.exitCode;
}

/** What a Failure looks like to a program. Also inside the documents of commands that take several files. */
export function errorDocument(failure: Failure): { readonly error: object } {
  const { code, message, file, diagnostics } = failure;
  return {
    error: {
      code,
      message,
      ...(file !== undefined && { file }),
      ...(diagnostics.length > 0 && {
        diagnostics: diagnostics.map((d) => ({
          code: d.code,
          severity: d.severity,
          message: d.message,
          line: d.line + 1,
          column: d.span.start + 1,
          endColumn: d.span.end + 1,
        })),
      }),
    },
  };
}

/** A Failure for people: its diagnostics where there are any, else one line. */
export function failureText(failure: Failure, output: Output): string {
  const paint = paintFor(output);
  const width = widthOf(output);
  const { file, diagnostics, text, code, message } = failure;
  if (file !== undefined && diagnostics.length > 0) return diagnosticsText(file, text, diagnostics, paint, width);
  const head = `${paint('heading', `${file ?? 'snoopscope'}:`)} ${paint('worst', 'error:')} `;
  return head + wrap(`${message} [${code}]`, width, 2);
}

/** Every error becomes a Failure. What nobody foresaw is a bug of ours, and says so without a stack trace. */
export function asFailure(error: unknown, file?: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ModelLimit) {
    return new Failure(error.message, { code: 'model-limit', exitCode: EXIT.limit, ...(file !== undefined && { file }) });
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const where = error instanceof Error ? /^\s*at (.*)$/m.exec(error.stack ?? '')?.[1] : undefined;
  const place = where ? ` (at ${where.replace(/\(.*[\\/]/, '(')})` : '';
  const message = `This is a bug of Snoopscope, not of your file: ${what}${place}. Please report it with the scenario, the call and the output of \`snoopscope --version\`.`;
  return new Failure(message, { code: 'internal-error', ...(file !== undefined && { file }) });
}

// The arguments may be what is wrong, so they are looked at without the parser.
function asksForJson(words: readonly string[]): boolean {
  return words.some((word, index) => word === '--format=json' || (word === '--format' && words[index + 1] === 'json'));
}

function print(output: Output, text: string): void {
  if (!output.closed) output.write(`${text}\n`);
}
