import { LIMITS } from '../limits.ts';
import { parseStatement } from './action.ts';
import type { BlockKind, Line, LineContent, LineFix, LineProblem, MachineItem, Span, Word } from './ast.ts';
import { parseFinalCondition } from './condition.ts';
import {
  BrokenLine,
  CLOSE_BRACE,
  Cursor,
  EQUALS,
  findComment,
  isBlank,
  OPEN_BRACE,
  OPEN_PARENTHESIS,
  quoted,
  stringEnd,
} from './cursor.ts';
import { CONTROL_OPENERS, FILE_LINES, OPENERS } from './header-line.ts';
import { MACHINE_ITEMS } from './machine-line.ts';
import { didYouMean, nearest } from './suggest.ts';
import { LANGUAGE_WORDS, MACHINE_WORDS, STATEMENT_OF } from './words.ts';

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
  const cursor = new Cursor(text, end);
  try {
    return line(text, block, parseContent(block, cursor), comment, NO_PROBLEMS);
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

function parseContent(block: BlockKind, cursor: Cursor): LineContent {
  const unit = cursor.peek();
  if (unit === -1) return BLANK;
  if (unit === CLOSE_BRACE) return parseClose(cursor);
  if (unit === 0x7e) return parseNever(cursor);
  const first = cursor.takeIdentifier();
  if (first === undefined) cursor.failExpected(STATEMENT_OF[block]);
  if (isBinding(cursor, first)) {
    if (block !== 'file' && block !== 'machine') return parseStatement(cursor, first, STATEMENT_OF[block]);
    return failUnknown(block, cursor, first);
  }
  return (
    opener(block, cursor, first) ??
    fileLine(cursor, first) ??
    machineLine(block, cursor, first) ??
    statement(block, cursor, first)
  );
}

/** `}` and `} or {`. */
function parseClose(cursor: Cursor): LineContent {
  const start = cursor.pos++;
  if (cursor.atEnd()) return CLOSE;
  const word = cursor.takeIdentifier();
  if (word?.text === 'or') {
    cursor.expect('{', '`{` after `} or`');
    cursor.finish('`} or {`');
    return OR;
  }
  if (word !== undefined) cursor.pos = word.span.start;
  const span = { start, end: start + 1 };
  const rest = { start: start + 1, end: cursor.pos };
  const message = 'A `}` is on a line of its own, or in `} or {` between the alternatives of a `choose`.';
  return cursor.fail('expected', message, span, [
    { title: 'Move what follows to the next line', span: rest, newText: '\n' },
  ]);
}

/** `~exists`. */
function parseNever(cursor: Cursor): LineContent {
  const start = cursor.pos++;
  const word = cursor.takeIdentifier();
  const span = { start, end: word?.span.end ?? start + 1 };
  if (word?.text !== 'exists') {
    cursor.fail('expected', 'Expected `~exists`: only `exists` can be negated.', span, [
      { title: 'Write `~exists`', span, newText: '~exists' },
    ]);
  }
  return parseFinalCondition(cursor, '~exists', span);
}

/** `name = …` and `name(…` are statements even when the name is a word of the language. */
function isBinding(cursor: Cursor, first: Word): boolean {
  const unit = cursor.peek();
  if (unit === EQUALS) return cursor.text.charCodeAt(cursor.pos + 1) !== EQUALS;
  return unit === OPEN_PARENTHESIS && !Object.hasOwn(FILE_LINES, first.text);
}

function opener(block: BlockKind, cursor: Cursor, first: Word): LineContent | undefined {
  const control = own(CONTROL_OPENERS, first.text);
  const read = control ?? own(OPENERS, first.text);
  if (read === undefined) return undefined;
  const opens = cursor.text.charCodeAt(cursor.end - 1) === OPEN_BRACE;
  if (!opens && first.text === 'device' && isDeviceItem(block, cursor.text)) return undefined;
  const content = read(cursor);
  if (!cursor.take('{')) {
    const span = { start: cursor.end, end: cursor.end };
    const fix = { title: 'Insert ` {`', span, newText: ' {' };
    cursor.failExpected(
      `\`{\` at the end of the line, since ${quoted(first.text)} opens a block`,
      cursor.atEnd() ? [fix] : undefined,
    );
  }
  if (!cursor.atEnd()) failOneLine(cursor);
  return content;
}

/** `device gpu 0000:01:00.0` is an item of the machine wherever it is, `device gpu {` a block. */
function isDeviceItem(block: BlockKind, text: string): boolean {
  return block === 'machine' || text.includes(':');
}

/** `loop { mov [x], 1 }`. */
function failOneLine(cursor: Cursor): never {
  const inner = { start: cursor.pos, end: cursor.end };
  const closing = cursor.text.charCodeAt(cursor.end - 1) === CLOSE_BRACE;
  const body = cursor.text.slice(cursor.pos, closing ? cursor.end - 1 : cursor.end).trim();
  const newText = closing ? `\n${body === '' ? '' : `${body}\n`}}` : `\n${body}`;
  const message = 'A block opens with a line that ends in `{`: every statement, and the `}`, has a line of its own.';
  return cursor.fail('expected', message, inner, [
    { title: 'Put each statement on its own line', span: inner, newText },
  ]);
}

function fileLine(cursor: Cursor, first: Word): LineContent | undefined {
  return own(FILE_LINES, first.text)?.(cursor, first.span);
}

function machineLine(block: BlockKind, cursor: Cursor, first: Word): LineContent | undefined {
  if (block !== 'machine' && block !== 'file') return undefined;
  const read = own(MACHINE_ITEMS as Readonly<Record<string, (cursor: Cursor) => MachineItem>>, first.text);
  if (read === undefined) return undefined;
  if (block === 'machine') return read(cursor);
  const message = `${quoted(first.text)} describes hardware and belongs in \`machine { … }\`, not at the top level.`;
  return cursor.fail('wrong-block', message, first.span);
}

function statement(block: BlockKind, cursor: Cursor, first: Word): LineContent {
  if (block === 'file' || block === 'machine') return failUnknown(block, cursor, first);
  if (MACHINE_ONLY.has(first.text)) {
    const message = `${quoted(first.text)} describes hardware and belongs in \`machine { … }\`. Expected ${STATEMENT_OF[block]} here.`;
    cursor.fail('wrong-block', message, first.span);
  }
  if (cursor.text.charCodeAt(cursor.end - 1) === OPEN_BRACE && bracesOpened(cursor.text, cursor.end) === 1) {
    const meant = nearest(first.text, Object.keys(CONTROL_OPENERS));
    if (meant !== undefined) failMisspelt(cursor, first, meant, 'opens no block');
  }
  return parseStatement(cursor, first, STATEMENT_OF[block]);
}

function failUnknown(block: 'file' | 'machine', cursor: Cursor, first: Word): never {
  const candidates = LANGUAGE_WORDS.filter((word) => word.blocks.includes(block)).map((word) => word.word);
  const meant = nearest(first.text, candidates);
  if (meant !== undefined)
    failMisspelt(
      cursor,
      first,
      meant,
      block === 'file' ? 'is not a word of the top level' : 'is not an item of the machine',
    );
  const where = block === 'file' ? 'Statements belong in the block of their actor, such as `vcpu 0 {`.' : '';
  return cursor.fail(
    'expected',
    `Expected ${STATEMENT_OF[block]}, found ${quoted(first.text)}. ${where}`.trimEnd(),
    first.span,
  );
}

function failMisspelt(cursor: Cursor, word: Word, meant: string, why: string): never {
  const fix: LineFix = { title: `Change to \`${meant}\``, span: word.span, newText: meant };
  return cursor.fail('unknown-keyword', `${quoted(word.text)} ${why}${didYouMean(meant)}`, word.span, [fix]);
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
  const message = `This line has ${text.length} characters, the limit lineCharacters is ${LIMITS.lineCharacters}. Split it into several statements.`;
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
