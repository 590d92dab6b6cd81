/** Which IOVAs an IOMMU can translate for a device: what type1 asks before it maps or attaches. */
import type { Iova } from '../state/ids.ts';
import type { World } from '../world.ts';

/** The interrupt address range, which no IOMMU translates. */
const MSI_START = 0xfee0_0000n;
const MSI_END = 0xfef0_0000n;
/** HyperTransport addresses of AMD machines. */
const HT_START = 0xfd_0000_0000n;
const HT_END = 0x100_0000_0000n;

/** Can the unit translate all of `[iova, iova + size)`? */
export function translatable(world: World, unit: number, iova: Iova, size: bigint): boolean {
  const overlaps = (start: bigint, end: bigint): boolean => iova < end && start < iova + size;
  if (iova + size > world.iommu.apertureEnd(unit) || overlaps(MSI_START, MSI_END)) return false;
  return world.topology.iommus[unit]?.driver !== 'amd-vi' || !overlaps(HT_START, HT_END);
}
