// Reports of starts that failed: the cause that a person would give, with the files about the machine; from the log alone,
// the command that would tell.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LogReport, reportOf, reportText } from '../../sim-core/src/interop/rebuild/report.ts';
import { NOTHING_ASSUMED, take, textOf } from './rebuilt.ts';

const LOGS = path.join(import.meta.dirname, 'logs');
const ALL = readdirSync(LOGS);
const OFF = 'k6.1.192-intel-snoop-off-q7.2.22';
const NONE = 'k6.1.192-no-iommu-q7.2.22';
const CDEV = 'k6.12.117-cdev-intel-snoop-off-q10.0.13';
const ABOUT = /-(?:lspci-vvv|lspci-nnk|sys-class-iommu|dev-nodes|uname|cpuinfo)\.txt\.gz$/;

function report(machine: string, names: readonly string[], alone: boolean): LogReport {
  const logs = names.map((name) => ({ name, text: textOf(path.join(LOGS, `${machine}-${name}.txt.gz`)) }));
  const own = names.map((name) => `${machine}-${name.replace(/\.log$/, '')}.`);
  const about = ALL.filter(
    (file) =>
      (file.startsWith(`${machine}-`) && ABOUT.test(file)) ||
      own.some((stem) => file.startsWith(stem) && /\.(?:dmesg|out)\./.test(file)),
  );
  const taken = take(logs, alone ? [] : about.map((file) => textOf(path.join(LOGS, file))));
  return reportOf(taken.rebuilt, taken.result, taken.machine.messages);
}

const members = (group: number): string =>
  `for d in /sys/kernel/iommu_groups/${group}/devices/*; do lspci -nnks "\${d##*/}"; done`;

/** Each failure: what the report says with the files about the machine, and what would tell from the log alone. */
const FAILURES: readonly (readonly [machine: string, name: string, sentence: string, command: string])[] = [
  [
    OFF,
    'fail-notviable',
    'Group 10 is not viable: 0000:04:02.0 is bound to e1000, and every device of a group must be bound to VFIO or have no driver.',
    members(10),
  ],
  [OFF, 'fail-notbound', 'No device of group 9 is bound to VFIO: 0000:02:00.0 is bound to e1000e.', members(9)],
  [OFF, 'fail-second', 'Group 8 has a second user: another process has /dev/vfio/8 open.', 'fuser -v /dev/vfio/8'],
  [
    OFF,
    'fail-memlock',
    'RLIMIT_MEMLOCK is too low: the memory of the guest could not be pinned (kernel log: vfio_pin_pages_remote: RLIMIT_MEMLOCK (65536) exceeded).',
    "dmesg | grep RLIMIT_MEMLOCK; grep 'Max locked' /proc/PID/limits",
  ],
  [
    NONE,
    'fail-noiommu',
    'No IOMMU is in use: no device of this machine has an IOMMU group, so VFIO has no device to open.',
    'ls -l /sys/bus/pci/devices/*/iommu_group; dmesg | grep -e DMAR -e AMD-Vi',
  ],
  [
    OFF,
    'fail-noiommufd',
    'This kernel has no iommufd, or its module is not loaded: /dev/iommu does not exist.',
    'ls -l /dev/kvm /dev/iommu',
  ],
  [
    CDEV,
    'fail-cdev-second',
    'The device of /dev/vfio/devices/vfio0 has a second user: another process has bound it to an iommufd.',
    'fuser -v /dev/vfio/devices/vfio0 /dev/vfio/*',
  ],
  [
    CDEV,
    'fail-group-while-cdev',
    'Group 8 has a second user: another process has /dev/vfio/8 open, or has bound a device of the group to an iommufd through /dev/vfio/devices/vfio0.',
    'fuser -v /dev/vfio/8',
  ],
  [
    OFF,
    'fail-perm',
    'Opening /dev/vfio/8 was refused: the user of the VMM is not permitted to read and write it.',
    'ls -l /dev/vfio/8; id',
  ],
  [
    OFF,
    'fail-perm-kvm',
    'Opening /dev/kvm was refused: the user of the VMM is not permitted to read and write it.',
    'ls -l /dev/kvm; id',
  ],
  [
    OFF,
    'fail-nodev',
    'The VMM said: qemu-system-x86_64: -device vfio-pci,host=0000:0a:00.0: vfio /sys/bus/pci/devices/0000:0a:00.0: no such host device: No such file or directory',
    'ls -l /sys/bus/pci/devices/*/iommu_group; dmesg | grep -e DMAR -e AMD-Vi',
  ],
  [
    OFF,
    'fail-twice',
    'The VMM said: qemu-system-x86_64: -device vfio-pci,host=0000:01:00.0: vfio 0000:01:00.0: device is already attached',
    'strace -f -s 4096 -e trace=execve,write,exit_group …',
  ],
];

