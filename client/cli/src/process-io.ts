/** Io of a real process. */
import { once } from 'node:events';
import type { WriteStream } from 'node:tty';
import { EXIT } from './exit-codes.ts';
import { breathe, type Io, type Output } from './io.ts';
import { ERASE_LINE } from './status-line.ts';
import { lastWords } from './supervise.ts';

export function processIo(): Io {
  return {
    arguments: process.argv.slice(2),
    workingDirectory: process.cwd(),
    stdout: outputOf(process.stdout, CHUNK),
    stderr: outputOf(process.stderr, 0),
    get standardInput() {
      // Touching stdin of a terminal would keep the process alive.
      return process.stdin;
    },
    ...interruption(),
    lastWords: lastWords(),
  };
}

/** Characters of stdout that are gathered for one write to a pipe or file. A terminal gets each line at once. */
const CHUNK = 32 * 1024;

function outputOf(stream: WriteStream, chunk: number): Output {
  let closed = false;
  let waiting = '';
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `| head` has seen enough. The verdict in the exit code does not depend on who reads along.
    if (error.code !== 'EPIPE') stopUnwritten(error);
    closed = true;
    stream.emit('drain');
  });
  const flush = (): void => {
    if (waiting !== '' && !closed) stream.write(waiting);
    waiting = '';
  };
  return {
    write(text) {
      waiting += text;
      if (stream.isTTY || waiting.length > chunk) flush();
    },
    async drained() {
      flush();
      while (stream.writableNeedDrain && !closed) await once(stream, 'drain');
      // A closed pipe is noticed between two turns of the event loop.
      await breathe();
    },
    // Some terminals say 0 when they do not know.
    get columns() {
      return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
    },
    erases: stream.isTTY === true && process.env.TERM !== 'dumb',
    colours: stream.isTTY === true && stream.hasColors(),
    get closed() {
      return closed;
    },
  };
}

/** A full disk is not a verdict, and a stack trace would not explain it. */
function stopUnwritten(error: Error): never {
  process.stderr.write(`snoopscope: error: The output cannot be written: ${error.message} [unwritable-output]\n`);
  process.exit(EXIT.wrong);
}

/** A wrapper such as npm passes on what the terminal has already sent to the command; that is one Ctrl-C, not two. */
const SAME_KEY_MS = 500;

/** Writes a line in place of the status line, if there is one. */
function tell(line: string): void {
  const { stderr } = process;
  stderr.write(stderr.isTTY && process.env.TERM !== 'dumb' ? `${ERASE_LINE}${line}` : line);
}

/** The first Ctrl-C asks the command to stop and print what it has, the second ends the process. */
function interruption(): Pick<Io, 'interrupt' | 'heedTermination'> {
  const controller = new AbortController();
  let first = 0;
  process.on('SIGINT', () => {
    if (controller.signal.aborted && performance.now() - first > SAME_KEY_MS) {
      tell('');
      process.exit(EXIT.interrupted);
    }
    if (controller.signal.aborted) return;
    first = performance.now();
    tell('Interrupted; stopping. Press Ctrl-C again to stop at once.\n');
    controller.abort();
  });
  return {
    interrupt: controller.signal,
    heedTermination() {
      process.once('SIGTERM', () => {
        tell('Terminated; stopping.\n');
        controller.abort();
      });
    },
  };
}
