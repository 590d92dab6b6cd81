// The device control API between kernels that no recording covers: what it answers, and its two races.
import { describe, expect, it } from 'vitest';
import { outcome, outcomes } from './run.ts';

const machine = 'machine {\n  cpu intel count=1\n  memory x = 0\n}\n';
const setup = (...lines: readonly string[]): string =>
  `${machine}setup {\n  kvm = open("/dev/kvm", O_RDWR)\n  vm = ioctl(kvm, KVM_CREATE_VM, 0)\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
const create = 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})';
/** Results after opening /dev/kvm and creating the VM. */
const results = (kernel: string, ...lines: readonly string[]): readonly (number | string)[] =>
  outcome(setup(...lines), kernel).results.slice(2);

describe('KVM_CREATE_DEVICE', () => {
  it('has no type VFIO before v3.13', () => {
    expect(results('v3.12', create)).toEqual(['ENODEV']);
    expect(results('v3.13', create)).toEqual([0]);
  });

  it('allows one kvm-vfio device in a VM, and TEST answers before that is looked at', () => {
    const test = 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>other, flags=KVM_CREATE_DEVICE_TEST})';
    expect(results('v4.2', create, test, create)).toEqual([0, 0, 'EBUSY']);
  });

  // Conformance vector 3: when does closing the descriptor undo the device?
  for (const [kernel, again] of [
    ['v3.13', 'EBUSY'],
    ['series-v1', 0],
    ['v5.12', 'EBUSY'],
    ['v6.1', 'EBUSY'],
    ['v6.2', 0],
    ['v7.3', 0],
  ] as const) {
    it(`after its last close: ${again} on ${kernel}`, () => {
      expect(results(kernel, create, 'copy = dup(dev)', 'close(dev)', create, 'close(copy)', create)).toEqual([
        0,
        5 + 1,
        0,
        'EBUSY',
        0,
        again,
      ]);
    });
  }

  it('ignores every flag but bit 0', () => {
    expect(
      results('v6.12', 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0x80000000})', create),
    ).toEqual([0, 'EBUSY']);
  });
});

describe('two threads that create the device at once', () => {
  const text = `${setup()}thread a {\n  ${create.replace('dev', 'd1')}\n}\nthread b {\n  ${create.replace('dev', 'd2')}\n}\n`;
  const endings = (kernel: string): string[] => [
    ...new Set(outcomes(text, kernel).map((o) => JSON.stringify((JSON.parse(o).results as unknown[]).slice(2).sort()))),
  ];

  it('can both succeed up to v4.7', () => {
    expect(endings('v4.7').sort()).toEqual(['[0,"EBUSY"]', '[0,0]']);
  });

  it('cannot from v4.8 on', () => {
    expect(endings('v4.8')).toEqual(['[0,"EBUSY"]']);
  });
});

describe('a thread that guesses the descriptor and closes it (CVE-2019-6974)', () => {
  // kvm is 3, vm is 4, the device becomes 5.
  const text = `${setup()}thread a {\n  ${create}\n  close(vm)\n}\nthread b {\n  close(5)\n}\n`;
  const uses = (kernel: string): boolean => outcomes(text, kernel).some((o) => o.includes('use-after-free'));

  it('frees the VM in use from v4.8 to v4.20', () => {
    expect(uses('v4.8')).toBe(true);
    expect(uses('v4.20')).toBe(true);
  });

  it('does not from v5.0 on', () => {
    expect(uses('v5.0')).toBe(false);
    expect(uses('v6.12')).toBe(false);
  });
});

describe('references', () => {
  it('a VM lives until its descriptor, its vCPUs and its devices are closed, in any order', () => {
    const text = setup(
      'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
      create,
      'close(vm)',
      'ioctl(vcpu0, KVM_GET_REGS)',
      'close(vcpu0)',
      'ioctl(dev, KVM_HAS_DEVICE_ATTR, {group=1, attr=1})',
      'close(dev)',
      'ioctl(dev, KVM_HAS_DEVICE_ATTR, {group=1, attr=1})',
    );
    expect(outcome(text, 'v6.12').results.slice(2)).toEqual([5, 0, 0, 0, 0, 0, 0, 'EBADF']);
  });

  it('vCPU ids are unique in a VM', () => {
    expect(
      results(
        'v6.12',
        'v = ioctl(vm, KVM_CREATE_VCPU, 1)',
        'w = ioctl(vm, KVM_CREATE_VCPU, 1)',
        'u = ioctl(vm, KVM_CREATE_VCPU, 2)',
      ),
    ).toEqual([5, 'EEXIST', 6]);
  });
});

describe('another process', () => {
  const other = (...lines: readonly string[]): string =>
    `${setup(create, 'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)')}thread t of other {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
  const has = 'ioctl(mydev, KVM_HAS_DEVICE_ATTR, {group=1, attr=1})';
  const text = other(
    'myvm = pidfd_getfd("vmm", vm, 0)',
    'ioctl(myvm, KVM_CREATE_VCPU, 1)',
    'mydev = pidfd_getfd("vmm", dev, 0)',
    has,
    'myvcpu = pidfd_getfd("vmm", vcpu0, 0)',
    'ioctl(myvcpu, KVM_GET_REGS)',
    'x = pidfd_getfd("vmm", 9, 0)',
    'x2 = pidfd_getfd("nobody", 3, 0)',
  );

  it('gets EIO from a VM and its vCPUs, and from v5.1 on from its devices', () => {
    const results = (kernel: string): readonly unknown[] => outcome(text, kernel).results.slice(4);
    expect(results('v5.0')).toEqual([3, 'EIO', 4, 0, 5, 'EIO', 'EBADF', 'ESRCH']);
    expect(results('v5.1')).toEqual([3, 'EIO', 4, 'EIO', 5, 'EIO', 'EBADF', 'ESRCH']);
  });

  it('keeps what it got alive', () => {
    const kept = other('mydev = pidfd_getfd("vmm", dev, 0)', 'again = dup(mydev)');
    expect(outcome(kept, 'v6.12').results.slice(4)).toEqual([3, 4]);
  });
});
