/** VFIO: containers, groups, devices, type1, cdev. INTERFACE; being completed. */
import type { Routine } from '../engine/task.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';

/** What VFIO looks up in KVM with symbol_get(): `kvm` fills it in, so that neither part imports the other. */
export interface KvmHooks {
  /** kvm_get_kvm_safe(): one reference more, or false when the last one is gone. */
  getSafe(machine: Machine, vm: number): boolean;
  /** kvm_put_kvm(). Local 0: the VM. The last reference destroys it. */
  readonly put: Routine;
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
  /** vfio_group_get_external_user(). Local 0: a file. Returns its group (with a container user more) or -errno. */
  readonly groupGetExternalUser: Routine;
  /** vfio_group_put_external_user(). Local 0: a group. May take the container away from it. */
  readonly groupPutExternalUser: Routine;
  /** vfio_external_group_match_file(), v4.13 and later: is it a file of this group? */
  externalGroupMatchFile(machine: Machine, group: number, file: number): boolean;
  /** vfio_external_check_extension(group, VFIO_DMA_CC_IOMMU), v3.15 and later. Local 0: a group. Above 0: coherent. */
  readonly externalCheckExtension: Routine;
  /** vfio_group_set_kvm(), v4.10..v5.18. Locals 0, 1: a group, a VM + 1 or 0. */
  readonly groupSetKvm: Routine;

  // --- for kvm-vfio, v5.19 and later -----------------------------------------------------------------------------
  /** vfio_file_iommu_group(): the group of a group file, or -1 for all others. */
  fileIommuGroup(machine: Machine, file: number): number;
  /** vfio_file_is_group(). */
  fileIsGroup(machine: Machine, file: number): boolean;
  /** vfio_file_is_valid(), v6.6 and later: a group file or any VFIO device file. */
  fileIsValid(machine: Machine, file: number): boolean;
  /** vfio_file_enforced_coherent(). Local 0: a file. Returns 1 or 0. */
  readonly fileEnforcedCoherent: Routine;
  /** vfio_file_set_kvm(). Locals 0, 1: a file, a VM + 1 or 0. */
  readonly fileSetKvm: Routine;
  /** Gives VFIO the functions of KVM that it looks up by name. Called once, when KVM is made. */
  setKvmHooks(hooks: KvmHooks): void;

  // --- for conditions --------------------------------------------------------------------------------------------
  /** What the kernel would answer KVM about a group in a state: is its DMA cache coherent? Used by `coherent(26)`. */
  groupCoherent(state: Int32Array, group: number): boolean;

  // --- for the host ----------------------------------------------------------------------------------------------
  /** A host driver binds to a device. Locals 0, 1: device, driver. Returns 0 or -errno. */
  readonly bindDriver: Routine;
  /** A device loses its driver; VFIO drivers wait until nobody has the device open. Local 0: device. */
  readonly unbindDriver: Routine;
}

export declare function createVfio(base: WorldBase, world: () => World): Vfio;
