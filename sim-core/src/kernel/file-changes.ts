/** Rows of the change table for descriptors and files of any kind. */
import type { Change } from './changes.ts';

export const FILE_CHANGES = [
  {
    id: 'vm-fd-before-vm',
    subject: 'KVM: Get an fd before creating the VM',
    commit: '20020f4cf2f9',
    seen: 'list',
    first: 'v6.0',
    effect: 'KVM_CREATE_VM takes its descriptor number before it makes the VM; before, afterwards. Not measured.',
    where: 'virt/kvm/kvm_main.c kvm_dev_ioctl_create_vm()',
  },
  {
    id: 'epoll-ioctl',
    subject: 'eventpoll: Add epoll ioctl for epoll_params',
    commit: '18e2bf0edf4d',
    seen: 'list',
    first: 'v6.9',
    effect: 'An epoll descriptor answers an unknown request with EINVAL instead of ENOTTY.',
    where: 'fs/eventpoll.c ep_eventpoll_ioctl()',
    bracketed: 'Recorded on 6.12; absent in the recorded 6.1.',
  },
] as const satisfies readonly Change[];
