// What a VMM looks up in sysfs says which devices there are: their groups, drivers, units and nodes, and what is missing.
import { describe, expect, test } from 'vitest';
import { MachineFiles } from '../../sim-core/src/interop/rebuild/machine-files.ts';
import { type LogReport, reportOf } from '../../sim-core/src/interop/rebuild/report.ts';
import { type Taken, take } from './rebuilt.ts';

const LOOKUPS = [
  'readlink("/sys/bus/pci/devices/0000:3b:00.0/iommu_group", "../../../../kernel/iommu_groups/42", 4096) = 34',
  'readlink("/sys/bus/pci/devices/0000:3b:00.0/driver", "../../../../bus/pci/drivers/vfio-pci", 4096) = 36',
  'readlinkat(AT_FDCWD</>, "/sys/devices/pci0000:3a/0000:3a:00.0/0000:3b:00.0/iommu", "../../../virtual/iommu/dmar2", 4096) = 28',
  'getdents64(20</sys/kernel/iommu_groups/42/devices>, [{d_ino=1, d_off=1, d_reclen=24, d_type=DT_DIR, d_name="."}, {d_ino=2, d_off=2, d_reclen=40, d_type=DT_LNK, d_name="0000:3b:00.0"}, {d_ino=3, d_off=3, d_reclen=40, d_type=DT_LNK, d_name="0000:3b:00.1"}], 32768) = 104',
  'readlinkat(21</sys/bus/pci/devices/0000:3b:00.1>, "driver", "../../../../bus/pci/drivers/snd_hda_intel", 4096) = 41',
];
const START = ['openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9', 'ioctl(9, KVM_CREATE_VM, 0) = 10'];
const GIVES_UP = 'exit_group(1) = ?';

function taken(...lines: readonly string[]): Taken {
  return take([{ name: 'a.log', text: `${lines.map((line) => `700 ${line}`).join('\n')}\n` }], []);
}

function report(...lines: readonly string[]): LogReport {
  const { rebuilt, result, machine } = taken(...lines);
  return reportOf(rebuilt, result, machine.messages);
}

describe('links and folders that a process reads', () => {
  const group = [
    'openat(AT_FDCWD, "/dev/vfio/42", O_RDWR|O_CLOEXEC) = 12',
    'ioctl(12, VFIO_GROUP_GET_STATUS, 0x7ffe53e56210) = 0',
  ];

  test('are the machine of its scenario', () => {
    const { result } = taken(...LOOKUPS, ...START, ...group);
    expect(result.text).toContain('iommu dmar2 vt-d');
    expect(result.text).not.toContain('dmar0');
    expect(result.text).toContain('device dev_3b_00_0 0000:3b:00.0 iommu=dmar2 group=42\n');
    expect(result.text).toContain('device dev_3b_00_1 0000:3b:00.1 iommu=dmar2 group=42 driver=snd_hda_intel\n');
    expect(result.outcome.diagnostics).toEqual([]);
  });

  test('name the device that spoils its group', () => {
    expect(report(...LOOKUPS, ...START, ...group, 'close(12) = 0', GIVES_UP).causes).toMatchObject([
      {
        id: 'not-viable',
        text: expect.stringContaining('Group 42 is not viable: 0000:3b:00.1 is bound to snd_hda_intel'),
      },
    ]);
  });

  test('say which device a node of an iommufd is of', () => {
    const { result } = taken(
      'openat(AT_FDCWD, "/sys/bus/pci/devices/0000:02:00.0/vendor", O_RDONLY) = 8',
      'openat(AT_FDCWD, "/sys/bus/pci/devices/0000:3b:00.0/vfio-dev/vfio0/dev", O_RDONLY|O_CLOEXEC) = 15',
      'readlink("/sys/bus/pci/devices/0000:3b:00.0/iommu_group", "../../../../kernel/iommu_groups/42", 4096) = 34',
      ...START,
      'openat(AT_FDCWD, "/dev/vfio/devices/vfio0", O_RDWR|O_CLOEXEC) = 16',
    );
    expect(result.text).toMatch(/device \w+ 0000:3b:00\.0 iommu=\w+ group=42/);
    expect(result.text).not.toContain('0000:02:00.0');
  });

  test('are read by `import machine`, too', () => {
    const machine = new MachineFiles();
    for (const line of LOOKUPS) machine.line(`700 1795881739.119570 ${line}`);
    expect(machine.facts()).toMatchObject({
      units: [{ name: 'dmar2', driver: 'vt-d' }],
      devices: [
        { bdf: '0000:3b:00.0', group: '42', driver: 'vfio-pci', unit: 'dmar2' },
        { bdf: '0000:3b:00.1', driver: 'snd_hda_intel' },
      ],
    });
  });
});

describe('what a process looks for in vain, before it gives up', () => {
  test('is a device that the host does not have', () => {
    expect(
      report(
        ...START,
        'newfstatat(AT_FDCWD, "/sys/bus/pci/devices/0000:0a:00.0", 0x7ffe53e56210, 0) = -1 ENOENT (No such file or directory)',
        GIVES_UP,
      ).causes,
    ).toMatchObject([
      { id: 'no-device', text: 'The host has no device 0000:0a:00.0: the VMM looked for it in sysfs.' },
    ]);
  });

  test('is a group, where no IOMMU translates for the device', () => {
    expect(
      report(
        ...START,
        'readlink("/sys/bus/pci/devices/0000:01:00.0/iommu_group", 0x7ffe53e56210, 4096) = -1 ENOENT (No such file or directory)',
        GIVES_UP,
      ).causes,
    ).toMatchObject([{ id: 'no-iommu', text: expect.stringContaining('0000:01:00.0 has no IOMMU group') }]);
  });
});

test('the inventory names device nodes', () => {
  const machine = new MachineFiles();
  machine.line('/sys/bus/pci/devices/0000:3b:00.0/vfio-dev/vfio3');
  expect(machine.facts().devices).toEqual([{ bdf: '0000:3b:00.0', cdev: 'vfio3' }]);
});
