/** VMs: the count of non-coherent DMA, vCPUs with their dirty masks, leaves of the second stage with their memory types. */
import {
  isX86,
  type KvmDeviceId,
  LEAF,
  leafType,
  MSR_NUMBERS,
  memtypeName,
  type PageId,
  secondStageName,
  type VcpuId,
  type VmId,
} from '@snoopscope/sim-core';
import { memoryReference } from '../memory-view.ts';
import type { Moment } from '../moment.ts';
import { type Format, type Item, indices, numberItem, openableItem, type Scope } from './item.ts';
import { pageName, vcpuNow, vmName } from './objects.ts';

export const vmScope: Scope = {
  name: 'VM',
  unwrapsOne: true,
  items({ moment }) {
    const { dims, kvm } = moment.model.world;
    if (dims.vms === 0) return undefined;
    return () => {
      const vms = indices<VmId>(dims.vms, (vm) => moment.read(kvm.vmReferences, vm) > 0);
      return vms.map((vm) =>
        openableItem(vmName(moment, vm), coherencySummary(moment, vm), (f) => vmItems(moment, vm, f)),
      );
    };
  },
};

export function coherencySummary(moment: Moment, vm: number): string {
  const count = moment.read(moment.model.world.kvm.noncoherentDmaCount, vm);
  return count > 0 ? `non-coherent (count ${count})` : 'coherent';
}

