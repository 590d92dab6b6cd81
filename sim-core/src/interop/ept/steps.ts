/** Every step of a recording of leaves as statements of the scenario language. */
import { MSR_NAMES } from '../../kvm/msr.ts';
import { memtypeName } from '../../memory/memtype.ts';
import {
  BDF,
  CODE_FRAME,
  eptMachine,
  frameName,
  type InferredMachine,
  PAGE,
  type RecordedSlot,
  TABLES,
} from './machine.ts';
import type { EptSequence, EptStep } from './recording.ts';

/** A statement, and who executes it. */
export interface EptStatement {
  /** The number of a vCPU, or the VMM. */
  readonly actor: number | 'vmm';
  readonly text: string;
  /** Set when the guest's instruction accesses data: where, as the guest sees it, and the frame that it maps to. */
  readonly access?: { readonly address: bigint; readonly frame: bigint };
  /** What the result of the statement is compared with. */
  readonly compares?: 'result' | 'mask' | 'dma_cc';
}

export interface EptCall {
  readonly recorded: EptStep;
  readonly statements: readonly EptStatement[];
  /** A run of a vCPU: which one, else undefined. */
  readonly vcpu?: number;
  /** An MSR whose value the step noted. */
  readonly msr?: { readonly vcpu: number; readonly number: number };
  /** Why leaves and exits of this step are not compared. */
  readonly left?: NotCompared;
}

/** What the model leaves out of a recording, by name. */
export type NotCompared =
  | 'guest paging under shadow paging: a leaf for each virtual address is not modelled'
  | 'the host refused the mapping, so no call was made';

/** The machine of a sequence and its calls. Sequences with the same machine can share one. */
export interface EptProgram {
  readonly id: string;
  readonly machine: readonly string[];
  readonly vcpus: readonly number[];
  readonly calls: readonly EptCall[];
}

const POWER_ON_PAT = 0x0007_0406_0007_0406n;
const PAT = 0x277;
const CR0 = { on: '0x31', disabled: '0x60000031' } as const;

/** What the recorder's process keeps between sequences: the pCPU that it is pinned to. */
export interface RecorderState {
  pinned: string | undefined;
}

export function translateEpt(sequence: EptSequence, inferred: InferredMachine, state: RecorderState): EptProgram {
  const translator = new Translator(inferred.shadow, state);
  const calls = sequence.steps.map((step) => translator.call(step));
  const machine = eptMachine(sequence.steps, translator.slots, inferred);
  return { id: sequence.id, machine, vcpus: [...translator.vcpus], calls };
}

class Translator {
  readonly slots: RecordedSlot[] = [];
  readonly #shadow: boolean;
  #open: string[] = [];
  #device = false;
  #paging = false;
  #pat = POWER_ON_PAT;
  #guestPat: string | undefined;
  /** What a write of CR0 that only turns paging on or off leaves of it. */
  #cr0 = '0';
  readonly vcpus = new Set<number>();

  readonly state: RecorderState;

  constructor(shadow: boolean, state: RecorderState) {
    this.#shadow = shadow;
    this.state = state;
  }

  call(recorded: EptStep): EptCall {
    const words = recorded.op.trim().split(/\s+/);
    const [name = '', ...args] = words;
    const translate = CALLS[name];
    if (!translate)
      throw new SyntaxError(`Line ${recorded.line} of the recording has a step that is not known: ${name}.`);
    return translate.call(undefined, this, recorded, args);
  }

  vmm(text: string, compares?: EptStatement['compares']): EptStatement {
    return { actor: 'vmm', text, ...(compares && { compares }) };
  }

  opened(...names: readonly string[]): void {
    this.#open.push(...names);
  }

  closed(name: string): void {
    this.#open = this.#open.filter((one) => one !== name);
  }

