/** One system call of a scenario as C: declarations of what it points to, the call itself, and what it binds. */
import { constantByName } from '../../ops/constants.ts';
import type { OperandShape } from '../../ops/op.ts';
import { structByName } from '../../ops/structs.ts';
import { opNamed } from '../../ops/table.ts';
import type { Expr, StructExpr, Syscall } from '../../scenario/ast.ts';
import { structType } from './layouts.ts';
import { openedBy } from './paths.ts';
import { cString } from './text.ts';

export interface CallCode {
  /** Lines before the call, in a block of its own. */
  readonly declarations: readonly string[];
  /** An expression: the result as the kernel returns it, negative for an errno. */
  readonly call: string;
  /** Lines after a call that succeeded. */
  readonly outputs: readonly string[];
}

/** What a program has to know of a scenario to make its calls. */
export interface CallNames {
  /** An expression for the value of a name that a call binds. */
  readonly name: (name: string) => string;
  /** An expression for `&x`. */
  readonly address: (word: string) => string | undefined;
  /** Index of a process by its name. */
  readonly process: (name: string) => number;
}

/** What of the kernel's API a program uses, so that it can be defined where headers lack it. */
export interface Used {
  readonly constants: Set<string>;
  readonly requests: Set<string>;
  readonly structs: Set<string>;
  /** Paths that it opens, as the scenario writes them. */
  readonly paths: Set<string>;
}

/** A reason why a call is left out. */
export class LeftOutError extends Error {}

/** Calls that a program makes by their number; the others have a function of the runtime. */
const BY_NUMBER: ReadonlySet<string> = new Set([
  'close',
  'dup',
  'dup2',
  'dup3',
  'eventfd',
  'eventfd2',
  'epoll_create',
  'epoll_create1',
  'memfd_create',
  'sched_setaffinity',
  'socket',
]);
const PATHS: ReadonlySet<string> = new Set(['open', 'openat']);
/** What a vCPU block does by itself, or what only the model can do. */
const REQUESTS_LEFT_OUT: Readonly<Record<string, string>> = {
  KVM_RUN: 'the block of the vCPU runs it',
  KVM_ASSIGN_PCI_DEVICE: 'it names a device by numbers that no command line gives',
  KVM_DEASSIGN_PCI_DEVICE: 'it names a device by numbers that no command line gives',
};

/** C of one call. Throws {@link LeftOutError} for what a program cannot do. */
export function callCode(call: Syscall, names: CallNames, used: Used): CallCode {
  return new CallWriter(names, used).write(call);
}

class CallWriter {
  readonly #names: CallNames;
  readonly #used: Used;
  readonly #declarations: string[] = [];
  readonly #outputs: string[] = [];
  readonly #counts = new Map<string, number>();

  constructor(names: CallNames, used: Used) {
    this.#names = names;
    this.#used = used;
  }

  write({ call, args }: Syscall): CallCode {
    const expression = this.#call(call.text, args);
    return { declarations: this.#declarations, call: expression, outputs: this.#outputs };
  }

  #call(name: string, args: readonly Expr[]): string {
    if (name === 'ioctl') return this.#ioctl(args);
    const op = opNamed('syscall', name);
    const values = args.map((arg, i) => this.#value(arg, op?.operands[i]?.shapes ?? []));
    if (PATHS.has(name)) return this.#open(args, values);
    if (name === 'pread64' || name === 'pwrite64') return `${name}_at(${values.slice(0, 3).join(', ')}, ${values[3]})`;
    if (name === 'pidfd_getfd') {
      const [process] = args;
      const index = process?.kind === 'string' ? this.#names.process(process.value) : -1;
      if (index < 0) throw new LeftOutError('no process of that name runs');
      return `take_fd(${index}, ${values[1]}, ${values[2] ?? 0})`;
    }
    if (!BY_NUMBER.has(name)) throw new LeftOutError(`a program makes no call of ${name}`);
    return `result(syscall(SYS_${name}${values.map((value) => `, ${value}`).join('')}))`;
  }

  #open(args: readonly Expr[], values: readonly string[]): string {
    const path = args.find((arg) => arg.kind === 'string');
    if (path?.kind !== 'string') throw new LeftOutError('its path is not in the scenario');
    const call = openedBy(path.value);
    if (call === undefined) throw new LeftOutError('a program does not open this path');
    this.#used.paths.add(path.value);
    return `${call}, ${values[args.indexOf(path) + 1] ?? 'O_RDONLY'})`;
  }

