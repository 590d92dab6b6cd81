/** Fields of VFIO, and small questions about them that several of its files ask. */
import { tooManyAtOnce } from '../limits.ts';
import { type ContainerId, type DeviceId, type GroupId, idAt, NONE } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';

/** `container->iommu_driver`, and for type1 which interface was asked for. */
export const IOMMU_DRIVER = { none: 0, type1: 1, type1v2: 2, noiommu: 3, spapr: 4, spaprV2: 5 } as const;
export const IOMMU_DRIVER_NAMES = ['none', 'type1', 'type1v2', 'noiommu', 'spapr', 'spapr-v2'] as const;

/** How a VFIO device file came to be. */
export const DEVICE_FILE = { none: 0, group: 1, cdev: 2 } as const;
export const DEVICE_FILE_NAMES = ['none', 'group', 'cdev'] as const;

export interface VfioState {
  readonly deviceDriver: Field;
  readonly drivers: string[];
  driverNamed(name: string): number;
  readonly groupContainer: Field;
  readonly containerUsers: Field;
  readonly groupFile: Field;
  readonly groupKvm: Field;
  /** Per group: its iommufd + 1, or 0 (v6.2 and later). */
  readonly groupIommufd: Field;
  /** Per group: `group_rwsem`, since v6.1 `group_lock`. */
  readonly groupLock: Field;
  /** Per group: `kvm_ref_lock`. */
  readonly kvmRefLock: Field;
  /** Per group: `cdev_device_open_cnt`. */
  readonly groupCdevOpen: Field;

  /** Per container: `kref`, 0 when it does not exist. */
  readonly containerReferences: Field;
  /** Per container: {@link IOMMU_DRIVER}. */
  readonly containerDriver: Field;
  /** Per container: its groups are noiommu groups. */
  readonly containerNoiommu: Field;
  /** Per container: `group_lock`. */
  readonly containerLock: Field;
  /** Per container: the lock of its type1 instance. */
  readonly type1Lock: Field;

  readonly deviceKvm: Field;
  readonly deviceOpenCount: Field;
  /** Per device: `dev_set->lock`. Every device is a set of its own. */
  readonly devSetLock: Field;
  /** Per device: the VM that its driver holds (drivers that use the kvm pointer) + 1. */
  readonly driverKvm: Field;

  /** Per open file: {@link DEVICE_FILE}. */
  readonly deviceFile: Field;
  /** Per open file: a device file may be used (`access_granted`). */
  readonly accessGranted: Field;
  /** Per open file: `df->kvm`, a VM + 1 or 0 (v6.6 and later). */
  readonly deviceFileKvm: Field;
  /** Per open file: `df->iommufd` + 1. */
  readonly deviceFileIommufd: Field;

  read(machine: Machine, field: Field, index: number): number;
  /** Adds to a slot and returns the sum. */
  add(machine: Machine, field: Field, index: number, by: number): number;
  isVfioDriver(driver: number): boolean;
  /** Device is bound to a VFIO driver. */
  isVfioDevice(machine: Machine, device: DeviceId): boolean;
  /** A mediated device: DMA goes through its parent, and no domain is its own. */
  isEmulated(device: DeviceId): boolean;
  isEmulatedGroup(group: GroupId): boolean;
  /** A group whose devices have no IOMMU. */
  isNoiommuGroup(group: GroupId): boolean;
  /** The firmware wants direct mappings for a device of the group (RMRR). */
  directlyMapped(group: GroupId): boolean;
  /** VFIO refuses to drive a device: its IOMMU keeps DMA from being coherent (v5.19 and later). */
  refusesDevice(device: DeviceId): boolean;
  /** /dev/vfio/N exists. */
  groupExists(machine: Machine, group: GroupId): boolean;
  /** Every device of the group is unbound, or has a VFIO or a harmless driver. */
  driversAllowUserspace(machine: Machine, group: GroupId): boolean;
  /** The group of a device that VFIO may use: such a device has one. */
  groupOfDevice(device: DeviceId): GroupId;
  groupsOf(machine: Machine, container: ContainerId): GroupId[];
  allocateContainer(machine: Machine): ContainerId;
  putContainer(machine: Machine, container: ContainerId): void;
}

/** Drivers that do no DMA: they do not keep a group from user space. */
const HARMLESS_DRIVERS: ReadonlySet<string> = new Set(['none', 'pci-stub', 'pcieport']);

