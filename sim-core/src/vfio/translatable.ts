/** Which IOVAs an IOMMU can translate for a device: what type1 asks before it maps or attaches. */
import { meetsReserved } from '../iommu/reserved.ts';
import type { Iova } from '../state/ids.ts';
import type { World } from '../world.ts';

/** Can the unit translate all of `[iova, iova + size)`? */
export function translatable(world: World, unit: number, iova: Iova, size: bigint): boolean {
  if (iova + size > world.iommu.apertureEnd(unit)) return false;
  return !meetsReserved(world.topology.iommus[unit]?.driver, iova, size);
}
