// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stops of snippets are written like that.
/**
 * Whole set-ups as snippets: what has to be there before anything can be seen, with a stop at everything that an author
 * changes. At the top level with the machine and the actors, in `setup` the calls alone.
 */
import { type BlockKind, type Profile, rangeTextContains } from '@snoopscope/sim-core';
import type { Offer } from './offers.ts';

interface SetUp {
  readonly label: string;
  readonly does: string;
  /** Kernels that have everything in it. */
  readonly on?: string;
  readonly machine: string;
  readonly calls: (alias: 'GROUP' | 'FILE') => string;
  readonly actors: string;
}

const MACHINE = `machine {
  cpu intel count=2
  iommu dmar0 vt-d snoop-control=\${1|off,on|}
  device \${2:gpu} 0000:01:00.0 iommu=dmar0 group=26 no-snoop=\${3|on,off|}
  memory \${4:x} = 0
`;

const REGISTERED = (alias: 'GROUP' | 'FILE', file: string): string =>
  `  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0\\}) = 0
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_${alias}, attr=KVM_DEV_VFIO_${alias}_ADD, addr=[${file}]\\}) = 0
`;

const CONTAINER = `  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container]) = 0
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&\${4:x}, iova=&\${4:x}, size=PAGE\\}) = 0
`;

const OPENED = `  \${2:gpu}fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
`;

const WRITER = `vcpu 0 cpu=0 {
  mov [\${4:x}], 1
  mov [\${2:gpu}.doorbell], 1
\\}

`;
const READER = `device \${2:gpu} {
  wait doorbell == 1
  r0 = MRd \${4:x} ns
\\}

`;

const SET_UPS: readonly SetUp[] = [
  {
    label: 'pass a device through (container)',
    does: 'A group in a container, a VM that knows of it, and a vCPU that tells the device to read what it wrote.',
    on: 'v3.13..',
    machine: `${MACHINE}\\}\n`,
    calls: (alias) => `${CONTAINER}${REGISTERED(alias, 'group')}${OPENED}`,
    actors: `${WRITER}${READER}exists \${2:gpu}.r0 == 0$0`,
  },
  {
    label: 'pass a device through (iommufd)',
    does: 'A device file bound to an iommufd, a VM that knows of it, and a vCPU that tells the device to read what it wrote.',
    on: 'v6.6..',
    machine: `${MACHINE}\\}\n`,
    calls: (alias) => `  iommufd = open("/dev/iommu", O_RDWR)
  ioctl(iommufd, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas\\}) = 0
  \${2:gpu}fd = open("/dev/vfio/devices/vfio0", O_RDWR)
  ioctl(\${2:gpu}fd, VFIO_DEVICE_BIND_IOMMUFD, {iommufd=iommufd, out_devid=>devid\\}) = 0
  ioctl(\${2:gpu}fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {pt_id=ioas\\}) = 0
  ioctl(iommufd, IOMMU_IOAS_MAP, {flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE|IOMMU_IOAS_MAP_WRITEABLE, ioas_id=ioas, user_va=&\${4:x}, length=PAGE, iova=&\${4:x}\\}) = 0
${REGISTERED(alias, '${2:gpu}fd')}  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
`,
    actors: `${WRITER}${READER}exists \${2:gpu}.r0 == 0$0`,
  },
  {
    label: 'WBINVD after migration',
    does: 'The vCPU writes on one pCPU, is moved to another and flushes there: the lines of the first stay where they are.',
    on: 'v3.13..',
    machine: `${MACHINE.replace('count=2', 'count=2 wbinvd-exit=on self-snoop=off')}  memory stored = 0
  memory moved = 0
\\}
`,
    calls: (alias) => `${CONTAINER}${REGISTERED(alias, 'group')}${OPENED}`,
    actors: `vcpu 0 cpu=0 {
  mov [\${4:x}], 1
  mov [stored], 1
  wait [moved] == 1
  wbinvd
  mov [\${2:gpu}.doorbell], 1
\\}

host cpu=1 {
  wait [stored] == 1
  migrate vcpu0 cpu=1
  mov [moved], 1
\\}

${READER}exists \${2:gpu}.r0 == 1$0`,
  },
  {
    label: 'two threads racing',
    does: 'Two threads of one VMM register and remove a group at the same time.',
    on: 'v3.13..',
    machine: `${MACHINE}\\}\n`,
    calls: (alias) => `${CONTAINER}${REGISTERED(alias, 'group')}${OPENED}`,
    actors: `thread first cpu=0 {
  added = ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]\\})
\\}

thread second cpu=1 {
  deleted = ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_DEL, addr=[group]\\})
\\}

exists added == -1 && deleted == 0$0`,
  },
  {
    label: 'legacy assignment',
    does: 'KVM itself has the device, as before v4.12.',
    on: '..v4.11',
    machine: `${MACHINE}\\}\n`,
    calls: () => `  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_ASSIGN_PCI_DEVICE, {assigned_dev_id=1, segnr=0, busnr=1, devfn=0, flags=KVM_DEV_ASSIGN_ENABLE_IOMMU\\}) = 0
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
`,
    actors: `${WRITER}${READER}exists \${2:gpu}.r0 == 0$0`,
  },
];

/** Those that the kernel has, where they fit: a whole scenario while there is no machine, the calls in `setup`. */
export function setUpOffers(block: BlockKind, hasMachine: boolean, profile: Profile): Offer[] {
  if (block !== 'setup' && (block !== 'file' || hasMachine)) return [];
  const alias = rangeTextContains('v6.6..', profile) ? 'FILE' : 'GROUP';
  return SET_UPS.filter(({ on }) => on === undefined || rangeTextContains(on, profile)).map(
    ({ label, does, machine, calls, actors }, index): Offer => ({
      label,
      kind: 'text',
      description: 'set-up',
      snippet:
        block === 'setup'
          ? withoutIndent(calls(alias)).trimEnd()
          : `${machine}\nsetup {\n${calls(alias)}\\}\n\n${actors}\n`,
      about: { kind: 'text', text: does },
      rank: 40 + index,
    }),
  );
}

/** An editor indents the lines of a snippet as the one where it is put. */
function withoutIndent(lines: string): string {
  return lines.replace(/^ {2}/gm, '');
}
