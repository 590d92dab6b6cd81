/** DMA faults: the mapping or the domain that is missing, who took it away, and what the device asked for. */
import { IOPTE } from '../../iommu/iommu.ts';
import type { Source } from '../../ops/op.ts';
import { EVENT_WIDTH, FAULT_REASONS, type FaultReason } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import type { History } from '../history.ts';
import { type Link, snoopBehavior } from './link.ts';

const faultSource: Source = {
  document: 'Intel VT-d',
  place: 'Architecture Specification, "DMA Remapping Fault Handling"',
};

interface Fault {
  readonly event: number;
  readonly device: number;
  readonly page: number;
  /** The domain that translates for the device, or -1. */
  readonly domain: number;
  readonly name: string;
}

const CAUSES: Readonly<Record<FaultReason, (history: History, fault: Fault) => Link[]>> = {
  'no-domain': noDomain,
  'not-present': notPresent,
  'no-read': (history, fault) => noPermission(history, fault, IOPTE.read),
  'no-write': (history, fault) => noPermission(history, fault, IOPTE.write),
  'reserved-snp': reservedSnp,
};

const REFUSALS: Readonly<Record<FaultReason, string>> = {
  'no-domain': 'no domain of user space translates for it',
  'not-present': 'there is no entry for that I/O virtual address',
  'no-read': 'the entry does not let the device read',
  'no-write': 'the entry does not let the device write',
  'reserved-snp': 'the entry carries SNP, and in a unit without snoop control that bit is reserved',
};

export function blocked(history: History, event: number): Link[] {
  const { iommu, topology } = history.model.world;
  const at = history.before(event, (code) => code === NOTE['dma-fault']);
  const reason = FAULT_REASONS[history.log[at * EVENT_WIDTH + 3]!];
  if (at < 0 || !reason) return [];
  const device = history.operand(at, 1);
  const fault: Fault = {
    event: at,
    device,
    page: history.operand(at, 2),
    domain: history.valueAt(iommu.deviceDomain.base + device, at) - 1,
    name: topology.devices[device]?.name ?? 'the device',
  };
  return [
    ...openLinks(history, fault),
    ...CAUSES[reason](history, fault),
    {
      event: at,
      text: `${fault.name} sends a request (${history.placeText(at)}), and the IOMMU blocks it: ${REFUSALS[reason]}.`,
      sources: [faultSource],
    },
  ];
}

/** How the device came into the hands of user space, if it did. */
function openLinks(history: History, { event, device, name }: Fault): Link[] {
  const slot = history.model.world.vfio.deviceOpenCount.base + device;
  const opened = history.lastChangeWhere(slot, event, (old, value) => old === 0 && value > 0);
  if (opened >= 0) {
    return [{ event: opened, text: `${name} is opened ${history.doneBy(opened)}.`, sources: history.sourceAt(opened) }];
  }
  if (history.valueAt(history.model.world.iommu.deviceDomain.base + device, event) !== 0) return [];
  return [
    {
      event: -1,
      text: `No program has opened ${name} through VFIO.`,
      sources: [{ document: 'linux', place: 'Documentation/driver-api/vfio.rst' }],
    },
  ];
}

function noDomain(history: History, { event, device, name }: Fault): Link[] {
  const slot = history.model.world.iommu.deviceDomain.base + device;
  const left = history.lastChange(slot, event, 0);
  if (left >= 0) {
    return [
      {
        event: left,
        text: `${history.actorText(left)} takes ${name} out of its domain ${history.doneBy(left)}; it ends where DMA is blocked.`,
        sources: history.sourceAt(left),
      },
    ];
  }
  return [
    {
      event: -1,
      text: `${name} was never attached to a domain: neither its group to a container with an IOMMU driver, nor the device to a page table of iommufd.`,
      sources: [{ document: 'linux', place: 'Documentation/driver-api/vfio.rst' }],
    },
  ];
}

/** The slot of the entry; undefined where the address is in no page of the scenario. */
function entrySlot(history: History, { domain, page }: Fault): number | undefined {
  const { iommu, topology } = history.model.world;
  return domain < 0 || page < 0 ? undefined : iommu.iopte.base + domain * topology.pages.length + page;
}

function notPresent(history: History, fault: Fault): Link[] {
  const slot = entrySlot(history, fault);
  const gone = slot === undefined ? -1 : history.lastChange(slot, fault.event, 0);
  if (slot === undefined || gone < 0) {
    return [
      {
        event: -1,
        text: `Nothing was ever mapped there for ${fault.name}: user space has made no mapping that covers the address in the domain the device is in.`,
        sources: [{ document: 'linux', place: 'drivers/vfio/vfio_iommu_type1.c vfio_dma_do_map()' }],
      },
    ];
  }
  const mapped = history.lastChangeWhere(slot, gone, (old, value) => old === 0 && value !== 0);
  return [
    {
      event: mapped,
      text: `The address was mapped ${history.doneBy(mapped)}.`,
      sources: history.sourceAt(mapped),
    },
    {
      event: gone,
      text: `${history.actorText(gone)} removes the mapping ${history.doneBy(gone)}, while ${fault.name} can still send requests.`,
      sources: history.sourceAt(gone),
    },
  ];
}

function noPermission(history: History, fault: Fault, bit: number): Link[] {
  const slot = entrySlot(history, fault);
  if (slot === undefined) return [];
  const made = history.lastChangeWhere(slot, fault.event, (_old, value) => value !== 0);
  const word = bit === IOPTE.read ? 'READ' : 'WRITE';
  return [
    {
      event: made,
      text: `The mapping was made without ${word} ${history.doneBy(made)}.`,
      sources: history.sourceAt(made),
    },
  ];
}

function reservedSnp(history: History, fault: Fault): Link[] {
  const slot = entrySlot(history, fault);
  if (slot === undefined) return [];
  const made = history.lastChangeWhere(slot, fault.event, (_old, value) => (value & IOPTE.snoop) !== 0);
  const { topology } = history.model.world;
  const unit = topology.iommus[topology.devices[fault.device]?.iommu ?? -1]?.name ?? 'The unit';
  return [
    {
      event: -1,
      text: `${unit}, which translates for ${fault.name}, has no snoop control.`,
      sources: [snoopBehavior],
    },
    {
      event: made,
      text: `The mapping was made with SNP all the same ${history.doneBy(made)}: the kernel considered the VM's DMA coherent.`,
      sources: history.sourceAt(made),
    },
  ];
}
