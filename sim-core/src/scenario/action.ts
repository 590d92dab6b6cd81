import type { Action, Call, MemoryOperand, NameOperand, Operand, Span, Statement, Wait, Word } from './ast.ts';
import { takeRelation } from './condition.ts';
import {
  CLOSE_PARENTHESIS,
  DOT,
  EQUALS,
  isDigit,
  type LineScanner,
  OPEN_BRACKET,
  OPEN_PARENTHESIS,
  quoted,
} from './line-scanner.ts';
import { parseSyscall } from './syscall.ts';

/**
 * A statement of any actor. The shape alone decides the notation: a word with `(` is a system call, everything else
 * an instruction, a TLP or an action of the host. Whether the actor may execute it is the op table's matter.
 */
export function parseStatement(scanner: LineScanner, first: Word, expected: string): Statement {
  const unit = scanner.peek();
  if (unit === OPEN_PARENTHESIS) return parseSyscall(scanner, first, undefined);
  if (unit === EQUALS && scanner.text.charCodeAt(scanner.pos + 1) !== EQUALS) {
    scanner.pos++;
    const op = scanner.identifier(`${expected} after ${quoted(`${first.text} =`)}`);
    return scanner.peek() === OPEN_PARENTHESIS ? parseSyscall(scanner, op, first) : parseAction(scanner, op, first);
  }
  if (first.text === 'wait') return parseWait(scanner, first.span);
  if (first.text === 'call') return parseCall(scanner);
  return parseAction(scanner, first, undefined);
}

/** Words whose two operands are joined by `=`, since they state what is so and move nothing: `pat x = WC`. */
export const EQUALS_OPS: ReadonlySet<string> = new Set(['pat']);

/** `x`, `[gpu.doorbell]`, `0x40`, `0000:01:00.1`: one operand. */
export function parseOperand(scanner: LineScanner, what: string): Operand {
  const unit = scanner.peek();
  if (unit === OPEN_BRACKET) return parseMemory(scanner);
  refuseSize(scanner);
  return scanner.takeString() ?? takeBdf(scanner) ?? scanner.takeNumber() ?? parseName(scanner, what);
}

function parseAction(scanner: LineScanner, op: Word, bind: Word | undefined): Action {
  const operands: Operand[] = [];
  const separator = EQUALS_OPS.has(op.text) ? '=' : ',';
  if (!scanner.atEnd() && (separator === '=' || !scanner.optionFollows())) {
    operands.push(parseOperand(scanner, `an operand of ${quoted(op.text)}`));
    while (scanner.take(separator))
      operands.push(parseOperand(scanner, `an operand of ${quoted(op.text)} after \`${separator}\``));
  }
  const attributes: Word[] = [];
  while (!scanner.atEnd() && !scanner.optionFollows()) {
    attributes.push(scanner.takeIdentifier() ?? failTail(scanner, op, separator));
  }
  const options = scanner.options(`an option of ${quoted(op.text)} such as \`cpu=0\``);
  scanner.finish('The statement');
  return { kind: 'action', ...(bind && { bind }), op, operands, options, attributes };
}

/** `dword ptr [x]`: every word has 32 bits. */
function refuseSize(scanner: LineScanner): void {
  const start = scanner.pos;
  const size = SIZE.exec(scanner.text.slice(start, scanner.end))?.[0];
  if (size === undefined) return;
  const span = { start, end: start + size.length };
  const written = size.trimEnd();
  scanner.fail('expected', `\`${written}\` is not written: every word of memory has 32 bits.`, span, [
    { title: `Remove \`${written}\``, span, newText: '' },
  ]);
}

const SIZE = /^(?:byte|[dq]?word)\s+(?:ptr\s*)?(?=\[)/i;

function failTail(scanner: LineScanner, op: Word, separator: string): never {
  const unit = scanner.peek();
  if (unit === OPEN_BRACKET || isDigit(unit)) {
    const span = { start: scanner.pos, end: scanner.pos };
    return scanner.failExpected(`\`${separator}\` between the operands of ${quoted(op.text)}`, [
      { title: `Insert \`${separator}\``, span, newText: `${separator} ` },
    ]);
  }
  return scanner.failExpected(
    `\`${separator}\`, an option or the end of the line after the operands of ${quoted(op.text)}`,
  );
}

function parseMemory(scanner: LineScanner): MemoryOperand {
  const start = scanner.pos++;
  const name = scanner.identifier('the name of a word, or of a register of a device, after `[`');
  const member = takeMember(scanner);
  scanner.expect(']', '`]`; memory is named by word, without offsets');
  return { kind: 'memory', name, ...(member && { member }), span: { start, end: scanner.pos } };
}

function parseName(scanner: LineScanner, what: string): NameOperand {
  // Hyphens too: `UC-` is a memory type.
  const name = scanner.takeHyphenated() ?? scanner.failExpected(what);
  const member = takeMember(scanner);
  if (member === undefined) return { kind: 'name', name: name.text, span: name.span };
  return { kind: 'name', name: name.text, member, span: { start: name.span.start, end: member.span.end } };
}

function takeMember(scanner: LineScanner): Word | undefined {
  if (scanner.here() !== DOT) return undefined;
  scanner.pos++;
  return scanner.identifier('the name of a register after `.`');
}

function takeBdf(scanner: LineScanner): NameOperand | undefined {
  if (!isDigit(scanner.peek()) && !HEX_LETTER.test(scanner.text.charAt(scanner.pos))) return undefined;
  BDF.lastIndex = scanner.pos;
  const match = BDF.exec(scanner.text);
  if (match === null || BDF.lastIndex > scanner.end) return undefined;
  const span: Span = { start: scanner.pos, end: BDF.lastIndex };
  scanner.pos = span.end;
  return { kind: 'name', name: match[0], span };
}

function parseWait(scanner: LineScanner, keyword: Span): Wait {
  const left = parseOperand(scanner, 'what to wait for, such as `[flag]` or `doorbell`');
  const relation = takeRelation(scanner);
  if (relation === undefined) scanner.failExpected('a comparison such as `== 1`');
  const right = scanner.number(`a number after \`${relation}\``);
  scanner.finish('The wait');
  return { kind: 'wait', keyword, left, relation, right };
}

function parseCall(scanner: LineScanner): Call {
  const name = scanner.identifier('the name of a procedure after `call`');
  scanner.expect('(', `\`(\` after ${quoted(name.text)}`);
  const args: Word[] = [];
  if (scanner.peek() !== CLOSE_PARENTHESIS) {
    do args.push(parseArgument(scanner, name));
    while (scanner.take(','));
  }
  scanner.expect(')', `\`,\` or \`)\` after an argument of ${quoted(name.text)}`);
  scanner.finish('The call');
  return { kind: 'call', name, args };
}

/** What is put in place of a parameter: a name, a number, or a BDF. */
function parseArgument(scanner: LineScanner, procedure: Word): Word {
  const value = takeBdf(scanner) ?? scanner.takeNumber();
  if (value !== undefined) return { text: value.kind === 'number' ? value.text : value.name, span: value.span };
  return scanner.identifier(`a name or a number as argument of ${quoted(procedure.text)}`);
}

const BDF = /(?:[0-9a-fA-F]{4,8}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7](?![\w.])/y;
const HEX_LETTER = /[a-fA-F]/;
