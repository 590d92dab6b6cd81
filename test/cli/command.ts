/** The command line called in this process, with its streams caught. */
import path from 'node:path';
import { type Io, main } from '@snoopscope/cli';

export const root = path.resolve(import.meta.dirname, '../..');

export interface Caught {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly stdin?: string | Uint8Array;
  /** Of both streams; without it they are pipes. */
  readonly columns?: number;
  readonly colours?: boolean;
  readonly workingDirectory?: string;
  readonly interrupt?: AbortSignal;
  /** The reader of stdout goes away after this many writes. */
  readonly closedAfter?: number;
  readonly onWrite?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** Calls the command with the words of a shell line; nothing in them is quoted. */
export async function snoopscope(line: string | readonly string[], around: Surroundings = {}): Promise<Caught> {
  const written = { stdout: '', stderr: '' };
  let writes = 0;
  const output = (name: 'stdout' | 'stderr'): Io['stdout'] => ({
    write: (text) => {
      writes++;
      written[name] += text;
      around.onWrite?.(name, text);
    },
    drained: async () => {},
    columns: around.columns,
    erases: around.columns !== undefined,
    colours: around.colours ?? false,
    get closed() {
      return name === 'stdout' && around.closedAfter !== undefined && writes >= around.closedAfter;
    },
  });
  const { stdin = '' } = around;
  const exitCode = await main({
    arguments: typeof line === 'string' ? line.split(' ').filter((word) => word !== '') : line,
    workingDirectory: around.workingDirectory ?? root,
    stdout: output('stdout'),
    stderr: output('stderr'),
    standardInput: chunks(typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin),
    interrupt: around.interrupt ?? new AbortController().signal,
    heedTermination: () => {},
  });
  return { exitCode, ...written };
}

/** In pieces, as a pipe delivers it. */
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

/** What a terminal keeps of stderr: a busy machine may show a status line, which is erased again. */
export function withoutStatus(stderr: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a status line is written.
  return stderr.replace(/\r\u001b\[K(?:\u001b\[\?7l[^\r\n]*\u001b\[\?7h)?/g, '');
}
