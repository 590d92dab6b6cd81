/** From the arguments of a system call to {@link Value}s that the kernel's routines read. */
import type { Value } from '../../engine/compile.ts';
import { UNWRITABLE } from '../../files/user-memory.ts';
import { constantByName } from '../../ops/constants.ts';
import { leftOutConstant, leftOutText } from '../../ops/not-modelled.ts';
import type { OperandShape } from '../../ops/op.ts';
import { structByName } from '../../ops/structs.ts';
import type { Topology } from '../../topology.ts';
import type { Expr, StructExpr, Word } from '../ast.ts';
import { notModelled } from '../checks/not-modelled.ts';
import { noConstant, unknownConstant } from '../checks/unknown-constant.ts';
import { noName, unknownName } from '../checks/unknown-name.ts';
import { noWord, unknownWord } from '../checks/unknown-word.ts';
import { UNWRITABLE_FIELD, UNWRITABLE_STRUCT, wrongOutput } from '../checks/wrong-output.ts';
import { looksConstant } from '../constant-style.ts';
import { VOCABULARY } from '../vocabulary.ts';
import type { Problems } from './problems.ts';

export interface ValueContext {
  readonly topology: Topology;
  /** Slots of the names that system calls bind. */
  readonly names: ReadonlyMap<string, number>;
  readonly line: number;
  readonly problems: Problems;
}

/** `shape` is what the op expects there; it gives a struct its omitted fields. */
export function compileValue(expr: Expr, shape: OperandShape | undefined, context: ValueContext): Value {
  switch (expr.kind) {
    case 'number':
      return constant(expr.value);
    case 'string':
      return { ...constant(0n), text: expr.value };
    case 'flags':
      return constant(
        expr.parts.reduce((sum, part) => sum | (part.kind === 'number' ? part.value : constantOf(part, context)), 0n),
        expr.parts.map((part) => (part.kind === 'number' ? String(part.value) : part.name)).join('|'),
      );
    case 'address': {
      const word = context.topology.words.findIndex((w) => w.name === expr.name.text);
      const model = context.topology.words[word];
      if (!model) {
        const { message } = noWord(
          expr.name.text,
          context.topology.words.map((w) => w.name),
        );
        context.problems.fail(unknownWord, context.line, expr.span, message);
      }
      return { ...constant(model.address), word };
    }
    case 'pointer':
      return {
        ...constant(0x7ff0_0000_0000n),
        pointee: compileValue(expr.item, shape?.kind === 'pointer' ? shape.to : undefined, context),
        more: expr.more.map((item) => compileValue(item, shape?.kind === 'pointer' ? shape.to : undefined, context)),
      };
    case 'struct':
      return compileStruct(expr, shape, context);
    case 'name': {
      const slot = context.names.get(expr.name);
      if (slot === undefined) return constant(constantOf(expr, context), expr.name);
      return {
        name: expr.name,
        int: (task) => task.machine.state[slot]!,
        wide: (task) => BigInt.asUintN(64, BigInt(task.machine.state[slot]!)),
      };
    }
  }
}

function constant(value: bigint, written?: string): Value {
  const wide = BigInt.asUintN(64, value);
  const int = Number(BigInt.asIntN(32, value));
  return { int: () => int, wide: () => wide, ...(written !== undefined && { written }) };
}

function constantOf(expr: Extract<Expr, { kind: 'name' }>, context: ValueContext): bigint {
  const known = constantByName.get(expr.name);
  if (known) return known.value;
  const { problems, line, names } = context;
  const part = leftOutConstant(expr.name);
  if (part) return problems.fail(notModelled, line, expr.span, leftOutText(expr.name, part));
  if (!looksConstant(expr.name, VOCABULARY))
    return problems.fail(unknownName, line, expr.span, noName(expr.name, [...names.keys()]).message);
  return problems.fail(unknownConstant, line, expr.span, noConstant(expr.name, [], constantByName.keys()).message);
}

function compileStruct(expr: StructExpr, shape: OperandShape | undefined, context: ValueContext): Value {
  const spec = shape?.kind === 'struct' ? structByName.get(shape.struct) : undefined;
  const fields = new Map<string, Value>();
  const outputs = new Map<string, number>();
  for (const field of spec?.fields ?? [])
    if (field.omitted !== undefined) fields.set(field.name, constant(field.omitted));
  for (const field of expr.fields) {
    const known = spec?.fields.find((f) => f.name === field.name.text);
    if (field.value.kind === 'in') {
      const { expr: inner } = field.value;
      const written = inner.kind === 'struct' ? known?.structured : undefined;
      const fieldShape: OperandShape | undefined = written ? { kind: 'struct', struct: written } : known?.shape;
      fields.set(field.name.text, compileValue(inner, fieldShape, context));
    } else outputs.set(field.name.text, outputSlot(field.value.bind, spec?.name, context));
  }
  return { ...constant(0x7ff0_0000_0000n), fields, outputs };
}

/** `fd=>NULL` says that the kernel cannot write the field; what follows from that is modelled for one call only. */
function outputSlot(bind: Word, struct: string | undefined, context: ValueContext): number {
  if (bind.text !== 'NULL') return context.names.get(bind.text)!;
  if (struct === UNWRITABLE_STRUCT) return UNWRITABLE;
  return context.problems.fail(wrongOutput, context.line, bind.span, UNWRITABLE_FIELD);
}
