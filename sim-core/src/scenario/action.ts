import type { Action, Call, MemoryOperand, NameOperand, Operand, Span, Statement, Wait, Word } from './ast.ts';
import { takeRelation } from './condition.ts';
import {
  CLOSE_PARENTHESIS,
  type Cursor,
  DOT,
  EQUALS,
  isDigit,
  OPEN_BRACKET,
  OPEN_PARENTHESIS,
  quoted,
} from './cursor.ts';
import { parseSyscall } from './syscall.ts';

/**
 * A statement of any actor. The shape alone decides the notation: a word with `(` is a system call, everything else
 * an instruction, a TLP or an action of the host. Whether the actor may execute it is the op table's matter.
 */
export function parseStatement(cursor: Cursor, first: Word, expected: string): Statement {
  const unit = cursor.peek();
  if (unit === OPEN_PARENTHESIS) return parseSyscall(cursor, first, undefined);
  if (unit === EQUALS && cursor.text.charCodeAt(cursor.pos + 1) !== EQUALS) {
    cursor.pos++;
    const op = cursor.identifier(`${expected} after ${quoted(`${first.text} =`)}`);
    return cursor.peek() === OPEN_PARENTHESIS ? parseSyscall(cursor, op, first) : parseAction(cursor, op, first);
  }
  if (first.text === 'wait') return parseWait(cursor, first.span);
  if (first.text === 'call') return parseCall(cursor);
  return parseAction(cursor, first, undefined);
}

/** Words whose two operands are joined by `=`, since they state what is so and move nothing: `pat x = WC`. */
export const EQUALS_OPS: ReadonlySet<string> = new Set(['pat']);

/** `x`, `[gpu.doorbell]`, `0x40`, `0000:01:00.1`: one operand. */
export function parseOperand(cursor: Cursor, what: string): Operand {
  const unit = cursor.peek();
  if (unit === OPEN_BRACKET) return parseMemory(cursor);
  return cursor.takeString() ?? takeBdf(cursor) ?? cursor.takeNumber() ?? parseName(cursor, what);
}

function parseAction(cursor: Cursor, op: Word, bind: Word | undefined): Action {
  const operands: Operand[] = [];
  const separator = EQUALS_OPS.has(op.text) ? '=' : ',';
  if (!cursor.atEnd() && (separator === '=' || !cursor.optionFollows())) {
    operands.push(parseOperand(cursor, `an operand of ${quoted(op.text)}`));
    while (cursor.take(separator))
      operands.push(parseOperand(cursor, `an operand of ${quoted(op.text)} after \`${separator}\``));
  }
  const attributes: Word[] = [];
  while (!cursor.atEnd() && !cursor.optionFollows()) {
    attributes.push(cursor.takeIdentifier() ?? failTail(cursor, op, separator));
  }
  const options = cursor.options(`an option of ${quoted(op.text)} such as \`cpu=0\``);
  cursor.finish('The statement');
  return { kind: 'action', ...(bind && { bind }), op, operands, options, attributes };
}

function failTail(cursor: Cursor, op: Word, separator: string): never {
  const unit = cursor.peek();
  if (unit === OPEN_BRACKET || isDigit(unit)) {
    const span = { start: cursor.pos, end: cursor.pos };
    return cursor.failExpected(`\`${separator}\` between the operands of ${quoted(op.text)}`, [
      { title: `Insert \`${separator}\``, span, newText: `${separator} ` },
    ]);
  }
  return cursor.failExpected(
    `\`${separator}\`, an option or the end of the line after the operands of ${quoted(op.text)}`,
  );
}

function parseMemory(cursor: Cursor): MemoryOperand {
  const start = cursor.pos++;
  const name = cursor.identifier('the name of a word, or of a register of a device, after `[`');
  const member = takeMember(cursor);
  cursor.expect(']', '`]`; memory is named by word, without offsets');
  return { kind: 'memory', name, ...(member && { member }), span: { start, end: cursor.pos } };
}

function parseName(cursor: Cursor, what: string): NameOperand {
  // Hyphens too: `UC-` is a memory type.
  const name = cursor.takeHyphenated() ?? cursor.failExpected(what);
  const member = takeMember(cursor);
  if (member === undefined) return { kind: 'name', name: name.text, span: name.span };
  return { kind: 'name', name: name.text, member, span: { start: name.span.start, end: member.span.end } };
}

function takeMember(cursor: Cursor): Word | undefined {
  if (cursor.here() !== DOT) return undefined;
  cursor.pos++;
  return cursor.identifier('the name of a register after `.`');
}

function takeBdf(cursor: Cursor): NameOperand | undefined {
  if (!isDigit(cursor.peek()) && !HEX_LETTER.test(cursor.text.charAt(cursor.pos))) return undefined;
  BDF.lastIndex = cursor.pos;
  const match = BDF.exec(cursor.text);
  if (match === null || BDF.lastIndex > cursor.end) return undefined;
  const span: Span = { start: cursor.pos, end: BDF.lastIndex };
  cursor.pos = span.end;
  return { kind: 'name', name: match[0], span };
}

function parseWait(cursor: Cursor, keyword: Span): Wait {
  const left = parseOperand(cursor, 'what to wait for, such as `[flag]` or `doorbell`');
  const relation = takeRelation(cursor);
  if (relation === undefined) cursor.failExpected('a comparison such as `== 1`');
  const right = cursor.number(`a number after \`${relation}\``);
  cursor.finish('The wait');
  return { kind: 'wait', keyword, left, relation, right };
}

function parseCall(cursor: Cursor): Call {
  const name = cursor.identifier('the name of a procedure after `call`');
  cursor.expect('(', `\`(\` after ${quoted(name.text)}`);
  const args: Word[] = [];
  if (cursor.peek() !== CLOSE_PARENTHESIS) {
    do args.push(parseArgument(cursor, name));
    while (cursor.take(','));
  }
  cursor.expect(')', `\`,\` or \`)\` after an argument of ${quoted(name.text)}`);
  cursor.finish('The call');
  return { kind: 'call', name, args };
}

/** What is put in place of a parameter: a name, a number, or a BDF. */
function parseArgument(cursor: Cursor, procedure: Word): Word {
  const value = takeBdf(cursor) ?? cursor.takeNumber();
  if (value !== undefined) return { text: value.kind === 'number' ? value.text : value.name, span: value.span };
  return cursor.identifier(`a name or a number as argument of ${quoted(procedure.text)}`);
}

const BDF = /(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7](?![\w.])/y;
const HEX_LETTER = /[a-fA-F]/;
