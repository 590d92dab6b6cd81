/**
 * What is mapped in an IOVA space: the list that a type1 container (`iommu->dma_list`) or an iommufd IOAS keeps, whatever
 * page tables it is then written into.
 *
 * IOVAs and user addresses may be any 64-bit numbers; page table entries exist only for the scenario's own pages. A list
 * is sorted by IOVA, so equal contents are equal states.
 */
import { tooManyAtOnce } from '../limits.ts';
import type { DomainId, Hva, Iova, None, PageId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { PAGE_BYTES, pageFinder } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import type { Domains } from './domain.ts';

/** Set in `access` beside IOPTE.read and IOPTE.write: the user address was invalidated (VFIO_DMA_UNMAP_FLAG_VADDR). */
export const VADDR_INVALID = 4;
const ACCESS_BITS = 3;

export interface Mapping {
  readonly iova: Iova;
  readonly vaddr: Hva;
  readonly size: bigint;
  /** IOPTE.read, IOPTE.write, {@link VADDR_INVALID}. */
  readonly access: number;
}

/** User space ends here, and the first pages are never mapped (mmap_min_addr). */
const USER_START = 0x1_0000n;
const USER_END = 0x7fff_ffff_f000n;

/** Is there user memory under a mapping, which can be pinned? */
export function isUserMemory({ vaddr, size }: Pick<Mapping, 'vaddr' | 'size'>): boolean {
  return vaddr >= USER_START && vaddr + size <= USER_END;
}

export function isAligned({ iova, vaddr, size }: Pick<Mapping, 'iova' | 'vaddr' | 'size'>): boolean {
  return ((iova | vaddr | size) & (PAGE_BYTES - 1n)) === 0n;
}

export interface Mappings {
  readonly count: Field;
  readonly iova: Field;
  readonly vaddr: Field;
  readonly size: Field;
  readonly access: Field;
  /** All mappings of a space, by ascending IOVA. */
  all(machine: Machine, space: number): Mapping[];
  /** The first mapping that overlaps `[iova, iova + size)`. */
  find(machine: Machine, space: number, iova: Iova, size: bigint): Mapping | undefined;
  replace(machine: Machine, space: number, mappings: readonly Mapping[]): void;
  /** Writes the entries of one mapping into a domain. */
  enter(machine: Machine, domain: DomainId, mapping: Mapping): void;
  /** Takes the entries of one mapping out of a domain. */
  withdraw(machine: Machine, domain: DomainId, mapping: Mapping): void;
}

/** `spaces`: containers first, then IOAS. */
export function createMappings(base: WorldBase, world: () => World, domains: Domains, spaces: number): Mappings {
  const { dims, kernel, layout, topology, wide } = base;
  const pages = topology.pages.length;
  const slots = dims.mappings;
  const count = layout.field('mappingCount', [spaces]);
  const iova = layout.field('mappingIova', [spaces, slots]);
  const vaddr = layout.field('mappingVaddr', [spaces, slots]);
  const size = layout.field('mappingSize', [spaces, slots]);
  const access = layout.field('mappingAccess', [spaces, slots]);
  const read = (m: Machine, field: Field, space: number, i: number): number => m.state[field.base + space * slots + i]!;
  const addressOf = (page: PageId): bigint => topology.pages[page]!.address;

  /** The scenario's page at an address, or none for memory that it does not name. */
  const pageAt = pageFinder(topology.pages);

  function eachPage(mapping: Mapping, visit: (page: PageId, target: PageId | None) => void): void {
    for (let page = 0 as PageId; page < pages; page++) {
      const offset = addressOf(page) - mapping.iova;
      if (offset >= 0n && offset < mapping.size) visit(page, pageAt(mapping.vaddr + offset));
    }
  }

  /** The proposal of 2024: what a device may reach past the caches is written back and dropped from them. */
  function flushPage(m: Machine, domain: DomainId, target: PageId | None): void {
    if (!kernel.has('flush-noncoherent-dma') || m.state[domains.domainCoherent.base + domain] !== 0) return;
    for (const line of topology.pages[target]?.lines ?? []) world().memory.flushLine(m, line);
  }

  function all(m: Machine, space: number): Mapping[] {
    const length = m.state[count.base + space]!;
    return Array.from({ length }, (_, i) => ({
      iova: wide.value(read(m, iova, space, i) - 1) as Iova,
      vaddr: wide.value(read(m, vaddr, space, i) - 1) as Hva,
      size: wide.value(read(m, size, space, i) - 1),
      access: read(m, access, space, i),
    }));
  }

  return {
    count,
    iova,
    vaddr,
    size,
    access,
    all,

    find: (m, space, start, bytes) =>
      all(m, space).find((mapping) => mapping.iova < start + bytes && start < mapping.iova + mapping.size),

    replace(m, space, mappings) {
      if (mappings.length > slots) {
        throw tooManyAtOnce(`the scenario has more than ${slots} DMA mappings in one container or IOAS`);
      }
      const sorted = [...mappings].sort((a, b) => (a.iova < b.iova ? -1 : 1));
      for (let i = 0; i < slots; i++) {
        const mapping = sorted[i];
        const at = space * slots + i;
        m.put(iova.base + at, mapping ? wide.intern(mapping.iova) + 1 : 0);
        m.put(vaddr.base + at, mapping ? wide.intern(mapping.vaddr) + 1 : 0);
        m.put(size.base + at, mapping ? wide.intern(mapping.size) + 1 : 0);
        m.put(access.base + at, mapping?.access ?? 0);
      }
      m.put(count.base + space, sorted.length);
    },

    enter(m, domain, mapping) {
      domains.markMapped(m, domain);
      eachPage(mapping, (page, target) => {
        flushPage(m, domain, target);
        domains.map(m, domain, page, target, mapping.access & ACCESS_BITS);
      });
    },

    withdraw(m, domain, mapping) {
      eachPage(mapping, (page, target) => {
        domains.unmap(m, domain, page);
        flushPage(m, domain, target);
      });
    },
  };
}

/** The parts of a mapping before and after a range: what stays when the range is cut out of it. */
export function cutOut(one: Mapping, iova: Iova, size: bigint): Mapping[] {
  const parts: Mapping[] = [];
  if (one.iova < iova) parts.push({ ...one, size: iova - one.iova });
  const end = (iova + size) as Iova;
  const tail = one.iova + one.size - end;
  if (tail > 0n) parts.push({ ...one, iova: end, vaddr: (one.vaddr + (end - one.iova)) as Hva, size: tail });
  return parts;
}
