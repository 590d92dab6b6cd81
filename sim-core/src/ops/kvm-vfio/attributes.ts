/** The attributes of a kvm-vfio device: what is written in `attr=` of KVM_SET_DEVICE_ATTR. For hover and completion. */
import type { ErrnoDoc, Source } from '../op.ts';

export interface Attribute {
  /** As in the kernel's header: `KVM_DEV_VFIO_GROUP_ADD`. */
  readonly name: string;
  readonly value: bigint;
  /** The attribute groups that it belongs to, under both of their names. */
  readonly groups: readonly string[];
  /** What `addr` points to. */
  readonly argument: string;
  readonly summary: string;
  readonly doc: string;
  readonly errnos: readonly ErrnoDoc[];
  readonly sources: readonly Source[];
  /** Kernel versions that have it, when not all that have kvm-vfio. */
  readonly on?: string;
}

const GROUPS = ['KVM_DEV_VFIO_GROUP', 'KVM_DEV_VFIO_FILE'];
const vfioDoc: Source = { document: 'kernel doc', place: 'Documentation/virt/kvm/devices/vfio.rst' };
const unreadable: ErrnoDoc = { name: 'EFAULT', when: 'The descriptor at `addr` cannot be read.' };
const closed: ErrnoDoc = { name: 'EBADF', when: 'The descriptor at `addr` is not open, or was opened with O_PATH.' };

const ADD_DOC = [
  'Order of checks: `addr` can be read (EFAULT), the descriptor is open (EBADF), it is a VFIO file (EINVAL), it is not listed yet (EEXIST).',
  'Up to v5.18 the list holds groups. The group must be in a container with an IOMMU driver and must be viable; while it is listed it cannot leave the container. From v5.19 on the list holds open files and none of that is asked; from v6.6 on a VFIO device file is accepted too.',
  'Afterwards kvm-vfio asks every entry, in order, whether its DMA is coherent, until one is not, and tells KVM if the answer changed. v3.13 and v3.14 consider every group non-coherent; v3.15 to v6.1 ask the container (VFIO_DMA_CC_IOMMU); from v6.2 on the devices of the file are asked whether their IOMMU can enforce coherency.',
].join('\n\n');

const DEL_DOC = [
  'Removes the entry and drops its reference; then coherency is asked again, up to v7.1 also when nothing was found.',
  'Up to v4.12 the group has to pass all checks of ADD again: one that has lost viability cannot be removed. Up to v5.18 any descriptor of the group matches, from v5.19 on only one of the same open file.',
].join('\n\n');

const ADD_ERRNOS: readonly ErrnoDoc[] = [
  unreadable,
  closed,
  { name: 'EINVAL', when: 'It is not a VFIO group.', on: 'v3.13..v6.5' },
  { name: 'EINVAL', when: 'It is neither a VFIO group nor a VFIO device.', on: 'v6.6..' },
  {
    name: 'EINVAL',
    when: 'The group has no container, its container has no IOMMU driver, or the group is not viable.',
    on: 'v3.13..v5.18',
  },
  { name: 'EPERM', when: 'It is a no-IOMMU group.', on: 'v4.9..v5.18' },
  { name: 'EEXIST', when: 'The group is already listed.', on: 'v3.13..v5.18' },
  { name: 'EEXIST', when: 'The open file is already listed, under this or another descriptor.', on: 'v5.19..' },
];

const DEL_ERRNOS: readonly ErrnoDoc[] = [
  unreadable,
  closed,
  { name: 'EINVAL', when: 'It is not a VFIO group that ADD would accept.', on: 'v3.13..v4.12' },
  { name: 'ENOENT', when: 'It is not listed; from v4.13 on also when it is not a VFIO file at all.' },
];

const setGroup: Source = { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_set_group()' };
const setFile: Source = { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_set_file()' };

export const ATTRIBUTES: readonly Attribute[] = [
  {
    name: 'KVM_DEV_VFIO_GROUP_ADD',
    value: 1n,
    groups: GROUPS,
    argument: 'a descriptor of a VFIO group',
    summary: 'Registers a VFIO group with KVM.',
    doc: ADD_DOC,
    errnos: ADD_ERRNOS,
    sources: [setGroup, vfioDoc],
  },
  {
    name: 'KVM_DEV_VFIO_GROUP_DEL',
    value: 2n,
    groups: GROUPS,
    argument: 'a descriptor of a VFIO group',
    summary: 'Removes a VFIO group.',
    doc: DEL_DOC,
    errnos: DEL_ERRNOS,
    sources: [setGroup, vfioDoc],
  },
  {
    name: 'KVM_DEV_VFIO_GROUP_SET_SPAPR_TCE',
    value: 3n,
    groups: GROUPS,
    argument: 'a struct with the descriptors of a VFIO group and of a TCE table',
    summary: 'Binds a TCE table to a VFIO group, on POWER.',
    doc: [
      'Lets KVM itself write what the guest maps into the hardware table of the group. Exists only in kernels that are built for POWER (`cpu power`); elsewhere it is ENXIO. From our reading of the source: no recording shows it.',
      'Order of checks: both descriptors can be read (EFAULT), the group is open (EBADF), it is listed (ENOENT), it has an IOMMU group (EIO), the table is open (EBADF) and a table of this VM (EINVAL), the group has TCE tables (EFAULT), and one of them holds the window of the table (EINVAL). A second time is 0 again.',
    ].join('\n\n'),
    errnos: [
      { name: 'ENXIO', when: 'The kernel is not built for POWER.' },
      { name: 'EFAULT', when: 'The structure cannot be read; or the group has no TCE tables, with a kernel warning.' },
      { name: 'EBADF', when: 'The descriptor of the group or of the table is not open.' },
      {
        name: 'EINVAL',
        when: 'It is not a group in a container with an IOMMU driver, or not viable.',
        on: 'v4.12..v5.18',
      },
      { name: 'EPERM', when: 'It is a no-IOMMU group.', on: 'v4.12..v5.18' },
      { name: 'ENOENT', when: 'The group is not listed.' },
      {
        name: 'EIO',
        when: 'The listed file is that of a device, which has no IOMMU group; with a kernel warning.',
        on: 'v6.6..',
      },
      { name: 'EINVAL', when: 'The table is none of this VM, or no hardware table of the group holds its window.' },
    ],
    sources: [
      setGroup,
      vfioDoc,
      { document: 'linux', place: 'arch/powerpc/kvm/book3s_64_vio.c kvm_spapr_tce_attach_iommu_group()' },
    ],
    on: 'v4.12..',
  },
  {
    name: 'KVM_DEV_VFIO_FILE_ADD',
    value: 1n,
    groups: GROUPS,
    argument: 'a descriptor of a VFIO group or of a VFIO device',
    summary: 'Registers a VFIO group or device file with KVM; the newer name of KVM_DEV_VFIO_GROUP_ADD.',
    doc: ADD_DOC,
    errnos: ADD_ERRNOS,
    sources: [setFile, vfioDoc],
    on: 'v6.6..',
  },
  {
    name: 'KVM_DEV_VFIO_FILE_DEL',
    value: 2n,
    groups: GROUPS,
    argument: 'a descriptor of a VFIO group or of a VFIO device',
    summary: 'Removes a VFIO file; the newer name of KVM_DEV_VFIO_GROUP_DEL.',
    doc: DEL_DOC,
    errnos: DEL_ERRNOS,
    sources: [setFile, vfioDoc],
    on: 'v6.6..',
  },
];

export const attributeByName: ReadonlyMap<string, Attribute> = new Map(ATTRIBUTES.map((a) => [a.name, a]));
