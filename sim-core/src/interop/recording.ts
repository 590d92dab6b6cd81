/**
 * Recordings of real kernels: their format, and what each recorded call is in the scenario language.
 *
 * A recording is a file of JSON lines: a header (kernel, IOMMU, groups), then one sequence of calls a line, with what
 * the kernel answered. Every call becomes the statements that a scenario would have for it, so that replaying a
 * recording runs the same ops as the language does. The recorder's own habits are translated too: it keeps descriptors
 * in variables, reads a closed variable as -1, and closes what is left in the order of the variables.
 */

export interface RecordingHeader {
  readonly type: 'header';
  readonly name: string;
  /** `6.1.0-56-amd64`. */
  readonly kernel_release: string;
  /** `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)`. */
  readonly kernel_version: string;
  /** What the emulated machine was given as IOMMU. */
  readonly iommu: string;
  readonly module_params?: string;
  readonly modules?: string;
  readonly smp: number;
  readonly groups: readonly { readonly index: number; readonly path: string; readonly devices: readonly string[] }[];
  /** Functions whose calls were traced, `kvm_vfio_create [kvm]`. */
  readonly ftrace_functions?: readonly string[];
}

export interface RecordedOp {
  readonly op: string;
  readonly ret: number | 'fd';
  readonly err?: string;
  readonly fdset?: number;
  readonly nc?: number;
  readonly wbinvd?: RecordedWbinvd;
  readonly fx: readonly string[];
  /** Of an I/O address space. */
  readonly id?: number;
}

export interface RecordedWbinvd {
  readonly exits: number;
  readonly executed: number;
  /** For each exit, the pCPUs on which WBINVD ran. */
  readonly cpus: readonly (readonly number[])[];
}

export interface RecordedSequence {
  readonly type: 'seq';
  readonly set: string;
  readonly id: string;
  readonly ops: readonly RecordedOp[];
  readonly teardown: { readonly n: number; readonly nc?: number; readonly fx: readonly string[] };
}

/** One statement of the scenario that a recorded call becomes. */
export interface ReplayStep {
  /** Who makes it: the recorder's thread, or the vCPU actor of this name. */
  readonly actor: 'recorder' | { readonly vcpu: number; readonly of: string };
  /** The statement as it would stand in a scenario. */
  readonly text: string;
}

export interface ReplayOp {
  readonly recorded: RecordedOp;
  readonly steps: readonly ReplayStep[];
  /** The step whose result is the call's result; the steps behind it are made only when it succeeded. */
  readonly main: number;
  /** The name that an output descriptor is bound to: it stays -1 when the kernel writes none. */
  readonly output?: string;
  /** Artefact of the emulator that the translation follows. */
  readonly artefact?: Artefact;
}

/** What the emulated CPU does differently from real ones. */
export type Artefact = 'INVD exits as WBINVD' | 'WBNOINVD exits as WBINVD';

export interface ReplaySequence {
  readonly id: string;
  readonly ops: readonly ReplayOp[];
  readonly teardown: readonly ReplayStep[];
}

/** Reads a recording, line by line. */
export function parseRecording(text: string): { header: RecordingHeader; sequences: RecordedSequence[] } {
  const [first, ...rest] = text.split('\n').filter((line) => line.trim() !== '');
  if (first === undefined) throw new SyntaxError('The recording is empty: its first line has to be a header.');
  const header = readLine(first, 1) as RecordingHeader;
  if (header.type !== 'header' || !Array.isArray(header.groups)) {
    throw new SyntaxError('Line 1 is not the header of a recording: it needs "type":"header" and "groups".');
  }
  const sequences = rest.map((line, i) => {
    const sequence = readLine(line, i + 2) as RecordedSequence;
    if (sequence.type !== 'seq' || !Array.isArray(sequence.ops)) throw new SyntaxError(`Line ${i + 2} is not a sequence: it needs "type":"seq" and "ops".`);
    return sequence;
  });
  return { header, sequences };
}

function readLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new SyntaxError(`Line ${number} of the recording is not JSON.`);
  }
}

/** A descriptor variable of the recorder. */
interface Variable {
  readonly name: string;
  /** Its name in the scenario; a variable that is bound again gets a new one. */
  bound: string;
  /** As recorded: does it hold an open descriptor? */
  open: boolean;
  /** The vCPU behind it, if it is one. */
  vcpu?: { readonly id: number; readonly of: string };
}

