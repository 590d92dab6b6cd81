/**
 * What KVM believes about DMA against what the page tables and devices can do.
 *
 * A device counts as the VM's when the VM's kvm-vfio device lists it; a device that no VM lists counts for every VM.
 * It can bypass the caches when it is open, it may ask for No Snoop, and an entry of its domain does not override that.
 */
import {
  type DeviceId,
  type FileId,
  idAt,
  type KvmDeviceId,
  NONE,
  type None,
  type PageId,
  type VmId,
} from '../../state/ids.ts';
import type { Machine } from '../../state/machine.ts';
import { isX86 } from '../../topology.ts';
import type { World } from '../../world.ts';
import type { ReportFinding } from './monitors.ts';

/**
 * Reports a VM once when `judge` first names a device for it and again only after it named none.
 * `memory` is the monitor's memory, in which it remembers that.
 */
export function onceForEachVm(
  world: World,
  memory: string,
  report: ReportFinding,
  judge: (machine: Machine, vm: VmId) => DeviceId | None,
): { settled(machine: Machine): void } {
  const known = world.monitors.memory(memory);
  return {
    settled(machine) {
      for (let vm = 0 as VmId; vm < world.dims.vms; vm++) {
        const device = machine.state[world.kvm.vmReferences.base + vm] === 0 ? NONE : judge(machine, vm);
        const slot = known.base + vm;
        if (device !== NONE && machine.state[slot] === 0) report(machine, vm, device);
        machine.put(slot, device === NONE ? 0 : 1);
      }
    },
  };
}

/**
 * Does KVM consider the VM's DMA coherent? Where it counts, the count says so; elsewhere nothing does but what the VM's
 * kvm-vfio device was told about the entries in its list.
 */
export function believesCoherent(world: World, machine: Machine, vm: VmId): boolean {
  const { kvm, kvmVfio, dims, topology } = world;
  if (isX86(topology.cpu)) return !kvm.hasNoncoherentDma(machine, vm);
  for (let device = 0 as KvmDeviceId; device < dims.kvmDevices; device++)
    if (idAt<VmId>(machine, kvm.deviceVm, device) === vm && kvmVfio.listed(machine, device).length > 0)
      return machine.state[kvmVfio.noncoherent.base + device] === 0;
  return false;
}

/** An open device of the VM with mapped entries: one of which bypasses the caches, or all of which are overridden. */
export function findDevice(world: World, machine: Machine, vm: VmId, wanted: 'bypasses' | 'snooped'): DeviceId | None {
  const { topology, vfio, pcie, iommu } = world;
  for (let device = 0 as DeviceId; device < topology.devices.length; device++) {
    if (machine.state[vfio.deviceOpenCount.base + device] === 0) continue;
    const owner = listedBy(world, machine, device);
    if (owner !== NONE && owner !== vm) continue;
    const entries = topology.pages
      .map((_, page) => iommu.lookup(machine, device, page as PageId))
      .filter((entry) => entry !== 0);
    if (entries.length === 0) continue;
    const bypassing = entries.some((entry) => pcie.bypasses(machine, device, true, entry));
    if (bypassing === (wanted === 'bypasses')) return device;
  }
  return NONE;
}

/** The VM whose kvm-vfio device lists the device or its group. */
function listedBy(world: World, machine: Machine, device: DeviceId): VmId | None {
  const { kvm, kvmVfio, files, topology, dims } = world;
  const group = topology.devices[device]?.group;
  for (let kvmDevice = 0 as KvmDeviceId; kvmDevice < dims.kvmDevices; kvmDevice++) {
    const vm = idAt<VmId>(machine, kvm.deviceVm, kvmDevice);
    if (vm === NONE) continue;
    for (const entry of kvmVfio.listed(machine, kvmDevice)) {
      if (!kvmVfio.holdsFiles) {
        if (entry === group) return vm;
        continue;
      }
      const file = entry as FileId;
      const object: number = files.objectOf(machine, file);
      if (files.kindOf(machine, file) === 'group' ? object === group : object === device) return vm;
    }
  }
  return NONE;
}
