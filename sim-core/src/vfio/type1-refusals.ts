/** Why calls on the mappings and domains of a type1 container fail. */
import { E } from '../kernel/errno.ts';
import type { WorldBase } from '../world.ts';

export function createType1Refusals({ kernel, refusals }: WorldBase) {
  return refusals.add({
    noDomain: [E.IO, 'no IOMMU domain in {}', 'container'],
    vaddrInvalid: [E.BUSY, 'a mapping of {} whose virtual address is invalid', 'container'],
    noIommu: [E.IO, 'no IOMMU before the devices of {}', 'group'],
    mappingsConflict: [E.INVAL, 'a mapping that the IOMMU of {} cannot translate', 'group'],
    noRemapping: [E.PERM, 'no interrupt remapping in the IOMMU of {}', 'group'],
    empty: [E.INVAL, 'a size of 0'],
    wrapsAround: () => [
      kernel.has('map-overflow') ? E.OVERFLOW : E.INVAL,
      'a range that wraps around the end of the addresses',
    ],
    vaddrAndAccess: [E.INVAL, 'VFIO_DMA_MAP_FLAG_VADDR together with READ or WRITE'],
    noAccess: [E.INVAL, 'neither VFIO_DMA_MAP_FLAG_READ nor VFIO_DMA_MAP_FLAG_WRITE'],
    unaligned: [E.INVAL, 'an address or size that is not a multiple of 4 KiB'],
    mapped: [E.EXIST, 'the range, or a part of it, already mapped in {}', 'container'],
    noMemory: [E.FAULT, 'no user memory at the virtual address'],
    untranslatable: [E.INVAL, 'an IOVA beyond what the IOMMU of {} can translate', 'domain'],
    reserved: [E.INVAL, 'an IOVA in a reserved region (MSIs, or HyperTransport) of the IOMMU of {}', 'domain'],
    beyondAperture: [E.FAULT, 'an IOVA beyond what the IOMMU of {} can translate', 'domain'],
    notMapped: [E.NOENT, 'nothing mapped at that IOVA in {}', 'container'],
    vaddrValid: [E.INVAL, 'a mapping whose virtual address is valid'],
    otherRange: [E.INVAL, 'a mapping of another range than the one that is named'],
    mediated: [E.BUSY, 'a group of a mediated device in {}', 'container'],
    allIsNotZero: [E.INVAL, 'VFIO_DMA_UNMAP_FLAG_ALL together with an address or a size'],
    bisects: [E.INVAL, 'a mapping that the range would cut in two in {}', 'container'],
    invalidTwice: [E.INVAL, 'a virtual address that is already invalid'],
    instanceGone: [E.INVAL, 'iommu_data of {} freed', 'container'],
    argsz: [E.INVAL, 'argsz {}, which is too small', 'number'],
    flags: [E.INVAL, 'flags that it does not know ({x})', 'number'],
    noUnit: [E.IO, 'no IOMMU in the machine'],
    noUnitRemapping: [E.PERM, 'no interrupt remapping in the IOMMU'],
  });
}
