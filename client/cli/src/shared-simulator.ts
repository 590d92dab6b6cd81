/**
 * The simulator of the program, for the parts of the command that are bundles of their own: one of each would double what
 * is installed. The program is compiled from text, without a module that they could ask for, so it leaves it here.
 */
import * as simulator from '@snoopscope/sim-core';

/** Where scripts/stand-ins/shared-simulator.cjs looks. */
const PLACE = Symbol.for('snoopscope.sim-core');

/** Before a part is loaded. */
export function shareSimulator(): void {
  Object.assign(globalThis, { [PLACE]: simulator });
}
