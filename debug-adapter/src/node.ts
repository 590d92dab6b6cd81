/** The debug adapter as a process: over stdio, or as a server on the local machine that takes one session a connection. */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '@snoopscope/sim-core';
import { type FileAccessor, resolveBeside } from './file-accessor.ts';
import { CanonicalHeaders } from './headers.ts';
import { SnoopscopeDebugSession } from './session.ts';

export const nodeFiles: FileAccessor = {
  readFile: async (path) => (await readRegular(path, LARGEST_BYTES, 'no scenario is')).toString('utf8'),
  readBytes: (path) => readRegular(path, LARGEST_TRACE_BYTES, 'no trace that can be opened is'),
  writeBytes: writeWhole,
  resolve: resolveBeside,
};

/** Bytes of the largest file that is read: the parser refuses a larger one anyway. */
const LARGEST_BYTES = LIMITS.scenarioCharacters * 4;

const LARGEST_TRACE_BYTES = 1 << 30;

/** Devices and pipes would never end. */
async function readRegular(path: string, largest: number, why: string): Promise<Buffer> {
  const file = path.startsWith('file:') ? new URL(path) : path;
  const found = await stat(file);
  if (!found.isFile() && !found.isDirectory())
    throw new Error('it is a device, a pipe or a socket, not a regular file');
  if (found.size > largest) throw new Error(`it is larger than ${largest} bytes, and ${why}`);
  return readFile(file);
}

/** A file is there whole or not at all. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const place = path.startsWith('file:') ? fileURLToPath(path) : path;
  const beside = `${place}.${process.pid}.tmp`;
  try {
    await writeFile(beside, bytes);
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}

/** Serves one session on stdin and stdout; the process can end when it is over. */
export function serveStdio(): void {
  const session = new SnoopscopeDebugSession(nodeFiles, { closed: () => process.stdin.destroy() });
  session.start(canonical(process.stdin), process.stdout);
}

/** Serves sessions on 127.0.0.1; port 0 takes a free one. Resolves when it listens, with the port in use. */
export function serveSocket(port: number): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    const session = new SnoopscopeDebugSession(nodeFiles, { closed: () => socket.end() });
    // A client that vanishes must not take the server with it.
    socket.on('error', () => socket.destroy());
    session.start(canonical(socket), socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

/** Its end and its errors are those of what it reads from. */
function canonical(input: NodeJS.ReadableStream): NodeJS.ReadableStream {
  const headers = new CanonicalHeaders();
  pipeline(input, headers, () => {});
  return headers;
}

/** `--port N`, or stdio without it. What cannot be understood is thrown as an Error with a message for the user. */
export async function serve(args: readonly string[]): Promise<void> {
  const [flag, value, ...rest] = args.flatMap((arg) => (arg.startsWith('--port=') ? ['--port', arg.slice(7)] : [arg]));
  if (flag === undefined) return serveStdio();
  if (flag !== '--port' || !/^\d+$/.test(value ?? '') || Number(value) > 65535 || rest.length > 0) {
    throw new Error('The debug adapter takes no arguments (stdio), or --port N with a number up to 65535.');
  }
  const { port } = await serveSocket(Number(value));
  process.stderr.write(`The debug adapter listens on 127.0.0.1:${port}.\n`);
}
