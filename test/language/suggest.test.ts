// What was probably meant, and the fixes that say so: what people really type.
import { expect, test } from 'vitest';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { nearest } from '../../sim-core/src/scenario/suggest.ts';

test.each([
  ['of', ['on', 'off'], 'off'],
  ['v6.6.1', ['v6.1', 'v6.6', 'v6.16'], 'v6.6'],
  ['KVM_CREAT_VM', ['KVM_CREATE_VM', 'KVM_CREATE_VCPU'], 'KVM_CREATE_VM'],
  ['y', ['x'], undefined],
  ['X', ['x'], 'x'],
  ['xx', ['x'], 'x'],
  ['MRead', ['MRd', 'MWr'], 'MRd'],
  ['nosnoop', ['ns'], 'ns'],
  ['PAGE_SIZE', ['PAGE', 'NULL'], 'PAGE'],
  ['stale_read', ['stale-read', 'belief'], 'stale-read'],
  ['wbinv', ['wbinvd', 'wbnoinvd'], 'wbinvd'],
  ['container', ['kvm', 'vm'], undefined],
  ['gpu', ['gpufd'], 'gpufd'],
])('%s among %j is %s', (word, known, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

const around = (setup: string, more = '') => `machine {
  cpu intel
  iommu dmar0 vt-d
  device gpu 0000:01:00.0 iommu=dmar0 group=26
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  close(container)
  ${setup}
}
${more}`;

/** A text, the title of the fix, and the line that it leads to. */
test.each([
  [around('close(4096UL)'), 'Write `4096`', '  close(4096)'],
  [around('close(4K)'), 'Write `0x1000`', '  close(0x1000)'],
  [around('# a comment'), 'Write `//`', '  // a comment'],
  [around('close(3) # a comment'), 'Write `//`', '  close(3) // a comment'],
  [around('[pid 1234] close(3)'), 'Remove what strace prints before the call', '  close(3)'],
  [around('1234  12:00:01.500 close(3)'), 'Remove what strace prints before the call', '  close(3)'],
  [
    around('ioctl(9, VFIO_GROUP_SET_CONTAINER, &container)'),
    'Change to `[container]`',
    '  ioctl(9, VFIO_GROUP_SET_CONTAINER, [container])',
  ],
  [around('vm = ioctl(kvm, KVM_CREATE_VM, 0)'), 'Open `kvm`', '  kvm = open("/dev/kvm", O_RDWR)'],
  [around('ioctl(grp, VFIO_GROUP_SET_CONTAINER, [container])'), 'Open `grp`', '  grp = open("/dev/vfio/26", O_RDWR)'],
  [around('', 'vcpu 0 {\n  mov [y], 1\n}\n'), 'Declare `memory y`', '  memory y = 0'],
  [around('', 'exists stale_read\n'), 'Change to `stale-read`', 'exists stale-read'],
  [around('', 'device gpu {\n  r0 = MRead x\n}\n'), 'Change to `MRd`', '  r0 = MRd x'],
  [around('', 'device gpu {\n  r0 = MRd x nosnoop\n}\n'), 'Change to `ns`', '  r0 = MRd x ns'],
  [
    around('', 'vcpu 0 cpu=3 {\n  hlt\n}\n').replace('intel', 'intel count=2'),
    'Give the machine 4 CPUs',
    '  cpu intel count=4',
  ],
  [around('', 'vcpu 0 cpu=3 {\n  hlt\n}\n'), 'Give the machine 4 CPUs', '  cpu intel count=4'],
])('%#: %s', (text, title, line) => {
  const parsed = parse(text);
  const fixes = [...parsed.diagnostics, ...checkText(parsed)].flatMap((one) => one.fixes ?? []);
  const fix = fixes.find((one) => one.title === title);
  expect(fixes.map((one) => one.title)).toContain(title);
  const lines = text.split('\n');
  for (const edit of fix!.edits)
    lines[edit.line] =
      lines[edit.line]!.slice(0, edit.span.start) + edit.newText + lines[edit.line]!.slice(edit.span.end);
  const after = lines.join('\n');
  expect(after.split('\n')).toContain(line);
  expect(parse(after).diagnostics).toEqual([]);
});

test('what strace cut in two is named', () => {
  const [found] = parse(around('ioctl(11, KVM_RUN <unfinished ...>')).diagnostics;
  expect(found?.message).toContain('cut this call in two');
  expect(found?.fixes).toBeUndefined();
});

test('words that every JavaScript object knows are words like any other', () => {
  for (const word of ['constructor', '__proto__', 'toString']) expect(nearest(word, ['mov', 'vm'])).toBeUndefined();
});
