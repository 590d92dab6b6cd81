// What the report says about a log alone, by the call that failed and its errno.
import { describe, expect, test } from 'vitest';
import { type LogReport, reportOf } from '../../sim-core/src/interop/rebuild/report.ts';
import { take } from './rebuilt.ts';

function reportFor(lines: readonly string[]): LogReport {
  const { rebuilt, result, machine } = take([{ name: 'a.log', text: `${lines.join('\n')}\n` }], []);
  return reportOf(rebuilt, result, machine.messages);
}

const VM = ['openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3', 'ioctl(3, KVM_CREATE_VM, 0) = 4'];
const GROUP = [...VM, 'openat(AT_FDCWD, "/dev/vfio/26", O_RDWR) = 6', 'openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 5'];
const CONTAINER = [...GROUP, 'ioctl(6, VFIO_GROUP_SET_CONTAINER, 0x7ffe) = 0'];
const ATTACHED = [
  ...CONTAINER,
  'ioctl(5, VFIO_SET_IOMMU, 0x1) = 0',
  'ioctl(4, KVM_CREATE_DEVICE, 0x7ffe) = 0',
  'ioctl(7, KVM_SET_DEVICE_ATTR, 0x7ffe) = 0',
];
const IOMMUFD = [
  ...VM,
  'openat(AT_FDCWD, "/dev/vfio/devices/vfio0", O_RDWR) = 6',
  'openat(AT_FDCWD, "/dev/iommu", O_RDWR) = 5',
];
const BIND = 'ioctl(6, VFIO_DEVICE_BIND_IOMMUFD, 0x7ffe)';
const MAP = 'ioctl(5, VFIO_IOMMU_MAP_DMA, 0x7ffe)';
const MEMBERS = (group: string): string => `/sys/kernel/iommu_groups/${group}/devices/*; do lspci -nnks`;

const open = (path: string): string => `openat(AT_FDCWD, "${path}", O_RDWR|O_CLOEXEC)`;

/** The calls before, the call that fails, its errno; a part of the sentence, and of the command that tells. */
const ROWS: readonly (readonly [readonly string[], string, string, string, string])[] = [
  [[], open('/dev/kvm'), 'ENOENT', '/dev/kvm does not exist: kvm_intel or kvm_amd is not loaded', 'lsmod | grep kvm'],
  [[], open('/dev/kvm'), 'ENODEV', '/dev/kvm exists, and nothing answers for it (ENODEV): kvm_intel', 'dmesg'],
  [[], open('/dev/kvm'), 'EBUSY', 'another hypervisor of the host may hold VT-x or AMD-V', 'vboxdrv'],
  [[], open('/dev/kvm'), 'EACCES', 'Opening /dev/kvm was refused: the user of the VMM', 'ls -l /dev/kvm; id'],
  [[], open('/dev/kvm'), 'EPERM', 'Opening /dev/kvm was refused with EPERM: the device cgroup', 'DeviceAllow'],
  [VM, open('/dev/vfio/vfio'), 'ENOENT', '/dev/vfio/vfio does not exist: the module vfio is not loaded', 'lsmod'],
  [VM, open('/dev/vfio/vfio'), 'ENODEV', '/dev/vfio/vfio exists, and nothing answers for it (ENODEV)', 'lsmod'],
  [VM, open('/dev/vfio/26'), 'ENODEV', 'Opening /dev/vfio/26 failed with ENODEV: its last device was', MEMBERS('26')],
  [VM, open('/dev/vfio/26'), 'EPERM', 'Opening /dev/vfio/26 was refused with EPERM', '/proc/PID/cgroup'],
  [VM, open('/dev/vfio/noiommu-0'), 'EPERM', 'a group without an IOMMU needs CAP_SYS_RAWIO', 'unsafe_noiommu_mode'],
  [VM, open('/dev/vfio/devices/vfio0'), 'ENOENT', '/dev/vfio/devices/vfio0 does not exist', 'ls -l /dev/vfio/devices'],
  [VM, open('/dev/vfio/devices/vfio0'), 'ENODEV', 'its device is being unbound from VFIO', 'vfio-dev'],
  [VM, open('/dev/iommu'), 'EACCES', 'Opening /dev/iommu was refused', 'ls -l /dev/iommu; id'],
  [[VM[0]!], 'ioctl(3, KVM_CREATE_VM, 0)', 'EBUSY', 'KVM_CREATE_VM failed with EBUSY: another hypervisor', 'vboxdrv'],
  [
    GROUP,
    'ioctl(6, VFIO_GROUP_SET_CONTAINER, 0x7ffe)',
    'EINVAL',
    'the group is already in a container',
    '/proc/PID/fd',
  ],
  [GROUP, 'ioctl(6, VFIO_GROUP_SET_CONTAINER, 0x7ffe)', 'EPERM', 'a driver of the host may own a device', MEMBERS('*')],
  [
    CONTAINER,
    'ioctl(5, VFIO_SET_IOMMU, 0x1)',
    'EPERM',
    'may have no interrupt remapping, or the firmware may reserve memory',
    '/sys/module/vfio_iommu_type1/parameters',
  ],
  [CONTAINER, 'ioctl(5, VFIO_SET_IOMMU, 0x1)', 'ENODEV', 'vfio_iommu_type1 may not be loaded', 'lsmod | grep vfio'],
  [CONTAINER, 'ioctl(5, VFIO_SET_IOMMU, 0x1)', 'EINVAL', 'the container has no group', 'dmesg'],
  [ATTACHED, MAP, 'EINVAL', 'may be outside of what the IOMMU can address', 'reserved_regions'],
  [ATTACHED, MAP, 'ENOSPC', 'as many mappings as dma_entry_limit allows', 'parameters/dma_entry_limit'],
  [ATTACHED, MAP, 'EPERM', 'a seccomp filter of the VMM or a security module', 'Seccomp'],
  [ATTACHED, MAP, 'EFAULT', 'the VMM has no memory at part of the range', '/proc/PID/maps'],
  [ATTACHED, MAP, 'ENOMEM', 'RLIMIT_MEMLOCK is too low', 'Max locked'],
  [
    ATTACHED,
    'ioctl(6, VFIO_GROUP_GET_DEVICE_FD, 0x7ffe)',
    'ENODEV',
    'is not bound to VFIO, or is in another',
    'readlink',
  ],
  [IOMMUFD, BIND, 'ENOTTY', 'this kernel cannot bind a device to an iommufd', 'uname -r'],
  [IOMMUFD, BIND, 'EPERM', 'the host may have no interrupt remapping', '/sys/module/iommufd/parameters'],
  [IOMMUFD, BIND, 'ENODEV', 'the device may have no IOMMU group', 'iommu_group'],
];

