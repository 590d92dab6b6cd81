/** The objects of a state and how they hang together, in the kernel's words. */

import { FILE_KIND_NAMES } from '../files/kinds.ts';
import { IOPTE } from '../iommu/iommu.ts';
import { LINE, LINE_STATES } from '../memory/memory.ts';
import type { FileId, GroupId, KvmDeviceId } from '../state/ids.ts';
import { overrideBitName } from '../topology.ts';
import type { Scene } from './place.ts';
import type { TopologyEdge, TopologyNode } from './topology.ts';

export interface Graph {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

type Part = (scene: Scene) => { readonly nodes?: TopologyNode[]; readonly edges?: TopologyEdge[] };

/** Hardware first, then what VFIO, the IOMMU and KVM have made. */
const PARTS: readonly Part[] = [devices, groups, domains, units, containers, iommufds, kvmVfio, vms, vcpus, cpus, dram];

export function graphOf(scene: Scene): Graph {
  const parts = PARTS.map((part) => part(scene));
  const nodes = parts.flatMap(({ nodes: some }) => some ?? []);
  const known = new Set(nodes.map(({ id }) => id));
  const edges = parts.flatMap(({ edges: some }) => some ?? []);
  return { nodes, edges: edges.filter(({ from, to }) => known.has(from) && known.has(to)) };
}

function devices(scene: Scene): ReturnType<Part> {
  const { iommu, pcie, topology, vfio } = scene.model.world;
  return {
    nodes: topology.devices.map((device, i) => ({
      id: `device ${i}`,
      kind: 'device',
      name: device.name,
      facts: [
        { name: 'function', value: device.bdf },
        { name: 'driver', value: vfio.drivers[scene.read(vfio.deviceDriver, i)] ?? 'none' },
        ...(device.noSnoop
          ? [{ name: 'Enable No Snoop', value: scene.read(pcie.enableNoSnoop, i) !== 0 ? 'set' : 'clear' }]
          : [{ name: 'No Snoop', value: 'never asked for' }]),
        ...(device.backdoor ? [{ name: 'backdoor', value: 'yes' }] : []),
        { name: 'open_count', value: String(scene.read(vfio.deviceOpenCount, i)) },
        ...(scene.read(iommu.pageSnoop, i) !== 0 ? [{ name: 'PGSNP', value: 'set' }] : []),
      ],
    })),
    edges: topology.devices.flatMap((device, i) => [
      ...(device.group >= 0 ? [edge(`device ${i}`, `group ${device.group}`, 'in group')] : []),
      ...(device.iommu >= 0
        ? [edge(`device ${i}`, `iommu ${device.iommu}`, 'translated by')]
        : [edge(`device ${i}`, 'dram', 'no IOMMU')]),
      ...(scene.read(iommu.deviceDomain, i) > 0
        ? [edge(`device ${i}`, `domain ${scene.read(iommu.deviceDomain, i) - 1}`, 'attached')]
        : []),
    ]),
  };
}

function groups(scene: Scene): ReturnType<Part> {
  const { topology, vfio } = scene.model.world;
  const { groupIommufd } = vfio.state;
  return {
    nodes: topology.groups.map((_, i) => ({
      id: `group ${i}`,
      kind: 'group',
      name: scene.group(i),
      facts: [
        { name: 'open', value: scene.read(vfio.groupFile, i) !== 0 ? 'yes' : 'no' },
        { name: 'container_users', value: String(scene.read(vfio.containerUsers, i)) },
        ...vmFact(scene, scene.read(vfio.groupKvm, i)),
      ],
    })),
    edges: topology.groups.flatMap((_, i) => [
      ...(scene.read(vfio.groupContainer, i) > 0
        ? [edge(`group ${i}`, `container ${scene.read(vfio.groupContainer, i) - 1}`, 'in container')]
        : []),
      ...(scene.read(groupIommufd, i) > 0
        ? [edge(`group ${i}`, `iommufd ${scene.read(groupIommufd, i) - 1}`, 'in iommufd')]
        : []),
    ]),
  };
}

function vmFact(scene: Scene, slot: number): { name: string; value: string }[] {
  return slot > 0 ? [{ name: 'kvm', value: scene.name('vm', slot - 1) }] : [];
}

function domains(scene: Scene): ReturnType<Part> {
  const { dims, iommu, topology } = scene.model.world;
  const pages = topology.pages.length;
  const all = upTo(dims.domains).filter((domain) => scene.read(iommu.domainOwner, domain) !== 0);
  return {
    nodes: all.map((domain) => ({
      id: `domain ${domain}`,
      kind: 'domain',
      name: `domain ${domain}`,
      facts: [
        { name: 'coherency', value: scene.read(iommu.domainCoherent, domain) !== 0 ? 'enforced' : 'not enforced' },
        { name: 'entries', value: entriesText(scene, domain, pages) },
      ],
    })),
    edges: all.flatMap((domain) => [
      ...(scene.read(iommu.domainUnit, domain) > 0
        ? [edge(`domain ${domain}`, `iommu ${scene.read(iommu.domainUnit, domain) - 1}`, 'tables of')]
        : []),
      ...ownerEdge(scene, domain),
    ]),
  };
}

function entriesText(scene: Scene, domain: number, pages: number): string {
  const { iommu, topology } = scene.model.world;
  const mapped = upTo(pages).flatMap((page) => {
    const entry = scene.read(iommu.iopte, domain * pages + page);
    return entry === 0
      ? []
      : `${topology.pages[page]?.name}${(entry & IOPTE.snoop) !== 0 ? ` ${overrideBitName(topology)}` : ''}`;
  });
  return mapped.join(', ') || 'none';
}

function ownerEdge(scene: Scene, domain: number): TopologyEdge[] {
  const { dims, iommu, kvm, vfio } = scene.model.world;
  const space = scene.read(iommu.domainOwner, domain) - 1;
  if (space < dims.containers) return [edge(`container ${space}`, `domain ${domain}`, 'maps')];
  // Numbers above those of containers are VMs up to v4.11 and IOASes from v6.2 on.
  const number = space - dims.containers;
  if (number < dims.vms && scene.read(kvm.assignment.domain, number) === domain + 1)
    return [edge(`vm ${number}`, `domain ${domain}`, 'maps')];
  return [
    edge(`iommufd ${scene.read(vfio.iommufd.ioasContext, number) - 1}`, `domain ${domain}`, `maps (IOAS ${number})`),
  ];
}

function units(scene: Scene): ReturnType<Part> {
  const { topology } = scene.model.world;
  return {
    nodes: topology.iommus.map((unit, i) => ({
      id: `iommu ${i}`,
      kind: 'iommu',
      name: unit.name,
      facts: [
        { name: 'driver', value: unit.driver },
        ...(unit.driver === 'vt-d' ? [{ name: 'snoop control', value: unit.snoopControl ? 'on' : 'off' }] : []),
      ],
    })),
    edges: topology.iommus.flatMap((_, i) => [
      edge(`iommu ${i}`, 'dram', 'past the caches'),
      ...upTo(topology.cpu.count).map((cpu) => edge(`iommu ${i}`, `cpu ${cpu}`, 'snoops')),
    ]),
  };
}

function containers(scene: Scene): ReturnType<Part> {
  const { dims, vfio } = scene.model.world;
  const { containerDriver, containerReferences } = vfio.state;
  return {
    nodes: upTo(dims.containers)
      .filter((container) => scene.read(containerReferences, container) > 0)
      .map((container) => ({
        id: `container ${container}`,
        kind: 'container',
        name: scene.name('container', container),
        facts: [{ name: 'driver', value: containerDriver.values?.[scene.read(containerDriver, container)] ?? 'none' }],
      })),
  };
}

function iommufds(scene: Scene): ReturnType<Part> {
  const { dims, topology, vfio } = scene.model.world;
  const { exists, deviceContext, ioasContext } = vfio.iommufd;
  return {
    nodes: upTo(dims.iommufds)
      .filter((context) => scene.read(exists, context) !== 0)
      .map((context) => ({
        id: `iommufd ${context}`,
        kind: 'iommufd',
        name: scene.name('iommufd', context),
        facts: [
          {
            name: 'IOAS',
            value: String(upTo(dims.ioas).filter((ioas) => scene.read(ioasContext, ioas) === context + 1).length),
          },
        ],
      })),
    edges: topology.devices.flatMap((_, device) => {
      const context = scene.read(deviceContext, device);
      return context > 0 ? [edge(`device ${device}`, `iommufd ${context - 1}`, 'bound')] : [];
    }),
  };
}

function kvmVfio(scene: Scene): ReturnType<Part> {
  const { dims, kvm, kvmVfio: pseudo } = scene.model.world;
  const all = upTo(dims.kvmDevices).filter((device) => scene.read(kvm.deviceVm, device) !== 0);
  return {
    nodes: all.map((device) => ({
      id: `kvm-vfio ${device}`,
      kind: 'kvm-vfio',
      name: scene.name('kvm-vfio', device),
      facts: [{ name: 'noncoherent', value: scene.read(pseudo.noncoherent, device) !== 0 ? 'yes' : 'no' }],
    })),
    edges: all.flatMap((device) => [
      edge(`kvm-vfio ${device}`, `vm ${scene.read(kvm.deviceVm, device) - 1}`, 'device of'),
      ...pseudo
        .listed(scene, device as KvmDeviceId)
        .flatMap((entry) => registeredEdge(scene, device, entry, pseudo.holdsFiles)),
    ]),
  };
}

function registeredEdge(scene: Scene, device: number, entry: FileId | GroupId, isFile: boolean): TopologyEdge[] {
  if (!isFile) return [edge(`kvm-vfio ${device}`, `group ${entry}`, 'registered')];
  const { files } = scene.model.world;
  const kind = FILE_KIND_NAMES[scene.read(files.kind, entry)];
  if (kind !== 'group' && kind !== 'device') return [];
  return [edge(`kvm-vfio ${device}`, `${kind} ${scene.read(files.object, entry)}`, 'registered')];
}

function vms(scene: Scene): ReturnType<Part> {
  const { dims, kvm } = scene.model.world;
  return {
    nodes: upTo(dims.vms)
      .filter((vm) => scene.read(kvm.vmReferences, vm) > 0)
      .map((vm) => ({
        id: `vm ${vm}`,
        kind: 'vm',
        name: scene.name('vm', vm),
        facts: [
          { name: 'noncoherent_dma_count', value: String(scene.read(kvm.noncoherentDmaCount, vm)) },
          { name: 'references', value: String(scene.read(kvm.vmReferences, vm)) },
        ],
      })),
  };
}

function vcpus(scene: Scene): ReturnType<Part> {
  const { dims, kvm, topology } = scene.model.world;
  const all = upTo(dims.vcpus).filter((vcpu) => scene.read(kvm.vcpuVm, vcpu) !== 0);
  return {
    nodes: all.map((vcpu) => ({
      id: `vcpu ${vcpu}`,
      kind: 'vcpu',
      name: scene.vcpu(vcpu),
      facts: [
        { name: 'wbinvd_dirty_mask', value: maskText(scene.read(kvm.wbinvdDirtyMask, vcpu), topology.cpu.count) },
        ...(scene.read(kvm.mmu.cacheDisable, vcpu) !== 0 ? [{ name: 'CR0.CD', value: 'set' }] : []),
      ],
    })),
    edges: all.flatMap((vcpu) => [
      edge(`vm ${scene.read(kvm.vcpuVm, vcpu) - 1}`, `vcpu ${vcpu}`, 'vCPU'),
      ...(scene.read(kvm.vcpuCpu, vcpu) > 0
        ? [edge(`vcpu ${vcpu}`, `cpu ${scene.read(kvm.vcpuCpu, vcpu) - 1}`, 'on')]
        : []),
    ]),
  };
}

function maskText(mask: number, count: number): string {
  const set = upTo(count).filter((cpu) => (mask & (1 << cpu)) !== 0);
  return set.map((cpu) => `cpu${cpu}`).join(', ') || 'empty';
}

function cpus(scene: Scene): ReturnType<Part> {
  const { memory, topology } = scene.model.world;
  const lines = topology.lines.length;
  return {
    nodes: upTo(topology.cpu.count).map((cpu) => ({
      id: `cpu ${cpu}`,
      kind: 'cpu',
      name: `cpu${cpu}`,
      facts: upTo(Math.min(lines, MOST_LINES)).flatMap((line) => {
        const state = scene.read(memory.lineState, cpu * lines + line);
        const name = topology.lines[line]?.words.map((word) => topology.words[word]?.name).join('+') ?? '';
        return state === LINE.invalid ? [] : [{ name, value: LINE_STATES[state]! }];
      }),
    })),
    edges: upTo(topology.cpu.count).map((cpu) => edge(`cpu ${cpu}`, 'dram', 'caches')),
  };
}

/** Lines of a cache that a node names; the memory picture has all. */
const MOST_LINES = 8;

function dram(scene: Scene): ReturnType<Part> {
  const { memory, topology } = scene.model.world;
  return {
    nodes: [
      {
        id: 'dram',
        kind: 'dram',
        name: 'DRAM',
        facts: topology.words
          .slice(0, MOST_LINES)
          .map(({ name }, word) => ({ name, value: String(scene.read(memory.dram, word)) })),
      },
    ],
  };
}

function edge(from: string, to: string, text: string): TopologyEdge {
  return { from, to, text };
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
