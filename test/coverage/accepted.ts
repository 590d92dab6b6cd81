/** What the language accepts and no run here shows to act, with the reason; docs/fidelity.md shows the same rows. */
export interface AcceptedWithoutEffect {
  readonly kind: 'option' | 'field' | 'constant';
  readonly names: readonly string[];
  readonly why: string;
}

export const ACCEPTED_WITHOUT_EFFECT: readonly AcceptedWithoutEffect[] = [
  {
    kind: 'option',
    names: ['iommu address-width'],
    why: 'Decides which IOVAs can be mapped; the walk has no mapping near the limit.',
  },
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
];
