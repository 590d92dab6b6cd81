/** Why KVM believes that DMA is coherent, or that it is not. */
import { FILE_KIND_NAMES } from '../../files/kinds.ts';
import { IOPTE } from '../../iommu/iommu.ts';
import type { Source } from '../../ops/op.ts';
import type { DeviceId, PageId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import { type IommuModel, isX86 } from '../../topology.ts';
import { andList } from '../event-text.ts';
import { errnoText, failedCall, failedCallText } from '../failed-call.ts';
import type { History } from '../history.ts';
import { ObjectNames } from '../object-names.ts';
import { overrideBit, smmuWord } from './bypass.ts';
import { coherencySource, type Link, snoopBehavior } from './link.ts';

/** Why KVM believes that DMA is coherent. */
export function whyCoherent(history: History, event: number, vm: number): Link[] {
  const { kvm, kernel, topology } = history.model.world;
  if (!kernel.has('kvm-vfio-device')) {
    return [
      {
        event: -1,
        text: `${history.kernelName()} has no kvm-vfio device: KVM cannot know of devices that VFIO assigns.`,
        sources: [{ document: 'linux', place: 'ec53500fae42 kvm: Add VFIO device' }],
      },
    ];
  }
  if (!isX86(topology.cpu)) return [countsNothing(topology.cpu.vendor)];
  const dropped = history.lastChange(kvm.noncoherentDmaCount.base + vm, event, 0);
  if (dropped >= 0) return [countDropped(history, event, dropped)];
  const told = lastAnswer(history, event, vm);
  return told < 0 ? [neverTold(history, event, vm)] : [answerLink(history, told), ...decidedBy(history, told)];
}

function countDropped(history: History, event: number, dropped: number): Link {
  const { topology, vfio } = history.model.world;
  const state = history.stateAt(dropped);
  const open = topology.devices.filter(
    ({ group }, device) =>
      history.valueAt(vfio.deviceOpenCount.base + device, event) > 0 && !isListed(history, state, device, group),
  );
  const why =
    open.length > 0 ? `: ${andList(open.map(({ name }) => name))} is open, and KVM no longer has it on its list` : '';
  return {
    event: dropped,
    text: `The count went back to 0 in ${history.routineName(dropped)}() (${history.placeText(dropped)})${why}.`,
    sources: [coherencySource],
  };
}

function countsNothing(vendor: string): Link {
  return {
    event: -1,
    text: `KVM counts on x86 only: on ${vendor} kvm_arch_register_noncoherent_dma() is empty, whatever kvm-vfio tells it.`,
    sources: [{ document: 'linux', place: 'include/linux/kvm_host.h kvm_arch_register_noncoherent_dma()' }],
  };
}

/** The kvm-vfio devices of a VM. */
function kvmDevicesOf(history: History, event: number, vm: number): number[] {
  const { deviceVm } = history.model.world.kvm;
  return Array.from({ length: deviceVm.size }, (_, device) => device).filter(
    (device) => history.valueAt(deviceVm.base + device, event) === vm + 1,
  );
}

/** Where an entry of the VM's list was last asked about; -1 when its list never had one. */
function lastAnswer(history: History, event: number, vm: number): number {
  const { entries } = history.model.world.kvmVfio;
  const devices = kvmDevicesOf(history, event, vm);
  const length = devices.length > 0 ? entries.size / history.model.world.kvm.deviceVm.size : 0;
  const listed = devices.some(
    (device) => history.lastChangeWhere(entries.base + device * length, event, (_old, value) => value !== 0) >= 0,
  );
  if (!listed) return -1;
  return history.lastBefore(
    event,
    (code, _a, b) =>
      code === NOTE.call && history.model.world.routines.routines[b]?.name === 'kvm_vfio_update_coherency',
  );
}

/** No group or device is on the VM's list: why not. */
function neverTold(history: History, event: number, vm: number): Link {
  const { topology, vfio, routines } = history.model.world;
  const failed = history.lastBefore(event, (code, _a, b) => {
    const name = routines.routines[b]?.name ?? '';
    return code === NOTE.return && /^kvm_vfio_(group_add|file_add|set_group|set_file)$/.test(name);
  });
  if (failed >= 0 && history.operand(failed, 3) < 0) {
    const { model, log, run } = history;
    const done = history.find(failed, run.events, (code, a) => code === NOTE.done && a === history.actorOf(failed));
    const call = done < 0 ? undefined : failedCall(model, log, done, new ObjectNames(run));
    const why = call ? `: ${failedCallText(call)}` : '';
    return {
      event: failed,
      text: `Registering with the VM failed with ${errnoText(history.operand(failed, 3))}${why} (${history.placeText(failed)}), and KVM counts nothing.`,
      sources: history.sourceAt(failed),
    };
  }
  const open = topology.devices.filter((_, device) => history.valueAt(vfio.deviceOpenCount.base + device, event) > 0);
  const names = andList(open.map(({ name }) => name));
  const called = new ObjectNames(history.run).atEvent('vm', vm, Math.max(0, event - 1)) ?? `VM ${vm}`;
  if (open.length === 0) {
    return {
      event: -1,
      text: `No device is assigned to ${called}: nothing was opened through VFIO, so there is nothing that KVM could count.`,
      sources: [coherencySource],
    };
  }
  const elsewhere = history.valueSum(history.model.world.kvm.noncoherentDmaCount, event) > 0;
  return {
    event: -1,
    text: elsewhere
      ? `${names} is registered with another VM only: user space has not told KVM that ${called} is reached by it, too.`
      : `No VFIO group or device was registered with the VM: ${names} is open, and user space has not told KVM (KVM_DEV_VFIO_GROUP_ADD).`,
    sources: [coherencySource],
  };
}

function answerLink(history: History, told: number): Link {
  return {
    event: told,
    text: `VFIO answered "coherent" when KVM last asked (${history.placeText(told)}).`,
    sources: [coherencySource],
  };
}

/** What made VFIO answer so: what the devices' domains and units were then. */
function decidedBy(history: History, told: number): Link[] {
  const { iommu, topology } = history.model.world;
  const state = history.stateAt(told);
  const links: Link[] = [];
  for (const [device, { name, group, iommu: unitIndex }] of topology.devices.entries()) {
    if (!isListed(history, state, device, group)) continue;
    const unit = topology.iommus[unitIndex];
    const domain = state[iommu.deviceDomain.base + device]! - 1;
    const text = reasonText(history, name, unit, domain, state);
    if (text) links.push({ event: told, text, sources: [domainSource(unit)] });
  }
  return links;
}

/** Does a kvm-vfio device list the device, or its group? */
export function isListed(history: History, state: Int32Array, device: number, group: number): boolean {
  const { files, kvmVfio } = history.model.world;
  for (let slot = kvmVfio.entries.base; slot < kvmVfio.entries.base + kvmVfio.entries.size; slot++) {
    const entry = state[slot]! - 1;
    if (entry < 0) continue;
    if (!kvmVfio.holdsFiles && entry === group) return true;
    if (!kvmVfio.holdsFiles) continue;
    const kind = FILE_KIND_NAMES[state[files.kind.base + entry]!];
    if (state[files.object.base + entry] === (kind === 'group' ? group : device)) return true;
  }
  return false;
}

function reasonText(
  history: History,
  device: string,
  unit: IommuModel | undefined,
  domain: number,
  state: Int32Array,
): string | undefined {
  const byCapability = history.hasChange('capability-based-coherency');
  if (byCapability && unit?.driver === 'vt-d' && unit.snoopControl)
    return `${history.kernelName()} answers by what ${unit.name} could do for ${device}, not by what the page table that the device uses does.`;
  if (byCapability && unit?.driver === 'amd-vi')
    return `${history.kernelName()} answers by what ${unit.name} could do for ${device}, and its driver says that it enforces coherency; page tables of version 2 have no FC bit to do it with.`;
  if (byCapability && domain < 0 && unit)
    return `${history.kernelName()} answers by what ${unit.name} could do for ${device}, whatever that is attached to.`;
  if (domain < 0)
    return `The group of ${device} had no container with a domain at that time: there was nothing to be non-coherent.`;
  if (!unit) return undefined;
  if (unit.driver === 'smmu')
    return history.hasChange('enforce-cache-coherency')
      ? undefined
      : `${unit.name}: the driver answered for accesses without No Snoop, and VFIO read it as a promise about those with it.`;
  if (unit.driver !== 'vt-d') return undefined;
  if (history.isFirstStage(unit) && !history.hasChange('enforce-cache-coherency'))
    return `${unit.name} translates by first-level tables, which have no SNP bit, and nothing set PGSNP; ${history.kernelName()} answers from the snoop control of second-level tables.`;
  const { iommu, topology } = history.model.world;
  const enforced = state[iommu.domainCoherent.base + domain] !== 0;
  const first = iommu.iopte.base + domain * topology.pages.length;
  const older = state
    .subarray(first, first + topology.pages.length)
    .some((entry) => entry !== 0 && (entry & IOPTE.snoop) === 0);
  return enforced && older
    ? `The domain of ${device} enforces coherency for entries to come; those that were there before stay without SNP.`
    : undefined;
}

function domainSource(unit: IommuModel | undefined): Source {
  if (unit?.driver === 'amd-vi')
    return { document: 'linux', place: 'drivers/iommu/amd/iommu.c amd_iommu_enforce_cache_coherency()' };
  if (unit?.driver === 'smmu') return { document: 'linux', place: 'drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c' };
  return { document: 'linux', place: 'drivers/iommu/intel/iommu.c intel_iommu_enforce_cache_coherency()' };
}

/** KVM is wrong: which device bypasses through which entry, and why KVM does not know. */
export function beliefWrong(history: History, event: number, vm: number, device: number): Link[] {
  const first = deviceLink(history, event, device, 'can read and write past the caches');
  const { vendor } = history.model.world.topology.cpu;
  if (isX86({ vendor })) return [first, ...whyCoherent(history, event, vm)];
  const told = lastAnswer(history, event, vm);
  return [first, answerLink(history, told), ...decidedBy(history, told), countsNothing(vendor)];
}

/** KVM pays without need: the device that is snooped all the same. What it counts is another chain. */
export function beliefCostly(history: History, event: number, device: number): Link[] {
  return [
    deviceLink(history, event, device, 'is snooped whatever it asks for'),
    ...nothingElse(history, event, device),
  ];
}

/** No device that could bypass the caches is open: what the count is for. */
function nothingElse(history: History, event: number, device: number): Link[] {
  const { topology, vfio } = history.model.world;
  const state = history.stateAt(event);
  const closed = topology.devices.filter(
    ({ group }, other) =>
      other !== device && isListed(history, state, other, group) && state[vfio.deviceOpenCount.base + other] === 0,
  );
  if (closed.length === 0) return [];
  const names = andList(closed.map(({ name }) => name));
  return [
    {
      event,
      text: `${names} ${closed.length === 1 ? 'is' : 'are'} on kvm-vfio's list as well, and not open: KVM looks at the list, not at what is in use.`,
      sources: [coherencySource],
    },
  ];
}

function deviceLink(history: History, event: number, device: number, what: string): Link {
  const { iommu, topology } = history.model.world;
  const state = history.stateAt(event);
  const unit = topology.iommus[topology.devices[device]?.iommu ?? -1];
  const bit = overrideBit(history, unit);
  const pages = topology.pages.flatMap((page, index) => {
    const entry = iommu.lookupIn(state, device as DeviceId, index as PageId);
    if (entry === 0) return [];
    return bit === undefined
      ? [page.name]
      : [`${page.name} ${(entry & IOPTE.snoop) !== 0 ? 'with' : 'without'} ${bit}`];
  });
  return {
    event,
    text: `${topology.devices[device]?.name} is open and ${what}: its domain maps ${pages.join(', ')}${bit === undefined ? `, and ${smmuWord(history, device)}` : ''}.`,
    sources: [snoopBehavior],
  };
}
