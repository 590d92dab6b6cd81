// The simulator of the language server in a web worker: `main-browser.ts` fetches it and finds it here.
import { simulation } from './simulation.ts';

Object.assign(self, { snoopscopeSimulation: simulation });
