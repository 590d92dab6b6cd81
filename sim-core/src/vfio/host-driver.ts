/**
 * The host binds drivers to devices and takes them away, while groups may be in use.
 *
 * A VFIO driver only lets go when the device is not open. Up to v5.18 nothing keeps a host driver from binding to a
 * device of a group that user space owns; VFIO notices and stops the machine (BUG_ON), which the model shows as a kernel
 * warning and continues, with the group no longer viable. Since v5.19 the bind fails.
 */

import type { Routine } from '../engine/routine.ts';
import type { Iommufd } from '../iommu/iommufd.ts';
import { E } from '../kernel/errno.ts';
import { KERNEL_WARNINGS } from '../state/event.ts';
import { type DeviceId, type GroupId, NONE } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Containers } from './container.ts';
import type { VfioState } from './state.ts';

export interface HostDrivers {
  readonly bindDriver: Routine<[dev: DeviceId, drv: number]>;
  readonly unbindDriver: Routine<[dev: DeviceId]>;
}

const HARMLESS: ReadonlySet<string> = new Set(['pci-stub', 'pcieport']);

export function createHostDrivers(
  base: WorldBase,
  world: () => World,
  state: VfioState,
  containers: Containers,
  iommufd: Iommufd,
): HostDrivers {
  const { kernel, routines, topology } = base;
  const { read } = state;
  const safe = (driver: number): boolean => state.isVfioDriver(driver) || HARMLESS.has(state.drivers[driver] ?? '');
  const ownedByUser = (m: Machine, group: GroupId): boolean =>
    read(m, state.containerUsers, group) > 0 ||
    (topology.groups[group]?.devices ?? []).some((device) => read(m, iommufd.deviceContext, device) !== 0);

  const refuse = base.refusals.add({
    hasDriver: [E.BUSY, '{} with a driver already bound', 'device'],
    notCoherent: [E.INVAL, 'an IOMMU before {} that does not make its DMA cache coherent', 'device'],
    claimed: [E.BUSY, '{}, whose DMA user space has claimed', 'group'],
    noDriver: [E.NODEV, 'no driver bound to {}', 'device'],
  });

  const bindDriver = routines.define(
    'really_probe',
    'drivers/base/dd.c',
    ['dev: device', 'drv: driver'],
    (r, dev, drv) =>
      r.step('bind the driver', (t) => {
        const { machine: m } = t;
        const device = dev.of(t);
        const driver = drv.of(t);
        const group = topology.devices[device]?.group ?? NONE;
        const slot = state.deviceDriver.base + device;
        if (m.state[slot] !== 0) return t.return(refuse.hasDriver(m, device));
        // linux: vfio_group_find_or_alloc(): registering the device fails, and with it the probe of the driver.
        if (state.isVfioDriver(driver) && state.refusesDevice(device)) return t.return(refuse.notCoherent(m, device));
        const unsafe = group !== NONE && !safe(driver) && ownedByUser(m, group);
        // linux: iommu_device_use_default_domain(): a group whose DMA is claimed takes no host driver.
        if (unsafe && kernel.has('dma-owner')) return t.return(refuse.claimed(m, group as GroupId));
        m.put(slot, driver);
        // linux: vfio_iommu_group_notifier(): BUG_ON() after the driver is bound.
        if (unsafe)
          world().monitors.report(m, 'kernel-warning', t.actor, KERNEL_WARNINGS.indexOf('host-driver-in-user-group'));
        t.return(0);
      }),
  );

  const unbindDriver = routines.define('device_release_driver', 'drivers/base/dd.c', ['dev: device'], (r, dev) => {
    r.step('wait until the device is not open, and unbind its driver', (t) => {
      const { machine: m } = t;
      const device = dev.of(t);
      const group = topology.devices[device]?.group ?? NONE;
      if (read(m, state.deviceDriver, device) === 0) return t.return(refuse.noDriver(m, device));
      if (read(m, state.deviceOpenCount, device) > 0) return t.block();
      m.put(state.deviceDriver.base + device, 0);
      // linux: vfio_device_remove_group(): the last VFIO device takes the group out of its container.
      if (!kernel.has('dma-owner') || group === NONE || state.groupExists(m, group)) return;
      if (read(m, state.groupContainer, group) !== 0) t.call(containers.detachGroup, group);
    });
    r.local((t) => t.return(0));
  });

  return { bindDriver, unbindDriver };
}
