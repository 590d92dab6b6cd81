/** How an op is written, as a snippet with a stop at everything that the author decides. */
import {
  CONSTANTS,
  type FileKind,
  MEMORY_TYPES,
  type Op,
  type OperandShape,
  type OperandSpec,
  type OptionSpec,
  VOCABULARY,
} from '@snoopscope/sim-core';
import { PREFERRED } from './preferred.ts';

/** Names that are allowed at a stop. */
export interface SnippetNames {
  /** A name bound to a file of one of the kinds. */
  fd(kinds: readonly FileKind[] | undefined): string | undefined;
  word(): string | undefined;
  device(): string | undefined;
  vcpu(): string | undefined;
  /** A name bound to what a call wrote into one of the fields. */
  id(fields: readonly string[]): string | undefined;
  /** The names of the attributes that the kernel has. */
  readonly attributes: 'GROUP' | 'FILE';
  /** Some device can ask for No Snoop. */
  readonly noSnoop: boolean;
  /** The number of the last physical CPU. */
  readonly lastCpu: string;
}

/** A whole statement: `${1:vm} = ioctl(${2:kvm}, KVM_CREATE_VM, ${3:0})`. */
export function statementSnippet(op: Op, names: SnippetNames): string {
  const stops = new Stops(names);
  if (op.kind === 'ioctl') {
    const bind = op.result === 'fd' ? `${stops.at(RESULT_NAMES[op.name] ?? 'fd')} = ` : '';
    const first = stops.fd(op.files);
    const third = op.operands[0] === undefined ? '0' : stops.operand(op.operands[0]);
    return `${bind}ioctl(${first}, ${op.name}, ${third})`;
  }
  if (op.kind === 'syscall') {
    const bind = op.result === 'fd' ? `${stops.at('fd')} = ` : '';
    return `${bind}${op.name}(${required(op)
      .map((operand) => stops.operand(operand))
      .join(', ')})`;
  }
  const bind = op.binds === true ? `${stops.at('r0')} = ` : '';
  const operands = required(op).map((operand) => stops.operand(operand));
  const options = (op.options ?? [])
    .filter((option) => option.required)
    .map((option) => `${option.name}=${stops.at(optionValue(option, names))}`);
  const attribute = op.kind === 'tlp' && names.noSnoop && op.attributes?.[0] ? [stops.at(op.attributes[0].name)] : [];
  // `pat x = WC` is written with an equals sign between its operands.
  const joined = op.name === 'pat' ? operands.join(' = ') : operands.join(', ');
  return `${bind}${[op.name, joined, ...attribute, ...options].filter((part) => part !== '').join(' ')}`;
}

function optionValue({ name, values }: OptionSpec, names: SnippetNames): string {
  if (name === 'driver') return 'vfio-pci';
  // Where it is moved to is another one than the first, which it is on.
  if (values === 'cpu') return names.lastCpu;
  return typeof values === 'string' ? '0' : (values[0] ?? '');
}

/** What comes after a request: `KVM_CREATE_VM, ${1:0}`. */
export function requestSnippet(op: Op, names: SnippetNames): string {
  const stops = new Stops(names);
  return `${op.name}, ${op.operands[0] === undefined ? '0' : stops.operand(op.operands[0])}`;
}

/** A value of a shape: `{type=${1:…}, fd=>${2:dev}}`. */
export function valueSnippet(shape: OperandShape, names: SnippetNames): string {
  return new Stops(names).value(shape, shape.kind);
}

/** `type=${1|A,B|}`, or `fd=>${1:dev}` for what the kernel writes. */
export function fieldSnippet(
  field: { name: string; shape: OperandShape; output?: boolean },
  names: SnippetNames,
): string {
  return new Stops(names).field(field);
}

/** The text of a snippet without its stops, for clients that know no snippets. */
export function plainText(snippet: string): string {
  return snippet
    .replace(/\$\{\d+\|([^,|]*)[^}]*\}/g, '$1')
    .replace(/\$\{\d+:((?:\\.|[^}\\])*)\}/g, '$1')
    .replace(/\$(?:\d+|\{\d+\})/g, '')
    .replace(/\\([$}\\])/g, '$1');
}

/** Text that means itself in a snippet. */
export function literal(text: string): string {
  return text.replace(/[$}\\]/g, '\\$&');
}

function required(op: Op): readonly OperandSpec[] {
  return op.operands.filter((operand) => operand.optional !== true);
}

class Stops {
  readonly names: SnippetNames;
  #last = 0;

  constructor(names: SnippetNames) {
    this.names = names;
  }

  at(text: string): string {
    this.#last++;
    return `\${${this.#last}:${literal(text)}}`;
  }

  choice(texts: readonly string[]): string {
    if (texts.length < 2) return this.at(texts[0] ?? '');
    this.#last++;
    return `\${${this.#last}|${texts.join(',')}|}`;
  }

