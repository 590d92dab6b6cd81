/**
 * VFIO: containers, groups, devices, the type1 IOMMU driver, cdev with iommufd.
 *
 * The real thing: user space opens a group and puts it into a container, the container gets an IOMMU driver, memory is
 * mapped through the container, and devices are opened through the group. Since v6.2 an iommufd may stand in for the
 * container, and since v6.6 a device may be opened without its group. kvm-vfio asks VFIO whether the DMA of what user
 * space registered is coherent, and tells it which VM that belongs to.
 *
 * Modelled, each in the rules of its kernel: the state machine of groups and containers with its errnos and reference
 * counts, viability and DMA ownership, type1 with its domains and mappings, noiommu groups, mediated devices, opening and
 * closing devices, cdev files, the VM pointer with its locks, and host drivers that come and go.
 * Left out: regions, interrupts and reset of devices, migration, dirty tracking, RLIMIT_MEMLOCK and the limit of DMA
 * entries, CAP_SYS_RAWIO (everybody has it), SPAPR, module loading, device sets with several devices.
 *
 * Sources: linux drivers/vfio/{vfio,vfio_main,group,container,device_cdev,vfio_iommu_type1}.c, kernel doc
 * driver-api/vfio.
 */
import type { Routine } from '../engine/routine.ts';
import { NO_OBJECT } from '../files/paths.ts';
import { createIommufd, type Iommufd } from '../iommu/iommufd.ts';
import { createMappings, type Mappings } from '../iommu/mappings.ts';
import { E } from '../kernel/errno.ts';
import { type DeviceId, type FileId, type GroupId, NONE, type None, type VmId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { type Cdev, createCdev } from './cdev.ts';
import { type ConfigSpace, createConfigSpace } from './config.ts';
import { type Containers, createContainers } from './container.ts';
import { createVfioDevices, type VfioDevices } from './device.ts';
import { createGetStatus, type Groups } from './group.ts';
import { type CountedGroups, createCountedGroups } from './group-counted.ts';
import { createLockedGroups, type LockedGroups } from './group-locked.ts';
import { createHostDrivers, type HostDrivers } from './host-driver.ts';
import { createIommufdFiles, type IommufdFiles } from './iommufd-files.ts';
import { createPciDevices, type PciDevices } from './pci.ts';
import { createVfioState, type VfioState } from './state.ts';
import { createType1, type Type1 } from './type1.ts';
import { createVmFiles } from './vm-file.ts';

/** What VFIO looks up in KVM with symbol_get(): `kvm` fills it in, so that neither part imports the other. */
export interface KvmHooks {
  /** kvm_get_kvm_safe(): one reference more, or false when the last one is gone. */
  getSafe(machine: Machine, vm: VmId): boolean;
  /** kvm_put_kvm(). The last reference destroys it. */
  readonly put: Routine<[kvm: VmId]>;
  /** The slot of `kvm->lock`, which some device drivers take. */
  lockSlot(vm: VmId): number;
}

export interface Vfio {
  /** Per device of the topology: index of its host driver in `drivers`. */
  readonly deviceDriver: Field;
  /** Names of host drivers; 0 is `none`. */
  readonly drivers: readonly string[];
  /** The index of a driver's name, entered when it is new: for `bind` lines, while a scenario is elaborated. */
  driverNamed(name: string): number;

  /** Per group: its container + 1, or 0. */
  readonly groupContainer: Field;
  /** Per group: `container_users`: 1 for the container, 1 for each open device, up to v5.18 1 for each external user. */
  readonly containerUsers: Field;
  /** Per group: the open file of /dev/vfio/N + 1, or 0 (`opened`, since v5.19 `opened_file`). */
  readonly groupFile: Field;
  /** Per group: `group->kvm`, a VM + 1 or 0. */
  readonly groupKvm: Field;
  /** Per device: `device->kvm` (v6.3 and later), a VM + 1 or 0. */
  readonly deviceKvm: Field;
  /** Per device: `open_count`. */
  readonly deviceOpenCount: Field;

  // --- for kvm-vfio, v3.13..v5.18 --------------------------------------------------------------------------------
  /** vfio_group_get_external_user(). Returns the group of the file (with a container user more) or -errno. */
  readonly groupGetExternalUser: CountedGroups['getExternalUser'];
  /** vfio_group_put_external_user(). May take the container away from the group. */
  readonly groupPutExternalUser: CountedGroups['putExternalUser'];
  /** vfio_external_group_match_file(), v4.13 and later: is it a file of this group? */
  externalGroupMatchFile(machine: Machine, group: GroupId, file: FileId): boolean;
  /** vfio_external_check_extension(group, VFIO_DMA_CC_IOMMU), v3.15 and later. Above 0: coherent. */
  readonly externalCheckExtension: CountedGroups['externalCheckExtension'];
  /** vfio_group_set_kvm(), v4.10..v5.18. */
  readonly groupSetKvm: CountedGroups['setKvm'];

  // --- for kvm-vfio, v5.19 and later -----------------------------------------------------------------------------
  /** vfio_file_iommu_group(): the group of a group file, none for all others. */
  fileIommuGroup(machine: Machine, file: FileId): GroupId | None;
  /** vfio_file_is_group(). */
  fileIsGroup(machine: Machine, file: FileId): boolean;
  /** vfio_file_is_valid(), v6.6 and later: a group file or any VFIO device file. */
  fileIsValid(machine: Machine, file: FileId): boolean;
  /** vfio_file_enforced_coherent(). Returns 1 or 0. */
  readonly fileEnforcedCoherent: LockedGroups['fileEnforcedCoherent'];
  /** vfio_file_set_kvm(). */
  readonly fileSetKvm: LockedGroups['fileSetKvm'];
  /** Gives VFIO the functions of KVM that it looks up by name. Called once, when KVM is made. */
  setKvmHooks(hooks: KvmHooks): void;

  // --- for the host ----------------------------------------------------------------------------------------------
  /** A host driver binds to a device. Returns 0 or -errno. */
  readonly bindDriver: HostDrivers['bindDriver'];
  /** A device loses its driver; VFIO drivers wait until the device is not open. */
  readonly unbindDriver: HostDrivers['unbindDriver'];

  // --- for the ops, and for people who look ------------------------------------------------------------------------
  readonly state: VfioState;
  readonly mappings: Mappings;
  readonly containers: Containers;
  readonly type1: Type1;
  readonly groups: Groups;
  readonly getStatus: Routine<[filp: FileId]>;
  readonly devices: VfioDevices;
  readonly pci: PciDevices;
  readonly cdev: Cdev;
  readonly iommufd: Iommufd;
  readonly iommufdFiles: IommufdFiles;
  readonly config: ConfigSpace;
  /** Requests that a container passes to its IOMMU driver. */
  readonly driverCalls: Pick<Type1, 'mapDma' | 'unmapDma' | 'getInfo'> & {
    /** What only the SPAPR drivers know: their calls do nothing here. */
    readonly spapr: Type1['mapDma'];
  };
}

const GROUP_PATH = /^\/dev\/vfio\/(noiommu-)?(\d+)$/;
const CDEV_PATH = /^\/dev\/vfio\/devices\/vfio(\d+)$/;

export function createVfio(base: WorldBase, world: () => World): Vfio {
  const { dims, kernel, topology } = base;
  const { files, iommu } = world();
  const state = createVfioState(base, files.kind.size);
  const mappings = createMappings(base, world, iommu, dims.containers + dims.ioas);
  const iommufd = createIommufd(base, world, mappings, (ioas) => dims.containers + ioas);
  const type1 = createType1(base, world, state, mappings);
  const claimable = (m: Machine, group: GroupId): boolean => groups.claimable(m, group);
  const spapr = files.inert.answer;
  const containers = createContainers(base, world, state, type1, claimable);
  const byFile = kernel.has('file-identity');
  const vmFiles = createVmFiles(base, world);
  const counted = byFile ? undefined : createCountedGroups(base, world, state, containers);
  const locked = byFile ? createLockedGroups(base, world, { state, containers, iommufd, vmFiles }) : undefined;
  const groups = (locked ?? counted) as Groups;
  let hooks: KvmHooks | undefined;
  const devices = createVfioDevices(base, world, {
    state,
    iommufd,
    counted,
    locked,
    vmFiles,
    hooks() {
      if (!hooks) throw new Error('KVM has not given VFIO its functions');
      return hooks;
    },
    unbindCdev: () => cdev.unbind,
  });
  const cdev = createCdev(base, world, state, iommufd, devices);
  const iommufdFiles = createIommufdFiles(base, world, iommufd);
  const host = createHostDrivers(base, world, state, containers, iommufd);
  const isGroup = (m: Machine, file: FileId): boolean => files.kindOf(m, file) === 'group';

  const groupNodePrefix = (group: GroupId): string | undefined =>
    kernel.has('noiommu') && state.isNoiommuGroup(group) ? 'noiommu-' : undefined;

  // Before mdev and no-IOMMU mode only a device behind an IOMMU had a group.
  const groupHasNode = (m: Machine, group: GroupId): boolean =>
    state.groupExists(m, group) &&
    (!state.isEmulatedGroup(group) || kernel.has('mdev')) &&
    (!state.isNoiommuGroup(group) || kernel.has('noiommu'));

  const groupIds = topology.groups.map((_, group) => group as GroupId);
  files.onPath((machine, path) => {
    if (path === '/dev/vfio/vfio') return { kind: 'container', object: NO_OBJECT };
    if (path === '/dev/iommu') return kernel.has('iommufd') ? { kind: 'iommufd', object: NO_OBJECT } : undefined;
    const [, prefix, number] = GROUP_PATH.exec(path) ?? [];
    const group = groupIds.find((g) => topology.groups[g]?.number === Number(number));
    if (group !== undefined && groupHasNode(machine, group) && groupNodePrefix(group) === prefix)
      return { kind: 'group', object: group };
    // vfioN counts the devices of the machine block, bound to VFIO or not, so a number stays with its device.
    const device = Number(CDEV_PATH.exec(path)?.[1] ?? NONE) as DeviceId;
    const isDevice = kernel.has('vfio-cdev') && device >= 0 && device < topology.devices.length;
    if (!isDevice || !state.isVfioDevice(machine, device)) return undefined;
    // linux: drivers/vfio/vfio.h vfio_device_add(): a device without an IOMMU has no node of its own.
    const noiommu = topology.devices[device]?.iommu === -1 && !state.isEmulated(device);
    return noiommu ? undefined : { kind: 'device', object: device };
  });

  files.onOpen('container', containers.open);
  files.onOpen('group', groups.open);
  files.onOpen('device', cdev.open);
  files.onOpen('iommufd', iommufdFiles.open);
  files.onRelease('container', containers.release);
  files.onRelease('group', groups.release);
  files.onRelease('device', devices.release);
  files.onRelease('iommufd', iommufdFiles.release);
  files.onIoctl('container', { unknown: containers.unknown });
  // linux: vfio_device_fops_unl_ioctl(): a device that is not bound yet answers nothing but BIND.
  const refuse = base.refusals.add({ unknownRequest: [E.NOTTY, 'no such request for {}', 'file'] });
  files.onIoctl('device', {
    unknown: (t, file) => devices.gate(t, file) || refuse.unknownRequest(t.machine, file),
  });

  return {
    deviceDriver: state.deviceDriver,
    drivers: state.drivers,
    driverNamed: state.driverNamed,
    groupContainer: state.groupContainer,
    containerUsers: state.containerUsers,
    groupFile: state.groupFile,
    groupKvm: state.groupKvm,
    deviceKvm: state.deviceKvm,
    deviceOpenCount: state.deviceOpenCount,
    get groupGetExternalUser() {
      return ofEra(counted?.getExternalUser, 'vfio_group_get_external_user');
    },
    get groupPutExternalUser() {
      return ofEra(counted?.putExternalUser, 'vfio_group_put_external_user');
    },
    get externalCheckExtension() {
      return ofEra(counted?.externalCheckExtension, 'vfio_external_check_extension');
    },
    get groupSetKvm() {
      return ofEra(counted?.setKvm, 'vfio_group_set_kvm');
    },
    get fileEnforcedCoherent() {
      return ofEra(locked?.fileEnforcedCoherent, 'vfio_file_enforced_coherent');
    },
    get fileSetKvm() {
      return ofEra(locked?.fileSetKvm, 'vfio_file_set_kvm');
    },
    externalGroupMatchFile: (m, group, file) => isGroup(m, file) && files.objectOf<GroupId>(m, file) === group,
    fileIommuGroup: (m, file) => (isGroup(m, file) ? files.objectOf<GroupId>(m, file) : NONE),
    fileIsGroup: isGroup,
    fileIsValid: (m, file) => isGroup(m, file) || files.kindOf(m, file) === 'device',
    setKvmHooks(given) {
      hooks = given;
    },
    ...host,
    state,
    mappings,
    containers,
    type1,
    groups,
    getStatus: createGetStatus(base, world, state, groups),
    devices,
    pci: createPciDevices(base, state),
    cdev,
    iommufd,
    iommufdFiles,
    config: createConfigSpace(base, world, state),
    driverCalls: {
      mapDma: containers.throughDriver('vfio_fops_unl_ioctl', { type1: type1.mapDma, spapr }),
      unmapDma: containers.throughDriver('vfio_fops_unl_ioctl', { type1: type1.unmapDma, spapr }),
      getInfo: containers.throughDriver('vfio_fops_unl_ioctl', { type1: type1.getInfo }),
      spapr: containers.throughDriver('vfio_fops_unl_ioctl', { spapr }),
    },
  };
}

/** A routine of one era; asking for it on a kernel of the other is an error of ours. */
function ofEra<A extends readonly number[]>(routine: Routine<A> | undefined, name: string): Routine<A> {
  if (!routine) throw new Error(`this kernel has no ${name}()`);
  return routine;
}
