// The language server as a web worker: it talks to the page that started it.
import { serveIn } from './browser.ts';
import type { Simulation, TakesSimulation } from './simulation.ts';

const worker = self as unknown as DedicatedWorkerGlobalScope & TakesSimulation;
serveIn(worker, {
  async simulation(address) {
    let taken: Simulation | undefined;
    worker.takeSimulation = (simulation) => {
      taken = simulation;
    };
    // Beside this script, when the client does not say where.
    worker.importScripts(new URL(address ?? 'simulator-browser.js', worker.location.href).href);
    if (!taken) throw new Error('The script of the simulator defines none.');
    return taken;
  },
});
