/** Every call of the recorder as statements of the scenario language, one entry each. */
import type { Artefact, RecordedOp, RecordingHeader, ReplayOp, ReplayStep, Vcpu } from './recording.ts';

/** What a translation may ask. */
export interface Context {
  readonly header: RecordingHeader;
  readonly recorded: RecordedOp;
  arg(i: number): string;
  optional(i: number): string | undefined;
  /** The descriptor that a word stands for, as it is written in a scenario. */
  fd(word: string): string;
  /** The id of the last I/O address space: one that is known, or several that it may have been. */
  ioas(): readonly string[];
  vcpu(word: string): Vcpu | undefined;
  close(word: string): void;
}

export interface Translated {
  readonly steps: readonly ReplayStep[];
  readonly main?: number;
  /** Other statements that the main one may have been; see ReplayOp. */
  readonly alternatives?: readonly string[];
  readonly artefact?: Artefact;
  /** The call makes a descriptor; BOUND in its text stands for the name. */
  readonly binds?: true;
  /** The vCPU that the new descriptor is. */
  readonly vcpu?: Vcpu;
  /** The vCPU that a copied descriptor was. */
  readonly alias?: Vcpu;
  readonly ioas?: true;
  readonly written?: ReplayOp['written'];
}

const BOUND = '\u0000';

/** Puts the name of the new descriptor into a statement. */
export function fill(step: ReplayStep, name: string): ReplayStep {
  return { ...step, text: step.text.replaceAll(BOUND, name) };
}

export function recorder(text: string): ReplayStep {
  return { actor: 'recorder', text };
}

function one(text: string): Translated {
  return { steps: [recorder(text)] };
}

/** A call that writes one of the recorded fields, bound to a name. */
function writes(field: 'id' | 'flags' | 'size', name: string, text: string): Translated {
  return { ...one(text), written: { field, name } };
}

function bind(text: string): Translated {
  return { steps: [recorder(`${BOUND} = ${text}`)], binds: true };
}

/** The first page of the user memory that stands for all buffers of the recorder, and an address where nothing is. */
const BUFFER = '&buf0';
export const BUFFER_PAGES = 16;
const NOTHING = '0xdead0000';
const NO_SUCH_DEVICE = '0000:ff:1f.7';

const EXTENSIONS: Readonly<Record<string, string>> = {
  type1: 'VFIO_TYPE1_IOMMU',
  spapr: 'VFIO_SPAPR_TCE_IOMMU',
  type1v2: 'VFIO_TYPE1v2_IOMMU',
  dma_cc: 'VFIO_DMA_CC_IOMMU',
  eeh: 'VFIO_EEH',
  nesting: 'VFIO_TYPE1_NESTING_IOMMU',
  spapr2: 'VFIO_SPAPR_TCE_v2_IOMMU',
  noiommu: 'VFIO_NOIOMMU_IOMMU',
  unmap_all: 'VFIO_UNMAP_ALL',
  update_vaddr: 'VFIO_UPDATE_VADDR',
};
const CAPABILITIES: Readonly<Record<string, string>> = {
  device_ctrl: 'KVM_CAP_DEVICE_CTRL',
  vm_attr: 'KVM_CAP_VM_ATTRIBUTES',
  quirks: 'KVM_CAP_DISABLE_QUIRKS',
  quirks2: 'KVM_CAP_DISABLE_QUIRKS2',
};
const DEVICE_TYPES: Readonly<Record<string, string>> = {
  vfio: 'KVM_DEV_TYPE_VFIO',
  mpic20: 'KVM_DEV_TYPE_FSL_MPIC_20',
  mpic42: 'KVM_DEV_TYPE_FSL_MPIC_42',
  xics: 'KVM_DEV_TYPE_XICS',
};
const ATTRIBUTES: Readonly<Record<string, string>> = { '1': 'KVM_DEV_VFIO_GROUP_ADD', '2': 'KVM_DEV_VFIO_GROUP_DEL' };

