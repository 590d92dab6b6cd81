/**
 * The type1 IOMMU driver of a container: its domains and its mappings.
 *
 * Up to v3.14 a container has one domain, which never asks for coherent mappings. Since v3.15 it has one domain for each
 * kind of mapping: a group that is attached gets a new domain, and when that turns out to be of the same kind as an
 * existing one (same kind of tables, same coherency) the group moves there. Every mapping is written into every domain.
 */

import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, readable, writeField } from '../files/user-memory.ts';
import { cutOut, isUserMemory, type Mapping, type Mappings, VADDR_INVALID } from '../iommu/mappings.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { FREED_OBJECTS } from '../state/event.ts';
import {
  type ContainerId,
  type DeviceId,
  type DomainId,
  type FileId,
  type GroupId,
  type Hva,
  type Iova,
  idAt,
  NONE,
  type None,
} from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import { PAGE_BYTES } from '../topology.ts';
import type { World, WorldBase } from '../world.ts';
import { IOMMU_DRIVER, type VfioState } from './state.ts';
import { translatable } from './translatable.ts';
import { createType1Refusals } from './type1-refusals.ts';

export interface Type1 {
  /** vfio_iommu_type1_attach_group(). Returns 0 or -errno. */
  readonly attachGroup: Routine<[container: ContainerId, group: GroupId]>;
  /** vfio_iommu_type1_detach_group(), in the step that runs it. */
  detachGroup(machine: Machine, container: ContainerId, group: GroupId): void;
  /** vfio_iommu_type1_open(): 0 or -errno. Up to v3.14 it allocates the domain. */
  open(machine: Machine, container: ContainerId): number;
  /** vfio_iommu_type1_release(). */
  release(machine: Machine, container: ContainerId): void;
  /** VFIO_CHECK_EXTENSION; without a container no instance is asked. */
  checkExtension(machine: Machine, container: ContainerId | None, extension: number): number;
  /** VFIO_IOMMU_MAP_DMA and the others, of a container with a driver. */
  readonly mapDma: Routine<[filp: FileId]>;
  readonly unmapDma: Routine<[filp: FileId]>;
  readonly getInfo: Routine<[filp: FileId]>;
}

const MAP_READ_WRITE = 3;
const MAP_VADDR = 4;
const UNMAP_ALL = 2;
const UNMAP_VADDR = 4;
const END_OF_ADDRESSES = 1n << 64n;
const INFO_PGSIZES = 1;
const INFO_CAPS = 2;
const SOURCE = 'drivers/vfio/vfio_iommu_type1.c';
/** The parameters of vfio_iommu_type1_attach_group(). */
const ATTACH = ['container: container', 'group: group'] as const;

