/** Kinds of open files. `text` of each is what an error message calls it. */
import type { ContainerId, DeviceId, GroupId, IommufdId, KvmDeviceId, TceTableId, VcpuId, VmId } from '../state/ids.ts';
export const FILE_KINDS = {
  none: 'no file',
  kvm: '/dev/kvm',
  vm: 'a VM',
  vcpu: 'a vCPU',
  'kvm-vfio': 'a kvm-vfio device',
  'spapr-tce': 'a TCE table',
  container: 'a VFIO container',
  group: 'a VFIO group',
  device: 'a VFIO device',
  iommufd: 'an iommufd',
  null: '/dev/null',
  zero: '/dev/zero',
  regular: 'a regular file',
  directory: 'a directory',
  eventfd: 'an eventfd',
  epoll: 'an epoll instance',
  socket: 'a socket',
  memfd: 'a memfd',
  stats: 'statistics of KVM',
  std: 'a standard stream',
} as const;
export type FileKind = keyof typeof FILE_KINDS;
export const FILE_KIND_NAMES = Object.keys(FILE_KINDS) as readonly FileKind[];

/** What the file of a kind is about, `file->private_data`. Files of other kinds have no object. */
export interface FileObjects {
  vm: VmId;
  vcpu: VcpuId;
  'kvm-vfio': KvmDeviceId;
  'spapr-tce': TceTableId;
  container: ContainerId;
  group: GroupId;
  device: DeviceId;
  iommufd: IommufdId;
}
export type FileObject = FileObjects[keyof FileObjects];
