/** Why opening and using a VFIO device fails. */
import { E } from '../kernel/errno.ts';
import type { WorldBase } from '../world.ts';

/** Why user space does not get the DMA of a group, through a container or an iommufd. */
export function createClaimRefusals({ refusals }: WorldBase) {
  return refusals.add({
    claimed: [
      E.PERM,
      '{} not free for user space: something else owns its DMA, or a host driver a device in it',
      'group',
    ],
    directMapping: [E.INVAL, 'a direct mapping that the firmware requires for {} (RMRR)', 'group'],
  });
}

export function createDeviceRefusals(base: WorldBase) {
  const own = base.refusals.add({
    noVm: [E.SRCH, 'no VM that the driver of {} could use', 'device'],
    noDriver: [E.INVAL, 'no container with an IOMMU driver for {}', 'group'],
    noRemapping: [E.PERM, 'no interrupt remapping in the IOMMU of {}', 'device'],
    noIommu: [E.NODEV, 'no IOMMU before {}', 'device'],
    openTwice: [E.INVAL, '{} already open, and only its group may open it again', 'device'],
    noDevice: [E.NODEV, 'no device of that name in {} that a VFIO driver has', 'group'],
    noContainer: [E.INVAL, '{} in no container and no iommufd', 'group'],
    noName: [E.FAULT, 'no readable name of a device'],
    notBound: [E.INVAL, '{} not bound to an iommufd yet', 'device'],
  });
  return { ...createClaimRefusals(base), ...own };
}
