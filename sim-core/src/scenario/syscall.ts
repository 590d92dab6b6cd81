import { LIMITS } from '../limits.ts';
import type { DeclaredResult, Expr, FlagsExpr, NameExpr, NumberExpr, StructField, Syscall, Word } from './ast.ts';
import {
  AMPERSAND,
  CLOSE_BRACE,
  CLOSE_PARENTHESIS,
  type Cursor,
  isDigit,
  LESS,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  PIPE,
  quoted,
} from './cursor.ts';

/**
 * System calls in the notation of strace: `name = call(args) = result`.
 *
 * What strace adds for human eyes is ignored: descriptor paths of `-y` (`11</dev/kvm>`), the text after an errno
 * (`(File exists)`). What strace leaves out (`…`) cannot be guessed, and the message names the option that shows it.
 */
export function parseSyscall(cursor: Cursor, call: Word, bind: Word | undefined): Syscall {
  cursor.expect('(', `\`(\` after ${quoted(call.text)}`);
  const args: Expr[] = [];
  if (cursor.peek() !== CLOSE_PARENTHESIS) {
    do args.push(parseExpr(cursor, 0));
    while (cursor.take(','));
  }
  cursor.expect(')', `\`,\` or \`)\` after an argument of ${quoted(call.text)}`);
  const result = cursor.take('=') ? parseResult(cursor) : undefined;
  cursor.finish('The call');
  return { kind: 'syscall', ...(bind && { bind }), call, args, ...(result && { result }) };
}

/** One argument of a system call. */
export function parseExpr(cursor: Cursor, depth: number): Expr {
  checkDepth(cursor, depth);
  const unit = cursor.peek();
  const start = cursor.pos;
  switch (unit) {
    case OPEN_BRACE:
      cursor.pos++;
      return parseStruct(cursor, start, depth);
    case OPEN_BRACKET: {
      cursor.pos++;
      const item = parseExpr(cursor, depth + 1);
      const more: Expr[] = [];
      while (cursor.take(',')) more.push(parseExpr(cursor, depth + 1));
      cursor.expect(']', '`]` after the value that is pointed to');
      return { kind: 'pointer', item, more, span: { start, end: cursor.pos } };
    }
    case AMPERSAND: {
      cursor.pos++;
      const name = cursor.identifier('the name of a word after `&`');
      return { kind: 'address', name, span: { start, end: name.span.end } };
    }
    default:
      return takeString(cursor) ?? parseFlags(cursor);
  }
}

function takeString(cursor: Cursor): Expr | undefined {
  const text = cursor.takeString();
  if (text !== undefined && cursor.text.startsWith('...', cursor.pos)) failElided(cursor, 'string', '-s 4096');
  return text;
}

/** The cursor is after `{`. */
function parseStruct(cursor: Cursor, start: number, depth: number): Expr {
  const fields: StructField[] = [];
  if (cursor.peek() !== CLOSE_BRACE) {
    do fields.push(parseField(cursor, depth));
    while (cursor.take(','));
  }
  cursor.expect('}', '`,` or `}` after a field of the structure');
  return { kind: 'struct', fields, span: { start, end: cursor.pos } };
}

function parseField(cursor: Cursor, depth: number): StructField {
  const name = cursor.takeIdentifier();
  if (name === undefined) {
    if (cursor.text.startsWith('...', cursor.pos)) failElided(cursor, 'structure', '-v');
    cursor.failExpected('the name of a field of the structure');
  }
  if (cursor.take('=>')) {
    const bind = cursor.identifier(`the name that takes what the kernel writes into ${quoted(name.text)}`);
    const declared = cursor.take('=') ? cursor.number(`the number that ${quoted(bind.text)} gets`) : undefined;
    const end = declared?.span.end ?? bind.span.end;
    return {
      name,
      value: { kind: 'out', bind, ...(declared && { declared }) },
      span: { start: name.span.start, end },
    };
  }
  cursor.expect('=', `\`=\` and a value, or \`=>\` and a name, after the field ${quoted(name.text)}`);
  const expr = parseExpr(cursor, depth + 1);
  return { name, value: { kind: 'in', expr }, span: { start: name.span.start, end: expr.span.end } };
}

