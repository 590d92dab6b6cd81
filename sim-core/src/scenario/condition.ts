import { LIMITS } from '../limits.ts';
import type { Condition, LineContent, NumberExpr, Relation, Span, Term, VersionRange, Word } from './ast.ts';
import { CLOSE_PARENTHESIS, DOT, type LineScanner, OPEN_BRACKET } from './line-scanner.ts';

/** Reads `exists …`, `~exists …`, `forall …`: the scanner is after the quantifier. */
export function parseFinalCondition(
  scanner: LineScanner,
  quantifier: 'exists' | '~exists' | 'forall',
  quantifierSpan: Span,
): LineContent {
  const condition = parseOr(scanner, 0);
  const on = takeOn(scanner) ? parseRanges(scanner) : [];
  scanner.finish('The condition');
  return { kind: 'condition', quantifier, quantifierSpan, condition, on };
}

/** A condition from a text of its own: a conditional breakpoint, a watch expression. */
export function parseCondition(scanner: LineScanner): Condition {
  const condition = parseOr(scanner, 0);
  scanner.finish('The condition');
  return condition;
}

/** `==`, `!=`, `<`, … when one comes next. */
export function takeRelation(scanner: LineScanner): Relation | undefined {
  for (const relation of RELATIONS) if (scanner.take(relation)) return relation;
  const start = scanner.pos;
  if (scanner.take('=')) {
    const span = { start, end: start + 1 };
    scanner.fail('expected', 'A comparison is written `==`; one `=` binds a name.', span, [
      { title: 'Write `==`', span, newText: '==' },
    ]);
  }
  return undefined;
}

export function parseRanges(scanner: LineScanner): VersionRange[] {
  const ranges: VersionRange[] = [];
  do {
    ranges.push(parseRange(scanner));
    scanner.take(',');
  } while (!scanner.atEnd());
  return ranges;
}

/** `v6.1`, `series-v1`, `6.8.0-45-generic`, `v5.14+change~change`: a version ends before `..`. */
export function takeVersion(scanner: LineScanner): Word | undefined {
  if (!isVersionUnit(scanner.peek())) return undefined;
  const start = scanner.pos;
  for (;;) {
    while (isVersionUnit(scanner.here())) scanner.pos++;
    const unit = scanner.here();
    if (!JOINTS.has(unit) || !isVersionUnit(scanner.text.charCodeAt(scanner.pos + 1))) break;
    scanner.pos++;
  }
  return { text: scanner.text.slice(start, scanner.pos), span: { start, end: scanner.pos } };
}

function parseOr(scanner: LineScanner, depth: number): Condition {
  let left = parseAnd(scanner, depth);
  while (takeOperator(scanner, '||', '\\/')) {
    const right = parseAnd(scanner, depth);
    left = { kind: 'or', left, right, span: { start: left.span.start, end: right.span.end } };
  }
  return left;
}

function parseAnd(scanner: LineScanner, depth: number): Condition {
  let left = parseNot(scanner, depth);
  while (takeOperator(scanner, '&&', '/\\')) {
    const right = parseNot(scanner, depth);
    left = { kind: 'and', left, right, span: { start: left.span.start, end: right.span.end } };
  }
  return left;
}

function parseNot(scanner: LineScanner, depth: number): Condition {
  checkDepth(scanner, depth);
  scanner.peek();
  const start = scanner.pos;
  if (!scanner.text.startsWith('!=', scanner.pos) && scanner.take('!')) {
    const operand = parseNot(scanner, depth + 1);
    return { kind: 'not', operand, span: { start, end: operand.span.end } };
  }
  if (scanner.take('(')) {
    const inner = parseOr(scanner, depth + 1);
    scanner.expect(')', '`)`, `&&`, `||` or a comparison');
    return withSpan(inner, { start, end: scanner.pos });
  }
  return parseComparison(scanner);
}

function parseComparison(scanner: LineScanner): Condition {
  const left = parseTerm(scanner);
  const relation = takeRelation(scanner);
  if (relation === undefined) {
    if (left.kind !== 'number') return { kind: 'holds', term: left, span: left.span };
    scanner.failExpected('a comparison such as `==` after a number');
  }
  const right = parseTerm(scanner);
  return { kind: 'compare', relation, left, right, span: { start: left.span.start, end: right.span.end } };
}

function parseTerm(scanner: LineScanner): Term {
  const unit = scanner.peek();
  const start = scanner.pos;
  if (unit === OPEN_BRACKET) {
    scanner.pos++;
    const name = scanner.identifier('the name of a word after `[`');
    scanner.expect(']', '`]` after the name of the word');
    return { kind: 'memory', name, span: { start, end: scanner.pos } };
  }
  const number: NumberExpr | undefined = scanner.takeNumber();
  if (number !== undefined) return number;
  const name = scanner.takeHyphenated();
  if (name === undefined)
    scanner.failExpected(
      'a register such as `gpu.r0`, a word `[x]`, a number, a fact such as `noncoherent(vm)` or a finding',
    );
  if (scanner.take('(')) return parseFact(scanner, name);
  return dottedName(scanner, name);
}

