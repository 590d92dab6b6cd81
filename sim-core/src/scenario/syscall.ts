import { LIMITS } from '../limits.ts';
import type { DeclaredResult, Expr, FlagsExpr, NameExpr, NumberExpr, StructField, Syscall, Word } from './ast.ts';
import {
  AMPERSAND,
  CLOSE_BRACE,
  CLOSE_PARENTHESIS,
  isDigit,
  LESS,
  type LineScanner,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  PIPE,
  quoted,
} from './line-scanner.ts';

/**
 * System calls in the notation of strace: `name = call(args) = result`.
 *
 * What strace adds for human eyes is ignored: descriptor paths of `-y` (`11</dev/kvm>`), the text after an errno
 * (`(File exists)`). What strace leaves out (`…`) cannot be guessed, and the message names the option that shows it.
 */
export function parseSyscall(scanner: LineScanner, call: Word, bind: Word | undefined): Syscall {
  scanner.expect('(', `\`(\` after ${quoted(call.text)}`);
  refuseUnfinished(scanner);
  const args: Expr[] = [];
  if (scanner.peek() !== CLOSE_PARENTHESIS) {
    do args.push(parseExpr(scanner, 0));
    while (scanner.take(','));
  }
  scanner.expect(')', `\`,\` or \`)\` after an argument of ${quoted(call.text)}`);
  refuseComparison(scanner);
  const result = scanner.take('=') ? parseResult(scanner) : undefined;
  scanner.finish('The call');
  return { kind: 'syscall', ...(bind && { bind }), call, args, ...(result && { result }) };
}

/** `ioctl(…) == 0`. */
function refuseComparison(scanner: LineScanner): void {
  scanner.peek();
  if (!scanner.text.startsWith('==', scanner.pos) || scanner.pos >= scanner.end) return;
  const span = { start: scanner.pos, end: scanner.pos + 2 };
  scanner.fail('expected', 'The result of a call is declared with one `=`, as strace prints it.', span, [
    { title: 'Write `=`', span, newText: '=' },
  ]);
}

/** strace cuts a call in two when another one is made meanwhile. */
function refuseUnfinished(scanner: LineScanner): void {
  const start = scanner.text.indexOf('<unfinished', scanner.pos);
  if (start === -1 || start >= scanner.end) return;
  const message =
    'strace cut this call in two: its arguments and result may be after `resumed>` in another line. `snoopscope import` puts them together.';
  scanner.fail('expected', message, { start, end: scanner.end });
}

/** One argument of a system call. */
export function parseExpr(scanner: LineScanner, depth: number): Expr {
  checkDepth(scanner, depth);
  const unit = scanner.peek();
  const start = scanner.pos;
  switch (unit) {
    case OPEN_BRACE:
      scanner.pos++;
      return parseStruct(scanner, start, depth);
    case OPEN_BRACKET: {
      scanner.pos++;
      const item = parseExpr(scanner, depth + 1);
      const more: Expr[] = [];
      while (scanner.take(',')) more.push(parseExpr(scanner, depth + 1));
      scanner.expect(']', '`]` after the value that is pointed to');
      return { kind: 'pointer', item, more, span: { start, end: scanner.pos } };
    }
    case AMPERSAND: {
      scanner.pos++;
      const name = scanner.identifier('the name of a word after `&`');
      return { kind: 'address', name, span: { start, end: name.span.end } };
    }
    default:
      return takeString(scanner) ?? parseFlags(scanner);
  }
}

function takeString(scanner: LineScanner): Expr | undefined {
  const text = scanner.takeString();
  if (text !== undefined && scanner.text.startsWith('...', scanner.pos)) failElided(scanner, 'string', '-s 4096');
  return text;
}

/** The scanner is after `{`. */
function parseStruct(scanner: LineScanner, start: number, depth: number): Expr {
  const fields: StructField[] = [];
  if (scanner.peek() !== CLOSE_BRACE) {
    do fields.push(parseField(scanner, depth));
    while (scanner.take(','));
  }
  scanner.expect('}', '`,` or `}` after a field of the structure');
  return { kind: 'struct', fields, span: { start, end: scanner.pos } };
}

function parseField(scanner: LineScanner, depth: number): StructField {
  const name = scanner.takeIdentifier();
  if (name === undefined) {
    if (scanner.text.startsWith('...', scanner.pos)) failElided(scanner, 'structure', '-v');
    scanner.failExpected('the name of a field of the structure');
  }
  if (scanner.take('=>')) {
    const bind = scanner.identifier(`the name that takes what the kernel writes into ${quoted(name.text)}`);
    const declared = scanner.take('=') ? scanner.number(`the number that ${quoted(bind.text)} gets`) : undefined;
    const end = declared?.span.end ?? bind.span.end;
    return {
      name,
      value: { kind: 'out', bind, ...(declared && { declared }) },
      span: { start: name.span.start, end },
    };
  }
  scanner.expect('=', `\`=\` and a value, or \`=>\` and a name, after the field ${quoted(name.text)}`);
  const expr = parseExpr(scanner, depth + 1);
  return { name, value: { kind: 'in', expr }, span: { start: name.span.start, end: expr.span.end } };
}

