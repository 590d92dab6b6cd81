// Descriptors and open files: what every other part stands on.
import { describe, expect, it } from 'vitest';
import { EVENT_WIDTH, NOTE, Run } from '../../sim-core/src/index.ts';
import { modelOf, outcome } from './run.ts';

const setup = (...lines: readonly string[]): string =>
  `machine {\n  cpu intel count=1\n  memory x = 0\n}\nsetup {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
const results = (...lines: readonly string[]): readonly (number | string)[] =>
  outcome(setup(...lines), 'v6.12').results;

/** Names of the kernel functions that were called, in order. */
function calls(text: string, kernel: string): string[] {
  const model = modelOf(text, kernel);
  const run = new Run(model);
  run.runToEnd();
  const names: string[] = [];
  for (let at = 0; at < run.events * EVENT_WIDTH; at += EVENT_WIDTH) {
    if (run.log[at] === NOTE.call) names.push(model.world.routines.routines[run.log[at + 2]!]!.name);
  }
  return names;
}

describe('descriptors', () => {
  it('are the lowest free numbers, 3 first', () => {
    expect(
      results(
        'a = open("/dev/null", O_RDWR)',
        'b = dup(a)',
        'close(a)',
        'c = eventfd2(0, 0)',
        'd = dup(c)',
        'close(0)',
        'e = socket(1, 1, 0)',
      ),
    ).toEqual([3, 4, 0, 3, 5, 0, 0]);
  });

  it('opened with O_PATH name a file and nothing else', () => {
    expect(
      results(
        'p = open("/dev/kvm", O_PATH)',
        'ioctl(p, KVM_CREATE_VM, 0)',
        'q = dup(p)',
        'ioctl(q, KVM_CREATE_VM, 0)',
        'close(p)',
        'close(p)',
      ),
    ).toEqual([3, 'EBADF', 4, 'EBADF', 0, 'EBADF']);
  });

  it('that are not open are EBADF', () => {
    expect(results('ioctl(9, KVM_CREATE_VM, 0)', 'ioctl(-1, KVM_CREATE_VM, 0)', 'close(9)', 'd = dup(-1)')).toEqual([
      'EBADF',
      'EBADF',
      'EBADF',
      'EBADF',
    ]);
  });
});

describe('paths', () => {
  it('name what the machine has', () => {
    expect(
      results(
        'a = open("/dev/vfio/9999", O_RDWR)',
        'b = open("/dev/nonsense", O_RDWR)',
        'c = open("/etc", O_RDWR)',
        'd = open("/etc", O_RDONLY)',
        'e = openat(AT_FDCWD, "/var/file", O_RDWR)',
        'f = open(NULL, O_RDWR)',
      ),
    ).toEqual(['ENOENT', 'ENOENT', 'EISDIR', 3, 4, 'EFAULT']);
  });

  // Measured on Linux 6 with /dev/null in place of the nodes.
  it.each([
    ['/dev/kvm/', ['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'EISDIR']],
    ['/dev/vfio/vfio/', ['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'EISDIR']],
    ['/dev/kvm/.', ['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'ENOTDIR']],
    ['/dev/kvm/..', ['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'ENOTDIR']],
    ['/dev/kvm/x', ['ENOTDIR', 'ENOTDIR', 'ENOTDIR', 'ENOTDIR']],
    ['/dev/nonsense/', ['ENOENT', 'ENOENT', 'ENOENT', 'EISDIR']],
    ['/dev/', ['EISDIR', 3, 3, 'EISDIR']],
    ['/dev/vfio', ['EISDIR', 3, 3, 'EISDIR']],
    ['/', ['EISDIR', 3, 3, 'EISDIR']],
    ['//dev/kvm', [3, 3, 3, 3]],
    ['/dev/./kvm', [3, 3, 3, 3]],
    ['/etc/../dev//kvm', [3, 3, 3, 3]],
  ])('%s is looked up name by name', (path, expected) => {
    const flags = ['O_RDWR', 'O_RDONLY', 'O_PATH', 'O_RDWR|O_CREAT'];
    expect(flags.flatMap((each) => results(`a = open("${path}", ${each})`))).toEqual(expected);
  });

  it('a node by another path is the same node', () => {
    expect(results('a = open("//dev/../dev/kvm", O_RDWR)', 'b = ioctl(a, KVM_GET_API_VERSION, 0)')).toEqual([3, 12]);
  });
});

describe('unknown requests', () => {
  it('are refused as each kind of file refuses them', () => {
    const request = (fd: string): string => `ioctl(${fd}, VFIO_GROUP_UNSET_CONTAINER)`;
    const text = setup(
      'k = open("/dev/kvm", O_RDWR)',
      'vm = ioctl(k, KVM_CREATE_VM, 0)',
      'v = ioctl(vm, KVM_CREATE_VCPU, 0)',
      'ep = epoll_create1(0)',
      'n = open("/dev/null", O_RDWR)',
      ...['k', 'vm', 'v', 'ep', 'n'].map(request),
      'ioctl(n, 0x3b79, 0)',
    );
    expect(outcome(text, 'v6.12').results.slice(5)).toEqual([
      'EINVAL',
      'ENOTTY',
      'EINVAL',
      'EINVAL',
      'ENOTTY',
      'ENOTTY',
    ]);
    expect(outcome(text, 'v6.8').results[8]).toBe('ENOTTY');
  });
});

describe('the end of a process', () => {
  it('closes everything and then releases, the last file first', () => {
    const text = setup(
      'k = open("/dev/kvm", O_RDWR)',
      'vm = ioctl(k, KVM_CREATE_VM, 0)',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})',
      'exit(0)',
    );
    const all = calls(text, 'v6.12');
    expect(all.slice(all.indexOf('do_exit'))).toEqual([
      'do_exit',
      'kvm_device_release',
      'kvm_vfio_release',
      'kvm_vfio_update_coherency',
      'kvm_vm_release',
      'kvm_destroy_vm',
      'kvm_arch_destroy_vm',
      'kvm_destroy_devices',
    ]);
  });

  it('releases a file whose last reference kvm-vfio held after all others', () => {
    const text = `machine {
  cpu intel
  iommu unit vt-d
  device gpu 0000:01:00.0 iommu=unit group=26
}
${setup(
  'g = open("/dev/vfio/26", O_RDWR)',
  'k = open("/dev/kvm", O_RDWR)',
  'vm = ioctl(k, KVM_CREATE_VM, 0)',
  'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})',
  'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g]})',
  'exit(0)',
)}`;
    const all = calls(text, 'v6.12');
    const order = all.slice(all.indexOf('do_exit')).filter((name) => /release|destroy_vm/.test(name));
    expect(order).toEqual([
      'kvm_device_release',
      'kvm_vfio_release',
      'kvm_vm_release',
      'kvm_destroy_vm',
      'kvm_arch_destroy_vm',
      'vfio_group_fops_release',
    ]);
  });
});
