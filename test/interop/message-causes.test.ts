// What a VMM printed, or the kernel logged, without a log of calls: what it means, what to do, and what would tell more.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { MachineFiles } from '../../sim-core/src/interop/rebuild/machine-files.ts';
import { type LogReport, reportOf, reportText, reportWithoutLog } from '../../sim-core/src/interop/rebuild/report.ts';
import { take, textOf } from './rebuilt.ts';

const LOGS = path.join(import.meta.dirname, 'logs');
const OFF = 'k6.1.192-intel-snoop-off-q7.2.22';

function reported(...texts: readonly string[]): LogReport | undefined {
  const machine = new MachineFiles();
  for (const text of texts) for (const line of text.split('\n')) machine.line(line);
  return reportWithoutLog(machine.facts(), machine.messages);
}

/** Lines of VMMs and kernels, each with the cause and a command of the report. */
const MESSAGES: readonly (readonly [line: string, id: string, text: RegExp, command?: RegExp])[] = [
  [
    'qemu-system-x86_64: -device vfio-pci,host=04:01.0: vfio 0000:04:01.0: group 10 is not viable',
    'not-viable',
    /^Group 10, that of 0000:04:01\.0, is not viable/,
    /iommu_groups\/10\//,
  ],
  [
    '2024-11-29T10:00:00.123456Z qemu-system-x86_64: -device {"driver":"vfio-pci","host":"0000:04:01.0"}: vfio 0000:04:01.0: group 5 is not viable',
    'not-viable',
    /^Group 5, that/,
  ],
  [
    'error: internal error: process exited while connecting to monitor: qemu-kvm: -device vfio-pci: vfio 0000:3b:00.0: failed to open /dev/vfio/42: Operation not permitted',
    'permission',
    /\/dev\/vfio\/42 was refused with EPERM: the device cgroup/,
  ],
  [
    'kvm: -device vfio-pci,host=0000:01:00.0,id=hostpci0: vfio 0000:01:00.0: failed to open /dev/vfio/14: Device or resource busy',
    'second-user',
    /^\/dev\/vfio\/14 has a second user/,
    /^fuser -v \/dev\/vfio\/14 /,
  ],
  [
    "qemu-system-x86_64: -device vfio-pci,host=01:00.0: vfio 0000:01:00.0: Could not open '/dev/vfio/8': No such file or directory",
    'not-bound',
    /\/dev\/vfio\/8 does not exist/,
    /iommu_groups\/8\//,
  ],
  [
    'qemu-system-x86_64: vfio: Failed to add group 26 to KVM VFIO device: Device or resource busy',
    'never-registered',
    /^KVM was not told/,
  ],
  [
    'qemu-system-x86_64: vfio_container_dma_map(0x556b95147d30, 0x0, 0x80000000, 0x7f8a28400000) = -12 (Cannot allocate memory)',
    'memlock',
    /^RLIMIT_MEMLOCK may be too low/,
  ],
  [
    'qemu-system-x86_64: warning: vfio_container_dma_map(0x556b95147d30, 0xfe600000, 0x100000, 0x7f8a28400000) = -14 (Bad address)',
    'harmless-warning',
    /is harmless/,
  ],
  [
    'qemu-system-x86_64: vfio: Cannot reset device 0000:03:00.1, depends on group 7 which is not owned.',
    'reset',
    /^0000:03:00\.1 could not be reset: a reset of its bus needs group 7/,
    /reset_method/,
  ],
  [
    'qemu-system-x86_64: vfio_err_notifier_handler(0000:3b:00.0) Unrecoverable error detected. Please collect any data possible and then kill the guest',
    'device-error',
    /^0000:3b:00\.0 reported an uncorrectable/,
  ],
  [
    '[  158.228642] vfio_pin_pages_remote: RLIMIT_MEMLOCK (65536) exceeded',
    'memlock',
    /^RLIMIT_MEMLOCK \(65536 bytes\)/,
  ],
  ['Nov 29 10:00:00 host kernel: vfio_pin_pages_remote: RLIMIT_MEMLOCK (65536) exceeded', 'memlock', /65536/],
  ['[   14.377996] vfio-pci: probe of 0000:01:00.0 failed with error -22', 'no-iommu', /did not take 0000:01:00\.0/],
  [
    '[Fri Nov 29 10:00:00 2026] vfio-pci 0000:01:00.0: probe with driver vfio-pci failed with error -22',
    'no-iommu',
    /did not take 0000:01:00\.0/,
  ],
  [
    '[   99.1] vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform',
    'unsafe-interrupts',
    /no interrupt remapping/,
  ],
  [
    '[   99.123456] vfio-pci 0000:03:00.0: Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device without a 1:1 mapping. Contact your platform vendor.',
    'direct-mapping',
    /^0000:03:00\.0 cannot be passed to a guest: the firmware reserves/,
  ],
  [
    '[   99.123456] vfio-pci 0000:03:00.0: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.',
    'direct-mapping',
    /^0000:03:00\.0/,
  ],
  [
    "[   99.123456] vfio-pci 0000:0b:00.0: BAR 1: can't reserve [mem 0xe0000000-0xefffffff 64bit pref]",
    'bar-in-use',
    /^BAR 1 of 0000:0b:00\.0 is in use by the host/,
  ],
  [
    '[   99.123456] DMAR: [DMA Read NO_PASID] Request device [01:00.0] fault addr 0xfee00000 [fault reason 0x06] PTE Read access is not set',
    'dma-fault',
    /^01:00\.0 read an address that no mapping covers/,
  ],
  [
    '[   99.123456] vfio-pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0x1000 flags=0x0020]',
    'dma-fault',
    /^0000:01:00\.0 reached an address/,
  ],
  ['[    4.123456] kvm: disabled by bios', 'no-kvm', /^KVM did not load/],
  ['[    4.123456] kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 0', 'no-kvm', /^KVM did not load/],
  [
    '[   99.123456] vfio-pci 0000:0b:00.0: not ready 1023ms after FLR; waiting',
    'reset',
    /^0000:0b:00\.0 does not come back/,
  ],
];

