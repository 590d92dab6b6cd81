/** VFIO: containers, groups, devices, type1, cdev. INTERFACE; the part's author completes it. */
import type { Field } from '../state/layout.ts';
import type { World, WorldBase } from '../world.ts';

export interface Vfio {
  /** Per device of the topology: index of its host driver in `drivers`. */
  readonly deviceDriver: Field;
}

export declare function createVfio(base: WorldBase, world: () => World): Vfio;
