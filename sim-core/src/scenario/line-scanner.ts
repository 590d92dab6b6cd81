import type { LineFix, LineProblem, NumberExpr, Option, Span, StringExpr, Word } from './ast.ts';

/**
 * Reads one line from left to right. Every reader either returns what it read or throws {@link BrokenLine}, which
 * `parseLine` alone catches: so a broken line has exactly one problem, the first.
 */
export class LineScanner {
  readonly text: string;
  /** Where the code ends: at the comment, or at the end of the line, without the blanks before it. */
  readonly end: number;
  pos = 0;

  constructor(text: string, end: number) {
    this.text = text;
    this.end = end;
  }

  /** Moves over blanks and gives the code unit there, or -1 at the end. */
  peek(): number {
    while (this.pos < this.end && isBlank(this.text.charCodeAt(this.pos))) this.pos++;
    return this.pos < this.end ? this.text.charCodeAt(this.pos) : -1;
  }

  atEnd(): boolean {
    return this.peek() === -1;
  }

  /** The code unit right here, blanks not skipped, or -1 at the end. */
  here(): number {
    return this.pos < this.end ? this.text.charCodeAt(this.pos) : -1;
  }

  /** Takes a mark such as `(` or `==` when it comes next. */
  take(mark: string): boolean {
    this.peek();
    if (!this.text.startsWith(mark, this.pos) || this.pos + mark.length > this.end) return false;
    this.pos += mark.length;
    return true;
  }

  /** Takes a mark or fails; `what` says in the words of the field what it would have been good for. */
  expect(mark: string, what: string): void {
    if (this.take(mark)) return;
    const hole = { start: this.pos, end: this.pos };
    if (this.pos >= this.end) hole.start = hole.end = this.end;
    this.failExpected(what, [{ title: `Insert \`${mark}\``, span: hole, newText: mark }]);
  }

  /** A name of C: letters, digits and underscores. */
  takeIdentifier(): Word | undefined {
    return this.#takeWhile(IDENTIFIER_START, IDENTIFIER);
  }

  /** A name as machine lines and findings write it: an identifier that may hold hyphens (`no-snoop`, `stale-read`). */
  takeHyphenated(): Word | undefined {
    return this.#takeWhile(IDENTIFIER_START, HYPHENATED);
  }

  /** Anything up to a blank or a bracket: an option's value, a BDF, a version. */
  takeRaw(): Word | undefined {
    return this.#takeWhile(RAW, RAW);
  }

  identifier(what: string): Word {
    return this.takeIdentifier() ?? this.failExpected(what);
  }

  /** Whether the word here is directly followed by `=`, as in `cpu=1`. */
  optionFollows(): boolean {
    if (!isClass(this.peek(), IDENTIFIER_START)) return false;
    let at = this.pos + 1;
    while (at < this.end && isClass(this.text.charCodeAt(at), HYPHENATED)) at++;
    return this.text.charCodeAt(at) === EQUALS && at < this.end && this.text.charCodeAt(at + 1) !== EQUALS;
  }

  /** `key=value` up to the end of the code; `beforeEach` is told the options so far. */
  options(allowed: string, beforeEach: (options: readonly Option[]) => void = () => {}): Option[] {
    const options: Option[] = [];
    while (!this.atEnd() && this.here() !== OPEN_BRACE) {
      beforeEach(options);
      options.push(this.option(allowed));
    }
    return options;
  }

  option(allowed: string): Option {
    const key = this.takeHyphenated();
    if (key === undefined) this.failExpected(allowed);
    if (this.here() !== EQUALS) {
      const at = key.span.end;
      this.fail(
        'expected',
        `Expected ${allowed}, found ${quoted(key.text)}. An option is written key=value, without blanks.`,
        key.span,
        [{ title: `Write \`${key.text}=on\``, span: { start: at, end: at }, newText: '=on' }],
      );
    }
    this.pos++;
    const value = isBlank(this.here()) ? undefined : this.takeRaw();
    if (value === undefined) this.failExpected(`the value of ${quoted(key.text)}, directly after its \`=\``);
    return { key, value, span: { start: key.span.start, end: value.span.end } };
  }

  /** `0x1000`, `26`, `-1`; C's octal with a leading zero, as strace prints modes. */
  takeNumber(): NumberExpr | undefined {
    const first = this.peek();
    const negative = first === MINUS;
    if (!isDigit(negative ? this.text.charCodeAt(this.pos + 1) : first)) return undefined;
    const start = this.pos;
    let at = start + (negative ? 1 : 0);
    while (at < this.end && isClass(this.text.charCodeAt(at), IDENTIFIER)) at++;
    this.pos = at;
    const text = this.text.slice(start, at);
    const span = { start, end: at };
    return { kind: 'number', value: this.#numberValue(text, span), text, span };
  }

  number(what: string): NumberExpr {
    return this.takeNumber() ?? this.failExpected(what);
  }

  #numberValue(text: string, span: Span): bigint {
    const negative = text.startsWith('-');
    const digits = negative ? text.slice(1) : text;
    if (!NUMBER.test(digits)) {
      this.fail(
        'bad-number',
        `${quoted(text)} is not a number. Numbers are decimal, hexadecimal with 0x, or octal with a leading 0.`,
        span,
        plainNumber(text, span),
      );
    }
    const magnitude = BigInt(OCTAL.test(digits) ? `0o${digits.slice(1)}` : digits);
    const value = negative ? -magnitude : magnitude;
    if (value > MAX_U64 || value < MIN_S64) this.fail('bad-number', `${quoted(text)} does not fit in 64 bits.`, span);
    return value;
  }