describe('starts that failed', () => {
  test.each(FAILURES)('%s %s', (machine, name, sentence, command) => {
    expect(report(machine, [`${name}.log`], false).wrong).toContain(sentence);
    expect(report(machine, [`${name}.log`], true).unknown.map((one) => one.command)).toContain(command);
  });

  test('what went wrong is said once, also where a command would tell more', () => {
    for (const [machine, name] of FAILURES) {
      const { wrong, unknown } = report(machine, [`${name}.log`], true);
      for (const { what } of unknown) expect(wrong).not.toContain(what);
    }
    expect(report(OFF, ['fail-memlock.log'], true).unknown[0]?.what).toBe('More about this.');
  });

  test.each([
    ['SIGKILL', /^The VMM was killed by SIGKILL: the OOM killer, /, 'dmesg | grep -i -e oom'],
    ['SIGSEGV', /^The VMM was killed by SIGSEGV: it crashed, /, 'coredumpctl info'],
    ['SIGTERM', undefined, undefined],
  ])('a VMM that %s ended', (signal, sentence, command) => {
    const log = [
      '100 openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3',
      '100 ioctl(3, KVM_CREATE_VM, 0) = 4',
      '101 ioctl(5, KVM_RUN, 0) = 0',
      `101 +++ killed by ${signal} +++`,
      `100 +++ killed by ${signal} (core dumped) +++`,
    ];
    const { rebuilt, result } = take([{ name: 'a.strace', text: `${log.join('\n')}\n` }], []);
    const { wrong, unknown } = reportOf(rebuilt, result, []);
    if (sentence) expect(wrong[0]).toMatch(sentence);
    else expect(wrong.join('\n')).not.toContain('killed');
    if (command) expect(unknown[0]?.command).toContain(command);
  });

  test('nothing is claimed of the coherency of a VM that never ran', () => {
    expect(report(OFF, ['fail-memlock.log'], true).vm).toEqual([
      'The VM never ran, and no device stayed registered with KVM.',
    ]);
    expect(report(OFF, ['fail-perm.log'], true).vm).toEqual(['The logs show no device registered with KVM.']);
    expect(report(OFF, ['fail-perm.log'], true).assumptions).toEqual([]);
  });

  test('where the VMM refuses on its own, how far it came says what may be wrong', () => {
    const text = (machine: string, name: string): string | undefined => report(machine, [`${name}.log`], true).wrong[0];
    const noCall = 'the log shows no call of KVM, VFIO or iommufd that failed.';
    expect(text(OFF, 'fail-twice')).toBe(
      `The VMM exited on its own with exit status 1, after it had opened a device of VFIO; ${noCall} The same device may be given twice, or with an option that it cannot have.`,
    );
    expect(text(OFF, 'fail-nodev')).toBe(
      `The VMM exited on its own with exit status 1, after it created the VM, before it opened a group or a device of VFIO; ${noCall} The device that it was given may not exist, or may have no IOMMU group because no IOMMU is in use.`,
    );
    expect(text(NONE, 'fail-noiommu')).toBe(text(OFF, 'fail-nodev'));
    expect(text(OFF, 'fail-noiommufd')).toBe(
      `The VMM exited on its own with exit status 1, before it opened /dev/kvm; ${noCall} Its command line may ask for what this build or this kernel does not have, such as iommufd, or name a file that is missing.`,
    );
  });

  test('no other cause is given', () => {
    for (const [machine, name] of FAILURES)
      expect(report(machine, [`${name}.log`], false).causes, name).toHaveLength(1);
  });
});

