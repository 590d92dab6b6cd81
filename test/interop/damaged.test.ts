// Damaged, mixed and hostile logs: whatever is in a log, what comes out is a scenario that can be read, or nothing.
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reportOf, reportText } from '../../sim-core/src/interop/rebuild/report.ts';
import { profileNamed } from '../../sim-core/src/kernel/profiles.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { NOTHING_ASSUMED, take, textOf } from './rebuilt.ts';

const LOGS = path.join(import.meta.dirname, 'logs');
const linesOf = (name: string): string[] =>
  textOf(path.join(LOGS, `${name}.txt.gz`))
    .split('\n')
    .filter((line) => /kvm|KVM|vfio|VFIO|iommu|IOMMU|exit/.test(line));
const SOURCES = [
  linesOf('k6.1.192-intel-snoop-off-q7.2.22-strace-f-y-hotplug.log').filter((line) => !line.includes('KVM_RUN')),
  linesOf('k6.1.192-intel-snoop-off-q7.2.22-strace-f-y-hotplug.ftrace'),
  linesOf('k6.12.117-cdev-intel-snoop-off-q10.0.13-strace-cdev-hotplug.log').filter(
    (line) => !line.includes('KVM_RUN'),
  ),
  linesOf('k6.12.117-cdev-intel-snoop-off-q10.0.13-qemutrace-cdev.log').filter((line) => !/vcpu|run_exit/.test(line)),
  linesOf('k6.1.192-intel-snoop-off-q7.2.22-perftrace.log').filter((line) => !line.includes('KVM_RUN')),
  linesOf('k6.1.192-intel-snoop-off-q7.2.22-lspci-vvv'),
];
const profile = profileNamed('v6.12')!;

const NASTY = [
  '\u0000',
  '\u001b[2J',
  '\u2028',
  '"',
  '}',
  ' //',
  '99999999999999999999999',
  '-1',
  '../../../etc',
  '|',
  '\ud800',
  '> ',
  '= 0',
];

/** Some lines of a source: some gone, some twice, some damaged, in another order now and then. */
function damaged(lines: readonly string[]): fc.Arbitrary<string> {
  const piece = fc
    .record({
      at: fc.nat(lines.length - 1),
      length: fc.integer({ min: 1, max: 60 }),
      column: fc.nat(120),
      gone: fc.nat(10),
      put: fc.constantFrom('', ...NASTY),
      which: fc.nat(59),
    })
    .map(({ at, length, column, gone, put, which }) => {
      const part = lines.slice(at, at + length);
      const line = part[which % Math.max(1, part.length)] ?? '';
      part[which % Math.max(1, part.length)] = line.slice(0, column) + put + line.slice(column + gone);
      return part.join('\n');
    });
  return fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => [...lines.slice(0, 160), ...parts].join('\n'));
}

test('damaged logs become scenarios that can be read, and reports', () => {
  const file = fc.constantFrom(...SOURCES).chain(damaged);
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), fc.boolean(), (texts, all) => {
      const logs = texts.map((text, i) => ({ name: `a${i}.log`, text }));
      const { rebuilt, result, machine } = take(logs, texts.slice(0, 1), {
        kernel: profile,
        choices: NOTHING_ASSUMED,
        options: { all },
      });
      if (rebuilt.steps.length === 0) return;
      const lines = result.text.split('\n');
      expect(result.outcome.diagnostics.map(({ line, message }) => `${lines[line]}: ${message}`)).toEqual([]);
      expect(
        [...result.text].filter((sign) => sign !== '\n' && (sign < ' ' || (sign >= '\u007f' && sign <= '\u009f'))),
      ).toEqual([]);
      expect(typeof reportText(reportOf(rebuilt, result, machine.messages), true)).toBe('string');
    }),
    // Shrinking a log takes longer than reading the counterexample.
    { numRuns: 60, endOnFailure: true },
  );
});

test('a machine with AMD-Vi units', () => {
  const log = textOf(path.join(LOGS, 'k6.1.192-intel-snoop-off-q7.2.22-strace-bare.log.txt.gz'));
  const about =
    '/sys/class/iommu/ivhd0/devices:\nlrwxrwxrwx 1 0 0 0 Nov 28 16:01 0000:01:00.0 -> ../../x\n/sys/kernel/iommu_groups/8/devices/0000:01:00.0\nvendor_id\t: AuthenticAMD\n';
  const { result } = take([{ name: 'a.log', text: log }], [about], { kernel: profile });
  expect(result.text).toContain('iommu ivhd0 amd-vi\n');
  expect(result.outcome.differences).toEqual([]);
  expect(result.outcome.registrations).toEqual([]);
});