/** `noncoherent(vm)`: the scanner is after the parenthesis. */
function parseFact(scanner: LineScanner, name: Word): Term {
  const args: Word[] = [];
  if (scanner.peek() !== CLOSE_PARENTHESIS) {
    do {
      const arg = scanner.takeRaw();
      if (arg === undefined) scanner.failExpected(`an argument of \`${name.text}\``);
      args.push(arg);
    } while (scanner.take(','));
  }
  scanner.expect(')', `\`)\` after the arguments of \`${name.text}\``);
  return { kind: 'call', name, args, span: { start: name.span.start, end: scanner.pos } };
}

/** `gpu.r0`, `stale-read`. */
function dottedName(scanner: LineScanner, name: Word): Term {
  refuseColon(scanner, name);
  if (scanner.here() !== DOT || scanner.text.charCodeAt(scanner.pos + 1) === DOT)
    return { kind: 'name', name, span: name.span };
  scanner.pos++;
  const member = scanner.identifier(`the name of a register after \`${name.text}.\``);
  return { kind: 'name', name, member, span: { start: name.span.start, end: member.span.end } };
}

/** herd writes `0:EAX`. */
function refuseColon(scanner: LineScanner, { text, span }: Word): void {
  const register = /^:(\w+)/.exec(scanner.text.slice(scanner.pos, scanner.end))?.[1];
  if (scanner.pos !== span.end || register === undefined) return;
  const colon = { start: scanner.pos, end: scanner.pos + 1 };
  scanner.fail('expected', `A register of an actor is written with a point: \`${text}.${register}\`.`, colon, [
    { title: 'Write `.`', span: colon, newText: '.' },
  ]);
}

function parseRange(scanner: LineScanner): VersionRange {
  scanner.peek();
  const start = scanner.pos;
  refuseOpenEnd(scanner);
  const from = takeVersion(scanner);
  if (!scanner.text.startsWith('..', scanner.pos)) {
    if (from === undefined) scanner.failExpected('a kernel version such as `v5.12` or a range such as `v3.13..v5.11`');
    refuseHyphen(scanner, from);
    return { from, to: from, span: from.span };
  }
  scanner.pos += 2;
  const to = scanner.pos < scanner.end && isVersionUnit(scanner.here()) ? takeVersion(scanner) : undefined;
  const span = { start, end: to?.span.end ?? scanner.pos };
  if (from === undefined && to === undefined) {
    scanner.fail(
      'expected',
      'Expected a kernel version on at least one side of `..`. Without `on`, the condition is for every profile.',
      span,
    );
  }
  return { ...(from && { from }), ...(to && { to }), span };
}

/** `>=v5.12`, `v5.12+`: a range that is open at one end. */
function refuseOpenEnd(scanner: LineScanner): void {
  const start = scanner.pos;
  const [found, before, version = '', after] =
    /^([<>]=\s*)?(v?\d+\.\d+)(\+(?=\s|,|$))?/.exec(scanner.text.slice(start, scanner.end)) ?? [];
  if (found === undefined || (before === undefined && after === undefined)) return;
  const name = version.startsWith('v') ? version : `v${version}`;
  const newText = before?.startsWith('<') ? `..${name}` : `${name}..`;
  const span = { start, end: start + found.length };
  scanner.fail('expected', `A range of kernels that is open at one end is written \`${newText}\`.`, span, [
    { title: `Write \`${newText}\``, span, newText },
  ]);
}

/** Two versions with a hyphen read like a release with a suffix of its own. */
function refuseHyphen(scanner: LineScanner, { text, span }: Word): void {
  const [, first, last] = /^(v?\d+\.\d+[\d.]*)-(v\d+\.\d+.*)$/.exec(text) ?? [];
  if (first === undefined) return;
  const newText = `${first}..${last}`;
  scanner.fail('expected', `A range of kernels has \`..\` between its ends: \`${newText}\`.`, span, [
    { title: `Write \`${newText}\``, span, newText },
  ]);
}

/** herd's `/\` and `\/` are a habit of those who write litmus tests: name ours instead of "unexpected character". */
function takeOperator(scanner: LineScanner, ours: string, herds: string): boolean {
  if (scanner.take(ours)) return true;
  if (!scanner.text.startsWith(herds, scanner.pos) || scanner.atEnd()) return false;
  const span = { start: scanner.pos, end: scanner.pos + 2 };
  return scanner.fail('expected', `Expected \`${ours}\`, found herd's \`${herds}\`.`, span, [
    { title: `Write \`${ours}\``, span, newText: ours },
  ]);
}

function takeOn(scanner: LineScanner): boolean {
  scanner.peek();
  const before = scanner.pos;
  if (scanner.takeHyphenated()?.text === 'on') return true;
  scanner.pos = before;
  return false;
}

function checkDepth(scanner: LineScanner, depth: number): void {
  if (depth <= LIMITS.valueNesting) return;
  const message = `This condition is nested more than ${LIMITS.valueNesting} deep. Split the condition into several lines.`;
  scanner.fail('nested-too-deep', message, { start: scanner.pos, end: scanner.pos + 1 });
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

/** `.`, `+` and `~` join the parts of a kernel's name. */
const JOINTS: ReadonlySet<number> = new Set([DOT, 0x2b, 0x7e]);
const RELATIONS: readonly Relation[] = ['==', '!=', '<=', '>=', '<', '>'];
