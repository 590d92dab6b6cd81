import { LIMITS } from '../limits.ts';
import { parseStatement } from './action.ts';
import type { BlockKind, Line, LineContent, LineFix, LineProblem, MachineItem, Span, Word } from './ast.ts';
import { parseFinalCondition } from './condition.ts';
import { CONTROL_OPENERS, FILE_LINES, OPENERS } from './header-line.ts';
import { LANGUAGE_WORDS, MACHINE_WORDS, STATEMENT_OF } from './language-words.ts';
import {
  BrokenLine,
  CLOSE_BRACE,
  commentFix,
  EQUALS,
  findComment,
  isBlank,
  LineScanner,
  OPEN_BRACE,
  OPEN_PARENTHESIS,
  quoted,
  stringEnd,
} from './line-scanner.ts';
import { MACHINE_ITEMS } from './machine-line.ts';
import { didYouMean, nearest } from './suggest.ts';

/**
 * Reads one line from its text and the kind of the block it is in, from nothing else. Never throws.
 *
 * A line that cannot be read has exactly one problem, and still says whether it opens a block, so that the lines below
 * keep their meaning.
 */
export function parseLine(block: BlockKind, text: string): Line {
  if (text.length > LIMITS.lineCharacters) return tooLong(block, text);
  const commentStart = findComment(text);
  const comment: Span | undefined = commentStart === -1 ? undefined : { start: commentStart, end: text.length };
  let end = commentStart === -1 ? text.length : commentStart;
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end--;
  const scanner = new LineScanner(text, end);
  try {
    return line(text, block, parseContent(block, scanner), comment, NO_PROBLEMS);
  } catch (broken) {
    if (!(broken instanceof BrokenLine)) throw broken;
    return line(text, block, brokenContent(block, text, end), comment, [broken.problem]);
  }
}

function line(
  text: string,
  block: BlockKind,
  content: LineContent,
  comment: Span | undefined,
  problems: readonly LineProblem[],
): Line {
  return comment === undefined ? { text, block, content, problems } : { text, block, content, comment, problems };
}

function parseContent(block: BlockKind, scanner: LineScanner): LineContent {
  const unit = scanner.peek();
  if (unit === -1) return BLANK;
  if (unit === CLOSE_BRACE) return parseClose(scanner);
  if (unit === 0x7e) return parseNever(scanner);
  const first = scanner.takeIdentifier();
  if (first === undefined) failFirst(scanner, STATEMENT_OF[block]);
  if (isBinding(scanner, first)) {
    if (block !== 'file' && block !== 'machine') return parseStatement(scanner, first, STATEMENT_OF[block]);
    return failUnknown(block, scanner, first);
  }
  return (
    opener(block, scanner, first) ??
    fileLine(scanner, first) ??
    machineLine(block, scanner, first) ??
    statement(block, scanner, first)
  );
}

/** What a line cannot begin with. Two things that do occur there are a comment of a shell and what strace prints before a call. */
function failFirst(scanner: LineScanner, expected: string): never {
  const { text, pos: start } = scanner;
  const prefix = STRACE_PREFIX.exec(text.slice(start))?.[0];
  if (prefix) {
    const span = { start, end: start + prefix.trimEnd().length };
    const whole = { start, end: start + prefix.length };
    const message =
      'strace prints this before a call; a scenario has the call alone. `snoopscope import strace FILE` makes a scenario of a whole log.';
    return scanner.fail('expected', message, span, [
      { title: 'Remove what strace prints before the call', span: whole, newText: '' },
    ]);
  }
  const other = STRACE_OTHER.exec(text.slice(start, scanner.end));
  if (other) {
    const [found, resumed] = other;
    const message =
      resumed === undefined
        ? 'strace prints this of a signal, or of the end of a thread; a scenario has calls alone.'
        : `This is the end of a call of ${quoted(resumed)} that strace cut in two: its beginning is the line above with \`<unfinished ...>\`.`;
    return scanner.fail('expected', message, { start, end: start + found.length });
  }
  return scanner.failExpected(expected, text[start] === '#' ? [commentFix(start)] : undefined);
}

/** `<... ioctl resumed>) = 0`, `+++ exited with 0 +++`, `--- SIGINT {…} ---`. */
const STRACE_OTHER =
  /^(?:\[pid\s+\d+\]\s*|\d+\s+)?(?:\d\d:\d\d:\d\d(?:\.\d+)?\s+|\d+\.\d+\s+)?(?:<\.\.\. (\w+) resumed>|\+\+\+ |--- SIG).*/;

