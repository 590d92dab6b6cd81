/** IOMMU: units, domains with their entries (SNP included), which domain translates for which device. */
import { type DomainId, IOPTE } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { group, type Item, type Scope, those, yesNo } from './item.ts';
import { domainOwner, pageName } from './objects.ts';

export const iommuScope: Scope = {
  name: 'IOMMU',
  items({ snapshot }) {
    const { dims, iommu, topology } = snapshot.model.world;
    if (topology.iommus.length === 0) return undefined;
    return () => [
      ...topology.iommus.map(
        (unit): Item => ({
          name: unit.name,
          value: `${unit.driver}, ${unit.driver === 'vt-d' ? `snoop control ${unit.snoopControl ? 'on' : 'off'}` : 'always as its driver sets it'}`,
        }),
      ),
      ...those<DomainId>(dims.domains, (domain) => snapshot.read(iommu.domainOwner, domain) !== 0).map((domain) =>
        domainItem(snapshot, domain),
      ),
      ...topology.devices.map((device, index): Item => {
        const domain = snapshot.read(iommu.deviceDomain, index) - 1;
        const pgsnp = snapshot.read(iommu.pageSnoop, index) !== 0 ? ', PGSNP' : '';
        if (device.iommu < 0) return { name: device.name, value: 'no IOMMU translates for it' };
        return { name: device.name, value: domain < 0 ? 'no domain: DMA is blocked' : `domain ${domain}${pgsnp}` };
      }),
    ];
  },
};

function domainItem(snapshot: Snapshot, domain: DomainId): Item {
  const { iommu, topology } = snapshot.model.world;
  const coherent = snapshot.read(iommu.domainCoherent, domain) !== 0;
  const unit = topology.iommus[snapshot.read(iommu.domainUnit, domain) - 1]?.name ?? 'no unit';
  return group(`domain ${domain}`, coherent ? 'enforces coherency' : 'does not enforce coherency', () => [
    { name: 'enforced', value: yesNo(coherent) },
    { name: 'owner', value: domainOwner(snapshot, domain) },
    { name: 'unit', value: unit },
    {
      name: 'devices',
      value:
        iommu
          .devicesOf(snapshot.machine, domain)
          .map((device) => topology.devices[device]?.name)
          .join(', ') || 'none',
    },
    ...topology.pages.map(
      (_, index): Item => ({
        name: `iopte ${pageName(snapshot, index)}`,
        value: entryText(snapshot, snapshot.read(iommu.iopte, domain * topology.pages.length + index), index),
      }),
    ),
  ]);
}

function entryText(snapshot: Snapshot, entry: number, page: number): string {
  if (entry === 0) return 'not present';
  const access = `${(entry & IOPTE.read) !== 0 ? 'R' : ''}${(entry & IOPTE.write) !== 0 ? 'W' : ''}`;
  const target = (entry >> IOPTE.pageShift) - 1;
  const { topology } = snapshot.model.world;
  const where =
    target === page
      ? ''
      : ` → ${target < 0 ? 'memory outside the scenario' : `page of ${topology.pages[target]?.name}`}`;
  return `${access}, SNP ${(entry & IOPTE.snoop) !== 0 ? 'set' : 'clear'}${where}`;
}
