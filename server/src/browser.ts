/** The language server in a browser: over the worker that it runs in, or over a port of a channel. */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { checkingMessages } from './messages.ts';
import { startServer } from './server.ts';
import type { Host } from './session.ts';

export function serveIn(place: DedicatedWorkerGlobalScope | MessagePort, host: Host): void {
  const connection = createConnection(new BrowserMessageReader(place), new BrowserMessageWriter(place), {
    messageStrategy: checkingMessages(),
  });
  startServer(connection, host);
}