function parseFlags(scanner: LineScanner): NumberExpr | NameExpr | FlagsExpr {
  const first = parseAtom(scanner);
  if (scanner.peek() !== PIPE) return first;
  const parts = [first];
  while (scanner.take('|')) parts.push(parseAtom(scanner));
  return { kind: 'flags', parts, span: { start: first.span.start, end: parts.at(-1)!.span.end } };
}

function parseAtom(scanner: LineScanner): NumberExpr | NameExpr {
  const number = scanner.takeNumber();
  if (number !== undefined) {
    skipAnnotation(scanner);
    return number;
  }
  const word = scanner.takeIdentifier();
  if (word === undefined)
    scanner.failExpected('a value: a name, a number, a string, `&word`, `[value]` or `{field=value}`');
  skipAnnotation(scanner);
  return { kind: 'name', name: word.text, span: word.span };
}

/** `</dev/kvm>` after a descriptor: it ends at the first `>` that something else follows, `->` is part of socket names. */
function skipAnnotation(scanner: LineScanner): void {
  if (scanner.here() !== LESS) return;
  let end = scanner.text.indexOf('>', scanner.pos);
  while (end !== -1 && end + 1 < scanner.end && !ANNOTATION_END.includes(scanner.text[end + 1]!))
    end = scanner.text.indexOf('>', end + 1);
  if (end === -1 || end >= scanner.end) {
    const span = { start: scanner.pos, end: scanner.end };
    scanner.fail('expected', "Expected `>` at the end of the descriptor's path.", span, [
      { title: 'Remove the path', span, newText: '' },
    ]);
  }
  scanner.pos = end + 1;
  if (scanner.text.startsWith(DELETED, scanner.pos)) scanner.pos += DELETED.length;
}

/** The scanner is after the `=`. `?` is what strace prints for a call that does not return. */
function parseResult(scanner: LineScanner): DeclaredResult | undefined {
  if (scanner.take('?')) return undefined;
  const unit = scanner.peek();
  const start = scanner.pos;
  if (unit === MINUS && !isDigit(scanner.text.charCodeAt(start + 1))) {
    scanner.pos++;
    const errno = scanner.identifier('the name of an errno after `-`');
    return { errno: errno.text, span: { start, end: errno.span.end } };
  }
  const number = scanner.takeNumber();
  if (number === undefined) return failResult(scanner);
  skipAnnotation(scanner);
  const errno = number.value === -1n ? scanner.takeIdentifier() : undefined;
  if (errno === undefined) return { value: number.value, span: number.span };
  skipErrorText(scanner);
  return { errno: errno.text, span: { start, end: errno.span.end } };
}

function failResult(scanner: LineScanner): never {
  const start = scanner.pos;
  const word = scanner.takeIdentifier();
  scanner.pos = start;
  const fixes =
    word !== undefined && /^E[A-Z0-9]+$/.test(word.text)
      ? [{ title: `Write \`-${word.text}\``, span: { start, end: start }, newText: '-' }]
      : undefined;
  return scanner.failExpected('the result of the call, `0` or `-EEXIST`', fixes);
}

function skipErrorText(scanner: LineScanner): void {
  if (!scanner.take('(')) return;
  const end = scanner.text.indexOf(')', scanner.pos);
  if (end === -1 || end >= scanner.end)
    scanner.fail('expected', 'Expected `)` at the end of the error text.', {
      start: scanner.pos - 1,
      end: scanner.end,
    });
  scanner.pos = end + 1;
}

function failElided(scanner: LineScanner, what: string, option: string): never {
  const span = { start: scanner.pos, end: scanner.pos + 3 };
  return scanner.fail(
    'expected',
    `strace shortened this ${what}, so its contents are unknown. Record it again with \`strace ${option}\`.`,
    span,
  );
}

function checkDepth(scanner: LineScanner, depth: number): void {
  if (depth <= LIMITS.valueNesting) return;
  const message = `This value is nested more than ${LIMITS.valueNesting} deep. No kernel call takes such a value.`;
  scanner.fail('nested-too-deep', message, { start: scanner.pos, end: scanner.pos + 1 });
}

const ANNOTATION_END = ',)]}| \t(';
const DELETED = '(deleted)';
