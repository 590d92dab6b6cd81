// The language server as a web worker: it talks to the page that started it.
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { checkingMessages } from './messages.ts';
import { startServer } from './server.ts';
import type { Simulation } from './simulation.ts';

const worker = self as unknown as DedicatedWorkerGlobalScope & { snoopscopeSimulation: Simulation };
const connection = createConnection(new BrowserMessageReader(worker), new BrowserMessageWriter(worker), {
  messageStrategy: checkingMessages(),
});
startServer(connection, {
  async simulation() {
    // Beside this script, wherever that came from.
    worker.importScripts(new URL('server-simulation-browser.js', worker.location.href).href);
    return worker.snoopscopeSimulation;
  },
});