/** `files`: how many open files there can be. */
export function createVfioState(base: WorldBase, files: number): VfioState {
  const { layout, topology, dims } = base;
  const devices = topology.devices.length;
  const groups = topology.groups.length;
  const groupIds = topology.groups.map((_, group) => group as GroupId);
  const byGroup = { labels: [topology.groups.map((g) => String(g.number))] };
  const byDevice = { labels: [topology.devices.map((d) => d.name)] };
  const drivers = ['none', 'vfio-pci'];
  const driverNamed = (name: string): number => {
    const known = drivers.indexOf(name);
    return known >= 0 ? known : drivers.push(name) - 1;
  };
  const read = (m: Machine, field: Field, index: number): number => m.state[field.base + index]!;

  const state: VfioState = {
    drivers,
    driverNamed,
    deviceDriver: layout.field('deviceDriver', [devices], {
      ...byDevice,
      values: drivers,
      initial: topology.devices.map((d) => driverNamed(d.driver)),
    }),
    groupContainer: layout.field('groupContainer', [groups], byGroup),
    containerUsers: layout.field('containerUsers', [groups], byGroup),
    groupFile: layout.field('groupFile', [groups], byGroup),
    groupKvm: layout.field('groupKvm', [groups], byGroup),
    groupIommufd: layout.field('groupIommufd', [groups], byGroup),
    groupLock: layout.field('groupLock', [groups], { ...byGroup, internal: true }),
    kvmRefLock: layout.field('kvmRefLock', [groups], { ...byGroup, internal: true }),
    groupCdevOpen: layout.field('groupCdevOpen', [groups], byGroup),

    containerReferences: layout.field('containerReferences', [dims.containers]),
    containerDriver: layout.field('containerDriver', [dims.containers], { values: IOMMU_DRIVER_NAMES }),
    containerNoiommu: layout.field('containerNoiommu', [dims.containers]),
    containerLock: layout.field('containerLock', [dims.containers], { internal: true }),
    type1Lock: layout.field('type1Lock', [dims.containers], { internal: true }),

    deviceKvm: layout.field('deviceKvm', [devices], byDevice),
    deviceOpenCount: layout.field('deviceOpenCount', [devices], byDevice),
    devSetLock: layout.field('devSetLock', [devices], { ...byDevice, internal: true }),
    driverKvm: layout.field('driverKvm', [devices], byDevice),

    deviceFile: layout.field('deviceFile', [files], { values: DEVICE_FILE_NAMES }),
    accessGranted: layout.field('deviceFileAccess', [files]),
    deviceFileKvm: layout.field('deviceFileKvm', [files]),
    deviceFileIommufd: layout.field('deviceFileIommufd', [files]),

    read,
    add(m, field, index, by) {
      const sum = read(m, field, index) + by;
      m.put(field.base + index, sum);
      return sum;
    },
    isVfioDriver: (driver) => drivers[driver]?.startsWith('vfio') === true || drivers[driver] === 'mdev',
    isVfioDevice: (m, device) =>
      state.isVfioDriver(read(m, state.deviceDriver, device)) && !state.refusesDevice(device),
    directlyMapped: (group) =>
      (topology.groups[group]?.devices ?? []).some((d) => topology.devices[d]?.options.get('rmrr') === 'on'),
    refusesDevice(device) {
      const unit = topology.iommus[topology.devices[device]?.iommu ?? -1];
      if (unit === undefined || !base.kernel.has('needs-cache-coherency')) return false;
      if (unit.driver === 'spapr') return !base.kernel.has('spapr-iommu-ops');
      return unit.options.get('coherent') === 'off';
    },
    isEmulated: (device) => topology.devices[device]?.driver === 'mdev',
    isEmulatedGroup: (group) => topology.groups[group]?.devices.some((device) => state.isEmulated(device)) === true,
    isNoiommuGroup: (group) =>
      topology.groups[group]?.devices.every((d) => topology.devices[d]?.iommu === -1 && !state.isEmulated(d)) === true,
    groupExists: (m, group) => topology.groups[group]?.devices.some((device) => state.isVfioDevice(m, device)) === true,
    driversAllowUserspace: (m, group) =>
      (topology.groups[group]?.devices ?? []).every((device) => {
        const driver = read(m, state.deviceDriver, device);
        return state.isVfioDriver(driver) || HARMLESS_DRIVERS.has(drivers[driver] ?? '');
      }),
    groupOfDevice: (device) => (topology.devices[device]?.group ?? NONE) as GroupId,
    groupsOf: (m, container) =>
      groupIds.filter((group) => idAt<ContainerId>(m, state.groupContainer, group) === container),

    allocateContainer(m) {
      for (let container = 0 as ContainerId; container < dims.containers; container++) {
        if (read(m, state.containerReferences, container) !== 0) continue;
        m.put(state.containerReferences.base + container, 1);
        return container;
      }
      throw tooManyAtOnce(`the scenario has more than ${dims.containers} VFIO containers`);
    },
    putContainer(m, container) {
      if (state.add(m, state.containerReferences, container, -1) > 0) return;
      m.put(state.containerNoiommu.base + container, 0);
    },
  };
  return state;
}