function parseFlags(cursor: Cursor): NumberExpr | NameExpr | FlagsExpr {
  const first = parseAtom(cursor);
  if (cursor.peek() !== PIPE) return first;
  const parts = [first];
  while (cursor.take('|')) parts.push(parseAtom(cursor));
  return { kind: 'flags', parts, span: { start: first.span.start, end: parts.at(-1)!.span.end } };
}

function parseAtom(cursor: Cursor): NumberExpr | NameExpr {
  const number = cursor.takeNumber();
  if (number !== undefined) {
    skipAnnotation(cursor);
    return number;
  }
  const word = cursor.takeIdentifier();
  if (word === undefined)
    cursor.failExpected('a value: a name, a number, a string, `&word`, `[value]` or `{field=value}`');
  skipAnnotation(cursor);
  return { kind: 'name', name: word.text, span: word.span };
}

/** `</dev/kvm>` after a descriptor: it ends at the first `>` that something else follows, `->` is part of socket names. */
function skipAnnotation(cursor: Cursor): void {
  if (cursor.here() !== LESS) return;
  let end = cursor.text.indexOf('>', cursor.pos);
  while (end !== -1 && end + 1 < cursor.end && !ANNOTATION_END.includes(cursor.text[end + 1]!))
    end = cursor.text.indexOf('>', end + 1);
  if (end === -1 || end >= cursor.end) {
    const span = { start: cursor.pos, end: cursor.end };
    cursor.fail('expected', "Expected `>` at the end of the descriptor's path.", span, [
      { title: 'Remove the path', span, newText: '' },
    ]);
  }
  cursor.pos = end + 1;
  if (cursor.text.startsWith(DELETED, cursor.pos)) cursor.pos += DELETED.length;
}

/** The cursor is after the `=`. `?` is what strace prints for a call that does not return. */
function parseResult(cursor: Cursor): DeclaredResult | undefined {
  if (cursor.take('?')) return undefined;
  const unit = cursor.peek();
  const start = cursor.pos;
  if (unit === MINUS && !isDigit(cursor.text.charCodeAt(start + 1))) {
    cursor.pos++;
    const errno = cursor.identifier('the name of an errno after `-`');
    return { errno: errno.text, span: { start, end: errno.span.end } };
  }
  const number = cursor.takeNumber();
  if (number === undefined) return failResult(cursor);
  skipAnnotation(cursor);
  const errno = number.value === -1n ? cursor.takeIdentifier() : undefined;
  if (errno === undefined) return { value: number.value, span: number.span };
  skipErrorText(cursor);
  return { errno: errno.text, span: { start, end: errno.span.end } };
}

function failResult(cursor: Cursor): never {
  const start = cursor.pos;
  const word = cursor.takeIdentifier();
  cursor.pos = start;
  const fixes =
    word !== undefined && /^E[A-Z0-9]+$/.test(word.text)
      ? [{ title: `Write \`-${word.text}\``, span: { start, end: start }, newText: '-' }]
      : undefined;
  return cursor.failExpected('the result of the call, `0` or `-EEXIST`', fixes);
}

function skipErrorText(cursor: Cursor): void {
  if (!cursor.take('(')) return;
  const end = cursor.text.indexOf(')', cursor.pos);
  if (end === -1 || end >= cursor.end)
    cursor.fail('expected', 'Expected `)` at the end of the error text.', { start: cursor.pos - 1, end: cursor.end });
  cursor.pos = end + 1;
}

function failElided(cursor: Cursor, what: string, option: string): never {
  const span = { start: cursor.pos, end: cursor.pos + 3 };
  return cursor.fail(
    'expected',
    `strace shortened this ${what}, so its contents are unknown. Record it again with \`strace ${option}\`.`,
    span,
  );
}

function checkDepth(cursor: Cursor, depth: number): void {
  if (depth <= LIMITS.valueNesting) return;
  const message = `More than ${LIMITS.valueNesting} nested levels in one value (limit valueNesting). No call of the kernel takes such a value.`;
  cursor.fail('nested-too-deep', message, { start: cursor.pos, end: cursor.pos + 1 });
}

const ANNOTATION_END = ',)]}| \t(';
const DELETED = '(deleted)';
