/** IOVAs at which nothing may be mapped for a device: where interrupts go, and what the fabric takes. */
import type { Iova } from '../state/ids.ts';
import type { IommuModel } from '../topology.ts';

/** The interrupt address range of x86, which no IOMMU translates. */
const MSI = { start: 0xfee0_0000n, end: 0xfef0_0000n };
/** HyperTransport addresses of AMD machines. */
const HYPERTRANSPORT = { start: 0xfd_0000_0000n, end: 0x100_0000_0000n };
/** Where an SMMU driver has MSIs mapped by software: MSI_IOVA_BASE and MSI_IOVA_LENGTH. */
const SOFTWARE_MSI = { start: 0x800_0000n, end: 0x810_0000n };

const RESERVED: Readonly<Record<IommuModel['driver'], readonly { readonly start: bigint; readonly end: bigint }[]>> = {
  'vt-d': [MSI],
  'amd-vi': [MSI, HYPERTRANSPORT],
  smmu: [SOFTWARE_MSI],
  spapr: [],
  none: [],
};

/** Is a part of `[iova, iova + size)` reserved for devices that such a unit translates? */
export function meetsReserved(driver: IommuModel['driver'] | undefined, iova: Iova, size: bigint): boolean {
  return driver !== undefined && RESERVED[driver].some(({ start, end }) => iova < end && start < iova + size);
}