  /** What the recorder closes at the end, in its order. */
  closing(): EptStatement[] {
    const order = [...[...this.vcpus].map((id) => `vcpu${id}`), 'device', 'dev', 'vm'];
    const statements = order.filter((name) => this.#open.includes(name)).map((name) => this.vmm(`close(${name})`));
    if (this.#open.includes('group')) {
      statements.push(this.vmm('ioctl(group, VFIO_GROUP_UNSET_CONTAINER)'), this.vmm('close(group)'));
      statements.push(this.vmm('close(container)'));
    }
    return statements;
  }

  bar(): EptStatement[] {
    if (this.#device) return [];
    this.#device = true;
    this.opened('device');
    return [this.vmm(`device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "${BDF}")`)];
  }

  /** The instructions of a run; each is fetched from the frame of the code first. */
  run(vcpu: number, snippets: readonly string[], line: number): { statements: EptStatement[]; left?: NotCompared } {
    const statements: EptStatement[] = [];
    const guest = (text: string, access?: EptStatement['access']): void => {
      statements.push({ actor: vcpu, text, ...(access && { access }) });
    };
    const touch = (frame: bigint): void => guest(`mov eax, [${frameName(frame)}]`);
    const fetch = (): void => {
      if (this.#paging) for (const table of [TABLES.directory, TABLES.low]) touch(table);
      touch(CODE_FRAME);
    };
    let left: NotCompared | undefined;
    const number = (text: string | undefined): bigint => hexOf(text, line);
    const access = (address: bigint, write: boolean): void => {
      const high = this.#paging && address >= TABLES.from;
      const frame = high ? TABLES.mapped : address / PAGE;
      if (high) {
        touch(TABLES.high);
        this.#choose(guest, Number((address - TABLES.from) / PAGE) & 7);
      } else if (this.#paging) touch(TABLES.low);
      else this.#choose(guest, 0, 'WB');
      const name = frameName(frame);
      guest(write ? `mov [${name}], 0x77` : `mov eax, [${name}]`, { address, frame });
    };
    for (const snippet of snippets) {
      const [kind = '', first, second] = snippet.split(':');
      fetch();
      switch (kind) {
        case 'rd':
        case 'wr':
          access(number(first), kind === 'wr');
          break;
        case 'clflush':
          guest(`clflush [${frameName(number(first) / PAGE)}]`);
          break;
        case 'wrmsr':
          if (number(first) === BigInt(PAT)) this.#pat = number(second);
          guest(`wrmsr ${msrName(Number(number(first)), line)}, 0x${number(second).toString(16)}`);
          break;
        case 'cd1':
          this.#cr0 = '0x40000000';
          guest(`mov cr0, ${this.#cr0}`);
          break;
        case 'cd1nw':
          this.#cr0 = '0x60000000';
          guest(`mov cr0, ${this.#cr0}`);
          break;
        case 'cd0':
          this.#cr0 = '0';
          guest('mov cr0, 0');
          break;
        case 'pgon':
        case 'pgoff':
          if (this.#shadow) left = 'guest paging under shadow paging: a leaf for each virtual address is not modelled';
          // CR0.PG is not modelled, the exit is: CR0.CD stays as it is.
          guest(`mov cr0, ${this.#cr0}`);
          this.#paging = kind === 'pgon';
          break;
        case 'wbinvd':
        case 'wbnoinvd':
        case 'invd':
          guest(kind);
          break;
        default:
          throw new SyntaxError(`Line ${line} of the recording runs an instruction that is not known: ${snippet}.`);
      }
    }
    fetch();
    guest('hlt');
    return { statements, ...(left && { left }) };
  }

  #choose(guest: (text: string) => void, index: number, fixed?: string): void {
    const type = fixed ?? memtypeName(Number((this.#pat >> BigInt(8 * index)) & 0xffn)) ?? 'WB';
    if (type === (this.#guestPat ?? 'WB')) return;
    this.#guestPat = type;
    guest(`pat ${frameName(TABLES.mapped)} = ${type}`);
  }
}

type Translate = (t: Translator, recorded: EptStep, args: readonly string[]) => EptCall;

const enableCap =
  (cap: string): Translate =>
  (t, recorded, [mask]) => ({
    recorded,
    statements: [
      t.vmm(
        `ioctl(vm, KVM_ENABLE_CAP, {cap=${cap}, flags=0, args=0x${hexOf(mask, recorded.line).toString(16)}})`,
        'result',
      ),
    ],
  });

const attribute =
  (attr: string): Translate =>
  (t, recorded) => ({
    recorded,
    statements: [
      t.vmm(`ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=${attr}, addr=[group]})`, 'result'),
    ],
  });

const CALLS: Readonly<Record<string, Translate>> = {
  seq: (t, recorded) => ({
    recorded,
    statements: [
      ...(t.state.pinned === undefined ? [] : [t.vmm(t.state.pinned)]),
      t.vmm('kvm = open("/dev/kvm", O_RDWR)'),
    ],
  }),
  vm(t, recorded) {
    t.opened('vm');
    return {
      recorded,
      statements: [
        t.vmm('vm = ioctl(kvm, KVM_CREATE_VM, 0)', 'result'),
        t.vmm('ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_DISABLE_QUIRKS2)', 'mask'),
      ],
    };
  },
  quirks1: enableCap('KVM_CAP_DISABLE_QUIRKS'),
  quirks2: enableCap('KVM_CAP_DISABLE_QUIRKS2'),
  mem(t, recorded, [slot, gpa, size, kind = '']) {
    const refused = recorded.result.startsWith('-1') && kind.startsWith('devmem');
    if (refused) return { recorded, statements: [], left: 'the host refused the mapping, so no call was made' };
    const [start, bytes] = [hexOf(gpa, recorded.line), hexOf(size, recorded.line)];
    t.slots.push({ gpa: start, size: bytes, kind });
    const flags = kind.startsWith('devmem') ? ', flags=KVM_MEM_READONLY' : '';
    const range = `guest_phys_addr=0x${start.toString(16)}, memory_size=0x${bytes.toString(16)}, userspace_addr=0x${start.toString(16)}`;
    return {
      recorded,
      statements: [
        ...(kind === 'bar' ? t.bar() : []),
        t.vmm(
          `ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=${decimalOf(slot, recorded.line)}, ${range}${flags}})`,
          'result',
        ),
      ],
    };
  },
  vcpu(t, recorded, [id, ...rest]) {
    const number = decimalOf(id, recorded.line);
    t.vcpus.add(number);
    const name = `vcpu${number}`;
    t.opened(name);
    return {
      recorded,
      statements: [
        t.vmm(`${name} = ioctl(vm, KVM_CREATE_VCPU, ${number})`),
        ...(rest.includes('nocpuid') ? [] : [t.vmm(`ioctl(${name}, KVM_SET_CPUID2, 0x7fff1000)`)]),
        t.vmm(`ioctl(${name}, KVM_GET_SREGS, {cr0=>cr0})`),
        t.vmm(`ioctl(${name}, KVM_SET_SREGS, {cr0=${rest.includes('cd') ? CR0.disabled : CR0.on}})`, 'result'),
      ],
    };
  },
  pagetables: (_t, recorded) => ({ recorded, statements: [] }),
  open(t, recorded) {
    t.opened('group');
    return {
      recorded,
      statements: [
        t.vmm('container = open("/dev/vfio/vfio", O_RDWR)'),
        t.vmm('group = open("/dev/vfio/1", O_RDWR)'),
        t.vmm('ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])'),
        t.vmm('ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)', 'result'),
        t.vmm('ioctl(container, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU)', 'dma_cc'),
      ],
    };
  },
  kvmdev(t, recorded) {
    t.opened('dev');
    return {
      recorded,
      statements: [t.vmm('ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})', 'result')],
    };
  },
  add: attribute('KVM_DEV_VFIO_GROUP_ADD'),
  del: attribute('KVM_DEV_VFIO_GROUP_DEL'),
  closedev(t, recorded) {
    t.closed('dev');
    return { recorded, statements: [t.vmm('close(dev)', 'result')] };
  },
  setmsr(t, recorded, [id, msr, value]) {
    const [vcpu, number, bits] = [decimalOf(id, recorded.line), hexOf(msr, recorded.line), hexOf(value, recorded.line)];
    const entry = `{index=0x${number.toString(16)}, data=0x${bits.toString(16)}}`;
    return {
      recorded,
      statements: [t.vmm(`ioctl(vcpu${vcpu}, KVM_SET_MSRS, {nmsrs=1, entries=[${entry}]})`, 'result')],
    };
  },
  getmsr(t, recorded, [id, msr]) {
    const [vcpu, number] = [decimalOf(id, recorded.line), Number(hexOf(msr, recorded.line))];
    const entry = `{index=0x${number.toString(16)}, data=>value}`;
    return {
      recorded,
      statements: [t.vmm(`ioctl(vcpu${vcpu}, KVM_GET_MSRS, {nmsrs=1, entries=[${entry}]})`, 'result')],
      msr: { vcpu, number },
    };
  },
  pin(t, recorded, [cpu]) {
    t.state.pinned = `sched_setaffinity(0, 8, [${2 ** decimalOf(cpu, recorded.line)}])`;
    return { recorded, statements: [t.vmm(t.state.pinned, 'result')] };
  },
  run(t, recorded, [id, ...snippets]) {
    const vcpu = decimalOf(id, recorded.line);
    const name = `vcpu${vcpu}`;
    if (!t.vcpus.has(vcpu))
      throw new SyntaxError(`Line ${recorded.line} of the recording runs a vCPU that was not made.`);
    const { statements, left } = t.run(vcpu, snippets, recorded.line);
    return {
      recorded,
      vcpu,
      ...(left && { left }),
      statements: [
        t.vmm(`ioctl(${name}, KVM_SET_REGS)`),
        t.vmm(`ioctl(${name}, KVM_RUN)`, 'result'),
        ...statements,
        t.vmm(`ioctl(${name}, KVM_GET_REGS)`),
        t.vmm(`ioctl(${name}, KVM_GET_SREGS, {cr0=>cr0})`),
      ],
    };
  },
  end: (t, recorded) => ({ recorded, statements: t.closing() }),
};

function hexOf(text: string | undefined, line: number): bigint {
  if (text === undefined || !/^(0x)?[\da-f]{1,16}$/i.test(text))
    throw new SyntaxError(`Line ${line} of the recording: ${text ?? 'nothing'} is not a hexadecimal number.`);
  return BigInt(`0x${text.replace(/^0x/i, '')}`);
}

function decimalOf(text: string | undefined, line: number): number {
  if (text === undefined || !/^\d{1,2}$/.test(text))
    throw new SyntaxError(`Line ${line} of the recording: ${text ?? 'nothing'} is not a small number.`);
  return Number(text);
}

function msrName(number: number, line: number): string {
  const name = MSR_NAMES.get(number);
  if (name !== undefined) return name;
  throw new SyntaxError(`Line ${line} of the recording writes an MSR that is not known: 0x${number.toString(16)}.`);
}
