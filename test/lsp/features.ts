// What the tests of single features share: a scenario to ask about, with the marks of one case put into it.

/** A whole scenario around the lines of one block: `setup`, `vcpu`, `device`, `host`, `machine` or `file`. */
export function around(block: 'machine' | 'setup' | 'vcpu' | 'device' | 'host' | 'file', lines: string): string {
  const parts = {
    machine: ['machine {', ...MACHINE, '}'],
    setup: ['setup {', ...SETUP, '}'],
    vcpu: ['vcpu 0 cpu=0 {', '  mov [x], 1', '}'],
    device: ['device gpu {', '  r0 = MRd x ns', '}'],
    host: ['host {', '}'],
    file: ['exists gpu.r0 == 0'],
  };
  const added = lines.split('\n').map((line) => (block === 'file' ? line : `  ${line}`));
  const body = parts[block];
  parts[block] = block === 'file' ? [...body, ...added] : [...body.slice(0, -1), ...added, '}'];
  return [...parts.machine, ...parts.setup, ...parts.vcpu, ...parts.device, ...parts.host, ...parts.file, ''].join(
    '\n',
  );
}

const MACHINE = [
  '  cpu intel count=2',
  '  iommu dmar0 vt-d snoop-control=off',
  '  device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on',
  '  memory x flag = 0 0',
  '  memory y = 0',
];

const SETUP = [
  '  container = open("/dev/vfio/vfio", O_RDWR)',
  '  group = open("/dev/vfio/26", O_RDWR)',
  '  // The virtual machine.',
  '  kvm = open("/dev/kvm", O_RDWR)',
  '  vm = ioctl(kvm, KVM_CREATE_VM, 0)',
  '  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
];
