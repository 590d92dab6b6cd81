/** Which pages of the scenario share a leaf of 2 MiB, and which are neighbours that the old MMU makes leaves for together. */
import type { PageId } from '../state/ids.ts';
import { PAGE_BYTES, type PageModel } from '../topology.ts';
import type { AddressRange } from './mtrr.ts';

export const HUGE_BYTES = 0x20_0000n;
/** linux: arch/x86/kvm/mmu/mmu.c PTE_PREFETCH_NUM */
const PREFETCHED_TOGETHER = 8n;

export interface LeafGroups {
  /** The addresses that a leaf of 2 MiB over the page covers. */
  region(page: PageId): AddressRange;
  /** The pages of the scenario in it. */
  regionPages(page: PageId): readonly PageId[];
  /** The pages of the scenario in the same group of eight, by address, the page itself included. */
  neighbours(page: PageId): readonly PageId[];
}

export function createLeafGroups(pages: readonly PageModel[]): LeafGroups {
  const byAddress = pages.map((_, page) => page as PageId).sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  function addressOf(page: PageId): bigint {
    return pages[page]!.address;
  }
  const sharing = (size: bigint): readonly (readonly PageId[])[] =>
    pages.map((page) => byAddress.filter((other) => addressOf(other) / size === page.address / size));
  const regions = sharing(HUGE_BYTES);
  const eights = sharing(PREFETCHED_TOGETHER * PAGE_BYTES);
  return {
    region(page) {
      const start = (addressOf(page) / HUGE_BYTES) * HUGE_BYTES;
      return { start, end: start + HUGE_BYTES };
    },
    regionPages: (page) => regions[page]!,
    neighbours: (page) => eights[page]!,
  };
}