test.each(ROWS)('%# after %o, %s = %s', (before, call, errno, sentence, command) => {
  const { causes } = reportFor([...before, `${call} = -1 ${errno} (…)`, 'exit_group(1) = ?']);
  expect(causes).toHaveLength(1);
  expect(causes[0]!.text).toContain(sentence);
  expect(causes[0]!.command).toContain(command);
  expect(causes[0]!.text).not.toMatch(/no call|undefined/);
});

test.each([
  ['ENOENT', 'This kernel has no iommufd, or its module is not loaded: /dev/iommu does not exist.'],
  [
    'ENODEV',
    'This kernel has no iommufd, or its module is not loaded: /dev/iommu exists, and nothing answers for it (ENODEV).',
  ],
])('/dev/iommu, %s', (errno, sentence) => {
  expect(reportFor([...VM, `${open('/dev/iommu')} = -1 ${errno} (…)`, 'exit_group(1) = ?']).wrong).toContain(sentence);
});

test('what fails twice for the same reason is said once', () => {
  const line = `${open('/dev/iommu')} = -1 EACCES (Permission denied)`;
  const { wrong, remedies, unknown } = reportFor([...VM, line, line, 'exit_group(1) = ?']);
  expect(wrong.filter((text) => text.startsWith('Opening /dev/iommu'))).toHaveLength(1);
  expect(remedies).toHaveLength(1);
  expect(unknown.filter(({ command }) => command === 'ls -l /dev/iommu; id')).toHaveLength(1);
});

test('an errno that says nothing by itself is named as the last failure', () => {
  const { causes } = reportFor([`${open('/dev/kvm')} = -1 EMFILE (Too many open files)`, 'exit_group(1) = ?']);
  expect(causes.map(({ text }) => text)).toEqual([
    'The VMM exited on its own with exit status 1, before it opened /dev/kvm; the last call that failed is open("/dev/kvm", O_RDWR|O_CLOEXEC) = -EMFILE.',
  ]);
});

test('of a log that is mostly not understood nothing is concluded', () => {
  const garbage = Array.from({ length: 9 }, (_, line) => `@@ ${line} @@`);
  const report = reportFor([...VM, ...garbage, 'exit_group(1) = ?', '+++ exited with 1 +++']);
  expect(report.wrong).toEqual([
    '9 of the 13 lines of a.log were not understood, so nothing follows from what it does not show.',
  ]);
});

test('a run that ends well is not a failure', () => {
  const after = ['ioctl(6, VFIO_GROUP_GET_DEVICE_FD, 0x7ffe) = 8', 'ioctl(5, VFIO_IOMMU_MAP_DMA, 0x7ffe) = 0'];
  expect(reportFor([...ATTACHED, ...after, 'exit_group(0) = ?']).causes).toEqual([]);
});

describe('what a VMM that fails writes on stderr', () => {
  const write = (text: string): string => `write(2</dev/pts/0>, "${text}", 9) = 9`;
  const said = [
    'write(1, "not an error\\n", 13) = 13',
    write('qemu-system-x86_64:'),
    write(' '),
    write('-device vfio-pci,host=0000:01:00.0: \\"nic\\" is \\33[1mattached\\n'),
  ];
  const message = 'The VMM said: qemu-system-x86_64: -device vfio-pci,host=0000:01:00.0: "nic" is  [1mattached';

  test('is in the report, as one line and without control characters', () => {
    const { wrong, remedies, unknown } = reportFor([...ATTACHED, ...said, 'exit_group(1) = ?']);
    expect(wrong).toContain(message);
    expect(remedies).toContain('What the VMM said is the reason.');
    expect(unknown.map(({ command }) => command).join()).not.toContain('execve');
  });

  test('is nothing that went wrong when it ends well', () => {
    expect(reportFor([...ATTACHED, ...said, 'exit_group(0) = ?']).wrong).toEqual([]);
  });
});