test('calls that the kernel refused say which check decided', () => {
  const { failed } = report(OFF, ['fail-second.log'], false);
  expect(failed).toEqual([
    expect.stringMatching(
      /^open\("\/dev\/vfio\/8", .*\) = -EBUSY: vfio_group_fops_open\(\) found group 8 already open \(log \d+, \+[\d.]+ s\)\.$/,
    ),
  ]);
});

describe('a run that went well', () => {
  const both = report(OFF, ['strace-f-y-hotplug.log', 'strace-f-y-hotplug.ftrace'], false);

  test('says since when the VM was non-coherent, and what it cost', () => {
    expect(both.machine).toContain('IOMMU unit dmar0 (vt-d) cannot enforce snooping (ECAP f00f4a).');
    expect(both.machine).toContain('Device 0000:01:00.0 (Device [1234:11e8]), group 8, driver vfio-pci.');
    expect(both.vm).toEqual([
      expect.stringMatching(/^The VM became non-coherent: .*_ADD, addr=\[group8\]}\) = 0 \(log 1:562, \+2\.\d{6} s\)$/),
      expect.stringMatching(/^It became coherent again: .*_DEL, addr=\[group8\]}\) = 0 \(log 1:3521, \+26\.\d{6} s\)$/),
      expect.stringMatching(
        /^The VM became non-coherent: .*_ADD, addr=\[group8_2\]}\) = 0 \(log 1:3799, \+31\.\d{6} s\)$/,
      ),
      expect.stringMatching(/^It became coherent again: exit\(0\) \(log 1:4269, \+\d+\.\d{6} s\)$/),
      'WBINVD exits: 18, executed 13 (vcpu0 18).',
      'Flushes of physical CPUs: cpu0 13, cpu1 10.',
      expect.stringContaining('zapped 4 times because memory types changed'),
    ]);
    expect(both.wrong).toEqual([]);
    expect(both.causes).toEqual([]);
  });

  test('from the calls alone, the answer is not known, and the report says what it hangs on', () => {
    const alone = report(OFF, ['strace-f-y-hotplug.log'], true);
    expect(alone.vm).toEqual([
      'Whether the VM was non-coherent is not known: no file says whether the IOMMU can enforce snooping (snoop control).',
      'With snoop control, the VM stays coherent, and its WBINVDs are skipped.',
      expect.stringMatching(
        /^Without it, the VM becomes non-coherent: .*_ADD, addr=\[group8\]}\) = 0 \(log 562, \+2\.\d{6} s\)$/,
      ),
    ]);
    expect(alone.assumptions.map(({ text }) => text)).toEqual([
      expect.stringContaining('KVM_CREATE_DEVICE makes the kvm-vfio device'),
      expect.stringContaining('KVM_SET_DEVICE_ATTR adds a group or device that is open'),
      expect.stringContaining('The CPUs are from Intel'),
      expect.stringContaining('`--assume snoop-control=off`'),
    ]);
    expect(reportText(alone, false)).toContain('What was assumed\n\n  KVM_CREATE_DEVICE');
    expect(reportText(alone, true)).toContain('## What was assumed\n\n- KVM\\_CREATE\\_DEVICE');
    expect(alone.unknown.map(({ command }) => command)).toContain('grep . /sys/class/iommu/*/intel-iommu/ecap');
  });

  test('the unit is known from what the user, or a file about the machine, says', () => {
    const name = 'strace-f-y-hotplug.log';
    const log = { name, text: textOf(path.join(LOGS, `${OFF}-${name}.txt.gz`)) };
    const reportWith = (snoopControl: boolean): LogReport => {
      const { rebuilt, result, machine } = take([log], [], { choices: { ...NOTHING_ASSUMED, snoopControl } });
      return reportOf(rebuilt, result, machine.messages);
    };
    expect(reportWith(true).vm).toEqual([expect.stringMatching(/^The VM was never non-coherent: on this machine/)]);
    expect(reportWith(false).vm[0]).toMatch(/^The VM became non-coherent: .*\(log 562, /);
    expect(
      reportWith(false)
        .assumptions.map(({ text }) => text)
        .join(),
    ).not.toContain('snoop-control');
    expect(report(OFF, [name], false).vm[0]).toMatch(/^The VM became non-coherent: /);
  });

  test('a unit that a file names, but not its registers, is named', () => {
    const name = 'strace-f-y-hotplug.log';
    const log = { name, text: textOf(path.join(LOGS, `${OFF}-${name}.txt.gz`)) };
    const about = '/sys/class/iommu/dmar3/devices:\nlrwxrwxrwx 1 root root 0 Nov 1 10:00 0000:01:00.0 -> ../x\n';
    const { rebuilt, result, machine } = take([log], [about]);
    const { vm, unknown } = reportOf(rebuilt, result, machine.messages);
    expect(vm[0]).toContain('no file says whether dmar3 can enforce snooping');
    expect(unknown.map(({ command }) => command)).toContain('grep . /sys/class/iommu/*/intel-iommu/ecap');
  });

  test('a log of the kernel says it, and nothing is assumed', () => {
    expect(both.assumptions).toEqual([]);
  });

  test('as Markdown, text of a log is not markup', () => {
    const text = reportText({ ...both, wrong: ['<b>*x*</b>'] }, true);
    expect(text).toContain('## What went wrong');
    expect(text).toContain('- \\<b\\>\\*x\\*\\</b\\>');
  });
});