  /** The one that is meant first, in a list of all. */
  constant(names: readonly string[], set: string | undefined): string {
    const family = set === 'kvm-vfio-group' || set === 'kvm-vfio-attr' ? `KVM_DEV_VFIO_${this.names.attributes}` : '';
    const first = names.find((name) => name === PREFERRED[set ?? '']) ?? names.find((name) => name.startsWith(family));
    return this.choice(first === undefined ? names : [first, ...names.filter((name) => name !== first)]);
  }

  fd(kinds: readonly FileKind[] | undefined): string {
    return this.at(this.names.fd(kinds) ?? (kinds?.[0] === undefined ? 'fd' : (FD_NAMES[kinds[0]] ?? 'fd')));
  }

  operand(operand: OperandSpec): string {
    return this.value(operand.shapes[0] ?? { kind: 'int' }, operand.name);
  }

  value(shape: OperandShape, name: string): string {
    switch (shape.kind) {
      case 'fd':
        return this.fd(shape.of);
      case 'path':
        return `"${this.at('/dev/kvm')}"`;
      case 'string':
        return `"${this.at(shape.of === 'bdf' ? '0000:01:00.0' : name)}"`;
      case 'int':
      case 'flags': {
        const id = HOLDS_ID[name];
        if (id !== undefined) return this.at(this.names.id(id) ?? '0');
        const constants = CONSTANTS.filter(({ set }) => set === shape.constants).map((constant) => constant.name);
        return constants.length === 0 || NO_FLAGS.has(shape.constants ?? '')
          ? this.at('0')
          : this.constant(constants, shape.constants);
      }
      case 'address':
        return `&${this.at(this.names.word() ?? 'x')}`;
      case 'pointer':
        return `[${this.value(shape.to, name)}]`;
      case 'struct': {
        const fields = (VOCABULARY.structs.get(shape.struct)?.fields ?? []).filter(
          ({ omitted }) => omitted === undefined,
        );
        return `{${fields.map((field) => this.field(field)).join(', ')}\\}`;
      }
      case 'memory':
        return `[${this.at(this.names.word() ?? 'x')}]`;
      case 'mmio':
        return `[${this.at(`${this.names.device() ?? 'gpu'}.doorbell`)}]`;
      case 'word':
        return this.at(this.names.word() ?? 'x');
      case 'memory-type':
        return this.choice(MEMORY_TYPES.filter((type) => type !== 'none'));
      case 'vcpu':
        return this.at(this.names.vcpu() ?? 'vcpu0');
      case 'device':
        return this.at(this.names.device() ?? 'gpu');
      case 'system-register':
        return this.choice(shape.names);
      default:
        return this.at(PLACEHOLDERS[shape.kind] ?? name);
    }
  }

  field(field: { name: string; shape: OperandShape; output?: boolean }): string {
    return field.output
      ? `${field.name}=>${this.at(OUTPUT_NAMES[field.name] ?? field.name)}`
      : `${field.name}=${this.value(field.shape, field.name)}`;
  }
}

/** Fields that take what another call wrote, by the fields that it wrote it to, the likeliest first. */
export const HOLDS_ID: Readonly<Partial<Record<string, readonly string[]>>> = {
  ioas_id: ['out_ioas_id'],
  pt_id: ['out_ioas_id', 'out_hwpt_id'],
  dev_id: ['out_devid'],
  id: ['out_ioas_id', 'out_hwpt_id'],
};

const PLACEHOLDERS: Readonly<Partial<Record<OperandShape['kind'], string>>> = {
  register: 'eax',
  immediate: '1',
  bdf: '0000:01:00.0',
  'config-register': 'DevCtl',
};

/** What authors call the descriptors of the kinds of files. */
const FD_NAMES: Readonly<Partial<Record<FileKind, string>>> = {
  kvm: 'kvm',
  vm: 'vm',
  vcpu: 'vcpu0',
  'kvm-vfio': 'dev',
  container: 'container',
  group: 'group',
  device: 'device',
  iommufd: 'iommufd',
};
const RESULT_NAMES: Readonly<Record<string, string>> = {
  KVM_CREATE_VM: 'vm',
  KVM_CREATE_VCPU: 'vcpu0',
  VFIO_GROUP_GET_DEVICE_FD: 'device',
};
/** What authors call what the kernel writes, by the field. */
export const OUTPUT_NAMES: Readonly<Record<string, string>> = {
  fd: 'dev',
  out_ioas_id: 'ioas',
  out_devid: 'devid',
  out_hwpt_id: 'hwpt',
};
/** Flags that are usually 0. */
const NO_FLAGS: ReadonlySet<string> = new Set(['kvm-create-device-flag', 'kvm-mem-flag', 'vfio-dma-unmap-flag']);
