// The language server as a web worker: it talks to the page that started it.
import { serveIn } from './browser.ts';
import type { Simulation } from './simulation.ts';

const worker = self as unknown as DedicatedWorkerGlobalScope & { snoopscopeSimulation: Simulation };
serveIn(worker, {
  async simulation() {
    // Beside this script, wherever that came from.
    worker.importScripts(new URL('server-simulation-browser.js', worker.location.href).href);
    return worker.snoopscopeSimulation;
  },
});
