/**
 * Attaching a device to an IOAS or a hardware page table (HWPT) of an iommufd, and the rule about coherency.
 *
 * An IOAS has HWPTs that attaching made; the first that accepts the device is taken, else a new one is made. Since v6.7 an
 * HWPT enforces coherency from its allocation if the device that it is made for can, and never changes; before, a device
 * that can asked for it after attaching, which may be an upgrade of page tables that others already use. Either way an
 * enforcing VT-d domain refuses devices behind a unit without snoop control, and one that does not enforce takes all: so
 * a device that could be coherent may get non-coherent page tables (model finding for v6.7 and later).
 *
 * Left out: that the devices of one IOMMU group share one HWPT; here each is attached by itself.
 */
import type { Routine, Task } from '../engine/task.ts';
import { E } from '../kernel/errno.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Mappings } from './mappings.ts';
import { IOMMUFD_OBJECT, type Objects } from './objects.ts';

export interface Hwpts {
  /** iommufd_device_attach(). Locals 0, 1: a bound device, an id. Returns the HWPT's id or -errno. */
  readonly attach: Routine;
  /** iommufd_device_detach(). */
  detach(machine: Machine, device: number): void;
}

export function createHwpts(
  base: WorldBase,
  world: () => World,
  objects: Objects,
  mappings: Mappings,
  spaceOfIoas: (ioas: number) => number,
): Hwpts {
  const { kernel, routines, topology } = base;
  const atAllocation = kernel.has('enforce-at-allocation');
  const unitOf = (device: number): number => topology.devices[device]?.iommu ?? -1;
  const domainOf = (m: Machine, device: number): number =>
    (m.state[world().iommu.deviceDomain.base + device] as number) - 1;
  const ioasOfDomain = (m: Machine, domain: number): number =>
    (m.state[world().iommu.domainOwner.base + domain] as number) - 1 - spaceOfIoas(0);

  /** Before v6.7: a device that can be coherent asks the page tables that it was just attached to. False is EINVAL. */
  function upgrade(m: Machine, domain: number, device: number): boolean {
    const { iommu } = world();
    if (atAllocation || !iommu.enforceCapability(device)) return true;
    return iommu.enforce(m, domain);
  }

  /** Attaches to page tables that exist: 0 or -errno. A device that was attached elsewhere is put back on failure. */
  function join(m: Machine, domain: number, device: number): number {
    const { iommu } = world();
    const before = domainOf(m, device);
    const errno = iommu.attach(m, domain, device);
    if (errno !== 0) return errno;
    if (upgrade(m, domain, device)) return 0;
    if (before >= 0) iommu.attach(m, before, device);
    else iommu.detach(m, device);
    return E.INVAL;
  }

  /** Page tables that attaching made go with their last device. */
  function dropUnused(m: Machine, context: number, domain: number): void {
    const { iommu } = world();
    if (domain < 0 || iommu.devicesOf(m, domain).length > 0) return;
    objects.forget(m, context, IOMMUFD_OBJECT.hwpt, domain);
    iommu.free(m, domain);
  }

  /** What can be done without new page tables: the id or an errno, or undefined when new ones are needed. */
  function joinExisting(m: Machine, device: number, id: number): number | undefined {
    const { iommu } = world();
    const context = objects.contextOf(m, device);
    const { kind, index } = objects.at(m, context, id);
    if (kind === IOMMUFD_OBJECT.none) return E.NOENT;
    if (kind === IOMMUFD_OBJECT.device) return E.INVAL;
    // A mediated device gets an access object, which has no page tables.
    if (unitOf(device) < 0) return kind === IOMMUFD_OBJECT.ioas ? id : E.INVAL;
    const before = domainOf(m, device);
    if (kind === IOMMUFD_OBJECT.hwpt) return moved(m, context, before, index, join(m, index, device));
    if (before >= 0 && ioasOfDomain(m, before) === index) return objects.idOf(m, context, IOMMUFD_OBJECT.hwpt, before);
    for (const domain of iommu.domainsOf(m, spaceOfIoas(index))) {
      const errno = join(m, domain, device);
      if (errno !== E.INVAL) return moved(m, context, before, domain, errno);
    }
    return undefined;
  }

  function moved(m: Machine, context: number, before: number, domain: number, errno: number): number {
    if (errno !== 0) return errno;
    if (before !== domain) dropUnused(m, context, before);
    return objects.idOf(m, context, IOMMUFD_OBJECT.hwpt, domain);
  }

  /** The new page tables are attached, filled and numbered. */
  function finish(t: Task, device: number, id: number, domain: number): number {
    const { machine: m } = t;
    const { iommu } = world();
    const context = objects.contextOf(m, device);
    const before = domainOf(m, device);
    const errno = join(m, domain, device);
    if (errno !== 0) {
      iommu.free(m, domain);
      return errno;
    }
    const space = spaceOfIoas(objects.at(m, context, id).index);
    for (const mapping of mappings.all(m, space)) mappings.enter(m, domain, mapping);
    objects.number(m, context, IOMMUFD_OBJECT.hwpt, domain);
    return moved(m, context, before, domain, 0);
  }

  const attach = routines.define('iommufd_device_attach', 'drivers/iommu/iommufd/device.c', (r) => {
    // Locals 0, 1: device, id; 2: the new domain.
    r.local((t) => {
      const { machine: m } = t;
      const { iommu } = world();
      const [device, id] = [t.get(0), t.get(1)];
      const answer = joinExisting(m, device, id);
      if (answer !== undefined) return t.return(answer);
      const space = spaceOfIoas(objects.at(m, objects.contextOf(m, device), id).index);
      const end = iommu.apertureEnd(unitOf(device));
      if (mappings.all(m, space).some((one) => one.iova + one.size > end)) return t.return(E.INVAL);
      const domain = iommu.alloc(m, space, unitOf(device));
      t.set(2, domain);
      const enforce = iommu.enforceRoutine(m, domain);
      if (atAllocation && enforce && iommu.enforceCapability(device)) t.call(enforce, domain);
    });
    r.local((t) => t.return(finish(t, t.get(0), t.get(1), t.get(2))));
  });

  return {
    attach,
    detach(m, device) {
      const domain = domainOf(m, device);
      if (domain < 0) return;
      world().iommu.detach(m, device);
      dropUnused(m, objects.contextOf(m, device), domain);
    },
  };
}