  #ioctl([file, request, argument]: readonly Expr[]): string {
    if (!file || request?.kind !== 'name') throw new LeftOutError('its request has no name');
    const op = opNamed('ioctl', request.name);
    if (op?.inert) throw new LeftOutError('what it answers depends on the machine, and it touches nothing here');
    const why = REQUESTS_LEFT_OUT[request.name];
    if (why !== undefined) throw new LeftOutError(why);
    this.#used.requests.add(request.name);
    const fd = this.#value(file, []);
    const shapes = op?.operands[0]?.shapes ?? [];
    if (request.name === 'KVM_CREATE_VCPU') return `create_vcpu(${fd}, ${this.#optional(argument, shapes)})`;
    if (request.name === 'KVM_SET_SREGS' && argument?.kind === 'struct') {
      const cr0 = argument.fields.find(({ name }) => name.text === 'cr0')?.value;
      return `set_cr0(${fd}, ${cr0?.kind === 'in' ? this.#value(cr0.expr, []) : '0x11'})`;
    }
    if (argument?.kind === 'number' && shapes.some(({ kind }) => kind === 'struct'))
      throw new LeftOutError('the structure it points to is not in the scenario');
    return `result(ioctl(${fd}, ${request.name}, ${this.#optional(argument, shapes)}))`;
  }

  #optional(argument: Expr | undefined, shapes: readonly OperandShape[]): string {
    return argument ? this.#value(argument, shapes) : '0';
  }

  /** An expression; what it points to is declared before. */
  #value(expr: Expr, shapes: readonly OperandShape[]): string {
    switch (expr.kind) {
      case 'number':
        return numberText(expr.value);
      case 'string':
        return shapes.some((shape) => shape.kind === 'string' && shape.of === 'bdf')
          ? `device_name(${cString(expr.value)})`
          : cString(expr.value);
      case 'name':
        return this.#name(expr.name);
      case 'flags':
        return `(${expr.parts.map((part) => (part.kind === 'number' ? numberText(part.value) : this.#name(part.name))).join(' | ')})`;
      case 'address': {
        const address = this.#names.address(expr.name.text);
        if (address === undefined) throw new LeftOutError(`no word is named ${expr.name.text}`);
        return address;
      }
      case 'pointer': {
        const shape = shapes.find(({ kind }) => kind === 'pointer');
        return this.#array(expr, shape?.kind === 'pointer' ? shape.to : undefined);
      }
      case 'struct': {
        const shape = shapes.find(({ kind }) => kind === 'struct');
        if (shape?.kind !== 'struct') throw new LeftOutError('it passes a structure where the kernel takes none');
        return this.#struct(expr, shape.struct);
      }
    }
  }

  #name(name: string): string {
    const constant = constantByName.get(name);
    if (!constant) return this.#names.name(name);
    if (name === 'PAGE') return '0x1000';
    if (name === 'NULL') return '0';
    if (constant.set === 'msr') return numberText(constant.value);
    this.#used.constants.add(name);
    return name;
  }

  #array({ item, more }: Extract<Expr, { kind: 'pointer' }>, shape: OperandShape | undefined): string {
    const values = [item, ...more].map((each) => this.#value(each, shape ? [shape] : []));
    const name = this.#fresh('value');
    this.#declarations.push(`${shape?.kind === 'fd' ? '__s32' : '__u64'} ${name}[] = { ${values.join(', ')} };`);
    return name;
  }

  #struct(expr: StructExpr, struct: string): string {
    if (struct === 'config_value') return this.#buffer(expr);
    if (struct === 'kvm_msrs') return this.#msrs(expr);
    const spec = structByName.get(struct);
    if (!spec) throw new LeftOutError(`struct ${struct} is not known`);
    this.#used.structs.add(struct);
    const name = this.#fresh('arg');
    const members = new Map<string, string>();
    for (const field of spec.fields)
      if (field.omitted !== undefined) members.set(field.name, numberText(field.omitted));
    for (const { name: field, value } of expr.fields) {
      const row = spec.fields.find((each) => each.name === field.text);
      if (value.kind === 'out') this.#outputs.push(`${this.#bound(value.bind.text)} = ${name}.${field.text};`);
      else members.set(field.text, this.#member(value.expr, row?.shape, row?.type ?? ''));
    }
    const initial = [...members].map(([field, value]) => `.${field} = ${value}`).join(', ');
    this.#declarations.push(`${structType(struct)} ${name} = { ${initial || '0'} };`);
    return `&${name}`;
  }

  #member(expr: Expr, shape: OperandShape | undefined, type: string): string {
    const shapes = shape ? [shape] : [];
    if (type.includes('[')) {
      const items = expr.kind === 'pointer' ? [expr.item, ...expr.more] : [expr];
      return `{ ${items.map((item) => this.#value(item, shapes)).join(', ')} }`;
    }
    const value = this.#value(expr, shapes);
    const points = expr.kind === 'pointer' || expr.kind === 'struct';
    return points ? `(__u64)(unsigned long)${value}` : value;
  }

  /** `{value=>x}` of pread64. */
  #buffer(expr: StructExpr): string {
    const name = this.#fresh('value');
    this.#declarations.push(`__u16 ${name} = 0;`);
    for (const { value } of expr.fields)
      if (value.kind === 'out') this.#outputs.push(`${this.#bound(value.bind.text)} = ${name};`);
    return `&${name}`;
  }

  /** The structure ends in an array, so it is declared together with its entries. */
  #msrs(expr: StructExpr): string {
    const entries = expr.fields.find(({ name }) => name.text === 'entries')?.value;
    const list =
      entries?.kind === 'in' && entries.expr.kind === 'pointer' ? [entries.expr.item, ...entries.expr.more] : [];
    const name = this.#fresh('msrs');
    const rows = list.map((entry, index) => {
      if (entry.kind !== 'struct') throw new LeftOutError('an entry is not a structure');
      const parts = entry.fields.flatMap(({ name: field, value }) => {
        if (value.kind === 'in') return [`.${field.text} = ${this.#value(value.expr, [])}`];
        this.#outputs.push(`${this.#bound(value.bind.text)} = ${name}.entries[${index}].${field.text};`);
        return [];
      });
      return `{ ${parts.join(', ')} }`;
    });
    const count = expr.fields.find(({ name: field }) => field.text === 'nmsrs')?.value;
    const written = count?.kind === 'in' ? this.#value(count.expr, []) : '0';
    this.#declarations.push(
      `struct { __u32 nmsrs, pad; struct kvm_msr_entry entries[${Math.max(list.length, 1)}]; } ${name} =`,
      `\t{ .nmsrs = ${written}, .entries = { ${rows.join(', ') || '{ 0 }'} } };`,
    );
    return `&${name}`;
  }

  #bound(name: string): string {
    if (name === 'NULL') throw new LeftOutError('a field that the kernel cannot write is not made');
    return this.#names.name(name);
  }

  #fresh(prefix: string): string {
    const count = (this.#counts.get(prefix) ?? 0) + 1;
    this.#counts.set(prefix, count);
    return count === 1 ? prefix : `${prefix}${count}`;
  }
}

function numberText(value: bigint): string {
  const size = value < 0n ? -value : value;
  const text = value < 0n ? `-${size}` : size < 4096n ? `${size}` : `0x${size.toString(16)}`;
  return size > 0x7fff_ffffn ? `${text}${value < 0n ? 'LL' : 'ULL'}` : text;
}