test('a group that KVM is never told about', () => {
  const log = [
    'openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3',
    'ioctl(3, KVM_CREATE_VM, 0) = 4',
    'openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 5',
    'openat(AT_FDCWD, "/dev/vfio/26", O_RDWR) = 6',
    'ioctl(6, VFIO_GROUP_SET_CONTAINER, 0x7ffe) = 0',
    'ioctl(5, VFIO_SET_IOMMU, 0x1) = 0',
  ].join('\n');
  const { rebuilt, result, machine } = take([{ name: 'a.log', text: log }], []);
  expect(reportOf(rebuilt, result, machine.messages).causes).toMatchObject([
    {
      id: 'never-registered',
      text: "group26 was attached (log 5) and KVM was never told about it: KVM considers the DMA of its devices coherent, and does not execute the guest's WBINVD.",
    },
  ]);
});

test('a replug of which the VMM ignores that KVM refused it', () => {
  const name = `${OFF}-strace-f-y-hotplug.log.txt.gz`;
  const text = textOf(path.join(LOGS, name))
    .split('\n')
    .map((line, i) => (i === 3798 ? line.replace(/ = 0$/, ' = -1 ENOMEM (Cannot allocate memory)') : line));
  const { rebuilt, result, machine } = take([{ name, text: text.join('\n') }], []);
  expect(reportOf(rebuilt, result, machine.messages).causes.map((cause) => cause.text)).toEqual([
    "group8_2 was attached (log 3795) and KVM was never told about it: KVM_SET_DEVICE_ATTR failed with ENOMEM (log 3799), and the VMM continued. KVM considers the DMA of its devices coherent, and does not execute the guest's WBINVD.",
  ]);
});
