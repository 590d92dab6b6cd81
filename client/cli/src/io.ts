import type { LastWords } from './supervise.ts';

/** Everything outside the command that it uses, so that tests can put something else in its place. */
export interface Io {
  /** The words after the program's name. */
  readonly arguments: readonly string[];
  readonly workingDirectory: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly standardInput: AsyncIterable<Uint8Array>;
  /** Set when the user presses Ctrl-C: long work stops at its next pause and prints what it has. */
  readonly interrupt: AbortSignal;
  /** From now on, being told to end (SIGTERM) counts as Ctrl-C; before, it ends the process. */
  readonly heedTermination: () => void;
  /** Takes what is to be printed should this process crash; undefined where nobody would print it. */
  readonly lastWords?: ((words: LastWords) => void) | undefined;
}

export interface Output {
  readonly write: (text: string) => void;
  /** Resolves when what was written is on its way; long outputs wait for it, so that a slow reader slows them down. */
  readonly drained: () => Promise<void>;
  /** Columns of the terminal at this moment; undefined for a pipe or a file. */
  readonly columns: number | undefined;
  /** True for a terminal on which a line can be erased and written again: not a pipe, not TERM=dumb. */
  readonly erases: boolean;
  readonly colours: boolean;
  /** True once the reader has gone away (`| head`): nothing more needs to be printed. */
  readonly closed: boolean;
}

/** Lets the event loop look at signals and closed pipes. Long work calls it every few ten milliseconds. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
