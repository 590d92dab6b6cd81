/** Io of a real process. */
import type { WriteStream } from 'node:tty';
import { EXIT } from './exit-codes.ts';
import type { Io, Output } from './io.ts';

export function processIo(): Io {
  return {
    arguments: process.argv.slice(2),
    workingDirectory: process.cwd(),
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    readStandardInput,
    interrupt: interruptSignal(),
  };
}

function outputOf(stream: WriteStream): Output {
  let closed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // `| head` has seen enough. The verdict in the exit code does not depend on who reads along.
    if (error.code !== 'EPIPE') throw error;
    closed = true;
  });
  return {
    write: (text) => stream.write(text),
    columns: stream.isTTY ? stream.columns : undefined,
    colours: stream.isTTY === true && stream.hasColors(),
    get closed() {
      return closed;
    },
  };
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The first Ctrl-C asks the command to stop and print what it has, the second ends the process. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    process.stderr.write('Interrupted; stopping. Press Ctrl-C again to stop at once.\n');
    controller.abort();
  });
  return controller.signal;
}
