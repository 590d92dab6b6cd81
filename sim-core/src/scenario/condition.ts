import { LIMITS } from '../limits.ts';
import type { Condition, LineContent, NumberExpr, Relation, Span, Term, VersionRange, Word } from './ast.ts';
import { CLOSE_PARENTHESIS, type Cursor, DOT, OPEN_BRACKET } from './cursor.ts';

/** Reads `exists …`, `~exists …`, `forall …`: the cursor is after the quantifier. */
export function parseFinalCondition(
  cursor: Cursor,
  quantifier: 'exists' | '~exists' | 'forall',
  quantifierSpan: Span,
): LineContent {
  const condition = parseOr(cursor, 0);
  const on = takeOn(cursor) ? parseRanges(cursor) : [];
  cursor.finish('The condition');
  return { kind: 'condition', quantifier, quantifierSpan, condition, on };
}

/** A condition from a text of its own: a conditional breakpoint, a watch expression. */
export function parseCondition(cursor: Cursor): Condition {
  const condition = parseOr(cursor, 0);
  cursor.finish('The condition');
  return condition;
}

/** `==`, `!=`, `<`, … when one comes next. */
export function takeRelation(cursor: Cursor): Relation | undefined {
  for (const relation of RELATIONS) if (cursor.take(relation)) return relation;
  const start = cursor.pos;
  if (cursor.take('=')) {
    const span = { start, end: start + 1 };
    cursor.fail('expected', 'A comparison is written `==`; one `=` binds a name.', span, [
      { title: 'Write `==`', span, newText: '==' },
    ]);
  }
  return undefined;
}

export function parseRanges(cursor: Cursor): VersionRange[] {
  const ranges: VersionRange[] = [];
  do {
    ranges.push(parseRange(cursor));
    cursor.take(',');
  } while (!cursor.atEnd());
  return ranges;
}

/** `v6.1`, `series-v1`: a version ends before `..`. */
export function takeVersion(cursor: Cursor): Word | undefined {
  const first = cursor.takeHyphenated();
  if (first === undefined) return undefined;
  let end = first.span.end;
  while (cursor.here() === DOT && cursor.text.charCodeAt(cursor.pos + 1) !== DOT) {
    cursor.pos++;
    while (isVersionUnit(cursor.here())) cursor.pos++;
    end = cursor.pos;
  }
  return { text: cursor.text.slice(first.span.start, end), span: { start: first.span.start, end } };
}

function parseOr(cursor: Cursor, depth: number): Condition {
  let left = parseAnd(cursor, depth);
  while (takeOperator(cursor, '||', '\\/')) {
    const right = parseAnd(cursor, depth);
    left = { kind: 'or', left, right, span: { start: left.span.start, end: right.span.end } };
  }
  return left;
}

function parseAnd(cursor: Cursor, depth: number): Condition {
  let left = parseNot(cursor, depth);
  while (takeOperator(cursor, '&&', '/\\')) {
    const right = parseNot(cursor, depth);
    left = { kind: 'and', left, right, span: { start: left.span.start, end: right.span.end } };
  }
  return left;
}

function parseNot(cursor: Cursor, depth: number): Condition {
  checkDepth(cursor, depth);
  cursor.peek();
  const start = cursor.pos;
  if (!cursor.text.startsWith('!=', cursor.pos) && cursor.take('!')) {
    const operand = parseNot(cursor, depth + 1);
    return { kind: 'not', operand, span: { start, end: operand.span.end } };
  }
  if (cursor.take('(')) {
    const inner = parseOr(cursor, depth + 1);
    cursor.expect(')', '`)`, `&&`, `||` or a comparison');
    return withSpan(inner, { start, end: cursor.pos });
  }
  return parseComparison(cursor);
}

function parseComparison(cursor: Cursor): Condition {
  const left = parseTerm(cursor);
  const relation = takeRelation(cursor);
  if (relation === undefined) {
    if (left.kind !== 'number') return { kind: 'holds', term: left, span: left.span };
    cursor.failExpected('a comparison such as `==` after a number');
  }
  const right = parseTerm(cursor);
  return { kind: 'compare', relation, left, right, span: { start: left.span.start, end: right.span.end } };
}

