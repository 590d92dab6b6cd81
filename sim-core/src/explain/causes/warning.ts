/** Kernel warnings: what led to the impossible. */
import { EVENT_WIDTH, KERNEL_WARNINGS, type KernelWarning } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import type { History } from '../history.ts';
import type { Link } from './link.ts';
import { mendLinks, sinceLinks } from './mend.ts';

const CHAINS: Readonly<Record<KernelWarning, (history: History, event: number) => Link[]>> = {
  'empty-range': emptyRange,
  'host-driver-in-user-group': hostDriver,
  'no-iommu-group': noIommuGroup,
  'no-table-group': noTableGroup,
};

export function warned(history: History, event: number, warning: number): Link[] {
  const kind = KERNEL_WARNINGS[warning];
  return kind ? CHAINS[kind](history, event) : [];
}

/** The pointer was good when the call checked it: who took away what it pointed to. */
export function oopsed(history: History, event: number): Link[] {
  const { base, size } = history.fieldNamed('containerDriver');
  const gone = history.lastBefore(event, (slot) => slot >= base && slot < base + size);
  const [first] = history.statementAround(event);
  if (gone < first) return [];
  return [
    {
      event: first,
      text: `${history.actorText(event)} makes a request of the container, which has an IOMMU driver then (${history.placeText(event)}).`,
      sources: history.sourceAt(event),
    },
    {
      event: gone,
      text: `${history.actorText(gone)} takes the last group out of the container ${history.doneBy(gone)}: the container lets go of its IOMMU driver and clears the pointer.`,
      sources: history.sourceAt(gone),
    },
    {
      event,
      text: `${history.actorText(event)} follows the pointer ${history.doneBy(event)}, and it is NULL now.`,
      sources: history.sourceAt(event),
    },
    ...sinceLinks(history, event, 'driver-calls-without-group-lock'),
  ];
}

function emptyRange(history: History, event: number): Link[] {
  const zap = history.before(event, (code) => code === NOTE.zap);
  const [first] = history.statementAround(event);
  return [
    {
      event: first,
      text: `${history.actorText(event)} writes an MSR of a variable MTRR (${history.placeText(event)}).`,
      sources: [{ document: 'Intel SDM', place: 'volume 3, "Variable Range MTRRs"' }],
    },
    {
      event: zap,
      text: `KVM takes base and mask as a range, to zap the leaves in it; the other register of the pair has no valid value yet, so the range ends before it begins.`,
      sources: [{ document: 'linux', place: 'arch/x86/kvm/mtrr.c update_mtrr()' }],
    },
    {
      event,
      text: `WARN_ON_ONCE of ${history.routineName(event)}() fires, and no leaf is zapped.`,
      sources: history.sourceAt(event),
    },
    ...sinceLinks(history, event, 'zap-range-warns'),
    ...mendLinks(history, event, [{ change: 'guest-mtrr-ignored' }]),
  ];
}

function noIommuGroup(history: History, event: number): Link[] {
  const binds = history.routineName(event).endsWith('_set_spapr_tce');
  return [
    ...additionLinks(history, event),
    entryLink(history, event, binds ? 'binds a TCE table to the entry' : 'takes the entry off the list'),
    {
      event,
      text: `${history.routineName(event)}() wants the IOMMU group of the entry. From v6.1 on KVM_DEV_VFIO_GROUP_SET_SPAPR_TCE looks it up and keeps it, and a device file has none: WARN_ON_ONCE.`,
      sources: [{ document: 'linux', place: 'virt/kvm/vfio.c kvm_spapr_tce_release_vfio_group()' }],
    },
    ...sinceLinks(history, event, 'spapr-group-reference'),
  ];
}

function noTableGroup(history: History, event: number): Link[] {
  return [
    ...additionLinks(history, event),
    entryLink(history, event, 'binds a TCE table to the entry'),
    {
      event,
      text: 'No device of the group is translated by TCE tables, so that the group has none to bind: WARN_ON.',
      sources: [{ document: 'linux', place: 'arch/powerpc/kvm/book3s_64_vio.c kvm_spapr_tce_attach_iommu_group()' }],
    },
  ];
}

/** Who put the entry on kvm-vfio's list that the call of an event names; nothing where it names none, as close() does. */
function additionLinks(history: History, event: number): Link[] {
  // Older kernels list groups, not files.
  if (!history.hasChange('file-identity')) return [];
  const { entries } = history.model.world.kvmVfio;
  const references = history.fieldNamed('fileReferences');
  const [first] = history.statementAround(event);
  // The call takes a reference of the file that it names; the entry has the number of that file, from 1 on.
  const taken = new Set<number>();
  for (let one = first; one < event; one++) {
    const file = history.log[one * EVENT_WIDTH]! - references.base;
    if (file >= 0 && file < references.size && history.operand(one, 2) > history.operand(one, 1)) taken.add(file + 1);
  }
  const added = history.lastBefore(
    event,
    (slot, old, value) => slot >= entries.base && slot < entries.base + entries.size && old === 0 && taken.has(value),
  );
  return added < 0
    ? []
    : [
        {
          event: added,
          text: `${history.actorText(added)} puts the entry on kvm-vfio's list ${history.doneBy(added)}.`,
          sources: history.sourceAt(added),
        },
      ];
}

/** What the call of an event does with an entry of kvm-vfio's list. */
function entryLink(history: History, event: number, does: string): Link {
  const [first] = history.statementAround(event);
  return {
    event: first,
    text: `${history.actorText(event)} ${does} (${history.placeText(event)}).`,
    sources: history.sourceAt(event),
  };
}

function hostDriver(history: History, event: number): Link[] {
  const { topology, vfio } = history.model.world;
  const driver = vfio.deviceDriver;
  const bound = history.lastBefore(event, (slot) => slot >= driver.base && slot < driver.base + driver.size);
  const device = topology.devices[history.log[bound * EVENT_WIDTH]! - driver.base];
  const group = device?.group ?? -1;
  const attached = history.lastChangeWhere(vfio.groupContainer.base + group, event, (_old, value) => value !== 0);
  const name = device?.name ?? 'the device';
  const unbound = history.lastChange(driver.base + topology.devices.indexOf(device as never), bound, 0);
  return [
    {
      event: attached,
      text: `The group of ${name} is attached to a container (${history.placeText(attached)}): user space owns its DMA.`,
      sources: history.sourceAt(attached),
    },
    ...(unbound < 0
      ? []
      : [
          {
            event: unbound,
            text: `${history.actorText(unbound)} takes ${name} away from its VFIO driver ${history.doneBy(unbound)}.`,
            sources: history.sourceAt(unbound),
          },
        ]),
    {
      event: bound,
      text: `${history.actorText(bound)} binds ${name} to a driver of the host ${history.doneBy(bound)}: the group is not viable any more, and the host would share it with user space.`,
      sources: history.sourceAt(bound),
    },
    {
      event,
      text: 'The notifier of VFIO finds a host driver in a group that is in use: BUG_ON.',
      sources: [{ document: 'linux', place: 'drivers/vfio/vfio.c vfio_iommu_group_notifier()' }],
    },
    ...mendLinks(history, event, [{ change: 'dma-owner' }]),
  ];
}
