/**
 * Attaching a device to an IOAS or a hardware page table (HWPT) of an iommufd, and the rule about coherency.
 *
 * An IOAS has HWPTs that attaching made; the first that accepts the device is taken, else a new one is made. Since v6.7 an
 * HWPT enforces coherency from its allocation if the device that it is made for can, and never changes; before, a device
 * that can asked for it after attaching, which may be an upgrade of page tables that others already use. Either way an
 * enforcing VT-d domain refuses devices behind a unit without snoop control, and one that does not enforce takes all: so
 * a device that could be coherent may get non-coherent page tables (model finding for v6.7 and later).
 *
 * An HWPT that user space allocates (v6.6 and later) stays when its devices leave, mappings and all. Up to v6.6 it could
 * then be upgraded by a device that can be coherent, with older entries that lack SNP.
 *
 * All devices of an IOMMU group share one HWPT: the first that is attached brings the group there, others may only join it,
 * and one that moves takes all of them along.
 *
 * Nothing is pinned before an IOAS has an HWPT, so what is wrong with its mappings shows when it gets one.
 */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { E } from '../kernel/errno.ts';
import {
  type DeviceId,
  type DomainId,
  type IoasId,
  type IommufdId,
  type Iova,
  idAt,
  NONE,
  type None,
} from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { IOMMUFD_OBJECT, type Objects } from './iommufd-objects.ts';
import { isAligned, isUserMemory, type Mappings } from './mappings.ts';
import { meetsReserved } from './reserved.ts';

const IO_PAGETABLE = 'drivers/iommu/iommufd/io_pagetable.c';

export interface Hwpts {
  /** Per domain: 1 when user space allocated it, so that it stays without devices and no attaching picks it. */
  readonly allocatedByUser: Field;
  /** Per device: 1 when it was attached itself, and not only its group. */
  readonly attached: Field;
  /** The first device attached to an HWPT of the IOAS whose reserved ranges a range meets. */
  reservedFor(machine: Machine, ioas: IoasId, iova: Iova, size: bigint): DeviceId | undefined;
  /** iommufd_hwpt_paging_alloc(), v6.6 and later, for a bound device; `pasid` is IOMMU_HWPT_ALLOC_PASID. Returns the HWPT's id or -errno. */
  readonly allocate: Routine<[idev: DeviceId, ioas: IoasId, pasid: 0 | 1]>;
  /** IOMMU_DESTROY of an HWPT: 0, or -EBUSY while a device uses it. */
  destroy(machine: Machine, context: IommufdId, domain: DomainId): number;
  /** iommufd_device_attach() of a bound device to what an id names. Returns 0 or -errno. */
  readonly attach: Routine<[idev: DeviceId, ptId: number]>;
  /** The id that it leaves in `*pt_id`, which named what to attach to: that of the HWPT, if the device has page tables. */
  attachedId(machine: Machine, device: DeviceId, ptId: number): number;
  /** iommufd_device_detach(). */
  detach(machine: Machine, device: DeviceId): void;
}