  /** A string in double quotes with the escapes that strace prints. */
  takeString(): StringExpr | undefined {
    if (this.peek() !== QUOTE) return undefined;
    const start = this.pos;
    const end = stringEnd(this.text, start, this.end);
    if (end === -1) {
      this.fail('bad-string', 'This string has no closing quote on its line.', { start, end: this.end }, [
        { title: 'Close the string', span: { start: this.end, end: this.end }, newText: '"' },
      ]);
    }
    this.pos = end;
    const inner = this.text.slice(start + 1, end - 1);
    const span = { start, end };
    return { kind: 'string', value: inner.includes('\\') ? this.#unescape(inner, start + 1) : inner, span };
  }

  string(what: string): StringExpr {
    return this.takeString() ?? this.failExpected(what);
  }

  #unescape(inner: string, offset: number): string {
    return inner.replace(ESCAPE, (whole: string, code: string, at: number) => {
      const simple = ESCAPES[code];
      if (simple !== undefined) return simple;
      if (/^x[0-9a-fA-F]{1,2}$/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      if (/^u[0-9a-fA-F]{4}$/.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      if (/^[0-7]{1,3}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
      const span = { start: offset + at, end: offset + at + whole.length };
      return this.fail(
        'bad-string',
        `Unknown escape ${quoted(whole)}. Known are \\n \\t \\r \\\\ \\" \\0, \\xNN and \\uNNNN.`,
        span,
      );
    });
  }

  /** The rest of the line must be empty. */
  finish(what: string): void {
    if (this.atEnd()) return;
    const start = this.pos;
    this.#checkCharacter();
    const span = { start, end: this.end };
    const hash = this.text[start] === '#';
    const rest = { title: 'Remove the rest of the line', span, newText: '', meaning: 'changed' as const };
    this.fail('trailing-text', `${what} ends here, but ${this.#found()} follows.`, span, [
      hash ? commentFix(start) : (this.#semicolon() ?? rest),
    ]);
  }

  /** What C ends a statement with. */
  #semicolon(): LineFix | undefined {
    const span = { start: this.pos, end: this.end };
    return this.text.slice(span.start, span.end).trim() === ';'
      ? { title: 'Remove `;`', span, newText: '' }
      : undefined;
  }

  failExpected(what: string, fixes?: readonly LineFix[]): never {
    this.#checkCharacter();
    const message = `Expected ${what}, found ${this.#found()}.`;
    const semicolon = fixes === undefined ? this.#semicolon() : undefined;
    return this.fail('expected', message, this.#foundSpan(), semicolon ? [semicolon] : fixes);
  }

  fail(code: string, message: string, span: Span, fixes?: readonly LineFix[]): never {
    throw new BrokenLine(
      fixes === undefined
        ? { code, severity: 'error', message, span }
        : { code, severity: 'error', message, span, fixes },
    );
  }

  /** Characters that no notation uses are a problem of their own: they are often invisible. */
  #checkCharacter(): void {
    const unit = this.peek();
    if (unit === -1 || (unit >= 0x20 && unit < 0x7f && unit !== 0x60)) return;
    const point = this.text.codePointAt(this.pos)!;
    const span = { start: this.pos, end: this.pos + (point > 0xffff ? 2 : 1) };
    const better = LOOKALIKES.get(point);
    const name = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
    const shown = point > 0xa0 && !(point >= 0xd800 && point <= 0xdfff) ? ` (${String.fromCodePoint(point)})` : '';
    const message = `The character ${name}${shown} has no meaning outside strings and comments${better ? `; did you mean ${better === ' ' ? 'a blank' : quoted(better)}?` : '.'}`;
    const fix = better
      ? { title: `Write \`${better}\``, span, newText: better }
      : { title: `Remove ${name}`, span, newText: '' };
    this.fail('bad-character', message, span, [fix]);
  }

  #found(): string {
    if (this.atEnd()) return 'the end of the line';
    const span = this.#foundSpan();
    return quoted(shorten(this.text.slice(span.start, span.end)));
  }

  #foundSpan(): Span {
    if (this.atEnd()) return { start: Math.max(0, this.end - 1), end: this.end };
    const start = this.pos;
    let at = start + 1;
    if (this.text.charCodeAt(start) === QUOTE) {
      const end = stringEnd(this.text, start, this.end);
      at = end === -1 ? this.end : end;
    } else if (isClass(this.text.charCodeAt(start), HYPHENATED)) {
      while (at < this.end && isClass(this.text.charCodeAt(at), HYPHENATED)) at++;
    }
    return { start, end: at };
  }

  #takeWhile(first: number, rest: number): Word | undefined {
    if (!isClass(this.peek(), first)) return undefined;
    const start = this.pos;
    let at = start + 1;
    while (at < this.end && isClass(this.text.charCodeAt(at), rest)) at++;
    this.pos = at;
    return { text: this.text.slice(start, at), span: { start, end: at } };
  }
}

