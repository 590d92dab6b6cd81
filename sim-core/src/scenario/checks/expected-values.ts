import type { Op, OperandShape } from '../../ops/op.ts';
import type { StructSpec } from '../../ops/structs.ts';
import type { Expr, StructExpr, Syscall } from '../ast.ts';
import { shapesOf, type Vocabulary } from '../vocabulary.ts';

/** A value in a system call, with what the call expects there. */
export interface ExpectedValue {
  readonly expr: Expr;
  /** Empty when the call does not say. */
  readonly shapes: readonly OperandShape[];
  /** Where it is, in words: `the third argument of KVM_CREATE_VM`, `attr`. */
  readonly where: string;
  /** The same for a program: `KVM_CREATE_VM type`, `kvm_device_attr.attr`; undefined where the call has no such place. */
  readonly place?: string;
  readonly struct?: StructSpec;
  readonly field?: string;
}

/** The op whose rules a call follows: the request of an ioctl, else the call itself. */
export function opOfCall(call: Syscall, vocabulary: Vocabulary): Op | undefined {
  return (
    calledRequest(call, vocabulary) ??
    (call.call.text === 'ioctl' ? undefined : vocabulary.syscalls.get(call.call.text))
  );
}

export function calledRequest(call: Syscall, vocabulary: Vocabulary): Op | undefined {
  const request = call.call.text === 'ioctl' ? call.args[1] : undefined;
  return request?.kind === 'name' ? vocabulary.requests.get(request.name) : undefined;
}

/** Every value of a call, those inside structures and pointers too, outermost first. The same call gives the same list. */
export function expectedValues(call: Syscall, vocabulary: Vocabulary): readonly ExpectedValue[] {
  const known = memory.get(call);
  if (known?.vocabulary === vocabulary) return known.values;
  const values = [...valuesOf(call, vocabulary)];
  memory.set(call, { vocabulary, values });
  return values;
}

const memory = new WeakMap<Syscall, { readonly vocabulary: Vocabulary; readonly values: readonly ExpectedValue[] }>();

function* valuesOf(call: Syscall, vocabulary: Vocabulary): Generator<ExpectedValue> {
  const request = calledRequest(call, vocabulary);
  const own = vocabulary.syscalls.get(call.call.text);
  for (const [index, expr] of call.args.entries()) {
    if (call.call.text === 'ioctl' && index === 1) continue;
    const shapes =
      call.call.text === 'ioctl' && index > 0
        ? shapesOf(request?.operands ?? [], index - 2)
        : shapesOf(own?.operands ?? [], index);
    const op = request !== undefined && index > 1 ? request : own;
    const operand = op?.operands[op === request ? index - 2 : index];
    const where = `the ${ORDINALS[index] ?? `${index + 1}th`} argument of \`${op?.name ?? call.call.text}\``;
    yield* nested({ expr, shapes, where, ...(op && operand && { place: `${op.name} ${operand.name}` }) }, vocabulary);
  }
}

function* nested(value: ExpectedValue, vocabulary: Vocabulary): Generator<ExpectedValue> {
  yield value;
  const { expr, shapes } = value;
  if (expr.kind === 'pointer') {
    const inner = shapes.flatMap((shape) => (shape.kind === 'pointer' ? [shape.to] : []));
    for (const item of [expr.item, ...expr.more]) yield* nested({ ...value, expr: item, shapes: inner }, vocabulary);
  }
  if (expr.kind !== 'struct') return;
  const struct = structOfShapes(shapes, vocabulary);
  for (const field of expr.fields) {
    if (field.value.kind !== 'in') continue;
    const spec = struct?.fields.find((candidate) => candidate.name === field.name.text);
    const place = {
      where: `\`${field.name.text}\``,
      field: field.name.text,
      ...(struct && { struct, place: `${struct.name}.${field.name.text}` }),
    };
    const { expr: inner } = field.value;
    const written = inner.kind === 'struct' ? spec?.structured : undefined;
    const shape: OperandShape | undefined = written ? { kind: 'struct', struct: written } : spec?.shape;
    yield* nested({ expr: inner, shapes: shape ? [shape] : [], ...place }, vocabulary);
  }
}

/** Every structure of a call, with the kernel's record of it when it is known. */
export function* structuresOf(
  call: Syscall,
  vocabulary: Vocabulary,
): Generator<{ expr: StructExpr; struct: StructSpec | undefined }> {
  for (const { expr, shapes } of expectedValues(call, vocabulary)) {
    if (expr.kind === 'struct') yield { expr, struct: structOfShapes(shapes, vocabulary) };
  }
}

export function structOfShapes(shapes: readonly OperandShape[], vocabulary: Vocabulary): StructSpec | undefined {
  for (const shape of shapes) {
    if (shape.kind === 'struct') return vocabulary.structs.get(shape.struct);
    if (shape.kind === 'pointer' && shape.to.kind === 'struct') return vocabulary.structs.get(shape.to.struct);
  }
  return undefined;
}

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