function symbol(table: Readonly<Record<string, string>>, word: string): string {
  return table[word] ?? word;
}

const PLAIN_PATHS: Readonly<Record<string, readonly [path: string, flags: string]>> = {
  kvm: ['/dev/kvm', 'O_RDWR'],
  container: ['/dev/vfio/vfio', 'O_RDWR'],
  iommufd: ['/dev/iommu', 'O_RDWR'],
  null: ['/dev/null', 'O_RDWR'],
  zero: ['/dev/zero', 'O_RDWR'],
  file: ['/var/regular', 'O_RDWR|O_CREAT'],
  dir: ['/var', 'O_RDONLY'],
  opath: ['/var', 'O_PATH'],
};

function openCall(c: Context): Translated {
  const [what = '', index] = c.arg(0).split(':');
  const [path, flags] =
    what === 'group'
      ? [c.header.groups[Number(index)]?.path ?? '/dev/vfio/9999', 'O_RDWR']
      : what === 'cdev'
        ? [cdevPath(c.header, Number(index)) ?? '/dev/vfio/devices/none', 'O_RDWR']
        : (PLAIN_PATHS[what] ?? [c.arg(0), 'O_RDWR']);
  const mode = c.optional(1);
  return bind(`open("${path}", ${mode === 'ro' ? 'O_RDONLY' : mode === 'path' ? 'O_PATH' : flags}|O_CLOEXEC)`);
}

/** Functions of a group that vfio-pci drives, as the recorder numbers them. */
function vfioDevices(header: RecordingHeader, group: number): string[] {
  return (header.groups[group]?.devices ?? []).flatMap((device) => {
    const [bdf = '', driver] = device.split('=');
    return driver === 'vfio-pci' ? [bdf] : [];
  });
}

function cdevPath(header: RecordingHeader, group: number): string | undefined {
  const bdf = vfioDevices(header, group)[0];
  if (bdf === undefined) return undefined;
  // The simulator numbers the nodes by the devices of the machine block.
  const all = header.groups.flatMap(({ devices }) => devices.map((device) => device.split('=')[0]));
  return `/dev/vfio/devices/vfio${all.indexOf(bdf)}`;
}

function attributeCall(request: string): (c: Context) => Translated {
  return (c) => {
    const group = c.arg(2) === '1' ? 'KVM_DEV_VFIO_GROUP' : c.arg(2);
    const attr = group === 'KVM_DEV_VFIO_GROUP' ? symbol(ATTRIBUTES, c.arg(3)) : c.arg(3);
    const flags = c.arg(1) === '0' ? '' : `flags=${c.arg(1)}, `;
    return one(
      `ioctl(${c.fd(c.arg(0))}, ${request}, {${flags}group=${group}, attr=${attr}, addr=${attributeArgument(c, c.optional(4) ?? 'null')}})`,
    );
  };
}

function attributeArgument(c: Context, word: string): string {
  const [kind = '', first = '', second] = word.split(':');
  switch (kind) {
    case 'null':
      return 'NULL';
    case 'bad':
      return NOTHING;
    case 'kern':
      return '0xffffffff81000000';
    case 'int':
      return `[${first}]`;
    // The last readable 4 bytes of a page, and 4 bytes at an odd address, are read like any others.
    case 'fd':
    case 'edge':
    case 'unaligned':
      return `[${c.fd(first)}]`;
    // Two bytes on a page, two on one that is not there.
    case 'straddle':
      return '0xdead0ffe';
    case 'tce':
      return `{groupfd=${c.fd(first)}, tablefd=${second === undefined ? '-1' : c.fd(second)}}`;
    default:
      return word;
  }
}