/** `[pid 1234] `, `1234 12:00:00.123456 `. */
const STRACE_PREFIX =
  /^(?:\[pid\s+\d+\]\s*|\d+\s+)?(?:\d\d:\d\d:\d\d(?:\.\d+)?\s+|\d+\.\d+\s+)?(?=(?:\w+\s*=\s*)?[a-z]\w*\()/;

/** `}` and `} or {`. */
function parseClose(scanner: LineScanner): LineContent {
  const start = scanner.pos++;
  if (scanner.atEnd()) return CLOSE;
  const word = scanner.takeIdentifier();
  if (word?.text === 'or') {
    scanner.expect('{', '`{` after `} or`');
    scanner.finish('`} or {`');
    return OR;
  }
  if (word !== undefined) scanner.pos = word.span.start;
  const span = { start, end: start + 1 };
  const rest = { start: start + 1, end: scanner.pos };
  const message = 'A `}` is on a line of its own, or in `} or {` between the alternatives of a `choose`.';
  return scanner.fail('expected', message, span, [
    { title: 'Move what follows to the next line', span: rest, newText: '\n' },
  ]);
}

/** `~exists`. */
function parseNever(scanner: LineScanner): LineContent {
  const start = scanner.pos++;
  const word = scanner.takeIdentifier();
  const span = { start, end: word?.span.end ?? start + 1 };
  if (word?.text !== 'exists') {
    scanner.fail('expected', 'Expected `~exists`: only `exists` can be negated.', span, [
      { title: 'Write `~exists`', span, newText: '~exists' },
    ]);
  }
  return parseFinalCondition(scanner, '~exists', span);
}

/** `name = …` and `name(…` are statements even when the name is a word of the language. */
function isBinding(scanner: LineScanner, first: Word): boolean {
  const unit = scanner.peek();
  if (unit === EQUALS) return scanner.text.charCodeAt(scanner.pos + 1) !== EQUALS;
  return unit === OPEN_PARENTHESIS && !Object.hasOwn(FILE_LINES, first.text);
}

function opener(block: BlockKind, scanner: LineScanner, first: Word): LineContent | undefined {
  const control = own(CONTROL_OPENERS, first.text);
  const read = control ?? own(OPENERS, first.text);
  if (read === undefined) return undefined;
  const opens = scanner.text.charCodeAt(scanner.end - 1) === OPEN_BRACE;
  if (!opens && first.text === 'device' && isDeviceItem(block, scanner.text)) return undefined;
  const content = read(scanner);
  if (!scanner.take('{')) {
    const span = { start: scanner.end, end: scanner.end };
    const fix = { title: 'Insert ` {`', span, newText: ' {' };
    scanner.failExpected(
      `\`{\` at the end of the line, since ${quoted(first.text)} opens a block`,
      scanner.atEnd() ? [fix] : undefined,
    );
  }
  if (!scanner.atEnd()) failOneLine(scanner);
  return content;
}

/** `device gpu 0000:01:00.0` is an item of the machine wherever it is, `device gpu {` a block. */
function isDeviceItem(block: BlockKind, text: string): boolean {
  return block === 'machine' || text.includes(':');
}

/** `loop { mov [x], 1 }`. */
function failOneLine(scanner: LineScanner): never {
  const inner = { start: scanner.pos, end: scanner.end };
  const closing = scanner.text.charCodeAt(scanner.end - 1) === CLOSE_BRACE;
  const body = scanner.text.slice(scanner.pos, closing ? scanner.end - 1 : scanner.end).trim();
  const newText = closing ? `\n${body === '' ? '' : `${body}\n`}}` : `\n${body}`;
  const message = 'A block opens with a line that ends in `{`: every statement, and the `}`, has a line of its own.';
  return scanner.fail('expected', message, inner, [
    { title: 'Put each statement on its own line', span: inner, newText },
  ]);
}

function fileLine(scanner: LineScanner, first: Word): LineContent | undefined {
  return own(FILE_LINES, first.text)?.(scanner, first.span);
}

function machineLine(block: BlockKind, scanner: LineScanner, first: Word): LineContent | undefined {
  if (block !== 'machine' && block !== 'file') return undefined;
  const read = own(MACHINE_ITEMS as Readonly<Record<string, (scanner: LineScanner) => MachineItem>>, first.text);
  if (read === undefined) return undefined;
  if (block === 'machine') return read(scanner);
  const message = `${quoted(first.text)} describes hardware and belongs in \`machine { … }\`, not at the top level.`;
  return scanner.fail('wrong-block', message, first.span);
}

function statement(block: BlockKind, scanner: LineScanner, first: Word): LineContent {
  if (block === 'file' || block === 'machine') return failUnknown(block, scanner, first);
  if (MACHINE_ONLY.has(first.text)) {
    const message = `${quoted(first.text)} describes hardware and belongs in \`machine { … }\`. Expected ${STATEMENT_OF[block]} here.`;
    scanner.fail('wrong-block', message, first.span);
  }
  if (scanner.text.charCodeAt(scanner.end - 1) === OPEN_BRACE && bracesOpened(scanner.text, scanner.end) === 1) {
    const meant = nearest(first.text, Object.keys(CONTROL_OPENERS));
    if (meant !== undefined) failMisspelt(scanner, first, meant, 'opens no block');
  }
  return parseStatement(scanner, first, STATEMENT_OF[block]);
}

function failUnknown(block: 'file' | 'machine', scanner: LineScanner, first: Word): never {
  const candidates = LANGUAGE_WORDS.filter((word) => word.blocks.includes(block)).map((word) => word.word);
  const meant = nearest(first.text, candidates);
  if (meant !== undefined)
    failMisspelt(
      scanner,
      first,
      meant,
      block === 'file' ? 'is not a word of the top level' : 'is not an item of the machine',
    );
  if (block === 'file') refuseNegation(scanner, first);
  const where = block === 'file' ? 'Statements belong in the block of their actor, such as `vcpu 0 {`.' : '';
  return scanner.fail(
    'expected',
    `Expected ${STATEMENT_OF[block]}, found ${quoted(first.text)}. ${where}`.trimEnd(),
    first.span,
  );
}

/** `not exists`, `never`. */
function refuseNegation(scanner: LineScanner, first: Word): void {
  if (!NEGATIONS.has(first.text)) return;
  const second = scanner.takeIdentifier();
  const span = { start: first.span.start, end: second?.text === 'exists' ? second.span.end : first.span.end };
  scanner.fail('expected', 'That no execution ends so is written `~exists`.', span, [
    { title: 'Write `~exists`', span, newText: '~exists' },
  ]);
}

const NEGATIONS: ReadonlySet<string> = new Set(['not', 'no', 'never']);

function failMisspelt(scanner: LineScanner, word: Word, meant: string, why: string): never {
  const fix: LineFix = { title: `Change to \`${meant}\``, span: word.span, newText: meant };
  return scanner.fail('unknown-keyword', `${quoted(word.text)} ${why}${didYouMean(meant)}`, word.span, [fix]);
}

/** What a broken line closes and opens, from its first word and its braces: whatever else is wrong, the blocks are meant. */
function brokenContent(block: BlockKind, text: string, end: number): LineContent {
  const code = text.slice(0, end).trim();
  const opens = brokenOpens(block, code);
  if (code.startsWith('}')) return opens === undefined ? BROKEN_CLOSE : { kind: 'broken', closes: true, opens };
  return opens === undefined ? BROKEN : { kind: 'broken', opens };
}

function brokenOpens(block: BlockKind, code: string): BlockKind | 'control' | undefined {
  if (code.startsWith('}')) return code.endsWith('{') || /^\}\s*or$/.test(code) ? 'control' : undefined;
  const word = FIRST_WORD.exec(code)?.[0] ?? '';
  if (
    /^\s*(?:\(|=[^=])/.test(code.slice(word.length)) ||
    (word === 'device' && isDeviceItem(block, code) && !code.endsWith('{'))
  )
    return undefined;
  const opened = bracesOpened(code, code.length);
  const known = OPENING_WORDS.includes(word) ? word : undefined;
  if (known !== undefined && (opened === 1 || !code.includes('{')))
    return known in CONTROL_OPENERS ? 'control' : (known as BlockKind);
  if (opened !== 1 || !code.endsWith('{')) return undefined;
  if (block !== 'file') return 'control';
  const meant = nearest(word, OPENING_WORDS);
  return meant === undefined || meant in CONTROL_OPENERS ? 'proc' : (meant as BlockKind);
}

/** Opening minus closing braces outside strings. */
function bracesOpened(text: string, end: number): number {
  let opened = 0;
  for (let at = 0; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit === OPEN_BRACE) opened++;
    else if (unit === CLOSE_BRACE) opened--;
    else if (unit === 0x22) {
      const after = stringEnd(text, at, end);
      if (after === -1) return opened;
      at = after - 1;
    }
  }
  return opened;
}

function tooLong(block: BlockKind, text: string): Line {
  const span = { start: LIMITS.lineCharacters, end: text.length };
  const message = `This line has ${text.length} characters; a line may have ${LIMITS.lineCharacters}. Split it into several statements.`;
  return { text, block, content: BROKEN, problems: [{ code: 'line-too-long', severity: 'error', message, span }] };
}

function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

const NO_PROBLEMS: readonly LineProblem[] = [];
const BLANK: LineContent = { kind: 'blank' };
const CLOSE: LineContent = { kind: 'close' };
const OR: LineContent = { kind: 'or' };
const BROKEN: LineContent = { kind: 'broken' };
const BROKEN_CLOSE: LineContent = { kind: 'broken', closes: true };
const FIRST_WORD = /^[A-Za-z_]\w*/;
const OPENING_WORDS: readonly string[] = [...Object.keys(OPENERS), ...Object.keys(CONTROL_OPENERS)];
/** Words of machine lines are not ops of any actor. */
const MACHINE_ONLY: ReadonlySet<string> = new Set(MACHINE_WORDS);
