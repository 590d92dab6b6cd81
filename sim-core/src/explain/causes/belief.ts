/** Why KVM believes that DMA is coherent, or that it is not. */
import { IOPTE } from '../../iommu/iommu.ts';
import type { DeviceId, PageId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import type { History } from '../history.ts';
import { coherencySource, type Link, snoopBehavior } from './link.ts';

/** Why KVM believes that DMA is coherent. */
export function whyCoherent(history: History, event: number, vm: number): Link[] {
  const { kvm, kernel } = history.model.world;
  if (!kernel.has('kvm-vfio-device')) {
    return [
      {
        event: -1,
        text: `${history.kernelName()} has no kvm-vfio device: KVM cannot know of devices that VFIO assigns.`,
        sources: [{ document: 'linux', place: 'ec53500fae42 kvm: Add VFIO device' }],
      },
    ];
  }
  const dropped = history.lastChange(kvm.noncoherentDmaCount.base + vm, event, 0);
  if (dropped >= 0) {
    return [
      {
        event: dropped,
        text: `The count went back to 0 in ${history.routineName(dropped)} (${history.placeText(dropped)}).`,
        sources: [coherencySource],
      },
    ];
  }
  const told = history.find(
    0,
    event,
    (code, _a, b) =>
      code === NOTE.call && history.model.world.routines.routines[b]?.name === 'kvm_vfio_update_coherency',
  );
  if (told < 0)
    return [
      {
        event: -1,
        text: 'No VFIO group or device was registered with the VM: user space has to tell KVM (KVM_DEV_VFIO_GROUP_ADD).',
        sources: [coherencySource],
      },
    ];
  return [
    {
      event: told,
      text: `VFIO answered "coherent" when KVM last asked (${history.placeText(told)}).`,
      sources: [coherencySource],
    },
  ];
}

/** KVM is wrong: which device bypasses through which entry, and why KVM does not know. */
export function beliefWrong(history: History, event: number, vm: number, device: number): Link[] {
  return [deviceLink(history, event, device, 'can read and write past the caches'), ...whyCoherent(history, event, vm)];
}

/** KVM pays without need: what it counts, and the device that is snooped all the same. */
export function beliefCostly(history: History, event: number, vm: number, device: number): Link[] {
  const { kvm } = history.model.world;
  const registered = history.lastChangeWhere(
    kvm.noncoherentDmaCount.base + vm,
    event,
    (old, value) => old === 0 && value > 0,
  );
  return [
    {
      event: registered,
      text: `KVM counts non-coherent DMA since ${history.placeText(registered)}.`,
      sources: [coherencySource],
    },
    deviceLink(history, event, device, 'is snooped whatever it asks for'),
  ];
}

function deviceLink(history: History, event: number, device: number, what: string): Link {
  const { iommu, topology } = history.model.world;
  const state = history.stateAt(event);
  const pages = topology.pages.flatMap((page, index) => {
    const entry = iommu.lookupIn(state, device as DeviceId, index as PageId);
    return entry === 0 ? [] : [`${page.name} ${(entry & IOPTE.snoop) !== 0 ? 'with' : 'without'} SNP`];
  });
  return {
    event,
    text: `${topology.devices[device]?.name} is open and ${what}: its domain maps ${pages.join(', ')}.`,
    sources: [snoopBehavior],
  };
}
