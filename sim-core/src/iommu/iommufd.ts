/**
 * iommufd: /dev/iommu, its objects, and the container that it plays for VFIO groups.
 *
 * The real thing: an iommufd holds numbered objects: devices that VFIO bound to it, I/O address spaces (IOAS) with
 * mappings, and hardware page tables (HWPT), each a domain that shows the mappings of one IOAS. Attaching a device to an
 * IOAS picks an HWPT that accepts the device, or makes one.
 *
 * Modelled: numbering (lowest free, from 1), IOAS with mappings at fixed IOVAs, HWPTs made by attaching and by IOMMU_HWPT_ALLOC, the rules by which
 * they enforce coherency, the compatibility IOAS used by VFIO_GROUP_SET_CONTAINER. Left out: nesting,
 * page-request queues, dirty tracking, access objects of mediated devices, IOMMU_IOAS_COPY, allowed IOVA ranges, PASIDs.
 *
 * Sources: linux drivers/iommu/iommufd/{device,hw_pagetable,ioas,vfio_compat}.c, kernel doc userspace-api/iommufd.
 */
import { E, type Errno } from '../kernel/errno.ts';
import { tooManyAtOnce } from '../limits.ts';
import {
  type DeviceId,
  type DomainId,
  type Hva,
  type IoasId,
  type IommufdId,
  type Iova,
  idAt,
  knownId,
  NONE,
} from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import { PAGE_BYTES } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import { createHwpts, type Hwpts } from './hwpt.ts';
import { createObjects, IOMMUFD_OBJECT, type Objects } from './iommufd-objects.ts';
import { isAligned, isUserMemory, type Mapping, type Mappings } from './mappings.ts';

export { IOMMUFD_OBJECT };

export interface Iommufd {
  /** Per iommufd: it exists. */
  readonly exists: Field;
  readonly objects: Objects;
  readonly hwpts: Hwpts;
  /** Per iommufd: its compatibility IOAS + 1. */
  readonly compatIoas: Field;
  /** Per iommufd: VFIO_TYPE1_IOMMU was set, so an unmap may cut mappings. */
  readonly cutsMappings: Field;
  /** Per IOAS: its iommufd + 1. */
  readonly ioasContext: Field;
  /** Per device: the iommufd it is bound to + 1. */
  readonly deviceContext: Field;

  /** A new iommufd: its index. */
  open(machine: Machine): IommufdId;
  /** The last reference went: all objects go. */
  release(machine: Machine, context: IommufdId): void;
  /** IOMMU_IOAS_ALLOC: the id. */
  allocateIoas(machine: Machine, context: IommufdId): number;
  /** IOMMU_DESTROY: 0 or -errno. */
  destroy(machine: Machine, context: IommufdId, id: number): number;
  /** iommufd_device_bind(): 0 or -errno. Whether the DMA can be claimed is the caller's question. */
  bind(machine: Machine, context: IommufdId, device: DeviceId): void;
  unbind(machine: Machine, device: DeviceId): void;
  /** iommufd_vfio_compat_set_no_iommu(): 0, or -EINVAL when it has a compatibility IOAS. */
  setNoIommu(machine: Machine, context: IommufdId): number;
  /** iommufd_vfio_compat_ioas_create(): 0, or -EINVAL in no-IOMMU mode. */
  createCompatIoas(machine: Machine, context: IommufdId): number;
  /** The id of the compatibility IOAS, or -ENODEV. */
  compatIoasId(machine: Machine, context: IommufdId): number | Errno;
  /** VFIO_CHECK_EXTENSION of VFIO_DMA_CC_IOMMU. */
  compatCoherent(machine: Machine, context: IommufdId): number;
  /** Index of the IOAS of an id, or -ENOENT. */
  ioasById(machine: Machine, context: IommufdId, id: number): IoasId | Errno;
  map(machine: Machine, ioas: IoasId, mapping: Mapping): number;
  /** iopt_disable_large_pages() of the compatibility IOAS: its mappings may be cut. 0 or -errno. */
  cutMappings(machine: Machine, context: IommufdId): number;
  /** Bytes unmapped, or -errno. */
  unmap(machine: Machine, ioas: IoasId, iova: Iova, size: bigint, cut: boolean): bigint;
}