function parseTerm(cursor: Cursor): Term {
  const unit = cursor.peek();
  const start = cursor.pos;
  if (unit === OPEN_BRACKET) {
    cursor.pos++;
    const name = cursor.identifier('the name of a word after `[`');
    cursor.expect(']', '`]` after the name of the word');
    return { kind: 'memory', name, span: { start, end: cursor.pos } };
  }
  const number: NumberExpr | undefined = cursor.takeNumber();
  if (number !== undefined) return number;
  const name = cursor.takeHyphenated();
  if (name === undefined)
    cursor.failExpected(
      'a register such as `gpu.r0`, a word `[x]`, a number, a fact such as `noncoherent(vm)` or a finding',
    );
  if (cursor.take('(')) return parseFact(cursor, name);
  return dottedName(cursor, name);
}

/** `noncoherent(vm)`: the cursor is after the parenthesis. */
function parseFact(cursor: Cursor, name: Word): Term {
  const args: Word[] = [];
  if (cursor.peek() !== CLOSE_PARENTHESIS) {
    do {
      const arg = cursor.takeRaw();
      if (arg === undefined) cursor.failExpected(`an argument of \`${name.text}\``);
      args.push(arg);
    } while (cursor.take(','));
  }
  cursor.expect(')', `\`)\` after the arguments of \`${name.text}\``);
  return { kind: 'call', name, args, span: { start: name.span.start, end: cursor.pos } };
}

/** `gpu.r0`, `stale-read`. */
function dottedName(cursor: Cursor, name: Word): Term {
  if (cursor.here() !== DOT || cursor.text.charCodeAt(cursor.pos + 1) === DOT)
    return { kind: 'name', name, span: name.span };
  cursor.pos++;
  const member = cursor.identifier(`the name of a register after \`${name.text}.\``);
  return { kind: 'name', name, member, span: { start: name.span.start, end: member.span.end } };
}

function parseRange(cursor: Cursor): VersionRange {
  cursor.peek();
  const start = cursor.pos;
  const from = takeVersion(cursor);
  if (!cursor.text.startsWith('..', cursor.pos)) {
    if (from === undefined) cursor.failExpected('a kernel version such as `v5.12` or a range such as `v3.13..v5.11`');
    return { from, to: from, span: from.span };
  }
  cursor.pos += 2;
  const to = cursor.pos < cursor.end && isVersionUnit(cursor.here()) ? takeVersion(cursor) : undefined;
  const span = { start, end: to?.span.end ?? cursor.pos };
  if (from === undefined && to === undefined) {
    cursor.fail(
      'expected',
      'Expected a kernel version on at least one side of `..`. Without `on`, the condition is for every profile.',
      span,
    );
  }
  return { ...(from && { from }), ...(to && { to }), span };
}

/** herd's `/\` and `\/` are a habit of those who write litmus tests: name ours instead of "unexpected character". */
function takeOperator(cursor: Cursor, ours: string, herds: string): boolean {
  if (cursor.take(ours)) return true;
  if (!cursor.text.startsWith(herds, cursor.pos) || cursor.atEnd()) return false;
  const span = { start: cursor.pos, end: cursor.pos + 2 };
  return cursor.fail('expected', `Expected \`${ours}\`, found herd's \`${herds}\`.`, span, [
    { title: `Write \`${ours}\``, span, newText: ours },
  ]);
}

function takeOn(cursor: Cursor): boolean {
  cursor.peek();
  const before = cursor.pos;
  if (cursor.takeHyphenated()?.text === 'on') return true;
  cursor.pos = before;
  return false;
}

function checkDepth(cursor: Cursor, depth: number): void {
  if (depth <= LIMITS.valueNesting) return;
  const message = `More than ${LIMITS.valueNesting} nested levels in one line (limit valueNesting). Split the condition into several lines.`;
  cursor.fail('nested-too-deep', message, { start: cursor.pos, end: cursor.pos + 1 });
}

function withSpan(condition: Condition, span: Span): Condition {
  return { ...condition, span };
}

function isVersionUnit(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    (unit >= 0x61 && unit <= 0x7a) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    unit === 0x2d ||
    unit === 0x5f
  );
}

const RELATIONS: readonly Relation[] = ['==', '!=', '<=', '>=', '<', '>'];