test('numbers beyond 64 bits, fake paths and lines of megabytes are data', () => {
  const lines = [
    '100 openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9',
    '100 ioctl(9, KVM_CREATE_VM, 0) = 10',
    '100 openat(AT_FDCWD, "/dev/vfio/8", O_RDWR) = 12',
    '100 openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 13',
    '100 openat(AT_FDCWD, "/dev/vfio/8\\n}\\nthread evil { exit(0)", O_RDWR) = 14',
    '100 openat(AT_FDCWD, "/dev/vfio/../../etc/shadow", O_RDWR) = 15',
    '100 openat(AT_FDCWD, "/dev/vfio/99999999999999999999999999", O_RDWR) = 16',
    '100 openat(AT_FDCWD, "/dev/vfio/devices/vfio70000", O_RDWR) = 16',
    '100 ioctl(99999999999999999999999999, KVM_CREATE_VM, 0) = 17',
    '100 ioctl(9, KVM_CREATE_VM, 0) = 99999999999999999999999999',
    '100 ioctl(10, KVM_CREATE_VCPU, 99999999999999999999) = 18',
    '100 ioctl(12, \u001b]0;evil\u0007KVM_FOO, 0) = 0',
    '100 ioctl(13, VFIO_SET_IOMMU, 0xffffffffffffffffffffffff) = 0',
    '100 ioctl(12, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0\\"; evil") = 19',
    `100 write(1, "${'A'.repeat(10_000_000)}", 10000000) = 10000000`,
    `100 openat(AT_FDCWD, "${'/dev/vfio/'.repeat(300_000)}", O_RDWR) = 20`,
    '999999999999999999 ioctl(9, KVM_CREATE_VM, 0) = 21',
    `100 ${'('.repeat(200_000)}`,
  ];
  const { rebuilt, result } = take([{ name: 'a.strace', text: `${lines.join('\n')}\n` }], []);
  const parsed = parse(result.text);
  const errors = [...parsed.diagnostics, ...checkText(parsed)].filter(({ severity }) => severity === 'error');
  expect(errors).toEqual([]);
  for (const fake of ['evil', 'shadow', '\u001b']) expect(result.text).not.toContain(fake);
  expect(rebuilt.leftOut.map(({ why }) => why)).toContain('a number of it is beyond what the call takes, or damaged');
  expect(rebuilt.files[0]?.counts.unread).toBeGreaterThan(3);
});

/** The hot-plug log with lines replaced: whether its scenario can be read, and what was left out. */
function rewritten(name: string, rewrite: (line: string) => string, all = false) {
  const text = textOf(path.join(LOGS, `${name}.txt.gz`))
    .split('\n')
    .map(rewrite)
    .join('\n');
  const { rebuilt, result } = take([{ name: 'a.log', text }], [], { kernel: profile, options: { all } });
  return {
    errors: result.outcome.diagnostics.filter(({ severity }) => severity === 'error'),
    text: result.text,
    left: rebuilt.leftOut.map(({ text, why }) => `${text}: ${why}`),
    unread: rebuilt.files[0]?.counts.unread ?? 0,
  };
}
const HOTPLUG = 'k6.1.192-intel-snoop-off-q7.2.22-strace-f-y-hotplug.log';

test.each([
  ['a name', '-1 EHOSTDOWN (Host is down)', '-EHOSTDOWN'],
  ['a number', '-1 (errno 524)', '-E524'],
])('a call that fails with an errno that no modelled call has, as %s, is left out', (_, printed, errno) => {
  const seen = rewritten(HOTPLUG, (line) => line.replace(/(VFIO_IOMMU_GET_INFO.*) = 0$/, `$1 = ${printed}`));
  expect(seen.errors).toEqual([]);
  expect(seen.left.join('\n')).toContain(
    `ioctl(container, VFIO_IOMMU_GET_INFO, {}) = ${errno}: no modelled call fails so`,
  );
});

test('a result of -1 without an errno is not what strace prints', () => {
  const seen = rewritten(HOTPLUG, (line) => line.replace(/(VFIO_IOMMU_GET_INFO.*) = 0$/, '$1 = -1'));
  expect(seen.errors).toEqual([]);
  expect(seen.unread).toBe(4);
  expect(seen.text).not.toContain('VFIO_IOMMU_GET_INFO');
});

test('constants and addresses that are damaged are left out', () => {
  const seen = rewritten(
    HOTPLUG,
    (line) =>
      line
        .replace('KVM_CAP_IRQCHIP', 'KVM_CAP_IRQCHOP')
        .replace(/userspace_addr=0x7f/, 'userspace_addr=0x7f_n')
        .replace(/memory_size=(\d)/, 'memory_size=$1U'),
    true,
  );
  expect(seen.errors).toEqual([]);
  expect(seen.left.filter((left) => left.includes('KVM_CAP_IRQCHOP'))).toEqual([
    'ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHOP) = 1: its constant is not known',
  ]);
  expect(seen.left.some((left) => /userspace_addr=0x7f_n.*: a number of it is beyond/.test(left))).toBe(true);
  expect(seen.left.some((left) => /memory_size=\dU\d*, userspace_addr=0x\w+.*: a number of it/.test(left))).toBe(true);
});

test('a range of QEMU that ends before it begins is not mapped', () => {
  const name = 'k6.1.192-intel-snoop-off-q7.2.22-qemutrace-ts.log';
  const at = (text: string) => (text.match(/VFIO_IOMMU_MAP_DMA/g) ?? []).length;
  const before = rewritten(name, (line) => line);
  const after = rewritten(name, (line) => line.replace(/(region_add_ram.*) 0x0 - 0x/, '$1 0xfffff000 - 0x'));
  expect(after.errors).toEqual([]);
  expect(at(after.text)).toBeLessThan(at(before.text));
});
