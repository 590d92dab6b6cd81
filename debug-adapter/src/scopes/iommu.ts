/** IOMMU: units, domains with their entries (SNP included), which domain translates for which device. */
import { type DomainId, IOPTE, iopteText } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { type Item, indices, openableItem, type Scope, yesNo } from './item.ts';
import { domainOwner, pageName } from './objects.ts';

export const iommuScope: Scope = {
  name: 'IOMMU',
  items({ moment }) {
    const { dims, iommu, topology } = moment.model.world;
    if (topology.iommus.length === 0) return undefined;
    return () => [
      ...topology.iommus.map(
        (unit): Item => ({
          name: unit.name,
          value: `${unit.driver}, ${unit.driver === 'vt-d' ? `snoop control ${unit.snoopControl ? 'on' : 'off'}` : 'always as its driver sets it'}`,
        }),
      ),
      ...indices<DomainId>(dims.domains, (domain) => moment.read(iommu.domainOwner, domain) !== 0).map((domain) =>
        domainItem(moment, domain),
      ),
      ...topology.devices.map((device, index): Item => {
        const domain = moment.read(iommu.deviceDomain, index) - 1;
        const pgsnp = moment.read(iommu.pageSnoop, index) !== 0 ? ', PGSNP' : '';
        if (device.iommu < 0) return { name: device.name, value: 'no IOMMU translates for it' };
        return { name: device.name, value: domain < 0 ? 'no domain: DMA is blocked' : `domain ${domain}${pgsnp}` };
      }),
    ];
  },
};

function domainItem(moment: Moment, domain: DomainId): Item {
  const { iommu, topology } = moment.model.world;
  const coherent = moment.read(iommu.domainCoherent, domain) !== 0;
  const unit = topology.iommus[moment.read(iommu.domainUnit, domain) - 1]?.name ?? 'no unit';
  return openableItem(`domain ${domain}`, coherent ? 'enforces coherency' : 'does not enforce coherency', () => [
    { name: 'enforced', value: yesNo(coherent) },
    { name: 'owner', value: domainOwner(moment, domain) },
    { name: 'unit', value: unit },
    {
      name: 'devices',
      value:
        iommu
          .devicesOf(moment.machine, domain)
          .map((device) => topology.devices[device]?.name)
          .join(', ') || 'none',
    },
    ...topology.pages.map(
      (_, index): Item => ({
        name: `iopte ${pageName(moment, index)}`,
        value: entryText(moment, moment.read(iommu.iopte, domain * topology.pages.length + index), index),
      }),
    ),
  ]);
}

function entryText(moment: Moment, entry: number, page: number): string {
  const target = (entry >> IOPTE.pageShift) - 1;
  const { topology } = moment.model.world;
  const where =
    entry === 0 || target === page
      ? ''
      : ` → ${target < 0 ? 'memory outside the scenario' : `page of ${topology.pages[target]?.name}`}`;
  return `${iopteText(topology, entry)}${where}`;
}