/** Guest programs of the recorder, as instructions of the language; those that no kernel function of ours sees are left out. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  hlt: ['hlt'],
  wbinvd: ['wbinvd', 'hlt'],
  wbinvd3: ['wbinvd', 'wbinvd', 'wbinvd', 'hlt'],
  wbnoinvd: ['wbinvd', 'hlt'],
  invd: ['wbinvd', 'hlt'],
  clflush: ['clflush [buf0]', 'hlt'],
  cr0cd: ['hlt'],
  cr0cdnw: ['hlt'],
  cr0nocd: ['hlt'],
  mtrrdef: ['wrmsr IA32_MTRR_DEF_TYPE, 0xc06', 'hlt'],
  mtrrfix: ['wrmsr IA32_MTRR_FIX64K_00000, 0x606060606060606', 'hlt'],
  pat: ['wrmsr IA32_PAT, 0x7040600010406', 'hlt'],
};
const ARTEFACTS: Readonly<Record<string, Artefact>> = {
  invd: 'INVD exits as WBINVD',
  wbnoinvd: 'WBNOINVD exits as WBINVD',
};

function runCall(c: Context): Translated {
  const fd = c.fd(c.arg(0));
  const vcpu = c.vcpu(c.arg(0));
  const artefact = ARTEFACTS[c.arg(1)];
  const program = vcpu && c.recorded.ret === 0 ? (PROGRAMS[c.arg(1)] ?? []) : [];
  return {
    // A real KVM_RUN follows KVM_SET_REGS; both load the vCPU, and so does KVM_GET_REGS after them.
    steps: [
      recorder(`ioctl(${fd}, KVM_SET_REGS)`),
      recorder(`ioctl(${fd}, KVM_RUN)`),
      ...program.map((text): ReplayStep => ({ actor: { vcpu: vcpu?.id ?? 0, of: vcpu?.of ?? '' }, text })),
      ...(vcpu ? [recorder(`ioctl(${fd}, KVM_GET_REGS)`)] : []),
    ],
    main: 1,
    ...(artefact ? { artefact } : {}),
  };
}

function mapCall(c: Context): Translated {
  const mode = c.arg(3);
  const flags = (mode.includes('r') ? 1 : 0) | (mode.includes('w') ? 2 : 0) | (mode.includes('x') ? 0x80 : 0);
  const vaddr = mode.includes('b') ? 'NULL' : mode.includes('u') ? '0x100001' : BUFFER;
  return one(
    `ioctl(${c.fd(c.arg(0))}, VFIO_IOMMU_MAP_DMA, {flags=${flags}, vaddr=${vaddr}, iova=${c.arg(1)}, size=${c.arg(2)}})`,
  );
}

export const TRANSLATIONS: Readonly<Record<string, (c: Context) => Translated>> = {
  open: openCall,
  dup: (c) => {
    const alias = c.vcpu(c.arg(0));
    return { ...bind(`dup(${c.fd(c.arg(0))})`), ...(alias ? { alias } : {}) };
  },
  eventfd: () => bind('eventfd2(0, 0)'),
  epoll: () => bind('epoll_create1(0)'),
  socket: () => bind('socket(1, 1, 0)'),
  memfd: () => bind('memfd_create("m", 0)'),
  close: (c) => {
    const translated = one(`close(${c.fd(c.arg(0))})`);
    c.close(c.arg(0));
    return translated;
  },
  create_vm: (c) => bind(`ioctl(${c.fd(c.arg(0))}, KVM_CREATE_VM, ${c.arg(1)})`),
  create_vcpu: (c) => {
    const fd = c.fd(c.arg(0));
    const translated = bind(`ioctl(${fd}, KVM_CREATE_VCPU, ${c.arg(1)})`);
    if (c.recorded.ret === -1) return translated;
    // The recorder sets up the segment registers: two more loads.
    const extra = ['KVM_GET_SREGS', 'KVM_SET_SREGS'].map((request) => recorder(`ioctl(${BOUND}, ${request})`));
    return { ...translated, steps: [...translated.steps, ...extra], vcpu: { id: Number(c.arg(1)), of: fd } };
  },
  create_device: (c) => ({
    steps: [
      recorder(
        `ioctl(${c.fd(c.arg(0))}, KVM_CREATE_DEVICE, {type=${symbol(DEVICE_TYPES, c.arg(1))}, fd=>${BOUND}, flags=${c.arg(2)}})`,
      ),
    ],
    binds: true,
  }),
  create_device_badptr: (c) =>
    one(`ioctl(${c.fd(c.arg(0))}, KVM_CREATE_DEVICE, ${c.arg(1) === 'null' ? 'NULL' : NOTHING})`),
  attr_badptr: (c) => {
    const request = { set: 'KVM_SET_DEVICE_ATTR', get: 'KVM_GET_DEVICE_ATTR' }[c.arg(1)] ?? 'KVM_HAS_DEVICE_ATTR';
    return one(`ioctl(${c.fd(c.arg(0))}, ${request}, ${NOTHING})`);
  },
  check_ext: (c) => one(`ioctl(${c.fd(c.arg(0))}, KVM_CHECK_EXTENSION, ${symbol(CAPABILITIES, c.arg(1))})`),
  set_attr: attributeCall('KVM_SET_DEVICE_ATTR'),
  has_attr: attributeCall('KVM_HAS_DEVICE_ATTR'),
  get_attr: attributeCall('KVM_GET_DEVICE_ATTR'),
  group_status: (c) => writes('flags', 'status', `ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_GET_STATUS, {flags=>status})`),
  set_container: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_SET_CONTAINER, [${c.fd(c.arg(1))}])`),
  unset_container: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_UNSET_CONTAINER)`),
  get_device: (c) => {
    const bdf = vfioDevices(c.header, Number(c.arg(1)))[Number(c.arg(2))] ?? NO_SUCH_DEVICE;
    return bind(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_GET_DEVICE_FD, "${bdf}")`);
  },
  dev_info: (c) => writes('flags', 'info', `ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_GET_INFO, {flags=>info})`),
  bind: (c) =>
    one(`ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=${c.arg(2)}, iommufd=${c.fd(c.arg(1))}})`),
  ioas_alloc: (c) => ({
    ...writes('id', 'ioas', `ioctl(${c.fd(c.arg(0))}, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas})`),
    ioas: true,
  }),
  attach: (c) => {
    const given = c.optional(1);
    const [first = '', ...others] = (given === undefined ? c.ioas() : [given]).map(
      (id) => `ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {flags=0, pt_id=${id}})`,
    );
    return { ...one(first), ...(others.length > 0 ? { alternatives: others } : {}) };
  },
  detach: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=0})`),
  ct_api: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GET_API_VERSION)`),
  ct_ext: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_CHECK_EXTENSION, ${symbol(EXTENSIONS, c.arg(1))})`),
  set_iommu: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_SET_IOMMU, ${symbol(EXTENSIONS, c.arg(1))})`),
  iommu_info: (c) => writes('flags', 'info', `ioctl(${c.fd(c.arg(0))}, VFIO_IOMMU_GET_INFO, {flags=>info})`),
  map: mapCall,
  unmap: (c) =>
    writes(
      'size',
      'unmapped',
      `ioctl(${c.fd(c.arg(0))}, VFIO_IOMMU_UNMAP_DMA, {flags=0, iova=${c.arg(1)}, size=${c.arg(2)}, size=>unmapped})`,
    ),
  set_mem: (c) =>
    one(
      `ioctl(${c.fd(c.arg(0))}, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, guest_phys_addr=0, memory_size=0x10000, userspace_addr=${BUFFER}})`,
    ),
  vm_cap: (c) =>
    one(`ioctl(${c.fd(c.arg(0))}, KVM_ENABLE_CAP, {cap=${symbol(CAPABILITIES, c.arg(1))}, flags=0, args=${c.arg(2)}})`),
  ioctl: (c) => one(`ioctl(${c.fd(c.arg(0))}, ${c.arg(1)}, ${c.arg(2)})`),
  pin: (c) => one(`sched_setaffinity(0, 8, [${2 ** Number(c.arg(0))}])`),
  run: runCall,
};
