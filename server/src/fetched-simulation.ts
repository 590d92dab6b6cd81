import type { Simulation } from './simulation.ts';

/** The simulator, or how to get it from the address that the client gave, if it gave one. */
export type SimulationSource = Simulation | ((address: string | undefined) => Promise<Simulation>);

/** Gets the simulator once. A failure is forgotten: the network may be back when the simulator is needed next. */
export function fetchedOnce(source: SimulationSource, address: () => string | undefined): () => Promise<Simulation> {
  let asked: Promise<Simulation> | undefined;
  return () => {
    asked ??= (typeof source === 'function' ? source(address()) : Promise.resolve(source)).catch((error) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}
