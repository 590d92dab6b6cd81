import type { Op } from '../../ops/op.ts';
import type { StructSpec } from '../../ops/structs.ts';
import type { Action, BlockKind, Expr, Operand, Statement, Syscall, Word } from '../ast.ts';
import { looksConstant } from '../constant-style.ts';
import { actionOp, operandFits, shapesOf, type Vocabulary } from '../vocabulary.ts';
import type { WordCollector } from './word-roles.ts';

export function statementWords(out: WordCollector, statement: Statement, block: BlockKind): void {
  switch (statement.kind) {
    case 'syscall':
      syscallWords(out, statement);
      break;
    case 'action':
      actionWords(out, statement, block);
      break;
    case 'wait':
      out.add('keyword', statement.keyword);
      // Devices and vCPUs wait for registers; threads and the host for what calls bind.
      operandWords(out, statement.left, block === 'device' || block === 'vcpu' ? 'register' : 'name');
      out.add('number', statement.right.span);
      break;
    case 'call':
      out.firstWord();
      out.symbol(statement.name, 'proc', false);
      for (const arg of statement.args) argumentWord(out, arg);
  }
}

function syscallWords(out: WordCollector, call: Syscall): void {
  const { vocabulary } = out;
  if (call.bind) out.symbol(call.bind, 'name', true);
  const op = vocabulary.syscalls.get(call.call.text);
  out.add('call', call.call.span, op && { op });
  const requestName = call.call.text === 'ioctl' && call.args[1]?.kind === 'name' ? call.args[1].name : undefined;
  const request = requestName === undefined ? undefined : vocabulary.requests.get(requestName);
  for (const [index, arg] of call.args.entries()) {
    if (index === 1 && requestName !== undefined) out.add('request', arg.span, request && { op: request });
    else valueWords(out, arg, structOf(request, op, index, vocabulary));
  }
  if (call.result?.errno !== undefined) {
    out.add('errno', { start: call.result.span.end - call.result.errno.length, end: call.result.span.end });
  } else if (call.result) out.add('number', call.result.span);
}

function valueWords(out: WordCollector, expr: Expr, struct: StructSpec | undefined, field?: string): void {
  const details = { ...(struct && { struct }), ...(field !== undefined && { field }) };
  switch (expr.kind) {
    case 'number':
    case 'string':
      out.add(expr.kind, expr.span, details);
      break;
    case 'name':
      if (looksConstant(expr.name, out.vocabulary)) out.add('constant', expr.span, details);
      else out.symbol({ text: expr.name, span: expr.span }, 'name', false, details);
      break;
    case 'flags':
      for (const part of expr.parts) valueWords(out, part, struct, field);
      break;
    case 'address':
      out.symbol(expr.name, 'word', false, details);
      break;
    case 'pointer':
      for (const item of [expr.item, ...expr.more]) valueWords(out, item, struct, field);
      break;
    case 'struct':
      for (const { name, value } of expr.fields) {
        out.add('field', name.span, { ...(struct && { struct }), field: name.text });
        const of = { ...(struct && { struct }), field: name.text };
        // `fd=>NULL` binds nothing: the kernel cannot write there.
        if (value.kind === 'out' && value.bind.text === 'NULL') out.add('constant', value.bind.span, of);
        else if (value.kind === 'out') out.symbol(value.bind, 'name', true, of);
        else valueWords(out, value.expr, innerStruct(out, value.expr, struct, name.text) ?? struct, name.text);
        if (value.kind === 'out' && value.declared) out.add('number', value.declared.span);
      }
  }
}

function actionWords(out: WordCollector, action: Action, block: BlockKind): void {
  if (action.bind) out.symbol(action.bind, 'register', true);
  const op = actionOp(out.vocabulary, block, action);
  const role = op === undefined || op.kind === 'syscall' || op.kind === 'ioctl' ? 'unknown-op' : op.kind;
  out.add(role, action.op.span, op && { op });
  for (const [index, operand] of action.operands.entries()) {
    const shapes = op === undefined ? [] : shapesOf(op.operands, index).filter((shape) => operandFits(operand, shape));
    const as = shapes.map((shape) => ROLE_OF_SHAPE[shape.kind]).find((candidate) => candidate !== undefined);
    const writes = index === 0 && action.bind === undefined && op?.kind === 'instruction';
    operandWords(out, operand, as ?? 'register', writes, op);
  }
  for (const attribute of action.attributes) out.add('attribute', attribute.span, op && { op });
  out.options(action.options, 'op', op);
}

type OperandRole =
  | 'register'
  | 'name'
  | 'word'
  | 'vcpu'
  | 'device'
  | 'system-register'
  | 'config-register'
  | 'memory-type'
  | 'bdf';

function operandWords(out: WordCollector, operand: Operand, as: OperandRole, writes = false, op?: Op): void {
  const details = op === undefined ? {} : { op };
  if (operand.kind === 'number' || operand.kind === 'string') {
    out.add(operand.kind, operand.span, details);
    return;
  }
  if (operand.kind === 'memory') {
    if (operand.member === undefined) out.symbol(operand.name, 'word', false, details);
    else out.member(operand.name, operand.member, 'device', details);
    return;
  }
  const span = { start: operand.span.start, end: operand.span.start + operand.name.length };
  const word = { text: operand.name, span };
  if (operand.member !== undefined) out.member(word, operand.member, 'device', details);
  else if (operand.name.includes(':')) out.add('bdf', span, details);
  else if (as === 'vcpu' || as === 'device') out.actor(word, as, details);
  else if (as === 'register' || as === 'name' || as === 'word')
    out.symbol(word, as, writes && as === 'register', details);
  else out.add(as, span, details);
}

/** An argument of `call`: which space its name is of depends on where the procedure puts it. */
function argumentWord(out: WordCollector, arg: Word): void {
  if (/^-?\d/.test(arg.text)) out.add(arg.text.includes(':') ? 'bdf' : 'number', arg.span);
  else if (out.vocabulary.constants.has(arg.text)) out.add('constant', arg.span);
  else out.symbol(arg, 'any', false);
}

/** The structure that an argument of a call points to. */
function structOf(
  request: Op | undefined,
  call: Op | undefined,
  index: number,
  vocabulary: Vocabulary,
): StructSpec | undefined {
  const shapes =
    request !== undefined && index === 2 ? shapesOf(request.operands, 0) : shapesOf(call?.operands ?? [], index);
  for (const shape of shapes) if (shape.kind === 'struct') return vocabulary.structs.get(shape.struct);
  return undefined;
}

const ROLE_OF_SHAPE: Readonly<Partial<Record<string, OperandRole>>> = {
  register: 'register',
  'system-register': 'system-register',
  word: 'word',
  'memory-type': 'memory-type',
  vcpu: 'vcpu',
  device: 'device',
  bdf: 'bdf',
  'config-register': 'config-register',
};

/** The structure that a field of another one points to, where there is a value that can be one. */
function innerStruct(
  { vocabulary }: WordCollector,
  { kind }: Expr,
  struct: StructSpec | undefined,
  field: string,
): StructSpec | undefined {
  if (kind !== 'pointer' && kind !== 'struct') return undefined;
  const spec = struct?.fields.find(({ name }) => name === field);
  if (kind === 'struct' && spec?.structured) return vocabulary.structs.get(spec.structured);
  const shape = spec?.shape;
  const to = shape?.kind === 'pointer' ? shape.to : shape;
  return to?.kind === 'struct' ? vocabulary.structs.get(to.struct) : undefined;
}
