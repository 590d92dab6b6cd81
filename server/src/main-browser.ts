// The language server as a web worker: it talks to the page that started it.
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { checkingMessages } from './messages.ts';
import { startServer } from './server.ts';

const worker = self as unknown as DedicatedWorkerGlobalScope;
startServer(
  createConnection(new BrowserMessageReader(worker), new BrowserMessageWriter(worker), {
    messageStrategy: checkingMessages(),
  }),
);
