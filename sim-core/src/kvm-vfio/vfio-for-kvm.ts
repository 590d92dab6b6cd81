/**
 * What kvm-vfio calls in VFIO. In the kernel these are symbols that it looks up at run time, so that neither module
 * needs the other; here `Vfio` extends this interface, and a routine that a kernel does not have is never called.
 *
 * Routines have the kernel's names. `group` is an index into the topology's groups, `file` an open file, `vm` a VM + 1
 * (0 is NULL).
 */
import type { Routine } from '../engine/task.ts';
import type { Machine } from '../state/machine.ts';

export interface VfioForKvm {
  // --- up to v5.18: kvm-vfio holds groups -------------------------------------------------------------------------
  /** vfio_group_get_external_user(file). Local 0: file. Returns the group, or -EINVAL or -EPERM (B.6). */
  readonly groupGetExternalUser: Routine;
  /** vfio_group_put_external_user(group). Local 0: group. May take the group out of its container. */
  readonly groupPutExternalUser: Routine;
  /** vfio_external_check_extension(group, extension). Locals 0, 1: group, extension. Returns what the container says. */
  readonly externalCheckExtension: Routine;
  /** vfio_group_set_kvm(group, vm), v4.10 and later. Locals 0, 1: group, VM + 1 or 0. */
  readonly groupSetKvm: Routine;
  /** vfio_external_group_match_file(group, file), v4.13 and later: the file is a group file of that group. */
  externalGroupMatchFile(machine: Machine, group: number, file: number): boolean;

  // --- from v5.19 on: kvm-vfio holds files ------------------------------------------------------------------------
  /** vfio_file_iommu_group(file) != NULL, v5.19 and v6.0; vfio_file_is_group(file) later. */
  fileIsGroup(machine: Machine, file: number): boolean;
  /** vfio_file_is_valid(file), v6.6 and later: a group file, or any VFIO device file. */
  fileIsValid(machine: Machine, file: number): boolean;
  /** vfio_file_enforced_coherent(file). Local 0: file. Returns 1 when it is coherent. */
  readonly fileEnforcedCoherent: Routine;
  /** vfio_file_set_kvm(file, vm), with its locks. Locals 0, 1: file, VM + 1 or 0. */
  readonly fileSetKvm: Routine;
}
