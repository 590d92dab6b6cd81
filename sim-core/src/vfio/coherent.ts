/**
 * What the kernel would answer KVM about a group, read from a state without running anything: for final conditions.
 * The routines of the eras (group-counted.ts, group-locked.ts) are what KVM itself calls; this says the same.
 */
import { type ContainerId, type GroupId, idAt, NONE } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World } from '../world.ts';

const DMA_CC_IOMMU = 4;

export function groupCoherent(world: World, state: Int32Array, group: GroupId): boolean {
  const { kernel, vfio, iommu, topology } = world;
  // Everything asked below only reads slots.
  const machine = { state } as Machine;
  if (kernel.has('capability-based-coherency')) {
    return (topology.groups[group]?.devices ?? []).every((device) => iommu.enforceCapability(device));
  }
  if (!kernel.has('dma-cc-iommu')) return false;
  const container = idAt<ContainerId>(machine, vfio.groupContainer, group);
  if (container === NONE) return kernel.has('file-identity');
  return vfio.containers.extension(machine, container, DMA_CC_IOMMU) > 0;
}
