/** VMs: the count of non-coherent DMA, vCPUs with their dirty masks, EPT or NPT leaves with their memory types. */
import { type KvmDeviceId, LEAF, leafType, memtypeName, type PageId, type VmId } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { type Format, group, type Item, indices, numberItem, type Scope } from './item.ts';
import { pageName, vcpuName, vmName } from './objects.ts';

export const vmScope: Scope = {
  name: 'VM',
  unwrapsOne: true,
  items({ moment }) {
    const { dims, kvm } = moment.model.world;
    if (dims.vms === 0) return undefined;
    return () => {
      const vms = indices(dims.vms, (vm) => moment.read(kvm.vmReferences, vm) > 0);
      return vms.map((vm) => group(vmName(moment, vm), summary(moment, vm), (f) => vmItems(moment, vm, f)));
    };
  },
};

export function summary(moment: Moment, vm: number): string {
  const count = moment.read(moment.model.world.kvm.noncoherentDmaCount, vm);
  return count > 0 ? `non-coherent (count ${count})` : 'coherent';
}

export function vmItems(moment: Moment, vm: number, format: Format): Item[] {
  const { dims, kvm } = moment.model.world;
  const vcpus = indices(dims.vcpus, (vcpu) => moment.read(kvm.vcpuVm, vcpu) === vm + 1);
  return [
    numberItem('noncoherent_dma_count', moment.read(kvm.noncoherentDmaCount, vm), format, {
      type: 'above 0 KVM takes DMA for non-coherent',
    }),
    ...assignedDeviceCount(moment, vm, format),
    numberItem('references', moment.read(kvm.vmReferences, vm), format),
    { name: 'kvm->lock', value: lockText(moment, moment.read(kvm.vms.lock, vm)) },
    group('vCPUs', String(vcpus.length), (f) => vcpus.map((vcpu) => vcpuItem(moment, vcpu, f))),
    group('leaves', secondStage(moment), () => leafItems(moment, vm), {
      type: 'memory types of the second-stage page tables',
    }),
  ];
}

/** linux: kvm_arch_start_assignment(): one for each group or file on the list of a kvm-vfio device of the VM. */
function assignedDeviceCount(moment: Moment, vm: number, format: Format): Item[] {
  const { dims, kernel, kvm, kvmVfio } = moment.model.world;
  if (!kernel.has('assigned-device-count')) return [];
  const devices = indices<KvmDeviceId>(dims.kvmDevices, (device) => moment.read(kvm.deviceVm, device) === vm + 1);
  const listed = devices.map((device) => kvmVfio.listed(moment.machine, device).length);
  const count = listed.reduce((sum, length) => sum + length, 0);
  return [numberItem('assigned_device_count', count, format, { type: 'groups or files that are registered' })];
}

/** Who holds a lock slot. */
export function lockText(moment: Moment, holder: number): string {
  return holder === 0
    ? 'free'
    : `held by ${moment.model.world.topology.actors[holder - 1]?.name ?? `task ${holder - 1}`}`;
}

function vcpuItem(moment: Moment, vcpu: number, format: Format): Item {
  const { kvm, topology } = moment.model.world;
  const cpu = moment.read(kvm.vcpuCpu, vcpu) - 1;
  const mask = moment.read(kvm.wbinvdDirtyMask, vcpu);
  return group(vcpuName(moment, vcpu), cpu < 0 ? 'never loaded' : `on cpu${cpu}`, () => [
    numberItem('id', moment.read(kvm.vcpuId, vcpu), format),
    { name: 'pCPU', value: cpu < 0 ? 'never loaded' : `cpu${cpu}` },
    { name: 'wbinvd_dirty_mask', value: maskText(mask, topology.cpu.count), type: 'pCPUs that WBINVD has to reach' },
    { name: 'CR0.CD', value: moment.read(kvm.mmu.cacheDisable, vcpu) !== 0 ? 'set' : 'clear' },
  ]);
}

function maskText(mask: number, cpus: number): string {
  const set = indices(cpus, (cpu) => (mask & (1 << cpu)) !== 0).map((cpu) => `cpu${cpu}`);
  return set.length > 0 ? set.join(', ') : 'empty';
}

function secondStage(moment: Moment): string {
  return moment.model.world.topology.cpu.vendor === 'intel' ? 'EPT' : 'NPT';
}

function leafItems(moment: Moment, vm: number): Item[] {
  const { kvm, topology } = moment.model.world;
  return topology.pages.map((_, index): Item => {
    const leaf = moment.read(kvm.leaf, vm * topology.pages.length + index);
    const name = pageName(moment, index);
    if ((leaf & LEAF.present) === 0) return { name, value: 'not present' };
    const effective = memtypeName(kvm.mmu.effectiveTypeIn(moment.state, vm as VmId, index as PageId));
    const ipat = (leaf & LEAF.ipat) !== 0;
    return group(name, `${memtypeName(leafType(leaf))}${ipat ? ', IPAT' : ''}: effective ${effective}`, () => [
      { name: 'type', value: memtypeName(leafType(leaf)) ?? '' },
      { name: 'IPAT', value: ipat ? 'set: the guest PAT is ignored' : 'clear' },
      {
        name: 'guest PAT',
        value: memtypeName(moment.read(kvm.mmu.guestPat, vm * topology.pages.length + index)) ?? '',
      },
      { name: 'effective', value: effective ?? '' },
    ]);
  });
}