const END_OF_ADDRESSES = 1n << 64n;
const COMPAT = 'drivers/iommu/iommufd/vfio_compat.c';

/** `spaceOfIoas`: mappings of containers and IOAS share one numbering; owners of domains use the same. */
export function createIommufd(
  base: WorldBase,
  world: () => World,
  mappings: Mappings,
  spaceOfIoas: (ioas: IoasId) => number,
): Iommufd {
  const { dims, layout } = base;
  const objects = createObjects(base);
  const hwpts = createHwpts(base, world, objects, mappings, spaceOfIoas);
  const { deviceContext } = objects;
  const exists = layout.field('iommufd', [dims.iommufds]);
  const compatIoas = layout.field('iommufdCompatIoas', [dims.iommufds]);
  const noIommuMode = layout.field('iommufdNoIommu', [dims.iommufds]);
  const cutsMappings = layout.field('iommufdCutsMappings', [dims.iommufds]);
  const ioasContext = layout.field('ioasIommufd', [dims.ioas]);
  const refuse = base.refusals.add({
    noObject: [E.NOENT, 'no object with id {}', 'number'],
    inUse: [E.BUSY, 'object {} in use', 'number'],
    device: [E.BUSY, 'a bound device under id {}, which only unbinding destroys', 'number'],
    noCompatIoas: [E.NODEV, 'no compatibility IOAS in {}', 'iommufd'],
    noIoas: [E.NOENT, 'no IOAS with id {}', 'number'],
    emptyMapping: [E.INVAL, 'a length of 0'],
    unalignedMapping: [E.INVAL, 'an address or length that is not a multiple of 4 KiB'],
    wrapsAround: [E.OVERFLOW, 'a range that wraps around the end of the addresses'],
    reserved: [E.INVAL, 'an IOVA in a range that is reserved for {}', 'device'],
    beyondAperture: [E.INVAL, 'an IOVA that the IOMMU of {} cannot translate', 'domain'],
    mapped: [E.EXIST, 'the range, or a part of it, already mapped in {}', 'ioas'],
    noMemory: [E.FAULT, 'no user memory at the virtual address'],
    notMapped: [E.NOENT, 'nothing mapped in the range in {}', 'ioas'],
    bisects: [E.NOENT, 'a mapping that the range would cut in two in {}', 'ioas'],
  });
  const { noIommuMode: inNoIommuMode } = base.refusals.add(
    { noIommuMode: [E.INVAL, '{} in no-IOMMU mode', 'iommufd'] },
    { name: 'iommufd_vfio_compat_ioas_create', source: COMPAT },
  );
  const uncut = base.refusals.add(
    {
      inDomain: [E.INVAL, 'mappings in page tables of {}, perhaps with large pages', 'ioas'],
      unaligned: [E.ADDRINUSE, 'a mapping that is not aligned to 4 KiB'],
    },
    { name: 'iopt_disable_large_pages', source: 'drivers/iommu/iommufd/io_pagetable.c' },
  );
  const { hasCompatIoas } = base.refusals.add(
    { hasCompatIoas: [E.INVAL, 'a compatibility IOAS in {}, which no-IOMMU mode excludes', 'iommufd'] },
    { name: 'iommufd_vfio_compat_set_no_iommu', source: COMPAT },
  );
  const read = (m: Machine, field: Field, index: number): number => m.state[field.base + index]!;

  function allocateIoas(m: Machine, context: IommufdId): number {
    for (let ioas = 0 as IoasId; ioas < dims.ioas; ioas++) {
      if (read(m, ioasContext, ioas) !== 0) continue;
      m.put(ioasContext.base + ioas, context + 1);
      return objects.number(m, context, IOMMUFD_OBJECT.ioas, ioas);
    }
    throw tooManyAtOnce(`the scenario has more than ${dims.ioas} I/O address spaces`);
  }

  /** VFIO_TYPE1_IOMMU was set for the compatibility IOAS. */
  const cuts = (m: Machine, ioas: IoasId): boolean => {
    const context = read(m, ioasContext, ioas) - 1;
    return read(m, compatIoas, context) === ioas + 1 && read(m, cutsMappings, context) !== 0;
  };

  function withdrawAll(m: Machine, ioas: IoasId, one: Mapping): void {
    for (const domain of world().iommu.domainsOf(m, spaceOfIoas(ioas))) mappings.withdraw(m, domain, one);
  }

  /** Cuts a mapping at an address, as iopt_cut_iova() does before an unmap of the first VFIO interface. */
  function cutAt(all: readonly Mapping[], at: Iova): Mapping[] {
    return all.flatMap((one) => {
      if (one.iova >= at || one.iova + one.size <= at) return [one];
      const head = at - one.iova;
      return [
        { ...one, size: head },
        { ...one, iova: at, vaddr: (one.vaddr + head) as Hva, size: one.size - head },
      ];
    });
  }

  return {
    exists,
    objects,
    hwpts,
    compatIoas,
    cutsMappings,
    ioasContext,
    deviceContext,
    allocateIoas,

    open(m) {
      for (let context = 0 as IommufdId; context < dims.iommufds; context++) {
        if (read(m, exists, context) !== 0) continue;
        m.put(exists.base + context, 1);
        return context;
      }
      throw tooManyAtOnce(`the scenario has more than ${dims.iommufds} iommufds`);
    },

    release(m, context) {
      for (let ioas = 0 as IoasId; ioas < dims.ioas; ioas++) {
        if (read(m, ioasContext, ioas) !== context + 1) continue;
        for (const domain of world().iommu.domainsOf(m, spaceOfIoas(ioas))) hwpts.destroy(m, context, domain);
        mappings.replace(m, spaceOfIoas(ioas), []);
        m.put(ioasContext.base + ioas, 0);
      }
      objects.forgetAll(m, context);
      for (const field of [exists, compatIoas, noIommuMode, cutsMappings]) m.put(field.base + context, 0);
    },

    destroy(m, context, id) {
      const { kind, index } = objects.at(m, context, id);
      if (kind === IOMMUFD_OBJECT.none) return refuse.noObject(m, id);
      if (kind === IOMMUFD_OBJECT.hwpt) return hwpts.destroy(m, context, index as DomainId);
      const ioasInUse =
        kind === IOMMUFD_OBJECT.ioas && world().iommu.domainsOf(m, spaceOfIoas(index as IoasId)).length > 0;
      if (kind !== IOMMUFD_OBJECT.ioas) return refuse.device(m, id);
      if (ioasInUse) return refuse.inUse(m, id);
      mappings.replace(m, spaceOfIoas(index as IoasId), []);
      m.put(ioasContext.base + index, 0);
      objects.forget(m, context, kind, index);
      if (read(m, compatIoas, context) === index + 1) m.put(compatIoas.base + context, 0);
      return 0;
    },

    bind(m, context, device) {
      m.put(deviceContext.base + device, context + 1);
      objects.number(m, context, IOMMUFD_OBJECT.device, device);
    },

    unbind(m, device) {
      hwpts.detach(m, device);
      objects.forget(m, objects.contextOf(m, device), IOMMUFD_OBJECT.device, device);
      m.put(deviceContext.base + device, 0);
    },

    createCompatIoas(m, context) {
      if (read(m, compatIoas, context) !== 0) return 0;
      if (read(m, noIommuMode, context) !== 0) return inNoIommuMode(m, context);
      const id = allocateIoas(m, context);
      m.put(compatIoas.base + context, objects.at(m, context, id).index + 1);
      return 0;
    },

    setNoIommu(m, context) {
      if (read(m, compatIoas, context) !== 0) return hasCompatIoas(m, context);
      m.put(noIommuMode.base + context, 1);
      return 0;
    },

    compatIoasId(m, context) {
      const ioas = idAt<IoasId>(m, compatIoas, context);
      return ioas === NONE ? refuse.noCompatIoas(m, context) : objects.idOf(m, context, IOMMUFD_OBJECT.ioas, ioas);
    },

    cutMappings(m, context) {
      const ioas = knownId<IoasId>(m, compatIoas, context);
      if (read(m, cutsMappings, context) !== 0) return 0;
      const all = mappings.all(m, spaceOfIoas(ioas));
      if (all.length > 0 && world().iommu.domainsOf(m, spaceOfIoas(ioas)).length > 0) return uncut.inDomain(m, ioas);
      if (!all.every(isAligned)) return uncut.unaligned(m);
      m.put(cutsMappings.base + context, 1);
      return 0;
    },

    compatCoherent(m, context) {
      const { iommu } = world();
      const ioas = idAt<IoasId>(m, compatIoas, context);
      if (ioas === NONE) return refuse.noCompatIoas(m, context);
      return iommu.domainsOf(m, spaceOfIoas(ioas)).every((d) => read(m, iommu.domainCoherent, d) !== 0) ? 1 : 0;
    },

    ioasById(m, context, id) {
      const { kind, index } = objects.at(m, context, id);
      return kind === IOMMUFD_OBJECT.ioas ? (index as IoasId) : refuse.noIoas(m, id);
    },

    // linux: drivers/iommu/iommufd/io_pagetable.c iopt_map_pages(): without page tables nothing is pinned yet.
    map(m, ioas, mapping) {
      const { iommu } = world();
      const { iova, vaddr, size } = mapping;
      const space = spaceOfIoas(ioas);
      const domains = iommu.domainsOf(m, space);
      const pageWise = domains.length > 0 || cuts(m, ioas);
      if (size === 0n) return refuse.emptyMapping(m);
      if (pageWise && ((iova | size) & (PAGE_BYTES - 1n)) !== 0n) return refuse.unalignedMapping(m);
      if (iova + size - 1n >= END_OF_ADDRESSES || vaddr + size - 1n >= END_OF_ADDRESSES) return refuse.wrapsAround(m);
      const device = hwpts.reservedFor(m, ioas, iova, size);
      if (device !== undefined) return refuse.reserved(m, device);
      const narrow = domains.find((domain) => iova + size > iommu.apertureEnd(read(m, iommu.domainUnit, domain) - 1));
      if (narrow !== undefined) return refuse.beyondAperture(m, narrow);
      if (mappings.find(m, space, iova, size)) return refuse.mapped(m, ioas);
      if (pageWise && (vaddr & (PAGE_BYTES - 1n)) !== 0n) return refuse.unalignedMapping(m);
      if (domains.length > 0 && !isUserMemory(mapping)) return refuse.noMemory(m);
      mappings.replace(m, space, [...mappings.all(m, space), mapping]);
      for (const domain of domains) mappings.enter(m, domain, mapping);
      return 0;
    },

    unmap(m, ioas, iova, size, cut) {
      const space = spaceOfIoas(ioas);
      const before = mappings.all(m, space);
      const all = cut ? cutAt(cutAt(before, iova), (iova + size) as Iova) : before;
      const overlapping = all.filter((one) => one.iova < iova + size && iova < one.iova + one.size);
      if (overlapping.length === 0) return size === END_OF_ADDRESSES ? 0n : BigInt(refuse.notMapped(m, ioas));
      // One after the other: those before the one that would be cut are gone then.
      const bisected = overlapping.findIndex((one) => one.iova < iova || one.iova + one.size > iova + size);
      const chosen = bisected < 0 ? overlapping : overlapping.slice(0, bisected);
      for (const one of chosen) withdrawAll(m, ioas, one);
      mappings.replace(
        m,
        space,
        all.filter((one) => !chosen.includes(one)),
      );
      if (bisected >= 0) return BigInt(refuse.bisects(m, ioas));
      return chosen.reduce((bytes, one) => bytes + one.size, 0n);
    },
  };
}
