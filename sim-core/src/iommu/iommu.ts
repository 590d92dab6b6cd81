/**
 * The IOMMUs of the machine and Linux's domains on them.
 *
 * The real thing: an IOMMU translates a device's I/O virtual address with the page tables of the domain that the device
 * is attached to. A VT-d second-stage leaf entry may carry SNP (bit 11): the access is snooped whatever its TLP asks.
 * The unit must have Snoop Control (ECAP.SC); without it the bit is reserved, and setting it faults the access. In
 * scalable mode first-stage tables have no such bit; PGSNP of the device's PASID entry does the same for all of them.
 * AMD-Vi entries always carry FC (force coherent). Linux decides per domain whether it asks for the override, and how
 * has changed over the years: see {@link createDomains}.
 *
 * Modelled: units with and without snoop control in one machine, domains, attaching, 4 KiB leaf entries for the pages
 * that the scenario names, the rule that decides about SNP in each era, the capabilities that VFIO and KVM ask for.
 * Left out: large pages, the levels above the leaf, IOTLB and its invalidation (a translation is looked up at the time of
 * the access), ATS and PRI, pass-through and identity domains of the host, hot-plug of units, nesting. POWER only as
 * far as VFIO's calls show it; of an SMMU also what it does with No Snoop. PGSNP is only set by v5.19 and later (UNVERIFIED for v5.13..v5.18).
 *
 * Sources: Intel VT-d, "Extended Capability Register", "Second-Stage Paging Entries", "Scalable-Mode PASID Table Entry";
 * AMD I/O Virtualization, "I/O Page Table Entry"; linux drivers/iommu/intel/iommu.c, drivers/iommu/amd/iommu.c.
 */
import type { DeviceId, PageId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createDomains, type Domains } from './domain.ts';
import { IOPTE } from './iopte.ts';

export { IOPTE };

export interface Iommu extends Domains {
  /** Per device: index of the domain that translates for it + 1, or 0 (blocked, or the host's own domain). */
  readonly deviceDomain: Field;
  /** Per domain and page used as IOVA: an entry, see {@link IOPTE}. */
  readonly iopte: Field;
  /** What the bits of an entry mean, for the parts that map without knowing this one. */
  readonly bits: typeof IOPTE;
  /** The entry that a device's access to an IOVA page meets, PGSNP included; 0 when nothing is there. */
  lookup(machine: Machine, device: DeviceId, iovaPage: PageId): number;
  /** The same of a state that belongs to no machine. */
  lookupIn(state: Int32Array, device: DeviceId, iovaPage: PageId): number;
}

export function createIommu(base: WorldBase, _world: () => World): Iommu {
  const { dims, topology } = base;
  const pages = topology.pages.length;
  const domains = createDomains(base);
  const { deviceDomain, iopte, pageSnoop } = domains;

  function lookupIn(state: Int32Array, device: DeviceId, iovaPage: PageId): number {
    const domain = state[deviceDomain.base + device]! - 1;
    if (domain < 0 || domain >= dims.domains || iovaPage < 0 || iovaPage >= pages) return 0;
    const entry = state[iopte.base + domain * pages + iovaPage]!;
    return entry !== 0 && state[pageSnoop.base + device] !== 0 ? entry | IOPTE.snoop : entry;
  }

  return {
    ...domains,
    bits: IOPTE,
    lookup: (machine, device, iovaPage) => lookupIn(machine.state, device, iovaPage),
    lookupIn,
  };
}
