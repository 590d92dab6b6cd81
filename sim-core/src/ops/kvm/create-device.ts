import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const createDevice: Op = {
  name: 'KVM_CREATE_DEVICE',
  kind: 'ioctl',
  summary: 'Creates a pseudo device in a VM; on x86 the only type is kvm-vfio.',
  doc: [
    'Checks in order: the argument can be read, the type exists, with KVM_CREATE_DEVICE_TEST the answer is given now (also when a device exists), the VM has no kvm-vfio device yet. No other flag bit is looked at.',
    'The device descriptor holds a reference of the VM. Up to v6.1 closing it does not undo the device: it stays until the VM is destroyed, and a second KVM_CREATE_DEVICE is EBUSY. From v6.2 on the last close releases it.',
    'Up to v4.7 the check and the listing of the device are not in one critical section; up to v4.20 the descriptor is visible before the VM reference is taken (CVE-2019-6974).',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'virt/kvm/kvm_main.c kvm_ioctl_create_device()' },
    { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_create()' },
    { document: 'kernel doc', place: 'Documentation/virt/kvm/api.rst, KVM_CREATE_DEVICE' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The argument cannot be read.' },
    { name: 'ENODEV', when: 'The type does not exist; kvm-vfio does from v3.13 on.' },
    { name: 'EBUSY', when: 'The VM has a kvm-vfio device.' },
    { name: 'EIO', when: 'The calling process is not the one that created the VM.' },
    { name: 'ENOTTY', when: 'The descriptor is not a VM.' },
    { name: 'EINVAL', when: 'The descriptor is /dev/kvm or a vCPU.' },
  ],
  example: 'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0',
  operands: [
    {
      name: 'device',
      shapes: [{ kind: 'struct', struct: 'kvm_create_device' }],
      doc: 'Type, flags, and where the descriptor goes.',
    },
  ],
  files: ['vm'],
  code: { kind: 'ioctl', routines: (world) => ({ vm: world.kvm.devices.createDevice }) },
};
