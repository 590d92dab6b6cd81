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
 * Left out: that the devices of one IOMMU group share one HWPT; here each is attached by itself.
 */
import type { Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { E, type Errno, isErr } from '../kernel/errno.ts';
import { type DeviceId, type DomainId, type IoasId, type IommufdId, idAt, NONE, type None } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { IOMMUFD_OBJECT, type Objects } from './iommufd-objects.ts';
import type { Mappings } from './mappings.ts';

export interface Hwpts {
  /** Per domain: 1 when user space allocated it, so that it stays without devices and no attaching picks it. */
  readonly allocatedByUser: Field;
  /** iommufd_hwpt_alloc(), v6.6 and later, for a bound device; `pasid` is IOMMU_HWPT_ALLOC_PASID. Returns the HWPT's id or -errno. */
  readonly allocate: Routine<[idev: DeviceId, ioas: IoasId, pasid: 0 | 1]>;
  /** IOMMU_DESTROY of an HWPT: 0, or -EBUSY while a device uses it. */
  destroy(machine: Machine, context: IommufdId, domain: DomainId): number;
  /** iommufd_device_attach() of a bound device to what an id names. Returns the HWPT's id or -errno. */
  readonly attach: Routine<[idev: DeviceId, ptId: number]>;
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
  const atAllocation = kernel.has('enforce-at-allocation');
  const refuse = base.refusals.add({
    noUpgrade: [E.INVAL, 'page tables ({}) that cannot be made to force snooping', 'domain'],
    noObject: [E.NOENT, 'no object with id {}', 'number'],
    notPageTable: [E.INVAL, 'no IOAS and no page table under id {}', 'number'],
    mediated: [E.INVAL, '{}, a mediated device, which has no page tables and takes an IOAS only', 'device'],
    beyondAperture: [E.INVAL, 'a mapping beyond what the IOMMU of {} can translate', 'device'],
    noPasid: [E.OPNOTSUPP, 'no support for PASID in the IOMMU of {}', 'device'],
    inUse: [E.BUSY, '{} in use', 'domain'],
  });
  const unitOf = (device: DeviceId): number => topology.devices[device]?.iommu ?? -1;
  const domainOf = (m: Machine, device: DeviceId): DomainId | None =>
    idAt<DomainId>(m, world().iommu.deviceDomain, device);
  const ioasOfDomain = (m: Machine, domain: DomainId): IoasId =>
    (m.state[world().iommu.domainOwner.base + domain]! - 1 - spaceOfIoas(0 as IoasId)) as IoasId;

  /** Before v6.7: a device that can be coherent asks the page tables that it was just attached to. False is EINVAL. */
  function upgrade(m: Machine, domain: DomainId, device: DeviceId): boolean {
    const { iommu } = world();
    if (atAllocation || !iommu.enforceCapability(device)) return true;
    return iommu.enforce(m, domain);
  }

  /** Attaches to page tables that exist: 0 or -errno. A device that was attached elsewhere is put back on failure. */
  function join(m: Machine, domain: DomainId, device: DeviceId): number {
    const { iommu } = world();
    const before = domainOf(m, device);
    const errno = iommu.attach(m, domain, device);
    if (errno !== 0) return errno;
    if (upgrade(m, domain, device)) return 0;
    if (before !== NONE) iommu.attach(m, before, device);
    else iommu.detach(m, device);
    return refuse.noUpgrade(m, domain);
  }

  /** Page tables that attaching made go with their last device. */
  function dropUnused(m: Machine, context: IommufdId, domain: DomainId | None): void {
    const { iommu } = world();
    if (domain === NONE || iommu.devicesOf(m, domain).length > 0 || isByUser(m, domain)) return;
    release(m, context, domain);
  }

  const isByUser = (m: Machine, domain: DomainId): boolean => m.state[allocatedByUser.base + domain] !== 0;

  /** What can be done without new page tables: the id or an errno, or undefined when new ones are needed. */
  function joinExisting(m: Machine, device: DeviceId, id: number): number | undefined {
    const { iommu } = world();
    const context = objects.contextOf(m, device);
    const { kind, index } = objects.at(m, context, id);
    if (kind === IOMMUFD_OBJECT.none) return refuse.noObject(m, id);
    if (kind === IOMMUFD_OBJECT.device) return refuse.notPageTable(m, id);
    // A mediated device gets an access object, which has no page tables.
    if (unitOf(device) < 0) return kind === IOMMUFD_OBJECT.ioas ? id : refuse.mediated(m, device);
    const before = domainOf(m, device);
    if (kind === IOMMUFD_OBJECT.hwpt) {
      const hwpt = index as DomainId;
      return moved(m, context, before, hwpt, join(m, hwpt, device));
    }
    if (before !== NONE && ioasOfDomain(m, before) === index && !isByUser(m, before))
      return objects.idOf(m, context, IOMMUFD_OBJECT.hwpt, before);
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
    return objects.idOf(m, context, IOMMUFD_OBJECT.hwpt, domain);
  }

  /** The new page tables are attached, filled and numbered. */
  function finish(t: Task, device: DeviceId, id: number, domain: DomainId): number {
    const { machine: m } = t;
    const { iommu } = world();
    const context = objects.contextOf(m, device);
    const before = domainOf(m, device);
    const errno = join(m, domain, device);
    if (errno !== 0) {
      iommu.free(m, domain);
      return errno;
    }
    const space = spaceOfIoas(objects.at(m, context, id).index as IoasId);
    for (const mapping of mappings.all(m, space)) mappings.enter(m, domain, mapping);
    objects.number(m, context, IOMMUFD_OBJECT.hwpt, domain);
    return moved(m, context, before, domain, 0);
  }

  /** A new domain for a device in an IOAS, or -EINVAL when the unit cannot translate what is mapped there. */
  function allocateDomain(m: Machine, device: DeviceId, space: number, pasid = false): DomainId | Errno {
    const { iommu } = world();
    const end = iommu.apertureEnd(unitOf(device));
    if (mappings.all(m, space).some((one) => one.iova + one.size > end)) return refuse.beyondAperture(m, device);
    return iommu.alloc(m, space, unitOf(device), pasid);
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
        const domain = allocateDomain(m, device, spaceOfIoas(ioas));
        if (isErr(domain)) return t.return(domain);
        hwpt.set(t, domain);
        const enforce = atAllocation ? enforceFor(m, domain, device) : undefined;
        if (enforce) t.call(enforce, domain);
      });
      r.local((t) => t.return(finish(t, idev.of(t), ptId.of(t), hwpt.of(t))));
    },
  );

  const allocate = routines.define(
    'iommufd_hwpt_alloc',
    'drivers/iommu/iommufd/hw_pagetable.c',
    ['idev: device', 'ioas: ioas', 'pasid: truth'],
    (r, idev, ioas, pasid) => {
      const hwpt = r.variable('hwpt: domain');
      r.local((t) => {
        const { machine: m } = t;
        const wanted = pasid.of(t) !== 0;
        if (wanted && !world().iommu.supportsPasid(unitOf(idev.of(t)))) return t.return(refuse.noPasid(m, idev.of(t)));
        const domain = allocateDomain(m, idev.of(t), spaceOfIoas(ioas.of(t)), wanted);
        if (isErr(domain)) return t.return(domain);
        hwpt.set(t, domain);
        m.put(allocatedByUser.base + domain, 1);
        const enforce = enforceFor(m, domain, idev.of(t));
        if (enforce) t.call(enforce, domain);
      });
      r.local((t) => {
        const { machine: m } = t;
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
    allocate,
    attach,
    detach(m, device) {
      const domain = domainOf(m, device);
      if (domain === NONE) return;
      world().iommu.detach(m, device);
      dropUnused(m, objects.contextOf(m, device), domain);
    },
    destroy(m, context, domain) {
      if (!isByUser(m, domain) || world().iommu.devicesOf(m, domain).length > 0) return refuse.inUse(m, domain);
      release(m, context, domain);
      return 0;
    },
  };
}
