/** What people call the objects of the kernel: as the scenario does, and by number only where it has no name for them. */
import type { Moment } from '../moment.ts';

export function vmName(moment: Moment, vm: number): string {
  return moment.objectName('vm', vm) ?? `VM ${vm}`;
}

/** A slot that holds a VM one higher: 0 is none. */
export function vmOrNone(moment: Moment, slot: number): string {
  return slot === 0 ? 'none' : vmName(moment, slot - 1);
}

/** A vCPU is called like the actor that executes it. */
export function vcpuNow(moment: Moment, vcpu: number): string {
  const { kvm, topology } = moment.model.world;
  const actor = topology.actors.find((_, index) => moment.read(kvm.actorVcpu, index) === vcpu + 1);
  return actor?.name ?? moment.objectName('vcpu', vcpu) ?? `vCPU ${moment.read(kvm.vcpuId, vcpu)}`;
}

export function kvmDeviceName(moment: Moment, device: number): string {
  return moment.objectName('kvm-vfio', device) ?? `kvm-vfio device ${device}`;
}

export function containerName(moment: Moment, container: number): string {
  return moment.objectName('container', container) ?? `container ${container}`;
}

export function iommufdName(moment: Moment, context: number): string {
  return moment.objectName('iommufd', context) ?? `iommufd ${context}`;
}

/** The number that the machine block gives it. */
export function groupName(moment: Moment, group: number): string {
  return `group ${moment.model.world.topology.groups[group]?.number ?? group}`;
}

export function deviceName(moment: Moment, device: number): string {
  return moment.model.world.topology.devices[device]?.name ?? `device ${device}`;
}

/** `x, y`: the words of a page. */
export function pageName(moment: Moment, page: number): string {
  const { pages, words } = moment.model.world.topology;
  return pages[page]?.words.map((word) => words[word]?.name).join(', ') ?? String(page);
}

/** Who an IOMMU domain translates for: a container, a VM with assigned devices, an I/O address space of an iommufd. */
export function domainOwner(moment: Moment, domain: number): string {
  const { dims, iommu, kvm, vfio } = moment.model.world;
  const space = moment.read(iommu.domainOwner, domain) - 1;
  if (space < 0) return 'none';
  if (space < dims.containers) return containerName(moment, space);
  // Numbers above those of containers are VMs up to v4.11 and IOASes from v6.2 on.
  const number = space - dims.containers;
  if (number < dims.vms && moment.read(kvm.assignment.domain, number) === domain + 1) return vmName(moment, number);
  return `IOAS ${number} of ${iommufdName(moment, moment.read(vfio.iommufd.ioasContext, number) - 1)}`;
}