/** Where numbers that the recorder keeps between sequences live. */
export interface RecorderMemory {
  /** The id that IOMMU_IOAS_ALLOC returned last. */
  ioas: number;
}

/** Translates the sequences of one recording, in order. */
export class Translator {
  readonly #header: RecordingHeader;
  readonly #memory: RecorderMemory = { ioas: 0 };
  #variables: Variable[] = [];
  #used = new Map<string, number>();
  #ioasName: string | undefined;

  constructor(header: RecordingHeader) {
    this.#header = header;
  }

  sequence(recorded: RecordedSequence): ReplaySequence {
    this.#variables = [];
    this.#used = new Map();
    this.#ioasName = undefined;
    const ops = recorded.ops.map((op) => this.#op(op));
    const teardown = this.#variables.filter((v) => v.open).map((v) => recorder(`close(${v.bound})`));
    return { id: recorded.id, ops, teardown };
  }

  #op(recorded: RecordedOp): ReplayOp {
    const words = recorded.op.split(/\s+/);
    const destination = words[1] === '=' ? words[0] : undefined;
    const [name = '', ...args] = destination === undefined ? words : words.slice(2);
    const translate = TRANSLATIONS[name];
    if (!translate) throw new SyntaxError(`The recording has a call that is not known: ${recorded.op}`);
    const context: Context = {
      header: this.#header,
      recorded,
      arg: (i) => args[i] ?? '0',
      optional: (i) => args[i],
      fd: (word) => this.#fd(word),
      ioas: () => this.#ioasName ?? String(this.#memory.ioas),
      vcpu: (word) => this.#find(word)?.vcpu,
      close: (word) => {
        const variable = this.#find(word);
        if (variable) variable.open = false;
      },
    };
    // The text of the arguments is made before the destination is bound: `x = dup x` reads the old x.
    const translated = translate(context);
    if (translated.ioas) {
      this.#memory.ioas = recorded.ret === 0 ? (recorded.id ?? 0) : 0;
      this.#ioasName = recorded.ret === 0 ? 'ioas' : undefined;
    }
    if (!translated.binds) return { recorded, main: 0, ...translated };
    const target = destination ?? (name === 'create_device' && recorded.fdset === 1 ? 'anon' : undefined);
    if (target === undefined) return { recorded, main: 0, ...translated, steps: translated.steps.map((step) => fill(step, 'unbound')) };
    const writes = name !== 'create_device' || recorded.fdset === 1;
    const bound = writes ? this.#bind(target, recorded.ret !== -1, translated.vcpu ?? translated.alias) : 'unwritten';
    return {
      recorded,
      main: 0,
      ...translated,
      steps: translated.steps.map((step) => fill(step, bound)),
      ...(name === 'create_device' ? { output: bound } : {}),
    };
  }

  #find(word: string): Variable | undefined {
    return this.#variables.find((v) => v.name === word);
  }

  #fd(word: string): string {
    if (/^-?\d/.test(word)) return word;
    const variable = this.#find(word);
    return variable?.open ? variable.bound : '-1';
  }

  /** What the recorder's setv() does: an open descriptor that is overwritten moves to the end of its table. */
  #bind(name: string, success: boolean, vcpu: Variable['vcpu']): string {
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    const bound = count === 1 ? name : `${name}_${count}`;
    const old = this.#find(name);
    if (!old) {
      this.#variables.push({ name, bound, open: success, ...(vcpu ? { vcpu } : {}) });
      return bound;
    }
    if (old.open) this.#variables.push({ ...old, name: `~${this.#variables.length}` });
    old.bound = bound;
    old.open = success;
    delete old.vcpu;
    if (vcpu) old.vcpu = vcpu;
    return bound;
  }
}

interface Context {
  readonly header: RecordingHeader;
  readonly recorded: RecordedOp;
  arg(i: number): string;
  optional(i: number): string | undefined;
  /** The descriptor that a word stands for, as it is written in a scenario. */
  fd(word: string): string;
  ioas(): string;
  vcpu(word: string): Variable['vcpu'];
  close(word: string): void;
}

