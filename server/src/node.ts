/** The ways to a client that Node has, and its files. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createConnection as createConnectionFrom } from 'vscode-languageserver';
import {
  createConnection,
  createProtocolConnection,
  ProposedFeatures,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { positionsFor } from './encodings.ts';
import { findLocal } from './find-local.ts';
import { StreamReader } from './framing.ts';
import { LARGEST_INCLUDE_BYTES } from './includes.ts';
import { checkingMessages, refusal } from './messages.ts';
import { startServer } from './server.ts';
import type { Host } from './session.ts';
import { simulation } from './simulation.ts';
import { limitYoungGeneration } from './young-generation.ts';

/** Serves as the arguments of the process say. Ends the process, with code 2, when they say nothing of use. */
export function serve(args: readonly string[]): void {
  // A bug of ours in a timer or a callback costs one answer, not the editor's language support.
  process.on('uncaughtException', (error) => process.stderr.write(`snoopscope: ${error.stack ?? error.message}\n`));
  const port = portOf(args);
  if (port !== undefined && args.some((arg) => arg === '--stdio' || LIBRARY_TRANSPORTS.test(arg)))
    fail('--port and another way to talk to the client do not go together.');
  if (port !== undefined) {
    listen(port).then(
      (server) => process.stderr.write(`Listening on 127.0.0.1:${portNumber(server)}\n`),
      (error: Error) => fail(error.message),
    );
  } else if (args.includes('--stdio')) serveStdio();
  else if (args.some((arg) => LIBRARY_TRANSPORTS.test(arg))) {
    limitYoungGeneration();
    startServer(createConnection(ProposedFeatures.all, { messageStrategy: checkingMessages() }), nodeHost);
  } else
    fail(
      'Say how to talk to the client: --stdio, --node-ipc, --socket=N (the client listens) or --port N (the server listens on 127.0.0.1).',
    );
}

/** Serves one client over the standard streams, and ends the process when it has gone. */
export function serveStdio(): void {
  limitYoungGeneration();
  serveStreams(process.stdin, process.stdout, (code) => process.exit(code));
}

/** Listens on 127.0.0.1 and serves every client that connects. Port 0 takes any that is free. */
export function listen(port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    serveStreams(socket, socket, () => socket.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** Files of this machine; for other URIs the client is asked. */
export const nodeHost: Host = {
  ...pagesBeside(),
  simulation,
  positionsFor,
  readFile: (uri) => (uri.startsWith('file:') ? readLocal(uri) : undefined),
  findScenarios: (folder, deep) => (folder.startsWith('file:') ? findLocal(folder, deep) : undefined),
};

/** The packages have the documents beside the folder of the bundles. */
function pagesBeside(): Pick<Host, 'diagnosticPages'> {
  const folder = path.resolve(path.dirname(process.argv[1] ?? '.'), '../docs/reference/diagnostics');
  return existsSync(folder) ? { diagnosticPages: pathToFileURL(folder).href } : {};
}

const LIBRARY_TRANSPORTS = /^--(?:node-ipc|socket|pipe)(?:=|$)/;

function serveStreams(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  leave: (code: number) => void,
): void {
  const writer = new StreamMessageWriter(output);
  const reader = new StreamReader(input, (code, problem, id) => {
    // A client that has gone reads no answer.
    writer.write(refusal(code, problem, id)).catch(() => {});
  });
  const watchDog = { shutdownReceived: false, initialize: () => {}, exit: leave };
  const connection = createConnectionFrom(
    (logger) => {
      reader.onError((error) => logger.error(`A message of the client could not be read: ${error.message}`));
      return createProtocolConnection(reader, writer, logger, { messageStrategy: checkingMessages() });
    },
    watchDog,
    ProposedFeatures.all,
  );
  // A client that went away without a word.
  reader.onClose(() => leave(watchDog.shutdownReceived ? 0 : 1));
  startServer(connection, nodeHost);
}

/** Devices and pipes would never end; anything that is not a file of reasonable size counts as missing. */
async function readLocal(uri: string): Promise<string | undefined> {
  try {
    const path = fileURLToPath(uri);
    const found = await stat(path);
    return found.isFile() && found.size <= LARGEST_INCLUDE_BYTES ? await readFile(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/** `--port 7000` or `--port=7000`; NaN for what is not a port. */
function portOf(args: readonly string[]): number | undefined {
  const at = args.findIndex((arg) => arg === '--port' || arg.startsWith('--port='));
  if (at === -1) return undefined;
  const text = args[at]?.includes('=') ? args[at].slice('--port='.length) : (args[at + 1] ?? '');
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) fail(`--port needs a number from 0 to 65535, not ${text || 'nothing'}.`);
  return port;
}

function portNumber(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
