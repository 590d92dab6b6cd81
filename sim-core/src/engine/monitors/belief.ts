/**
 * What KVM believes about DMA against what the page tables and devices can do.
 *
 * A device counts as the VM's when the VM's kvm-vfio device lists it; a device that nobody lists counts for every VM.
 * It can bypass the caches when it is open, it may ask for No Snoop, and an entry of its domain does not override that.
 */
import type { Source } from '../../ops/op.ts';
import type { Field } from '../../state/layout.ts';
import type { Machine } from '../../state/machine.ts';
import type { World } from '../../world.ts';
import type { Monitor, Report } from './monitors.ts';

const sources: readonly Source[] = [
  { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_update_coherency()' },
  { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' },
];

/** Subject: the VM. Detail: the device that bypasses. */
export const belief: Monitor = {
  finding: 'belief',
  weight: 'information',
  doc: 'KVM believes that DMA is coherent, while a device of the VM can read and write past the caches through an entry that is mapped.',
  sources,
  derived: true,
  listen: (world, report) =>
    whenItBegins(world, 'beliefWrong', report, (machine, vm) =>
      world.kvm.hasNoncoherentDma(machine, vm) ? -1 : findDevice(world, machine, vm, 'bypasses'),
    ),
};

/** Subject: the VM. Detail: the device for which it pays. */
export const beliefCost: Monitor = {
  finding: 'belief-cost',
  weight: 'information',
  doc: 'KVM counts non-coherent DMA, so WBINVD and guest memory types cost time, while every device of the VM is snooped whatever it asks for.',
  sources,
  derived: true,
  listen: (world, report) =>
    whenItBegins(world, 'beliefCostly', report, (machine, vm) => {
      if (!world.kvm.hasNoncoherentDma(machine, vm) || findDevice(world, machine, vm, 'bypasses') >= 0) return -1;
      return findDevice(world, machine, vm, 'snooped');
    }),
};

/** Reports a VM once when a judgement becomes true for it, and again only after it was false. */
function whenItBegins(
  world: World,
  name: string,
  report: Report,
  judge: (machine: Machine, vm: number) => number,
): { settled(machine: Machine): void } {
  const known: Field = world.monitors.memory(name);
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
function findDevice(world: World, machine: Machine, vm: number, wanted: 'bypasses' | 'snooped'): number {
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
