/** What a walk over the language puts in place of another. */
export type AcceptedKind =
  | 'option'
  | 'field'
  | 'constant'
  | 'operand'
  | 'attribute'
  | 'option of an action'
  | 'action without operands'
  | 'argument';

/** What the language accepts and no run here shows to act, with the reason; docs/fidelity.md shows the same rows. */
export interface AcceptedWithoutEffect {
  readonly kind: AcceptedKind;
  readonly names: readonly string[];
  readonly why: string;
}

export const ACCEPTED_WITHOUT_EFFECT: readonly AcceptedWithoutEffect[] = [
  {
    kind: 'option',
    names: ['mdev parent'],
    why: 'Tells readers which device implements it; the hint `no-effect` says so.',
  },
  {
    kind: 'option',
    names: ['setup cpu', 'thread cpu'],
    why: 'Where a task runs decides which cache its accesses use; the walk moves no task that accesses memory.',
  },
  {
    kind: 'field',
    names: ['kvm_device_attr.flags'],
    why: 'KVM never looks at it either.',
  },
  {
    kind: 'constant',
    names: ['vfio-group-flag VFIO_GROUP_FLAGS_VIABLE', 'vfio-group-flag VFIO_GROUP_FLAGS_CONTAINER_SET'],
    why: 'The kernel returns them and never takes them.',
  },
  {
    kind: 'constant',
    names: ['open-at AT_FDCWD'],
    why: 'Every path of the model is absolute, so that the kernel ignores the directory too.',
  },
  {
    kind: 'constant',
    names: ['pointer NULL'],
    why: 'Stands where a pointer may stand, which the walk does not replace.',
  },
  {
    kind: 'operand',
    names: ['tlp CfgWr register config-register'],
    why: 'Device Control is the only register that there is.',
  },
  {
    kind: 'argument',
    names: ['openat dirfd'],
    why: 'Every path of the model is absolute, so that the kernel ignores the directory too.',
  },
  {
    kind: 'argument',
    names: ['KVM_GET_DEVICE_ATTR attr'],
    why: 'Every kind of file refuses the call before it reads the structure.',
  },
  {
    kind: 'argument',
    names: ['KVM_GET_SREGS sregs', 'KVM_GET_SREGS2 sregs', 'pread64 buffer'],
    why: 'Where the kernel writes: `{…}` names what is read, and an address is not followed.',
  },
];