export function vmItems(moment: Moment, vm: VmId, format: Format): Item[] {
  const { dims, kvm, topology } = moment.model.world;
  const vcpus = indices(dims.vcpus, (vcpu) => moment.read(kvm.vcpuVm, vcpu) === vm + 1);
  return [
    numberItem('noncoherent_dma_count', moment.read(kvm.noncoherentDmaCount, vm), format, {
      type: isX86(topology.cpu) ? 'above 0 KVM considers DMA non-coherent' : 'always 0: KVM counts on x86 only',
    }),
    ...assignedDeviceCount(moment, vm, format),
    numberItem('references', moment.read(kvm.vmReferences, vm), format),
    { name: 'kvm->lock', value: lockText(moment, moment.read(kvm.vms.lock, vm)) },
    ...memorySlots(moment, vm),
    openableItem('vCPUs', String(vcpus.length), (f) => vcpus.map((vcpu) => vcpuItem(moment, vcpu, f))),
    openableItem('leaves', secondStageName(topology.cpu), () => leafItems(moment, vm), {
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
  const cpu = moment.read(moment.model.world.kvm.vcpuCpu, vcpu) - 1;
  return openableItem(vcpuNow(moment, vcpu), cpu < 0 ? 'never loaded' : `on cpu${cpu}`, () =>
    vcpuItems(moment, vcpu, format),
  );
}

export function vcpuItems(moment: Moment, vcpu: number, format: Format): Item[] {
  const { kvm, topology } = moment.model.world;
  const cpu = moment.read(kvm.vcpuCpu, vcpu) - 1;
  return [
    numberItem('id', moment.read(kvm.vcpuId, vcpu), format),
    { name: 'pCPU', value: cpu < 0 ? 'never loaded' : `cpu${cpu}` },
    ...(isX86(topology.cpu) ? x86Items(moment, vcpu) : []),
  ];
}

function x86Items(moment: Moment, vcpu: number): Item[] {
  const { kvm, topology } = moment.model.world;
  const mask = moment.read(kvm.wbinvdDirtyMask, vcpu);
  return [
    { name: 'wbinvd_dirty_mask', value: maskText(mask, topology.cpu.count), type: 'pCPUs that WBINVD has to reach' },
    { name: 'CR0.CD', value: moment.read(kvm.mmu.cacheDisable, vcpu) !== 0 ? 'set' : 'clear' },
    { name: 'IA32_PAT', value: patText(moment, vcpu), type: 'memory types of the guest, entry 0 first' },
    openableItem('MTRRs', mtrrText(moment, vcpu), () => mtrrItems(moment, vcpu), {
      type: 'what the guest or the VMM has written; KVM asks them up to v6.10',
    }),
  ];
}

/** linux: arch/x86/include/asm/kvm_host.h: the value after reset. */
const POWER_ON_PAT = 0x0007_0406_0007_0406n;

function patText(moment: Moment, vcpu: number): string {
  const { kvm, wide } = moment.model.world;
  const written = moment.read(kvm.mmu.patMsr, vcpu);
  const value = written === 0 ? POWER_ON_PAT : wide.value(written - 1);
  const entries = indices(8, (entry) => entry < 4).map((entry) =>
    memtypeName(Number((value >> BigInt(8 * entry)) & 7n)),
  );
  return `0x${value.toString(16).padStart(16, '0')}: ${entries.join(', ')}${written === 0 ? ', as after power-on' : ''}`;
}

const MTRR_ENABLE = 0x800n;
const RANGE_VALID = 0x800n;
const FIRMWARE_FIXED = 0x0606_0606_0606_0606n;

function mtrr(moment: Moment, vcpu: number, name: string): bigint {
  const number = MSR_NUMBERS.get(name) ?? 0;
  return moment.model.world.kvm.mmu.mtrr.read(moment.machine, vcpu as VcpuId, number);
}

function mtrrText(moment: Moment, vcpu: number): string {
  const value = mtrr(moment, vcpu, 'IA32_MTRR_DEF_TYPE');
  return (value & MTRR_ENABLE) === 0n ? 'disabled' : `enabled, ${memtypeName(Number(value & 7n))} by default`;
}

/** The default type, the variable ranges that are valid, and the fixed ranges. */
function mtrrItems(moment: Moment, vcpu: number): Item[] {
  const hex = (value: bigint): string => `0x${value.toString(16)}`;
  const names = [...MSR_NUMBERS.keys()].filter((name) => name !== 'IA32_PAT');
  // The fixed ranges matter below 1 MiB only: those that firmware has left as they are take one line.
  const asLeft = names.filter((name) => name.includes('_FIX') && mtrr(moment, vcpu, name) === FIRMWARE_FIXED);
  const shown = names.filter((name) => {
    if (asLeft.includes(name)) return false;
    const range = /PHYS(?:BASE|MASK)(\d)$/.exec(name)?.[1];
    return range === undefined || (mtrr(moment, vcpu, `IA32_MTRR_PHYSMASK${range}`) & RANGE_VALID) !== 0n;
  });
  const left: Item[] = asLeft.length > 0 ? [{ name: 'other fixed ranges', value: 'WB' }] : [];
  return [...shown.map((name): Item => ({ name, value: hex(mtrr(moment, vcpu, name)) })), ...left];
}

const SLOT_READ_ONLY = 2;

/** KVM_SET_USER_MEMORY_REGION; a scenario that makes none has guest memory at the same address in the VMM. */
function memorySlots(moment: Moment, vm: VmId): Item[] {
  const { dims, kvm } = moment.model.world;
  if (dims.memorySlots === 0) return [];
  const slots = kvm.mmu.slots.all(moment.state, vm);
  const hex = (value: bigint): string => `0x${value.toString(16)}`;
  return [
    openableItem('memory slots', String(slots.length), () =>
      slots.map(({ id, start, end, user, flags }) => ({
        name: `slot ${id}`,
        value: `gpa ${hex(start)} to ${hex(end)}, at ${hex(user)} of the VMM${(flags & SLOT_READ_ONLY) !== 0 ? ', read-only' : ''}`,
      })),
    ),
  ];
}

function maskText(mask: number, cpus: number): string {
  const set = indices(cpus, (cpu) => (mask & (1 << cpu)) !== 0).map((cpu) => `cpu${cpu}`);
  return set.length > 0 ? set.join(', ') : 'empty';
}

function leafItems(moment: Moment, vm: number): Item[] {
  const { kvm, topology } = moment.model.world;
  return topology.pages.map((_, index): Item => {
    const leaf = moment.read(kvm.leaf, vm * topology.pages.length + index);
    const name = pageName(moment, index);
    if ((leaf & LEAF.present) === 0) return { name, value: 'not present' };
    const effective = memtypeName(kvm.mmu.effectiveTypeIn(moment.state, vm as VmId, index as PageId));
    const ipat = (leaf & LEAF.ipat) !== 0;
    const memory = memoryReference('memory', topology.pages[index]?.address ?? 0n);
    if (!isX86(topology.cpu)) return { name, value: effective ?? '', memory };
    const items = (): Item[] => [
      { name: 'type', value: memtypeName(leafType(leaf)) ?? '' },
      { name: 'IPAT', value: ipat ? 'set: the guest PAT is ignored' : 'clear' },
      {
        name: 'guest PAT',
        value: memtypeName(moment.read(kvm.mmu.guestPat, vm * topology.pages.length + index)) ?? '',
      },
      { name: 'effective', value: effective ?? '' },
    ];
    return openableItem(name, `${memtypeName(leafType(leaf))}${ipat ? ', IPAT' : ''}: effective ${effective}`, items, {
      memory,
    });
  });
}
