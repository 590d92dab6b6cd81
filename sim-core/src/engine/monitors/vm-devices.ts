/**
 * What KVM believes about DMA against what the page tables and devices can do.
 *
 * A device counts as the VM's when the VM's kvm-vfio device lists it; a device that nobody lists counts for every VM.
 * It can bypass the caches when it is open, it may ask for No Snoop, and an entry of its domain does not override that.
 */
import type { Machine } from '../../state/machine.ts';
import type { World } from '../../world.ts';
import type { Report } from './monitors.ts';

/**
 * Reports a VM once when `judge` first names a device for it (-1 is none), and again only after it named none.
 * `memory` is the monitor's memory, in which it remembers that.
 */
export function onceForEachVm(
  world: World,
  memory: string,
  report: Report,
  judge: (machine: Machine, vm: number) => number,
): { settled(machine: Machine): void } {
  const known = world.monitors.memory(memory);
  return {
    settled(machine) {
      for (let vm = 0; vm < world.dims.vms; vm++) {
        const device = machine.state[world.kvm.vmReferences.base + vm] === 0 ? -1 : judge(machine, vm);
        const slot = known.base + vm;
        if (device >= 0 && machine.state[slot] === 0) report(machine, vm, device);
        machine.put(slot, device >= 0 ? 1 : 0);
      }
    },
  };
}

/** An open device of the VM with mapped entries: one of which bypasses the caches, or all of which are overridden. */
export function findDevice(world: World, machine: Machine, vm: number, wanted: 'bypasses' | 'snooped'): number {
  const { topology, vfio, pcie, iommu } = world;
  for (let device = 0; device < topology.devices.length; device++) {
    if (machine.state[vfio.deviceOpenCount.base + device] === 0) continue;
    const owner = listedBy(world, machine, device);
    if (owner >= 0 && owner !== vm) continue;
    const entries = topology.pages.map((_, page) => iommu.lookup(machine, device, page)).filter((entry) => entry !== 0);
    if (entries.length === 0) continue;
    const bypassing = entries.some((entry) => pcie.bypasses(machine, device, true, entry));
    if (bypassing === (wanted === 'bypasses')) return device;
  }
  return -1;
}

/** The VM whose kvm-vfio device lists the device or its group, or -1. */
function listedBy(world: World, machine: Machine, device: number): number {
  const { kvm, kvmVfio, files, topology, dims } = world;
  const group = topology.devices[device]?.group;
  for (let kvmDevice = 0; kvmDevice < dims.kvmDevices; kvmDevice++) {
    const vm = (machine.state[kvm.deviceVm.base + kvmDevice] as number) - 1;
    if (vm < 0) continue;
    for (const entry of kvmVfio.listed(machine, kvmDevice)) {
      if (!kvmVfio.holdsFiles) {
        if (entry === group) return vm;
        continue;
      }
      const object = files.objectOf(machine, entry);
      if (files.kindOf(machine, entry) === 'group' ? object === group : object === device) return vm;
    }
  }
  return -1;
}