describe('a message alone', () => {
  const each = MESSAGES.map(([line, id, text, command]) => ({ line, id, text, command: command ?? /./ }));
  test.each(each)('$line', ({ line, id, text, command }) => {
    const report = reported(line);
    expect(report?.causes).toMatchObject([{ id, text: expect.stringMatching(text) }]);
    expect(report?.wrong[0]).toMatch(text);
    expect(report?.unknown.map((one) => one.command)).toContainEqual(expect.stringMatching(command));
    expect(report?.wrong.length === 1 || report?.wrong[1]).toBeTruthy();
  });

  test('what a VMM said is quoted without what the journal put before it, and its second line is not a message', () => {
    const report = reported(
      'Nov 29 10:00:00 host libvirtd[99]: qemu-system-x86_64: vfio 0000:04:01.0: group 10 is not viable',
      'Please ensure all devices within the iommu_group are bound to their vfio bus driver.',
    );
    expect(report?.wrong.slice(1)).toEqual([
      'The VMM said: qemu-system-x86_64: vfio 0000:04:01.0: group 10 is not viable',
    ]);
  });

  test('a kernel log without anything of that kind has no report', () => {
    expect(reported('[    1.000000] usb 1-1: new high-speed USB device number 2 using xhci_hcd')).toBeUndefined();
  });
});

describe('files about the machine alone', () => {
  const file = (name: string): string => textOf(path.join(LOGS, `${OFF}-${name}.txt.gz`));

  test('name the device that spoils a group, and what becomes of a VM with a device of each unit', () => {
    const bound = [
      '/sys/kernel/iommu_groups/10/devices/0000:04:01.0',
      '/sys/kernel/iommu_groups/10/devices/0000:04:02.0',
      '/sys/bus/pci/devices/0000:04:01.0/driver: vfio-pci',
      '/sys/bus/pci/devices/0000:04:02.0/driver: e1000',
    ];
    const report = reported(bound.join('\n'), file('sys-class-iommu'), file('uname'));
    expect(report?.causes.map(({ text }) => text)).toEqual([
      'Group 10 is not viable: 0000:04:02.0 is bound to e1000, and every device of a group must be bound to VFIO or have no driver.',
    ]);
    expect(report?.vm).toEqual([
      'No file is a log of a run: what a VM did is not known.',
      'A VM that is given a device that dmar0 translates for becomes non-coherent once the VMM tells KVM of it: its WBINVDs are executed.',
    ]);
    expect(reportText(report!, false)).toMatch(/^Machine\n\n {2}Kernel: 6\.1\.0-56-amd64\./);
  });
});

test('beside a log, a message is the cause where the calls show none, and adds what has nothing to do with them', () => {
  const log = { name: 'a.log', text: textOf(path.join(LOGS, `${OFF}-fail-nodev.log.txt.gz`)) };
  const said = textOf(path.join(LOGS, `${OFF}-fail-nodev.out.txt.gz`));
  const fault = '[   99.1] DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0x1000 [fault reason 0x05]';
  const { rebuilt, result, machine } = take([log], [said, fault]);
  expect(reportOf(rebuilt, result, machine.messages).causes.map(({ id }) => id)).toEqual(['no-device', 'dma-fault']);
});