export function createType1(base: WorldBase, world: () => World, state: VfioState, mappings: Mappings): Type1 {
  const { kernel, routines, topology } = base;
  const { read } = state;
  const multiDomain = kernel.has('type1-multi-domain');
  const hasVaddrFlags = (): boolean => kernel.has('type1-unmap-all');
  const refuse = createType1Refusals(base);

  const domainsOf = (m: Machine, container: ContainerId): DomainId[] => world().iommu.domainsOf(m, container);
  const devicesIn = (group: GroupId): readonly DeviceId[] =>
    (topology.groups[group]?.devices ?? []).filter((device) => (topology.devices[device]?.iommu ?? -1) >= 0);
  const unitOfGroup = (group: GroupId): number => topology.devices[devicesIn(group)[0] ?? -1]?.iommu ?? -1;
  const locked = (container: ContainerId): number => state.type1Lock.base + container;

  // --- domains ---------------------------------------------------------------------------------------------------

  /** iommu_attach_group(): every device of the group, or none. */
  function attachDevices(m: Machine, domain: DomainId, group: GroupId): number {
    const { iommu } = world();
    const before = devicesIn(group).map((device) => idAt<DomainId>(m, iommu.deviceDomain, device));
    for (const [i, device] of devicesIn(group).entries()) {
      const errno = iommu.attach(m, domain, device);
      if (errno === 0) continue;
      for (const [j, other] of devicesIn(group).slice(0, i).entries()) {
        iommu.detach(m, other);
        const old = before[j] ?? NONE;
        if (old !== NONE) iommu.attach(m, old, other);
      }
      return errno;
    }
    return 0;
  }

  function detachDevices(m: Machine, group: GroupId): void {
    for (const device of devicesIn(group)) world().iommu.detach(m, device);
  }

  /** Unmaps and frees a domain that no device uses any more. */
  function dropDomain(m: Machine, container: ContainerId, domain: DomainId): void {
    for (const mapping of mappings.all(m, container)) mappings.withdraw(m, domain, mapping);
    world().iommu.free(m, domain);
  }

  /** Does an existing mapping lie outside what the group's unit can translate? */
  function mappingsConflict(m: Machine, container: ContainerId, group: GroupId): boolean {
    if (!kernel.has('type1-iova-list')) return false;
    return mappings
      .all(m, container)
      .some((mapping) => !translatable(world(), unitOfGroup(group), mapping.iova, mapping.size));
  }

  /** The new domain of the group joins one of the same kind, or gets all mappings and stays. */
  function mergeOrReplay(m: Machine, container: ContainerId, group: GroupId, fresh: DomainId): void {
    const { iommu } = world();
    for (const domain of domainsOf(m, container)) {
      if (domain === fresh || !iommu.sameKind(m, domain, fresh)) continue;
      if (read(m, iommu.domainCoherent, domain) !== read(m, iommu.domainCoherent, fresh)) continue;
      detachDevices(m, group);
      if (attachDevices(m, domain, group) === 0) {
        iommu.free(m, fresh);
        return;
      }
      attachDevices(m, fresh, group);
    }
    for (const mapping of mappings.all(m, container)) mappings.enter(m, fresh, mapping);
  }

  /** Up to v3.14: the group joins the container's only domain. */
  const attachSingle = routines.define('vfio_iommu_type1_attach_group', SOURCE, ATTACH, (r, container, group) => {
    r.lock('iommu->lock', (t) => locked(container.of(t)));
    r.local((t) => {
      const { machine: m } = t;
      const domain = domainsOf(m, container.of(t))[0];
      const errno = domain === undefined ? refuse.noDomain(m, container.of(t)) : attachDevices(m, domain, group.of(t));
      m.put(locked(container.of(t)), 0);
      t.return(errno);
    }, 'attach the devices to the only domain, drop the lock');
  });

  const attachMulti = routines.define('vfio_iommu_type1_attach_group', SOURCE, ATTACH, (r, joined, joining) => {
    const done = r.label();
    const unlock = (t: Task, errno: number): void => {
      t.machine.put(locked(joined.of(t)), 0);
      t.return(errno);
    };
    r.lock('iommu->lock', (t) => locked(joined.of(t)));
    const made = r.variable('domain: domain');
    r.local((t) => {
      const { machine: m } = t;
      const container = joined.of(t);
      const group = joining.of(t);
      // An attach may have to pin pages, whose addresses are unknown.
      const invalid = mappings.all(m, container).some((one) => (one.access & VADDR_INVALID) !== 0);
      if (invalid && kernel.has('update-vaddr-without-mdev')) return unlock(t, refuse.vaddrInvalid(m, container));
      if (state.isEmulatedGroup(group)) return unlock(t, 0);
      const unit = unitOfGroup(group);
      if (unit < 0) return unlock(t, refuse.noIommu(m, group));
      const { iommu } = world();
      const domain = iommu.alloc(m, container, unit);
      const attached = attachDevices(m, domain, group);
      let errno = attached;
      if (errno === 0 && mappingsConflict(m, container, group)) errno = refuse.mappingsConflict(m, group);
      if (errno === 0 && !iommu.remapsInterrupts(unit)) errno = refuse.noRemapping(m, group);
      if (errno !== 0) {
        if (attached === 0) detachDevices(m, group);
        iommu.free(m, domain);
        return unlock(t, errno);
      }
      made.set(t, domain);
      const enforces = kernel.has('enforce-cache-coherency');
      const routine = enforces ? iommu.enforceRoutine(m, domain) : undefined;
      if (routine) t.call(routine, domain);
      else if (enforces) t.goto(done);
      else {
        m.put(iommu.domainCoherent.base + domain, iommu.cacheCoherencyCapability(m, domain) ? 1 : 0);
        t.goto(done);
      }
    }, 'make a domain, attach the devices; refuse on reserved IOVA or missing interrupt remapping; ask for coherency');
    r.at(done).local((t) => {
      mergeOrReplay(t.machine, joined.of(t), joining.of(t), made.of(t));
      unlock(t, 0);
    }, 'join a domain of the same kind, or map all in the new one; drop the lock');
  });

  function detachGroup(m: Machine, container: ContainerId, group: GroupId): void {
    const { iommu } = world();
    if (state.isEmulatedGroup(group)) {
      if (domainsOf(m, container).length === 0 && emulatedGroups(m, container) === 1)
        mappings.replace(m, container, []);
      return;
    }
    const domain = idAt<DomainId>(m, iommu.deviceDomain, devicesIn(group)[0] ?? 0);
    detachDevices(m, group);
    if (domain === NONE || !multiDomain || iommu.devicesOf(m, domain).length > 0) return;
    const last = domainsOf(m, container).length === 1 && emulatedGroups(m, container) === 0;
    dropDomain(m, container, domain);
    if (last) mappings.replace(m, container, []);
  }

  const emulatedGroups = (m: Machine, container: ContainerId): number =>
    state.groupsOf(m, container).filter((group) => state.isEmulatedGroup(group)).length;

  // --- mappings --------------------------------------------------------------------------------------------------

  /** vfio_dma_do_map() after the copy of the argument. Runs under iommu->lock. */
  function map(t: Task, container: ContainerId): number {
    const { machine: m } = t;
    const arg = argument(t, 2);
    const flags = field32(t, arg, 'flags');
    const iova = field64<Iova>(t, arg, 'iova');
    const vaddr = field64<Hva>(t, arg, 'vaddr');
    const size = field64(t, arg, 'size');
    const setVaddr = (flags & MAP_VADDR) !== 0;
    if (size === 0n) return refuse.empty(m);
    // linux: vfio_dma_do_map() up to v4.x tests with the exclusive end, so a range that ends at 2^64 wraps too.
    const last = multiDomain ? size - 1n : size;
    if (iova + last >= END_OF_ADDRESSES || vaddr + last >= END_OF_ADDRESSES) return refuse.wrapsAround(m);
    const access = flags & MAP_READ_WRITE;
    if (setVaddr && access !== 0) return refuse.vaddrAndAccess(m);
    if (!setVaddr && access === 0) return refuse.noAccess(m);
    if (((size | iova | vaddr) & (PAGE_BYTES - 1n)) !== 0n) return refuse.unaligned(m);
    const found = mappings.find(m, container, iova, size);
    if (setVaddr) return updateVaddr(m, container, found, { iova, vaddr, size, access });
    if (found) return refuse.mapped(m, container);
    const errno = unmappable(m, container, iova, size);
    if (errno !== 0) return errno;
    const mapping: Mapping = { iova, vaddr, size, access };
    const domains = domainsOf(m, container);
    // A container of mediated devices only pins pages when their driver asks for them.
    if (domains.length > 0 && !isUserMemory(mapping)) return refuse.noMemory(m);
    mappings.replace(m, container, [...mappings.all(m, container), mapping]);
    for (const domain of domains) mappings.enter(m, domain, mapping);
    return 0;
  }

  /** The errno of an IOVA range that some unit of the container cannot translate. */
  function unmappable(m: Machine, container: ContainerId, iova: Iova, size: bigint): number {
    const { iommu } = world();
    for (const domain of domainsOf(m, container)) {
      const unit = read(m, iommu.domainUnit, domain) - 1;
      if (kernel.has('type1-iova-list')) {
        if (iova + size > iommu.apertureEnd(unit)) return refuse.untranslatable(m, domain);
        if (!translatable(world(), unit, iova, size)) return refuse.reserved(m, domain);
      } else if (iova + size > iommu.apertureEnd(unit)) return refuse.beyondAperture(m, domain);
    }
    return 0;
  }

  function updateVaddr(m: Machine, container: ContainerId, found: Mapping | undefined, wanted: Mapping): number {
    if (!found) return refuse.notMapped(m, container);
    if ((found.access & VADDR_INVALID) === 0) return refuse.vaddrValid(m);
    if (found.iova !== wanted.iova || found.size !== wanted.size) return refuse.otherRange(m);
    const valid = { ...found, vaddr: wanted.vaddr, access: found.access & MAP_READ_WRITE };
    mappings.replace(
      m,
      container,
      mappings.all(m, container).map((one) => (one.iova === found.iova ? valid : one)),
    );
    return 0;
  }

  /** vfio_dma_do_unmap() after the copy of the argument. Runs under iommu->lock. */
  function unmap(t: Task, container: ContainerId): number {
    const { machine: m } = t;
    const arg = argument(t, 2);
    const flags = field32(t, arg, 'flags');
    const iova = field64<Iova>(t, arg, 'iova');
    let size = field64(t, arg, 'size');
    const everything = (flags & UNMAP_ALL) !== 0;
    const invalidate = (flags & UNMAP_VADDR) !== 0;
    if (invalidate && kernel.has('update-vaddr-without-mdev') && emulatedGroups(m, container) > 0)
      return refuse.mediated(m, container);
    if ((iova & (PAGE_BYTES - 1n)) !== 0n) return refuse.unaligned(m);
    if (everything) {
      if (iova !== 0n || size !== 0n) return refuse.allIsNotZero(m);
      size = END_OF_ADDRESSES;
    } else {
      if (size === 0n) return refuse.empty(m);
      if ((size & (PAGE_BYTES - 1n)) !== 0n) return refuse.unaligned(m);
      if (iova + size - 1n >= END_OF_ADDRESSES) return refuse.wrapsAround(m);
    }
    const all = mappings.all(m, container);
    const inRange = all.filter((one) => one.iova < iova + size && iova < one.iova + one.size);
    const bisects = inRange.some((one) => one.iova < iova || one.iova + one.size > iova + size);
    const exact = read(m, state.containerDriver, container) === IOMMU_DRIVER.type1v2;
    if (exact && !everything && bisects) return refuse.bisects(m, container);
    if (invalidate) return invalidateVaddr(t, container, all, inRange);
    const gone = multiDomain ? firstInterface(inRange, iova) : inRange;
    // Up to v3.14 an unmap cuts out what it names: the parts of a mapping before and after it stay.
    const kept = multiDomain ? [] : inRange.flatMap((one) => cutOut(one, iova, size));
    const domains = domainsOf(m, container);
    for (const one of gone) for (const domain of domains) mappings.withdraw(m, domain, one);
    for (const one of kept) for (const domain of domains) mappings.enter(m, domain, one);
    if (gone.length > 0) mappings.replace(m, container, [...all.filter((one) => !gone.includes(one)), ...kept]);
    const sum = (list: readonly Mapping[]): bigint => list.reduce((bytes, one) => bytes + one.size, 0n);
    writeField(t, arg, 'size', Number(sum(gone) - sum(kept)));
    return 0;
  }

  /** VFIO_TYPE1_IOMMU stops where the request begins inside a mapping, and takes whole mappings otherwise. */
  function firstInterface(inRange: readonly Mapping[], iova: Iova): readonly Mapping[] {
    return inRange[0] && inRange[0].iova < iova ? [] : inRange;
  }

  function invalidateVaddr(
    t: Task,
    container: ContainerId,
    all: readonly Mapping[],
    chosen: readonly Mapping[],
  ): number {
    if (chosen.some((one) => (one.access & VADDR_INVALID) !== 0)) return refuse.invalidTwice(t.machine);
    const invalid = (one: Mapping): Mapping => ({ ...one, access: one.access | VADDR_INVALID });
    mappings.replace(
      t.machine,
      container,
      all.map((one) => (chosen.includes(one) ? invalid(one) : one)),
    );
    writeField(t, argument(t, 2), 'size', Number(chosen.reduce((bytes, one) => bytes + one.size, 0n)));
    return 0;
  }

  /**
   * The last group left the container after the request had fetched `iommu_data`, which is freed by now. Possible since
   * requests run without the container's lock; our own reading of the source, not a reported bug.
   */
  function instanceIsGone(t: Task, container: ContainerId): boolean {
    const driver = read(t.machine, state.containerDriver, container);
    if (driver === IOMMU_DRIVER.type1 || driver === IOMMU_DRIVER.type1v2) return false;
    world().monitors.report(t.machine, 'use-after-free', container, FREED_OBJECTS.indexOf('iommu-data'));
    return true;
  }

  /** Copies the argument, takes iommu->lock and runs `work`. */
  function underLock(
    name: string,
    minimum: number,
    flags: () => number,
    work: (t: Task, container: ContainerId) => number,
  ): Type1['mapDma'] {
    return routines.define(name, SOURCE, ['filp: file'], (r, filp) => {
      const containerOf = (t: Task): ContainerId => world().files.objectOf(t.machine, filp.of(t));
      r.lock('iommu->lock', (t) => locked(containerOf(t)));
      r.local((t) => {
        const container = containerOf(t);
        const arg = argument(t, 2);
        const { machine: m } = t;
        const argsz = field32(t, arg, 'argsz');
        const unknown = field32(t, arg, 'flags') & ~flags();
        let result: number;
        if (instanceIsGone(t, container)) result = refuse.instanceGone(m, container);
        else if (!readable(arg)) result = world().files.refuse.unreadable(m);
        else if (argsz < minimum) result = refuse.argsz(m, argsz);
        else if (unknown !== 0) result = refuse.flags(m, unknown);
        else result = work(t, container);
        m.put(locked(container), 0);
        t.return(result);
      }, 'check the argument, do it, drop the lock');
    });
  }

  const getInfo = routines.define('vfio_iommu_type1_get_info', SOURCE, ['filp: file'], (r) =>
    r.step('report page sizes', (t) => {
      const arg = argument(t, 2);
      if (!readable(arg)) return t.return(world().files.refuse.unreadable(t.machine));
      const argsz = field32(t, arg, 'argsz');
      if (argsz < 16) return t.return(refuse.argsz(t.machine, argsz));
      writeField(t, arg, 'flags', kernel.has('type1-iova-list') ? INFO_PGSIZES | INFO_CAPS : INFO_PGSIZES);
      writeField(t, arg, 'iova_pgsizes', Number(PAGE_BYTES));
      t.return(0);
    }),
  );

  return {
    attachGroup: multiDomain ? attachMulti : attachSingle,
    detachGroup,
    mapDma: underLock('vfio_dma_do_map', 32, () => MAP_READ_WRITE | (hasVaddrFlags() ? MAP_VADDR : 0), map),
    unmapDma: underLock('vfio_dma_do_unmap', 24, () => (hasVaddrFlags() ? UNMAP_ALL | UNMAP_VADDR : 0), unmap),
    getInfo,

    open(m, container) {
      if (multiDomain) return 0;
      const { iommu } = world();
      const unit = topology.iommus.findIndex((one) => one.driver !== 'none');
      if (unit < 0) return refuse.noUnit(m);
      if (!iommu.remapsInterrupts(unit)) return refuse.noUnitRemapping(m);
      iommu.alloc(m, container, unit);
      return 0;
    },

    release(m, container) {
      for (const domain of domainsOf(m, container)) dropDomain(m, container, domain);
      mappings.replace(m, container, []);
    },

    checkExtension(m, container, extension) {
      const answer = EXTENSIONS.get(extension);
      if (!answer || (answer.change !== undefined && !kernel.has(answer.change))) return 0;
      if (answer.kind === 'always') return 1;
      if (answer.kind === 'update-vaddr') {
        if (!kernel.has('update-vaddr-without-mdev')) return 1;
        return container !== NONE && emulatedGroups(m, container) === 0 ? 1 : 0;
      }
      if (container === NONE) return 0;
      const { iommu } = world();
      return domainsOf(m, container).every((domain) => read(m, iommu.domainCoherent, domain) !== 0) ? 1 : 0;
    },
  };
}

/** linux: vfio_iommu_type1_check_extension() */
const EXTENSIONS: ReadonlyMap<number, { kind: 'always' | 'dma-cc' | 'update-vaddr'; change?: ChangeId }> = new Map([
  [1, { kind: 'always' }],
  [3, { kind: 'always', change: 'type1-multi-domain' }],
  [4, { kind: 'dma-cc', change: 'type1-multi-domain' }],
  [6, { kind: 'always', change: 'type1-nesting' }],
  [9, { kind: 'always', change: 'type1-unmap-all' }],
  [10, { kind: 'update-vaddr', change: 'type1-unmap-all' }],
]);
