/**
 * What it means that a call failed with an errno: one row for each pair, as far as the kernel's checks tell. Where an
 * errno has several reasons, the sentence says "may".
 */
import type { Cause, CauseId } from './causes.ts';
import type { RefusedCall } from './refused-calls.ts';

/** The cause that a failed call shows by itself; undefined where the call and its errno do not tell. */
export function causeOfRefusedCall(failure: RefusedCall): Cause | undefined {
  const row = ROWS.find(
    ({ call, errnos }) =>
      errnos.includes(failure.errno) && (typeof call === 'string' ? call === failure.call : call.test(failure.call)),
  );
  if (!row) return undefined;
  const { id, text, remedy, command } = row;
  return { id, text: text(failure), remedy: remedy(failure), command: command(failure) };
}

interface Row {
  /** The path that is opened, or the request. */
  readonly call: string | RegExp;
  readonly errnos: readonly string[];
  readonly id: CauseId;
  readonly text: (failure: RefusedCall) => string;
  readonly remedy: (failure: RefusedCall) => string;
  readonly command: (failure: RefusedCall) => string;
}

export const IOMMU_ON =
  'Switch VT-d or AMD-Vi on in the firmware, and on Intel boot with `intel_iommu=on` unless the kernel does so by default.';
export const RAISE_MEMLOCK =
  'Raise the limit of locked memory above the size of the guest: `ulimit -l`, LimitMEMLOCK= of the service, or <hard_limit> of libvirt.';
export const LOAD_KVM =
  'Load kvm_intel or kvm_amd. If that fails, enable virtualization in the firmware; in a virtual machine, enable nested virtualization; in a container, pass /dev/kvm to it.';

const GROUP = /^\/dev\/vfio\/(?:noiommu-)?\d+$/;
const NOIOMMU_GROUP = /^\/dev\/vfio\/noiommu-\d+$/;
const CDEV = /^\/dev\/vfio\/devices\//;
const NODE = /^\/dev\//;

const OPENED: readonly Row[] = [
  {
    call: NODE,
    errnos: ['EACCES'],
    id: 'permission',
    text: ({ call }) => `Opening ${call} was refused: the user of the VMM is not permitted to read and write it.`,
    remedy: ({ call }) => `Give that user access to ${call}, with a udev rule or by starting the VMM from libvirt.`,
    command: ({ call }) => `ls -l ${call}; id`,
  },
  {
    call: NOIOMMU_GROUP,
    errnos: ['EPERM'],
    id: 'permission',
    text: ({ call }) => `Opening ${call} was refused: a group without an IOMMU needs CAP_SYS_RAWIO.`,
    remedy: () => 'A device without an IOMMU cannot be passed to a guest safely: enable the IOMMU.',
    command: () => 'ls -l /sys/kernel/iommu_groups; cat /sys/module/vfio/parameters/enable_unsafe_noiommu_mode',
  },
  {
    call: NODE,
    errnos: ['EPERM'],
    id: 'permission',
    text: ({ call }) => `Opening ${call} was refused with EPERM: the device cgroup of the VMM may not allow it.`,
    remedy: ({ call }) =>
      `Allow ${call}: DeviceAllow= of the service, cgroup_device_acl of libvirt, or --device of the container.`,
    command: () => 'cat /proc/PID/cgroup; systemctl show --property=DevicePolicy,DeviceAllow UNIT',
  },
  {
    call: '/dev/kvm',
    errnos: ['ENOENT', 'ENODEV', 'ENXIO'],
    id: 'no-kvm',
    text: ({ errno }) =>
      `${errno === 'ENOENT' ? '/dev/kvm does not exist' : `/dev/kvm exists, and nothing answers for it (${errno})`}: kvm_intel or kvm_amd is not loaded, or VT-x or AMD-V may be off in the firmware.`,
    remedy: () => LOAD_KVM,
    command: () => "lsmod | grep kvm; grep -m1 -o -w -E 'vmx|svm' /proc/cpuinfo; dmesg | grep -i kvm",
  },
  {
    call: '/dev/kvm',
    errnos: ['EBUSY'],
    id: 'kvm-busy',
    text: () => 'Opening /dev/kvm failed with EBUSY: another hypervisor of the host may hold VT-x or AMD-V.',
    remedy: () => 'Stop the other hypervisor and unload its modules.',
    command: () => 'lsmod | grep -e vboxdrv -e vmmon; fuser -v /dev/kvm; dmesg | grep -i kvm',
  },
  {
    call: '/dev/vfio/vfio',
    errnos: ['ENOENT', 'ENODEV', 'ENXIO'],
    id: 'no-vfio',
    text: ({ errno }) =>
      `${errno === 'ENOENT' ? '/dev/vfio/vfio does not exist' : `/dev/vfio/vfio exists, and nothing answers for it (${errno})`}: the module vfio is not loaded, or the kernel may have no VFIO containers (CONFIG_VFIO_CONTAINER).`,
    remedy: () => 'Load vfio-pci, which loads vfio; in a container, pass /dev/vfio/vfio to it.',
    command: () => 'lsmod | grep vfio; ls -l /dev/vfio',
  },
  {
    call: GROUP,
    errnos: ['ENODEV', 'ENXIO'],
    id: 'not-bound',
    text: ({ call, errno }) =>
      `Opening ${call} failed with ${errno}: its last device was unbound from VFIO, and the node is left over.`,
    remedy: () => 'Bind the device to vfio-pci again: `driverctl set-override ADDRESS vfio-pci`.',
    command: ({ call }) => membersCommand(call.replace(/^\D+/, '')),
  },
  {
    call: CDEV,
    errnos: ['ENOENT'],
    id: 'not-bound',
    text: ({ call }) =>
      `${call} does not exist: no device with that number is bound to VFIO, or the kernel may have no character devices for them (CONFIG_VFIO_DEVICE_CDEV).`,
    remedy: () =>
      'Bind the device to vfio-pci: `driverctl set-override ADDRESS vfio-pci`; on a kernel without CONFIG_VFIO_DEVICE_CDEV, start the VMM without iommufd.',
    command: () => 'ls -l /dev/vfio/devices; ls -d /sys/bus/pci/devices/*/vfio-dev/*',
  },
  {
    call: CDEV,
    errnos: ['ENODEV', 'ENXIO'],
    id: 'not-bound',
    text: ({ call, errno }) => `Opening ${call} failed with ${errno}: its device is being unbound from VFIO.`,
    remedy: () => 'Bind the device to vfio-pci again: `driverctl set-override ADDRESS vfio-pci`.',
    command: () => 'ls -d /sys/bus/pci/devices/*/vfio-dev/*; dmesg | grep -i vfio',
  },
];