export function createHwpts(
  base: WorldBase,
  world: () => World,
  objects: Objects,
  mappings: Mappings,
  spaceOfIoas: (ioas: IoasId) => number,
): Hwpts {
  const { dims, kernel, layout, routines, topology } = base;
  const allocatedByUser = layout.field('hwptAllocatedByUser', [dims.domains]);
  const attached = layout.field('deviceAttached', [dims.iommufds > 0 ? topology.devices.length : 0], {
    labels: [topology.devices.map((device) => device.name)],
  });
  const refuse = base.refusals.add({
    noUpgrade: [E.INVAL, 'page tables ({}) that cannot be made to force snooping', 'domain'],
    noObject: [E.NOENT, 'no object with id {}', 'number'],
    notPageTable: [E.INVAL, 'no IOAS and no page table under id {}', 'number'],
    mediated: [E.INVAL, '{}, a mediated device, which has no page tables and takes an IOAS only', 'device'],
    otherPageTable: [E.INVAL, 'the group of {} attached to another page table', 'device'],
    noPasid: [E.OPNOTSUPP, 'no support for PASID in the IOMMU of {}', 'device'],
    inUse: [E.BUSY, '{} in use', 'domain'],
  });
  const { reserved } = base.refusals.add(
    { reserved: [E.ADDRINUSE, 'a mapping in a range that is reserved for {}', 'device'] },
    { name: 'iopt_table_enforce_dev_resv_regions', source: IO_PAGETABLE },
  );
  const unfit = base.refusals.add(
    {
      unaligned: [E.ADDRINUSE, 'a mapping that is not aligned to 4 KiB'],
      beyondAperture: [E.ADDRINUSE, 'a mapping beyond what the IOMMU of {} can translate', 'device'],
      noMemory: [E.FAULT, 'a mapping without user memory'],
    },
    { name: 'iopt_table_add_domain', source: IO_PAGETABLE },
  );
  const unitOf = (device: DeviceId): number => topology.devices[device]?.iommu ?? -1;
  const domainOf = (m: Machine, device: DeviceId): DomainId | None =>
    idAt<DomainId>(m, world().iommu.deviceDomain, device);
  const ioasOfDomain = (m: Machine, domain: DomainId): IoasId =>
    (m.state[world().iommu.domainOwner.base + domain]! - 1 - spaceOfIoas(0 as IoasId)) as IoasId;
  const isAttached = (m: Machine, device: DeviceId): boolean => m.state[attached.base + device] !== 0;
  /** The devices of an IOMMU group: their DMA goes one way. */
  const groupOf = (device: DeviceId): readonly DeviceId[] =>
    topology.groups[topology.devices[device]?.group ?? NONE]?.devices ?? [device];

  /** iommu_attach_group(): every device of the group, or none. */
  function attachGroup(m: Machine, domain: DomainId, device: DeviceId): number {
    const { iommu } = world();
    const before = domainOf(m, device);
    const group = groupOf(device);
    for (const [i, member] of group.entries()) {
      const errno = iommu.attach(m, domain, member);
      if (errno === 0) continue;
      for (const other of group.slice(0, i)) {
        if (before === NONE) iommu.detach(m, other);
        else iommu.attach(m, before, other);
      }
      return errno;
    }
    return 0;
  }

  function detachGroup(m: Machine, device: DeviceId): void {
    for (const member of groupOf(device)) world().iommu.detach(m, member);
  }

  // linux: drivers/iommu/iommufd/device.c iommufd_device_attach_reserved_iova()
  function reservedRanges(m: Machine, domain: DomainId, devices: readonly DeviceId[]): number {
    const all = mappings.all(m, spaceOfIoas(ioasOfDomain(m, domain)));
    for (const device of devices) {
      const driver = topology.iommus[unitOf(device)]?.driver;
      if (all.some((one) => meetsReserved(driver, one.iova, one.size))) return reserved(m, device);
    }
    return 0;
  }

  // linux: drivers/iommu/iommufd/io_pagetable.c iopt_table_add_domain(), iopt_fill_domain()
  function unfitMappings(m: Machine, space: number, device: DeviceId): number {
    const all = mappings.all(m, space);
    const end = world().iommu.apertureEnd(unitOf(device));
    if (!all.every(isAligned)) return unfit.unaligned(m);
    if (all.some((one) => one.iova + one.size > end)) return unfit.beyondAperture(m, device);
    return all.every(isUserMemory) ? 0 : unfit.noMemory(m);
  }

  /** Before v6.7: a device that can be coherent asks the page tables that it was just attached to. False is EINVAL. */
  function upgrade(m: Machine, domain: DomainId, device: DeviceId): boolean {
    const { iommu } = world();
    if (kernel.has('enforce-at-allocation') || !iommu.enforceCapability(device)) return true;
    return iommu.enforce(m, domain);
  }

  /** Attaches to page tables: 0 or -errno. A group that was attached elsewhere stays there on failure. */
  function join(m: Machine, domain: DomainId, device: DeviceId): number {
    const before = domainOf(m, device);
    const moves = isAttached(m, device);
    if (before !== NONE && before !== domain && !moves) return refuse.otherPageTable(m, device);
    if (before === domain && moves) return 0;
    const newcomers = moves ? groupOf(device).filter((member) => isAttached(m, member)) : [device];
    const errno = reservedRanges(m, domain, newcomers) || (before === domain ? 0 : attachGroup(m, domain, device));
    if (errno !== 0) return errno;
    if (upgrade(m, domain, device)) {
      m.put(attached.base + device, 1);
      return 0;
    }
    if (before === NONE) detachGroup(m, device);
    else if (before !== domain) attachGroup(m, before, device);
    return refuse.noUpgrade(m, domain);
  }

  /** Page tables that attaching made go with their last device. */
  function dropUnused(m: Machine, context: IommufdId, domain: DomainId | None): void {
    const { iommu } = world();
    if (domain === NONE || iommu.devicesOf(m, domain).length > 0 || isByUser(m, domain)) return;
    release(m, context, domain);
  }

  const isByUser = (m: Machine, domain: DomainId): boolean => m.state[allocatedByUser.base + domain] !== 0;

  /** What can be done without new page tables: 0 or an errno, or undefined when new ones are needed. */
  function joinExisting(m: Machine, device: DeviceId, id: number): number | undefined {
    const { iommu } = world();
    const context = objects.contextOf(m, device);
    const { kind, index } = objects.at(m, context, id);
    if (kind === IOMMUFD_OBJECT.none) return refuse.noObject(m, id);
    if (kind === IOMMUFD_OBJECT.device) return refuse.notPageTable(m, id);
    // A mediated device gets an access object, which has no page tables.
    if (unitOf(device) < 0) return kind === IOMMUFD_OBJECT.ioas ? 0 : refuse.mediated(m, device);
    const before = isAttached(m, device) ? domainOf(m, device) : NONE;
    if (kind === IOMMUFD_OBJECT.hwpt) {
      const hwpt = index as DomainId;
      return moved(m, context, before, hwpt, join(m, hwpt, device));
    }
    if (before !== NONE && ioasOfDomain(m, before) === index && !isByUser(m, before)) return 0;
    for (const domain of iommu.domainsOf(m, spaceOfIoas(index as IoasId))) {
      if (isByUser(m, domain)) continue;
      const errno = join(m, domain, device);
      if (errno !== E.INVAL) return moved(m, context, before, domain, errno);
    }
    return undefined;
  }

  function moved(m: Machine, context: IommufdId, before: DomainId | None, domain: DomainId, errno: number): number {
    if (errno !== 0) return errno;
    if (before !== domain) dropUnused(m, context, before);
    return 0;
  }

  /** The new page tables are attached, filled and numbered. */
  function finish(t: Task, device: DeviceId, id: number, domain: DomainId): number {
    const { machine: m } = t;
    const { iommu } = world();
    const context = objects.contextOf(m, device);
    const before = domainOf(m, device);
    const wasAttached = isAttached(m, device);
    const space = spaceOfIoas(objects.at(m, context, id).index as IoasId);
    const joined = join(m, domain, device);
    const errno = joined || unfitMappings(m, space, device);
    if (errno !== 0) {
      if (joined === 0) {
        m.put(attached.base + device, wasAttached ? 1 : 0);
        if (before === NONE) detachGroup(m, device);
        else attachGroup(m, before, device);
      }
      iommu.free(m, domain);
      return errno;
    }
    for (const mapping of mappings.all(m, space)) mappings.enter(m, domain, mapping);
    objects.number(m, context, IOMMUFD_OBJECT.hwpt, domain);
    return moved(m, context, before, domain, 0);
  }

  /** The driver's operation, when the device that page tables are made for can be coherent. */
  function enforceFor(m: Machine, domain: DomainId, device: DeviceId): Routine<[domain: DomainId]> | undefined {
    const { iommu } = world();
    return iommu.enforceCapability(device) ? iommu.enforceRoutine(m, domain) : undefined;
  }

  const attach = routines.define(
    'iommufd_device_attach',
    'drivers/iommu/iommufd/device.c',
    ['idev: device', 'pt_id: number'],
    (r, idev, ptId) => {
      const hwpt = r.variable('hwpt: domain');
      r.local((t) => {
        const { machine: m } = t;
        const device = idev.of(t);
        const id = ptId.of(t);
        const answer = joinExisting(m, device, id);
        if (answer !== undefined) return t.return(answer);
        const ioas = objects.at(m, objects.contextOf(m, device), id).index as IoasId;
        const domain = world().iommu.alloc(m, spaceOfIoas(ioas), unitOf(device));
        hwpt.set(t, domain);
        const enforce = kernel.has('enforce-at-allocation') ? enforceFor(m, domain, device) : undefined;
        if (enforce) t.call(enforce, domain);
      });
      r.local((t) => t.return(finish(t, idev.of(t), ptId.of(t), hwpt.of(t))));
    },
  );

  const allocate = routines.define(
    'iommufd_hwpt_paging_alloc',
    'drivers/iommu/iommufd/hw_pagetable.c',
    ['idev: device', 'ioas: ioas', 'pasid: truth'],
    (r, idev, ioas, pasid) => {
      const hwpt = r.variable('hwpt: domain');
      r.local((t) => {
        const { machine: m } = t;
        const wanted = pasid.of(t) !== 0;
        if (wanted && !world().iommu.supportsPasid(unitOf(idev.of(t)))) return t.return(refuse.noPasid(m, idev.of(t)));
        const domain = world().iommu.alloc(m, spaceOfIoas(ioas.of(t)), unitOf(idev.of(t)), wanted);
        hwpt.set(t, domain);
        m.put(allocatedByUser.base + domain, 1);
        const enforce = enforceFor(m, domain, idev.of(t));
        if (enforce) t.call(enforce, domain);
      });
      r.local((t) => {
        const { machine: m } = t;
        const errno = unfitMappings(m, spaceOfIoas(ioas.of(t)), idev.of(t));
        if (errno !== 0) {
          m.put(allocatedByUser.base + hwpt.of(t), 0);
          world().iommu.free(m, hwpt.of(t));
          return t.return(errno);
        }
        for (const mapping of mappings.all(m, spaceOfIoas(ioas.of(t)))) mappings.enter(m, hwpt.of(t), mapping);
        t.return(objects.number(m, objects.contextOf(m, idev.of(t)), IOMMUFD_OBJECT.hwpt, hwpt.of(t)));
      });
    },
  );

  function release(m: Machine, context: IommufdId, domain: DomainId): void {
    for (const mapping of mappings.all(m, spaceOfIoas(ioasOfDomain(m, domain)))) mappings.withdraw(m, domain, mapping);
    objects.forget(m, context, IOMMUFD_OBJECT.hwpt, domain);
    m.put(allocatedByUser.base + domain, 0);
    world().iommu.free(m, domain);
  }

  return {
    allocatedByUser,
    attached,
    allocate,
    attach,

    attachedId: (m, device, ptId) =>
      unitOf(device) < 0
        ? ptId
        : objects.idOf(m, objects.contextOf(m, device), IOMMUFD_OBJECT.hwpt, domainOf(m, device) as DomainId),

    reservedFor(m, ioas, iova, size) {
      const domains = world().iommu.domainsOf(m, spaceOfIoas(ioas));
      return topology.devices
        .map((_, device) => device as DeviceId)
        .find(
          (device) =>
            isAttached(m, device) &&
            domains.includes(domainOf(m, device) as DomainId) &&
            meetsReserved(topology.iommus[unitOf(device)]?.driver, iova, size),
        );
    },

    detach(m, device) {
      const domain = domainOf(m, device);
      if (domain === NONE || !isAttached(m, device)) return;
      m.put(attached.base + device, 0);
      if (groupOf(device).some((member) => isAttached(m, member))) return;
      detachGroup(m, device);
      dropUnused(m, objects.contextOf(m, device), domain);
    },
    destroy(m, context, domain) {
      if (!isByUser(m, domain) || world().iommu.devicesOf(m, domain).length > 0) return refuse.inUse(m, domain);
      release(m, context, domain);
      return 0;
    },
  };
}
