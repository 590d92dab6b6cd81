/** What people call the objects of the kernel: as the scenario does, and by number only where it has no name for them. */
import type { Snapshot } from '../snapshot.ts';

export function vmName(snapshot: Snapshot, vm: number): string {
  return snapshot.objectName('vm', vm) ?? `VM ${vm}`;
}

/** A slot that holds a VM one higher: 0 is none. */
export function vmOrNone(snapshot: Snapshot, slot: number): string {
  return slot === 0 ? 'none' : vmName(snapshot, slot - 1);
}

/** A vCPU is called like the actor that executes it. */
export function vcpuName(snapshot: Snapshot, vcpu: number): string {
  const { kvm, topology } = snapshot.model.world;
  const actor = topology.actors.find((_, index) => snapshot.read(kvm.actorVcpu, index) === vcpu + 1);
  return actor?.name ?? snapshot.objectName('vcpu', vcpu) ?? `vCPU ${snapshot.read(kvm.vcpuId, vcpu)}`;
}

export function kvmDeviceName(snapshot: Snapshot, device: number): string {
  return snapshot.objectName('kvm-vfio', device) ?? `kvm-vfio device ${device}`;
}

export function containerName(snapshot: Snapshot, container: number): string {
  return snapshot.objectName('container', container) ?? `container ${container}`;
}

export function iommufdName(snapshot: Snapshot, context: number): string {
  return snapshot.objectName('iommufd', context) ?? `iommufd ${context}`;
}

/** The number that the machine block gives it. */
export function groupName(snapshot: Snapshot, group: number): string {
  return `group ${snapshot.model.world.topology.groups[group]?.number ?? group}`;
}

export function deviceName(snapshot: Snapshot, device: number): string {
  return snapshot.model.world.topology.devices[device]?.name ?? `device ${device}`;
}

/** `x, y`: the words of a page. */
export function pageName(snapshot: Snapshot, page: number): string {
  const { pages, words } = snapshot.model.world.topology;
  return pages[page]?.words.map((word) => words[word]?.name).join(', ') ?? String(page);
}

/** Who an IOMMU domain translates for: a container, a VM with assigned devices, an I/O address space of an iommufd. */
export function domainOwner(snapshot: Snapshot, domain: number): string {
  const { dims, iommu, kvm, vfio } = snapshot.model.world;
  const space = snapshot.read(iommu.domainOwner, domain) - 1;
  if (space < 0) return 'nobody';
  if (space < dims.containers) return containerName(snapshot, space);
  // Numbers above those of containers are VMs up to v4.11 and IOASes from v6.2 on.
  const number = space - dims.containers;
  if (number < dims.vms && snapshot.read(kvm.assignment.domain, number) === domain + 1) return vmName(snapshot, number);
  return `IOAS ${number} of ${iommufdName(snapshot, snapshot.read(vfio.iommufd.ioasContext, number) - 1)}`;
}
