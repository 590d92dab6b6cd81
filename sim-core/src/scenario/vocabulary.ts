import { ERRNOS } from '../kernel/errno.ts';
import { CONSTANTS, type Constant, constantByName } from '../ops/constants.ts';
import type { Op, OperandShape, OperandSpec, OpKind } from '../ops/op.ts';
import { type StructSpec, structByName } from '../ops/structs.ts';
import { OPS } from '../ops/table.ts';
import type { Action, BlockKind, Operand } from './ast.ts';

/** The op table as the language sees it: which words an actor may use, found by name. */
export interface Vocabulary {
  readonly ops: readonly Op[];
  readonly syscalls: ReadonlyMap<string, Op>;
  /** Requests of ioctl(2). */
  readonly requests: ReadonlyMap<string, Op>;
  /** Instructions, TLPs and host actions of a name; `mov` is both an instruction and an action of the host. */
  readonly actions: ReadonlyMap<string, readonly Op[]>;
  readonly constants: ReadonlyMap<string, Constant>;
  readonly errnos: ReadonlySet<string>;
  readonly structs: ReadonlyMap<string, StructSpec>;
}

export function createVocabulary(ops: readonly Op[]): Vocabulary {
  const actions = new Map<string, Op[]>();
  for (const op of ops) {
    if (op.kind === 'syscall' || op.kind === 'ioctl') continue;
    actions.set(op.name, [...(actions.get(op.name) ?? []), op]);
  }
  const named = (kind: OpKind) => new Map(ops.filter((op) => op.kind === kind).map((op) => [op.name, op]));
  return {
    ops,
    syscalls: named('syscall'),
    requests: named('ioctl'),
    actions,
    constants: constantByName,
    errnos: new Set(ERRNOS.map((errno) => errno.name)),
    structs: structByName,
  };
}

/** The words of all ops there are. */
export const VOCABULARY: Vocabulary = createVocabulary(OPS);

/** Which kinds of ops the lines of a block may be. Requests of ioctl are arguments, not statements. */
export const OP_KINDS_OF: Readonly<Record<BlockKind, readonly OpKind[]>> = {
  file: [],
  machine: [],
  setup: ['syscall'],
  thread: ['syscall'],
  vcpu: ['instruction'],
  device: ['tlp'],
  host: ['host'],
  proc: ['syscall', 'instruction', 'tlp', 'host'],
};

/** The op of an action in a block; in a procedure the one whose operands fit best. */
export function actionOp(vocabulary: Vocabulary, block: BlockKind, action: Action): Op | undefined {
  const kinds = OP_KINDS_OF[block];
  const candidates = (vocabulary.actions.get(action.op.text) ?? []).filter((op) => kinds.includes(op.kind));
  if (candidates.length < 2) return candidates[0];
  const fits = (op: Op) =>
    action.options.every((option) => op.options?.some((spec) => spec.name === option.key.text)) &&
    operandProblem(op, action.operands) === undefined;
  return candidates.find(fits) ?? candidates[0];
}

/** Which operand does not fit the op's shapes, or undefined when all do; -1 when their number is wrong. */
export function operandProblem(op: Op, operands: readonly Operand[]): number | undefined {
  const required = op.operands.filter((operand) => !operand.optional).length;
  if (operands.length < required || operands.length > op.operands.length) return -1;
  const wrong = operands.findIndex(
    (operand, index) => !op.operands[index]!.shapes.some((shape) => operandFits(operand, shape)),
  );
  return wrong === -1 ? undefined : wrong;
}

/** Whether an operand has the form of a shape; whether the name exists is another matter. */
export function operandFits(operand: Operand, shape: OperandShape): boolean {
  switch (shape.kind) {
    case 'memory':
      return operand.kind === 'memory' && operand.member === undefined;
    case 'mmio':
      return operand.kind === 'memory' && operand.member !== undefined;
    case 'immediate':
    case 'int':
      return operand.kind === 'number';
    case 'register':
      return (
        operand.kind === 'name' &&
        operand.member === undefined &&
        !SYSTEM_REGISTER.test(operand.name) &&
        !operand.name.includes(':')
      );
    case 'system-register':
      return operand.kind === 'name' && shape.names.some((name) => name.toLowerCase() === operand.name.toLowerCase());
    case 'memory-type':
    case 'word':
    case 'vcpu':
    case 'device':
    case 'config-register':
      return operand.kind === 'name' && !operand.name.includes(':');
    case 'bdf':
      return operand.kind === 'name' && operand.name.includes(':');
    case 'string':
    case 'path':
      return operand.kind === 'string';
    default:
      return false;
  }
}

/** The shapes of an op's operand, none when there is no such operand. */
export function shapesOf(specs: readonly OperandSpec[], index: number): readonly OperandShape[] {
  return specs[index]?.shapes ?? [];
}

/** The constants of a set, as `int` and `flags` shapes name it. */
export function constantsOf(set: string): readonly Constant[] {
  return CONSTANTS.filter((constant) => constant.set === set);
}

/** Control registers and MSRs are not general registers, even when an op does not list them. */
const SYSTEM_REGISTER = /^(?:cr\d|dr\d|IA32_\w+|MSR_\w+)$/i;
