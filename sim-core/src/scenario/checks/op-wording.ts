import { FILE_KINDS } from '../../files/kinds.ts';
import type { Op, OperandShape, OpKind } from '../../ops/op.ts';
import type { Expr, Operand } from '../ast.ts';
import { constantsOf } from '../vocabulary.ts';
import { joined, list, oneOf } from './check.ts';

/** What an op of a kind is called, and who executes it. */
export const OP_KIND_TEXT: Readonly<
  Record<OpKind, { readonly what: string; readonly who: string; readonly block: string }>
> = {
  syscall: { what: 'a system call', who: 'a thread of the VMM makes system calls', block: 'setup' },
  ioctl: { what: 'a request of ioctl', who: 'it is the second argument of `ioctl`', block: 'setup' },
  instruction: { what: 'an instruction', who: 'a vCPU executes instructions', block: 'vcpu 0' },
  tlp: { what: 'a TLP', who: 'a device sends TLPs', block: 'device' },
  host: { what: 'an action of the host', who: 'the host does it', block: 'host' },
};

/** More names say nothing more of what is expected. */
const MOST_REGISTERS = 4;

/** Any of several shapes, in the words of the field. */
export function describeShapes(shapes: readonly OperandShape[]): string {
  return joined([...new Set(shapes.map(describeShape))], 'or');
}

export function describeShape(shape: OperandShape): string {
  switch (shape.kind) {
    case 'fd':
      return shape.of === undefined
        ? 'a descriptor'
        : `a descriptor of ${shape.of.map((kind) => FILE_KINDS[kind]).join(' or ')}`;
    case 'request':
      return 'a request';
    case 'int':
      return shape.constants === undefined
        ? 'a number'
        : `a number such as ${list(
            constantsOf(shape.constants).map((constant) => constant.name),
            3,
          )}`;
    case 'flags':
      return `flags such as ${list(
        constantsOf(shape.constants).map((constant) => constant.name),
        3,
      )}`;
    case 'path':
      return 'a path in quotes';
    case 'string':
      return shape.of === 'bdf' ? 'a PCI address in quotes' : 'a string';
    case 'address':
      return 'an address such as `&x`';
    case 'pointer':
      return `\`[…]\` with ${describeShape(shape.to)}`;
    case 'struct':
      return `\`{…}\`, a struct ${shape.struct}`;
    case 'register':
      return 'a register';
    case 'system-register':
      return shape.names.length > MOST_REGISTERS
        ? `a register such as ${list(shape.names, MOST_REGISTERS)}`
        : oneOf(shape.names);
    case 'immediate':
      return 'a number';
    case 'memory':
      return 'memory such as `[x]`';
    case 'mmio':
      return "a device's register such as `[gpu.doorbell]`";
    case 'word':
      return 'a word of memory';
    case 'memory-type':
      return 'a memory type such as `WC`';
    case 'vcpu':
      return 'a vCPU such as `vcpu0`';
    case 'device':
      return 'a device';
    case 'bdf':
      return 'a PCI address such as `0000:01:00.0`';
    case 'config-register':
      return 'a register of config space such as `DevCtl`';
  }
}

/** Whether a value can be passed where a shape is expected. Numbers and names can be anything: the kernel checks them. */
export function valueFits(expr: Expr, shape: OperandShape): boolean {
  if (expr.kind === 'number' || expr.kind === 'name') return true;
  switch (shape.kind) {
    case 'int':
    case 'flags':
    case 'request':
    case 'fd':
      return expr.kind === 'flags';
    case 'path':
    case 'string':
      return expr.kind === 'string';
    case 'address':
      return expr.kind === 'address';
    case 'pointer':
      return expr.kind === 'pointer' || expr.kind === 'address' || expr.kind === 'struct';
    case 'struct':
      return expr.kind === 'struct' || expr.kind === 'address';
    default:
      return false;
  }
}

export function describeValue(expr: Expr | Operand): string {
  switch (expr.kind) {
    case 'number':
      return `the number \`${expr.text}\``;
    case 'string':
      return 'a string';
    case 'name':
      return `\`${expr.name}${'member' in expr && expr.member ? `.${expr.member.text}` : ''}\``;
    case 'flags':
      return 'flags';
    case 'address':
      return `the address \`&${expr.name.text}\``;
    case 'pointer':
      return 'a pointer `[…]`';
    case 'struct':
      return 'a structure `{…}`';
    case 'memory':
      return `\`[${expr.name.text}${expr.member ? `.${expr.member.text}` : ''}]\``;
  }
}

/** `mov destination, source`: how an op is written. */
export function signature(op: Op): string {
  const operands = op.operands.map((operand) => (operand.optional ? `[${operand.name}]` : operand.name)).join(', ');
  if (op.kind === 'syscall') return `${op.name}(${operands})`;
  if (op.kind === 'ioctl') return `ioctl(fd, ${op.name}${operands === '' ? '' : `, ${operands}`})`;
  return `${op.name}${operands === '' ? '' : ` ${operands}`}`;
}
