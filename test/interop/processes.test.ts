// Logs of several processes: descriptors belong to a process, so one of them is chosen, or the log is refused.
import { describe, expect, test } from 'vitest';
import { Rebuilder, type RebuildOptions } from '../../sim-core/src/interop/rebuild/rebuild.ts';

/** The start of a VMM with one vCPU thread, as strace -f prints it. */
function vmm(pid: number, group: number, made: readonly string[] = []): string[] {
  return [
    `${pid} openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9`,
    `${pid} ioctl(9, KVM_CREATE_VM, 0) = 10`,
    ...made,
    `${pid + 1} ioctl(10, KVM_CREATE_VCPU, 0) = 11`,
    `${pid} openat(AT_FDCWD, "/dev/vfio/${group}", O_RDWR) = 12`,
    `${pid} openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 13`,
    `${pid} ioctl(12, VFIO_GROUP_SET_CONTAINER, 0x7ffe) = 0`,
    `${pid} ioctl(13, VFIO_SET_IOMMU, 0x1) = 0`,
    `${pid + 1} ioctl(11, KVM_RUN, 0) = 0`,
  ];
}

/** The result of pthread_create, as strace prints it for both of its calls. */
function thread(pid: number, flags = 'CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD'): string {
  return `${pid} clone(child_stack=0x7f00, flags=${flags}, parent_tid=[${pid + 1}]) = ${pid + 1}`;
}

function interleaved(one: readonly string[], other: readonly string[]): string[] {
  return one.flatMap((line, i) => [line, other[i] ?? '']).concat(other.slice(one.length));
}

function rebuilder(lines: readonly string[], options: RebuildOptions = {}): Rebuilder {
  const made = new Rebuilder(options);
  const log = made.file('a.log', 'strace');
  log.push(`${lines.join('\n')}\n`);
  log.end();
  return made;
}

describe('two VMMs in one log', () => {
  const lines = interleaved(vmm(100, 8, [thread(100)]), vmm(200, 9, [thread(200)]));

  test('are told apart by who made whom', () => {
    const made = rebuilder(lines);
    expect(made.processes()).toMatchObject([
      { pid: 100, calls: 7, line: 1, vms: 1 },
      { pid: 200, calls: 7, line: 2, vms: 1 },
    ]);
    expect(made.chosen()).toBeUndefined();
  });

  test.each([
    ['its number', { pid: 200 }],
    ['the number of a thread', { pid: 201 }],
    ['its VM', { vm: 2 }],
  ])('one is taken by %s', (_, options) => {
    const { steps } = rebuilder(lines, options).finish();
    const text = steps.map((step) => step.text).join('\n');
    expect(text).toContain('/dev/vfio/9');
    expect(text).not.toContain('/dev/vfio/8');
    expect(steps.filter((step) => step.text.includes('KVM_CREATE_VM,'))).toHaveLength(1);
  });

  test('a number that is in no log takes none', () => {
    expect(rebuilder(lines, { pid: 7 }).chosen()).toBeUndefined();
  });

  test('without clone in the log they are distinguished by descriptors that both hold', () => {
    const made = rebuilder([...interleaved(vmm(100, 8), vmm(200, 9)), '100 close(9) = 0']);
    expect(made.processes().length).toBeGreaterThan(1);
    expect(made.chosen()).toBeUndefined();
  });
});

test('threads without clone in the log are one process, as before', () => {
  const made = rebuilder(vmm(100, 8));
  expect(made.processes()).toHaveLength(1);
  expect(made.finish().steps.map(({ text }) => text)).toContain('vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)');
});

test('a forked child closes its own descriptors, not those of the VMM', () => {
  const lines = [
    ...vmm(100, 8, [thread(100)]),
    '100 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 150',
    '150 close(9) = 0',
    '150 close(12) = 0',
    '150 exit_group(0) = ?',
    '100 ioctl(12, VFIO_GROUP_GET_DEVICE_FD, 0x55) = 14',
  ];
  const made = rebuilder(lines);
  expect(made.processes()).toMatchObject([{ pid: 100 }]);
  const text = made.finish().steps.map((step) => step.text);
  expect(text.filter((one) => one.startsWith('close('))).toEqual([]);
  expect(text.at(-1)).toContain('VFIO_GROUP_GET_DEVICE_FD');
});

test('QEMU that becomes a daemon is the child, and the only one that uses KVM', () => {
  const made = rebuilder(['90 fork() = 100', ...vmm(100, 8, [thread(100)]), '90 exit_group(0) = ?']);
  expect(made.processes()).toMatchObject([{ pid: 100 }]);
  expect(made.finish().steps.some(({ text }) => text === 'exit(0)')).toBe(false);
});

test('calls without effect are counted for the process that is taken, not for the other', () => {
  const irqs = (pid: number, times: number): string[] =>
    Array.from({ length: times }, () => `${pid} ioctl(10, KVM_IRQ_LINE_STATUS, {irq=5, level=1}) = 0`);
  const lines = [
    ...vmm(100, 8, [thread(100)]),
    ...vmm(200, 9, [thread(200)]),
    ...interleaved([...irqs(100, 7), ...irqs(101, 2)], irqs(201, 30)),
  ];
  const count = (pid: number) => rebuilder(lines, { pid }).finish().counted.get('KVM_IRQ_LINE_STATUS')?.count;
  expect(count(100)).toBe(9);
  expect(count(200)).toBe(30);
});