/** `4096UL`, `4K`: what other languages and people write. */
function plainNumber(text: string, span: Span): readonly LineFix[] | undefined {
  const [, digits = '', unit = '', suffix] =
    /^(0x[0-9a-f]+?|\d+)(?:([kmg])(?:i?b)?|(u?l{0,2}|l{1,2}u))$/i.exec(text) ?? [];
  if (digits === '' || (unit === '' && !suffix)) return undefined;
  const newText = unit === '' ? digits : `0x${(BigInt(digits) << UNITS[unit.toLowerCase()]!).toString(16)}`;
  return [{ title: `Write \`${newText}\``, span, newText }];
}

const UNITS: Readonly<Record<string, bigint>> = { k: 10n, m: 20n, g: 30n };

/** Comments of shells. */
export function commentFix(start: number): LineFix {
  return { title: 'Write `//`', span: { start, end: start + 1 }, newText: '//' };
}

/** Thrown inside the line parser only. Not an Error: no stack is wanted, half-typed lines are the usual case. */
export class BrokenLine {
  readonly problem: LineProblem;
  constructor(problem: LineProblem) {
    this.problem = problem;
  }
}

/** Where `//` starts, or -1. Two slashes inside a string are none; a string that does not end hides the rest. */
export function findComment(text: string): number {
  let comment = text.indexOf('//');
  if (comment === -1) return -1;
  let quote = text.indexOf('"');
  while (quote !== -1 && quote < comment) {
    const end = stringEnd(text, quote, text.length);
    if (end === -1) return -1;
    if (end > comment) comment = text.indexOf('//', end);
    if (comment === -1) return -1;
    quote = text.indexOf('"', end);
  }
  return comment;
}

/** One past the closing quote of the string that opens at `start`, or -1. */
export function stringEnd(text: string, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) return at + 1;
  }
  return -1;
}

export function quoted(text: string): string {
  return `\`${text}\``;
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

export function isBlank(unit: number): boolean {
  // A byte order mark is a blank: editors on Windows put one at the start of a file.
  return unit === 0x20 || unit === 0x09 || unit === 0xfeff || unit === 0x0b || unit === 0x0c;
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** Whether a character may start, or occur in, an identifier. */
export function isIdentifierUnit(unit: number): boolean {
  return isClass(unit, IDENTIFIER);
}
export function isHyphenatedUnit(unit: number): boolean {
  return isClass(unit, HYPHENATED);
}

const IDENTIFIER_START = 1;
const IDENTIFIER = 2;
const HYPHENATED = 4;
const RAW = 8;

const CLASSES = new Uint8Array(128);
for (let unit = 0x21; unit < 0x7f; unit++) {
  const character = String.fromCharCode(unit);
  if (/[A-Za-z_]/.test(character)) CLASSES[unit] = IDENTIFIER_START | IDENTIFIER | HYPHENATED | RAW;
  else if (/[0-9]/.test(character)) CLASSES[unit] = IDENTIFIER | HYPHENATED | RAW;
  else if (character === '-') CLASSES[unit] = HYPHENATED | RAW;
  else if (!/["(){}=`,]/.test(character)) CLASSES[unit] = RAW;
}

function isClass(unit: number, wanted: number): boolean {
  return unit >= 0 && unit < 128 && (CLASSES[unit]! & wanted) !== 0;
}

export const EQUALS = 0x3d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const OPEN_PARENTHESIS = 0x28;
export const CLOSE_PARENTHESIS = 0x29;
export const MINUS = 0x2d;
export const QUOTE = 0x22;
export const DOT = 0x2e;
export const LESS = 0x3c;
export const PIPE = 0x7c;
export const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;

const NUMBER = /^(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/;
const OCTAL = /^0[0-7]+$/;
const MAX_U64 = (1n << 64n) - 1n;
const MIN_S64 = -(1n << 63n);

const ESCAPE = /\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|[0-7]{1,3}|[\s\S])/g;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  v: '\v',
  f: '\f',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Characters that word processors and web pages put in place of the ASCII ones. */
const LOOKALIKES: ReadonlyMap<number, string> = new Map([
  [0x00a0, ' '],
  [0x2018, '"'],
  [0x2019, '"'],
  [0x201c, '"'],
  [0x201d, '"'],
  [0x2010, '-'],
  [0x2011, '-'],
  [0x2013, '-'],
  [0x2014, '-'],
  [0x2212, '-'],
  [0x2192, '=>'],
  [0x2260, '!='],
  [0x2264, '<='],
  [0x2265, '>='],
  [0x2227, '&&'],
  [0x2228, '||'],
  [0x00ac, '!'],
]);
