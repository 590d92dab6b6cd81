/** A command called by a tool: the same `main` as in a terminal, with its streams caught. */
import type { ExitCode } from '../exit-codes.ts';
import type { Io, Output } from '../io.ts';
import { breathe } from '../io.ts';
import type { CommandCall } from './tools.ts';

export interface CaughtOutput {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallAround {
  readonly workingDirectory: string;
  readonly interrupt: AbortSignal;
}

/** Runs the command to its end, or to its next pause once `interrupt` is given; it then answers with what it knows. */
export async function callCommand(
  main: (io: Io) => Promise<ExitCode>,
  { words, standardInput }: CommandCall,
  { workingDirectory, interrupt }: CallAround,
): Promise<CaughtOutput> {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => {
      written[name] += text;
    },
    drained: breathe,
    columns: undefined,
    erases: false,
    colours: false,
    closed: false,
  });
  const exitCode = await main({
    arguments: words,
    workingDirectory,
    stdout: output('stdout'),
    stderr: output('stderr'),
    standardInput: oneChunk(standardInput),
    interrupt,
    heedTermination: () => {},
  });
  return { exitCode, ...written };
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