interface Translated {
  readonly steps: readonly ReplayStep[];
  readonly main?: number;
  readonly artefact?: Artefact;
  /** The call makes a descriptor; BOUND in its text stands for the name. */
  readonly binds?: true;
  /** The vCPU that the new descriptor is. */
  readonly vcpu?: Variable['vcpu'];
  /** The vCPU that a copied descriptor was. */
  readonly alias?: Variable['vcpu'];
  readonly ioas?: true;
}

const BOUND = '\u0000';

function fill(step: ReplayStep, name: string): ReplayStep {
  return { ...step, text: step.text.replaceAll(BOUND, name) };
}

function recorder(text: string): ReplayStep {
  return { actor: 'recorder', text };
}

function one(text: string): Translated {
  return { steps: [recorder(text)] };
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
  const all = header.groups.flatMap((_, g) => vfioDevices(header, g));
  return `/dev/vfio/devices/vfio${all.indexOf(bdf)}`;
}

function attributeCall(request: string): (c: Context) => Translated {
  return (c) => {
    const group = c.arg(2) === '1' ? 'KVM_DEV_VFIO_GROUP' : c.arg(2);
    const attr = group === 'KVM_DEV_VFIO_GROUP' ? symbol(ATTRIBUTES, c.arg(3)) : c.arg(3);
    const flags = c.arg(1) === '0' ? '' : `flags=${c.arg(1)}, `;
    return one(`ioctl(${c.fd(c.arg(0))}, ${request}, {${flags}group=${group}, attr=${attr}, addr=${attributeArgument(c, c.optional(4) ?? 'null')}})`);
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
  hlt: [],
  wbinvd: ['wbinvd'],
  wbinvd3: ['wbinvd', 'wbinvd', 'wbinvd'],
  wbnoinvd: ['wbinvd'],
  invd: ['wbinvd'],
  clflush: ['clflush [buf0]'],
  cr0cd: [],
  cr0cdnw: [],
  cr0nocd: [],
  mtrrdef: [],
  mtrrfix: [],
  pat: [],
};
const ARTEFACTS: Readonly<Record<string, Artefact>> = { invd: 'INVD exits as WBINVD', wbnoinvd: 'WBNOINVD exits as WBINVD' };

function runCall(c: Context): Translated {
  const fd = c.fd(c.arg(0));
  const vcpu = c.vcpu(c.arg(0));
  const artefact = ARTEFACTS[c.arg(1)];
  const program = vcpu && c.recorded.ret === 0 ? (PROGRAMS[c.arg(1)] ?? []) : [];
  return {
    // A real KVM_RUN follows KVM_SET_REGS; both load the vCPU, and so does KVM_GET_REGS behind them.
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
  const vaddr = mode.includes('b') ? NOTHING : mode.includes('u') ? '0x100001' : BUFFER;
  return one(`ioctl(${c.fd(c.arg(0))}, VFIO_IOMMU_MAP_DMA, {flags=${flags}, vaddr=${vaddr}, iova=${c.arg(1)}, size=${c.arg(2)}})`);
}

const TRANSLATIONS: Readonly<Record<string, (c: Context) => Translated>> = {
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
    steps: [recorder(`ioctl(${c.fd(c.arg(0))}, KVM_CREATE_DEVICE, {type=${symbol(DEVICE_TYPES, c.arg(1))}, fd=>${BOUND}, flags=${c.arg(2)}})`)],
    binds: true,
  }),
  create_device_badptr: (c) => one(`ioctl(${c.fd(c.arg(0))}, KVM_CREATE_DEVICE, ${c.arg(1) === 'null' ? 'NULL' : NOTHING})`),
  attr_badptr: (c) => {
    const request = { set: 'KVM_SET_DEVICE_ATTR', get: 'KVM_GET_DEVICE_ATTR' }[c.arg(1)] ?? 'KVM_HAS_DEVICE_ATTR';
    return one(`ioctl(${c.fd(c.arg(0))}, ${request}, ${NOTHING})`);
  },
  check_ext: (c) => one(`ioctl(${c.fd(c.arg(0))}, KVM_CHECK_EXTENSION, ${symbol(CAPABILITIES, c.arg(1))})`),
  set_attr: attributeCall('KVM_SET_DEVICE_ATTR'),
  has_attr: attributeCall('KVM_HAS_DEVICE_ATTR'),
  get_attr: attributeCall('KVM_GET_DEVICE_ATTR'),
  group_status: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_GET_STATUS, {flags=>status})`),
  set_container: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_SET_CONTAINER, [${c.fd(c.arg(1))}])`),
  unset_container: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_UNSET_CONTAINER)`),
  get_device: (c) => {
    const bdf = vfioDevices(c.header, Number(c.arg(1)))[Number(c.arg(2))] ?? NO_SUCH_DEVICE;
    return bind(`ioctl(${c.fd(c.arg(0))}, VFIO_GROUP_GET_DEVICE_FD, "${bdf}")`);
  },
  dev_info: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_GET_INFO, {flags=>info})`),
  bind: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=${c.arg(2)}, iommufd=${c.fd(c.arg(1))}})`),
  ioas_alloc: (c) => ({ ...one(`ioctl(${c.fd(c.arg(0))}, IOMMU_IOAS_ALLOC, {out_ioas_id=>ioas})`), ioas: true }),
  attach: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_ATTACH_IOMMUFD_PT, {flags=0, pt_id=${c.optional(1) ?? c.ioas()}})`),
  detach: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_DEVICE_DETACH_IOMMUFD_PT, {flags=0})`),
  ct_api: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_GET_API_VERSION)`),
  ct_ext: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_CHECK_EXTENSION, ${symbol(EXTENSIONS, c.arg(1))})`),
  set_iommu: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_SET_IOMMU, ${symbol(EXTENSIONS, c.arg(1))})`),
  iommu_info: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_IOMMU_GET_INFO, {flags=>info})`),
  map: mapCall,
  unmap: (c) => one(`ioctl(${c.fd(c.arg(0))}, VFIO_IOMMU_UNMAP_DMA, {flags=0, iova=${c.arg(1)}, size=${c.arg(2)}})`),
  set_mem: (c) => one(`ioctl(${c.fd(c.arg(0))}, KVM_SET_USER_MEMORY_REGION, {slot=0, flags=0, guest_phys_addr=0, memory_size=0x10000, userspace_addr=${BUFFER}})`),
  vm_cap: (c) => one(`ioctl(${c.fd(c.arg(0))}, KVM_ENABLE_CAP, {cap=${symbol(CAPABILITIES, c.arg(1))}, flags=0, args=${c.arg(2)}})`),
  ioctl: (c) => one(`ioctl(${c.fd(c.arg(0))}, ${c.arg(1)}, ${c.arg(2)})`),
  pin: (c) => one(`sched_setaffinity(0, 8, [${2 ** Number(c.arg(0))}])`),
  run: runCall,
};

/** The `machine` block of the machine that a recording was made on. */
export function machineOf(header: RecordingHeader): string[] {
  const amd = header.iommu.includes('amd-iommu');
  const twoDimensional = !/npt=0|ept=0/.test(header.module_params ?? '');
  const lines = [
    'machine {',
    `  cpu amd count=${header.smp}${twoDimensional ? '' : ' two-dimensional-paging=off'}`,
    amd ? '  iommu unit amd-vi' : `  iommu unit vt-d snoop-control=${header.iommu.includes('snoop-control=on') ? 'on' : 'off'}`,
  ];
  for (const group of header.groups) {
    const number = group.path.slice(group.path.lastIndexOf('/') + 1);
    group.devices.forEach((device, i) => {
      const [bdf = '', driver = '-'] = device.split('=');
      lines.push(`  device g${group.index}d${i} ${bdf} iommu=unit group=${number} no-snoop=on driver=${driver === '-' ? 'none' : driver}`);
    });
  }
  for (let page = 0; page < BUFFER_PAGES; page++) lines.push(`  memory buf${page} = 0`);
  return [...lines, '}'];
}

/** The profile that a recording's kernel is: `debian-6.1.192`. */
export function releaseOf(header: RecordingHeader): { readonly profile: string; readonly version: string } {
  const version = /Debian (\d+(?:\.\d+)+)/.exec(header.kernel_version)?.[1] ?? /^\d+(?:\.\d+)+/.exec(header.kernel_release)?.[0] ?? '';
  return { profile: `debian-${version}`, version };
}