const REQUESTED: readonly Row[] = [
  {
    call: 'KVM_CREATE_VM',
    errnos: ['EBUSY'],
    id: 'kvm-busy',
    text: () => 'KVM_CREATE_VM failed with EBUSY: another hypervisor of the host may hold VT-x or AMD-V.',
    remedy: () => 'Stop the other hypervisor and unload its modules.',
    command: () => 'lsmod | grep -e vboxdrv -e vmmon; dmesg | grep -i kvm',
  },
  {
    call: 'VFIO_GROUP_SET_CONTAINER',
    errnos: ['EINVAL'],
    id: 'container-refused',
    text: () =>
      'VFIO_GROUP_SET_CONTAINER failed with EINVAL: the group is already in a container, or its IOMMU may not fit the groups that the container has.',
    remedy: () => 'Give the group a container of its own, and take it out of the old one first.',
    command: () => 'ls -l /proc/PID/fd | grep vfio; dmesg | grep -i -e vfio -e iommu',
  },
  {
    call: 'VFIO_GROUP_SET_CONTAINER',
    errnos: ['EPERM'],
    id: 'container-refused',
    text: () =>
      'VFIO_GROUP_SET_CONTAINER failed with EPERM: a driver of the host may own a device of the group, or a group without an IOMMU was mixed with others or lacks CAP_SYS_RAWIO.',
    remedy: () => 'Bind every device of the group to vfio-pci, or unbind it.',
    command: () => membersCommand('*'),
  },
  {
    call: 'VFIO_SET_IOMMU',
    errnos: ['EPERM'],
    id: 'unsafe-interrupts',
    text: () =>
      'VFIO_SET_IOMMU failed with EPERM: the host may have no interrupt remapping, or the firmware may reserve memory for a device of the group (RMRR).',
    remedy: () =>
      'Enable interrupt remapping in the firmware. Where every guest is trusted, allow_unsafe_interrupts=1 of vfio_iommu_type1 lifts that check. A reservation of the firmware cannot be lifted.',
    command: () =>
      'cat /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts; dmesg | grep -i -e remapping -e RMRR',
  },
  {
    call: 'VFIO_SET_IOMMU',
    errnos: ['ENODEV'],
    id: 'no-vfio',
    text: () => 'VFIO_SET_IOMMU failed with ENODEV: the module vfio_iommu_type1 may not be loaded.',
    remedy: () => 'Load vfio_iommu_type1.',
    command: () => 'lsmod | grep vfio; ls -l /dev/vfio',
  },
  {
    call: 'VFIO_SET_IOMMU',
    errnos: ['EINVAL'],
    id: 'container-refused',
    text: () =>
      'VFIO_SET_IOMMU failed with EINVAL: the container has no group, or an IOMMU was set on it before, or the IOMMU may not take the devices of the group.',
    remedy: () => 'Set the IOMMU once, after the first group is in the container.',
    command: () => 'dmesg | grep -i -e vfio -e DMAR -e AMD-Vi',
  },
  {
    call: 'VFIO_GROUP_GET_DEVICE_FD',
    errnos: ['ENODEV'],
    id: 'not-bound',
    text: () =>
      'VFIO_GROUP_GET_DEVICE_FD failed with ENODEV: the device that the VMM named is not bound to VFIO, or is in another group.',
    remedy: () => 'Bind that device to vfio-pci, not only another one of its group.',
    command: () => 'readlink /sys/bus/pci/devices/ADDRESS/driver /sys/bus/pci/devices/ADDRESS/iommu_group',
  },
  {
    call: /^(?:VFIO_IOMMU_MAP_DMA|IOMMU_IOAS_MAP)$/,
    errnos: ['EINVAL'],
    id: 'bad-mapping',
    text: ({ call }) =>
      `${call} failed with EINVAL: the range may be outside of what the IOMMU can address or in a reserved region, or not aligned to its page size.`,
    remedy: () =>
      'Compare guest addresses with what the IOMMU takes: fewer physical address bits of the guest, or less memory, may do.',
    command: () => 'cat /sys/kernel/iommu_groups/*/reserved_regions; dmesg | grep -e DMAR -e AMD-Vi',
  },
  {
    call: 'VFIO_IOMMU_MAP_DMA',
    errnos: ['ENOSPC'],
    id: 'mapping-limit',
    text: () => 'VFIO_IOMMU_MAP_DMA failed with ENOSPC: the container has as many mappings as dma_entry_limit allows.',
    remedy: () => 'Raise dma_entry_limit of vfio_iommu_type1 (65535 by default), or map larger ranges.',
    command: () => 'cat /sys/module/vfio_iommu_type1/parameters/dma_entry_limit',
  },
  {
    call: 'VFIO_IOMMU_MAP_DMA',
    errnos: ['EPERM'],
    id: 'permission',
    text: () =>
      'VFIO_IOMMU_MAP_DMA failed with EPERM: a seccomp filter of the VMM or a security module of the host may have refused it.',
    remedy: () => 'Allow the request in the filter or the policy.',
    command: () => 'grep Seccomp /proc/PID/status; dmesg | grep -i -e audit -e denied; ls -l /proc/PID/fd | grep vfio',
  },
  {
    call: 'VFIO_IOMMU_MAP_DMA',
    errnos: ['EFAULT'],
    id: 'bad-mapping',
    text: () =>
      'VFIO_IOMMU_MAP_DMA failed with EFAULT: the VMM has no memory at part of the range, or memory that cannot be pinned.',
    remedy: () => 'Map only memory that the VMM has mapped for as long as the device may reach it.',
    command: () => 'cat /proc/PID/maps; dmesg | grep -i vfio',
  },
  {
    call: 'VFIO_DEVICE_BIND_IOMMUFD',
    errnos: ['ENOTTY'],
    id: 'no-iommufd',
    text: () =>
      'VFIO_DEVICE_BIND_IOMMUFD failed with ENOTTY: this kernel cannot bind a device to an iommufd (before v6.6, or without CONFIG_VFIO_DEVICE_CDEV).',
    remedy: () =>
      'Use a kernel with CONFIG_IOMMUFD and CONFIG_VFIO_DEVICE_CDEV (v6.6 and later), or start the VMM without iommufd, through the group.',
    command: () => 'uname -r; ls -l /dev/iommu /dev/vfio/devices',
  },
  {
    call: 'VFIO_DEVICE_BIND_IOMMUFD',
    errnos: ['EPERM'],
    id: 'unsafe-interrupts',
    text: () =>
      'VFIO_DEVICE_BIND_IOMMUFD failed with EPERM: the host may have no interrupt remapping, or a driver of the host or another process may own a device of the group.',
    remedy: () =>
      'Enable interrupt remapping in the firmware, and bind every device of the group to vfio-pci. Where every guest is trusted, allow_unsafe_interrupts=1 of iommufd lifts that check.',
    command: () =>
      `cat /sys/module/iommufd/parameters/allow_unsafe_interrupts; dmesg | grep -i remapping; ${membersCommand('*')}`,
  },
  {
    call: 'VFIO_DEVICE_BIND_IOMMUFD',
    errnos: ['ENODEV'],
    id: 'no-iommu',
    text: () =>
      'VFIO_DEVICE_BIND_IOMMUFD failed with ENODEV: the device may have no IOMMU group, or its driver is being removed.',
    remedy: () => 'Switch VT-d or AMD-Vi on, and bind the device to vfio-pci again.',
    command: () => 'ls -l /sys/bus/pci/devices/*/iommu_group; dmesg | grep -e DMAR -e AMD-Vi -e vfio',
  },
];

const ROWS: readonly Row[] = [...OPENED, ...REQUESTED];

/** A command that lists the devices of a group with their drivers. */
export function membersCommand(group: string): string {
  return `for d in /sys/kernel/iommu_groups/${group}/devices/*; do lspci -nnks "\${d##*/}"; done`;
}
