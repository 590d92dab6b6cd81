/**
 * Containers: /dev/vfio/vfio, which groups are in one, and which IOMMU driver serves it.
 *
 * A container lives as long as its file or a group in it. It is empty, has groups and no driver, or has a driver; it
 * loses the driver, with all mappings, when the last group leaves.
 */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
import { sourceIn } from '../kernel/functions.ts';
import { type ContainerId, type FileId, type GroupId, knownId, NONE } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createClaimRefusals } from './device-refusals.ts';
import { IOMMU_DRIVER, type VfioState } from './state.ts';
import type { Type1 } from './type1.ts';

export interface Containers {
  /** open(2) of /dev/vfio/vfio. */
  readonly open: Routine<[filep: FileId, container: ContainerId]>;
  readonly release: Routine<[filep: FileId, container: ContainerId]>;
  readonly getApiVersion: Routine<[filep: FileId]>;
  readonly checkExtension: Routine<[filep: FileId]>;
  readonly setIommu: Routine<[filep: FileId]>;
  /** Adds a group. The caller holds the group's lock, if it has one. Returns 0 or -errno. */
  readonly attachGroup: Routine<[group: GroupId, container: ContainerId]>;
  /** Takes a group out. */
  readonly detachGroup: Routine<[group: GroupId]>;
  /** VFIO_CHECK_EXTENSION under the container's lock. */
  extension(machine: Machine, container: ContainerId, extension: number): number;
  /** A request that the driver answers: EINVAL without a driver, ENOTTY when the driver does not know it. */
  throughDriver(
    name: string,
    routines: { readonly type1?: Routine<[filp: FileId]>; readonly spapr?: Routine<[filp: FileId]> },
  ): Routine<[filep: FileId]>;
  /** What a container answers to an unknown request. */
  unknown(task: Task, file: FileId): number;
}

const NOIOMMU = 8;
const NESTING = 6;
const TYPE1V2 = 3;
const SPAPR = 2;
const SPAPR_V2 = 7;

