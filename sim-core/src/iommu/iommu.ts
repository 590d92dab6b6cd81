/**
 * The IOMMUs of the machine and Linux's domains on them.
 *
 * INTERFACE fixed by the other parts; see the part's files for what is modelled and left out.
 */
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';

/** An I/O page table entry in a slot: 0 is not present, else these bits and the page's index + 1 above them. */
export const IOPTE = { read: 1, write: 2, snoop: 4, pageShift: 3 } as const;

export interface Iommu {
  /** Per device: index of the domain that translates for it + 1, or 0 (blocked, or the host's own domain). */
  readonly deviceDomain: Field;
  /** Per domain and page used as IOVA: an entry, see {@link IOPTE}. */
  readonly iopte: Field;
  /** The entry that a device's access to an IOVA page meets; 0 when nothing is there. */
  lookup(machine: Machine, device: number, iovaPage: number): number;
}

export declare function createIommu(base: WorldBase, world: () => World): Iommu;