/** `claimable`: no one else owns the DMA of the group (v5.19 and later). */
export function createContainers(
  base: WorldBase,
  world: () => World,
  state: VfioState,
  type1: Type1,
  claimable: (machine: Machine, group: GroupId) => boolean,
): Containers {
  const { kernel, routines, topology } = base;
  const { read } = state;
  const source = 'drivers/vfio/container.c';
  /** v6.1 gave the container a file of its own, and its functions new names. */
  const ownFile = sourceIn(kernel.profile, source) === source;
  const hasNoiommuGroup = topology.groups.some((_, group) => state.isNoiommuGroup(group as GroupId));
  const noiommuAllowed = (): boolean => hasNoiommuGroup && kernel.has('noiommu');
  const containerOf = (t: Task, filep: Local<FileId>): ContainerId => world().files.objectOf(t.machine, filep.of(t));
  const lockOf = (container: ContainerId): number => state.containerLock.base + container;
  const driverOf = (m: Machine, container: ContainerId): number => read(m, state.containerDriver, container);

  const own = base.refusals.add({
    noGroup: [E.INVAL, 'no group in {}', 'container'],
    hasDriver: [E.INVAL, '{} with an IOMMU driver already set', 'container'],
    type: [E.NODEV, 'no IOMMU driver for type {}', 'number'],
    noNesting: [E.INVAL, 'an IOMMU driver without nesting in {}', 'container'],
    mixed: [E.PERM, 'groups with and without an IOMMU, which {} cannot both take', 'container'],
    noDriver: [E.INVAL, 'no IOMMU driver in {}', 'container'],
    noiommuRequest: [E.NOTTY, 'no such request in {}, whose groups have no IOMMU', 'container'],
    spaprHasGroup: [E.BUSY, '{} with a group already in it, and its SPAPR driver takes one', 'container'],
    unknownRequest: [E.NOTTY, 'no such request for {}', 'container'],
  });
  const refuse = { ...createClaimRefusals(base), ...own };
  // linux: drivers/vfio/vfio_iommu_spapr_tce.c tce_iommu_ioctl(); type1 is not built for POWER.
  const power = topology.cpu.vendor === 'power';
  const isSpapr = (driver: number): boolean => driver === IOMMU_DRIVER.spapr || driver === IOMMU_DRIVER.spaprV2;
  function spaprExtension(wanted: number): number {
    return wanted === SPAPR || (wanted === SPAPR_V2 && kernel.has('spapr-v2')) ? 1 : 0;
  }
  /** tce_iommu_attach_group(): the first driver takes one group. */
  const spaprRefusal = (m: Machine, container: ContainerId, driver: number, groups: number): number =>
    driver === IOMMU_DRIVER.spapr && groups > 1 ? refuse.spaprHasGroup(m, container) : 0;

  function extension(m: Machine, container: ContainerId, wanted: number): number {
    const driver = driverOf(m, container);
    const noiommu = wanted === NOIOMMU && noiommuAllowed() ? 1 : 0;
    if (driver === IOMMU_DRIVER.noiommu) return noiommu;
    if (power) return spaprExtension(wanted) || (driver === IOMMU_DRIVER.none ? noiommu : 0);
    if (driver !== IOMMU_DRIVER.none) return type1.checkExtension(m, container, wanted);
    // Without a driver every registered one that the container could use is asked, without an instance.
    const hasGroups = state.groupsOf(m, container).length > 0;
    const onlyNoiommu = hasGroups && read(m, state.containerNoiommu, container) !== 0;
    if (onlyNoiommu) return noiommu;
    return type1.checkExtension(m, NONE, wanted) || (hasGroups ? 0 : noiommu);
  }

  /** The driver that SET_IOMMU would choose, or none. */
  function choose(m: Machine, container: ContainerId, wanted: number): number {
    if (read(m, state.containerNoiommu, container) !== 0) {
      return wanted === NOIOMMU && noiommuAllowed() ? IOMMU_DRIVER.noiommu : IOMMU_DRIVER.none;
    }
    if (power) {
      if (spaprExtension(wanted) === 0) return IOMMU_DRIVER.none;
      return wanted === SPAPR ? IOMMU_DRIVER.spapr : IOMMU_DRIVER.spaprV2;
    }
    if (type1.checkExtension(m, NONE, wanted) <= 0) return IOMMU_DRIVER.none;
    return wanted === TYPE1V2 || wanted === NESTING ? IOMMU_DRIVER.type1v2 : IOMMU_DRIVER.type1;
  }

  const open = routines.define('vfio_fops_open', source, ['filep: file', 'container: container'], (r, filep) =>
    r.step('make a container', (t) => {
      t.machine.put(world().files.object.base + filep.of(t), state.allocateContainer(t.machine));
      t.return(0);
    }),
  );

  const release = routines.define(
    'vfio_fops_release',
    source,
    ['filep: file', 'container: container'],
    (r, _filep, container) =>
      r.step('drop the container', (t) => {
        state.putContainer(t.machine, container.of(t));
        t.return(0);
      }),
  );

  const getApiVersion = routines.define('vfio_fops_unl_ioctl', source, ['filep: file'], (r) =>
    r.step('report the version', (t) => t.return(0)),
  );

  const checkName = (): string =>
    kernel.has('iommufd') || kernel.has('file-identity')
      ? 'vfio_container_ioctl_check_extension'
      : 'vfio_ioctl_check_extension';
  const checkExtension = routines.define(checkName, source, ['filep: file'], (r, filep) => {
    r.lock('container->group_lock', (t) => lockOf(containerOf(t, filep)));
    r.local((t) => {
      const container = containerOf(t, filep);
      t.machine.put(lockOf(container), 0);
      t.return(extension(t.machine, container, argument(t, 2).int(t)));
    });
  });

  const setIommu = routines.define('vfio_ioctl_set_iommu', source, ['filep: file'], (r, filep) => {
    const next = r.label();
    const finish = (t: Task, result: number): void => {
      t.machine.put(lockOf(joined.of(t)), 0);
      t.return(result);
    };
    r.lock('container->group_lock', (t) => lockOf(containerOf(t, filep)));
    const joined = r.variable('container: container');
    const chosen = r.variable('driver: iommuDriver');
    const position = r.variable('position: number');
    r.local((t) => {
      const { machine: m } = t;
      const container = containerOf(t, filep);
      joined.set(t, container);
      const groups = state.groupsOf(m, container);
      if (groups.length === 0) return finish(t, refuse.noGroup(m, container));
      if (driverOf(m, container) !== IOMMU_DRIVER.none) return finish(t, refuse.hasDriver(m, container));
      const wanted = argument(t, 2).int(t);
      const driver = choose(m, container, wanted);
      if (driver === IOMMU_DRIVER.none) return finish(t, refuse.type(m, wanted));
      chosen.set(t, driver);
      if (driver === IOMMU_DRIVER.noiommu || isSpapr(driver)) {
        const errno = spaprRefusal(m, container, driver, groups.length);
        if (errno === 0) m.put(state.containerDriver.base + container, driver);
        return finish(t, errno);
      }
      // linux: domain_enable_nesting(): only Intel's driver has the operation.
      const nests = groups.every((group) => topology.iommus[unitOf(group)]?.driver === 'vt-d');
      const errno = wanted === NESTING && !nests ? refuse.noNesting(m, container) : type1.open(m, container);
      if (errno !== 0) finish(t, errno);
    });
    r.at(next).local((t) => {
      const container = joined.of(t);
      t.call(type1.attachGroup, container, state.groupsOf(t.machine, container)[position.of(t)]!);
    });
    r.local((t) => {
      const { machine: m } = t;
      const container = joined.of(t);
      const groups = state.groupsOf(m, container);
      const errno = t.value;
      if (errno !== 0) {
        for (const group of groups.slice(0, position.of(t))) type1.detachGroup(m, container, group);
        type1.release(m, container);
        return finish(t, errno);
      }
      position.set(t, position.of(t) + 1);
      if (position.of(t) < groups.length) return t.goto(next);
      m.put(state.containerDriver.base + container, chosen.of(t));
      finish(t, 0);
    });
  });

  const unitOf = (group: GroupId): number => topology.devices[topology.groups[group]?.devices[0] ?? -1]?.iommu ?? -1;

  const attachGroup = routines.define(
    ownFile ? 'vfio_container_attach_group' : 'vfio_group_set_container',
    source,
    ['group: group', 'container: container'],
    (r, joining, joined) => {
      const linked = r.label();
      r.lock('container->group_lock', (t) => lockOf(joined.of(t)));
      r.local((t) => {
        const { machine: m } = t;
        const group = joining.of(t);
        const container = joined.of(t);
        const groups = state.groupsOf(m, container).length;
        const errno = refusal(m, group, container) || spaprRefusal(m, container, driverOf(m, container), groups + 1);
        if (errno !== 0) {
          m.put(lockOf(container), 0);
          return t.return(errno);
        }
        const driver = driverOf(m, container);
        const alone = driver === IOMMU_DRIVER.none || driver === IOMMU_DRIVER.noiommu || isSpapr(driver);
        if (alone) t.goto(linked);
        else t.call(type1.attachGroup, container, group);
      }, 'if the group may not join, return; if the container has a driver, attach the group');
      r.local((t) => {
        if (t.value === 0) return;
        t.machine.put(lockOf(joined.of(t)), 0);
        t.return(t.value);
      }, 'if the driver refused, drop the lock and return its errno');
      r.at(linked).local((t) => {
        const { machine: m } = t;
        const group = joining.of(t);
        const container = joined.of(t);
        m.put(state.groupContainer.base + group, container + 1);
        m.put(state.containerUsers.base + group, 1);
        m.put(state.containerNoiommu.base + container, state.isNoiommuGroup(group) ? 1 : 0);
        state.add(m, state.containerReferences, container, 1);
        m.put(lockOf(container), 0);
        t.return(0);
      }, 'put the group in the container, drop the lock, return 0');
    },
  );

  function refusal(m: Machine, group: GroupId, container: ContainerId): number {
    const noiommu = state.isNoiommuGroup(group);
    const mixed = read(m, state.containerNoiommu, container) !== (noiommu ? 1 : 0);
    if (kernel.has('noiommu') && state.groupsOf(m, container).length > 0 && mixed) return refuse.mixed(m, container);
    const claims = kernel.has('dma-owner') && !noiommu && !state.isEmulatedGroup(group);
    if (!claims) return 0;
    if (!claimable(m, group)) return refuse.claimed(m, group);
    // linux: drivers/iommu/iommu.c __iommu_device_set_domain(): the group would have to be blocked meanwhile.
    return state.directlyMapped(group) && kernel.has('direct-mappings-refused') ? refuse.directMapping(m, group) : 0;
  }

  const detachGroup = routines.define(
    ownFile ? 'vfio_group_detach_container' : '__vfio_group_unset_container',
    source,
    ['group: group'],
    (r, leaving) => {
      const containerOfGroup = (t: Task): ContainerId =>
        knownId<ContainerId>(t.machine, state.groupContainer, leaving.of(t));
      r.lock('container->group_lock', (t) => lockOf(containerOfGroup(t)));
      r.local((t) => {
        const { machine: m } = t;
        const group = leaving.of(t);
        const container = containerOfGroup(t);
        const driver = driverOf(m, container);
        const isType1 = driver === IOMMU_DRIVER.type1 || driver === IOMMU_DRIVER.type1v2;
        if (isType1) type1.detachGroup(m, container, group);
        m.put(state.groupContainer.base + group, 0);
        m.put(state.containerUsers.base + group, 0);
        if (state.groupsOf(m, container).length === 0) {
          if (isType1) type1.release(m, container);
          m.put(state.containerDriver.base + container, IOMMU_DRIVER.none);
        }
        m.put(lockOf(container), 0);
        state.putContainer(m, container);
        t.return(0);
      });
    },
  );

  function throughDriver(
    name: string,
    { type1: ofType1, spapr }: Parameters<Containers['throughDriver']>[1],
  ): Containers['setIommu'] {
    const routineOf = (driver: number): Routine<[filp: FileId]> | undefined => {
      if (driver === IOMMU_DRIVER.noiommu) return undefined;
      return isSpapr(driver) ? spapr : ofType1;
    };
    return routines.define(name, source, ['filep: file'], (r, filep) => {
      const holds = !kernel.has('driver-calls-without-group-lock');
      const driver = r.variable('driver: iommuDriver', 0);
      const release = (t: Task): void => {
        if (holds) t.machine.put(lockOf(containerOf(t, filep)), 0);
      };
      if (holds) r.lock('container->group_lock', (t) => lockOf(containerOf(t, filep)));
      const readDriver = (t: Task): void => driver.set(t, driverOf(t.machine, containerOf(t, filep)));
      if (holds) r.local(readDriver);
      else r.step('read container->iommu_driver', readDriver);
      r.local((t) => {
        const found = driver.of(t);
        if (found !== IOMMU_DRIVER.none && routineOf(found) !== undefined) return;
        release(t);
        const why =
          found === IOMMU_DRIVER.none
            ? refuse.noDriver
            : found === IOMMU_DRIVER.noiommu
              ? refuse.noiommuRequest
              : refuse.unknownRequest;
        t.return(why(t.machine, containerOf(t, filep)));
      }, 'if there is no driver, return -EINVAL');
      const callDriver = (t: Task): void => {
        // linux: the last group that leaves clears both pointers. The driver takes the lock of an instance that is NULL.
        if (driverOf(t.machine, containerOf(t, filep)) !== IOMMU_DRIVER.none) {
          t.call(routineOf(driver.of(t)) as Routine<[filp: FileId]>, filep.of(t));
          return;
        }
        world().monitors.report(t.machine, 'kernel-oops', t.actor, 0);
        t.die(world().files.makeTaskDead);
      };
      if (holds) r.local(callDriver);
      else r.step('read container->iommu_data', callDriver);
      r.local((t) => {
        release(t);
        t.return(t.value);
      });
    });
  }

  return {
    open,
    release,
    getApiVersion,
    checkExtension,
    setIommu,
    attachGroup,
    detachGroup,
    extension,
    throughDriver,
    unknown(t, file) {
      const container = world().files.objectOf<ContainerId>(t.machine, file);
      const hasDriver = driverOf(t.machine, container) !== IOMMU_DRIVER.none;
      return hasDriver ? refuse.unknownRequest(t.machine, container) : refuse.noDriver(t.machine, container);
    },
  };
}
