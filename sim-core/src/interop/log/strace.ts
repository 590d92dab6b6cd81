/**
 * strace, in all the forms it prints: with and without threads, times (-t, -tt, -ttt, -r, -T), descriptors' files
 * (-y, -yy), syscall numbers, instruction pointers and stacks (-n, -i, -k), and calls that another thread interrupts.
 */
import type { Emit, LineReader } from './reader.ts';
import { DEVICE_NUMBER, type LogCall, type LogResult } from './record.ts';
import { type Prefix, Repetitions } from './strace-repetitions.ts';

/** A frame of -k. */
const OTHER = /^\s+> /;

export function knowsStrace(line: string): boolean {
  const start = prefixEnd(line);
  return start >= 0 && KIND.test(line.slice(start, start + 4096));
}

/** What is allowed after the prefix. */
const KIND = /^(?:[a-z_]\w*\(.*(?: = |<unfinished)|<\.\.\. \w+ resumed>|\+\+\+ |--- SIG)/;

/** Calls of one thread that were interrupted at the same time: one, but a damaged log may have more threads than exist. */
const MOST_OPEN = 65_536;

export function readStrace(emit: Emit): LineReader {
  /** By thread: the beginning of a call that another thread interrupted. */
  const open = new Map<number, { readonly text: string; readonly line: number }>();
  let clock = 0;
  const prefix: Prefix = { tid: 0, comm: undefined, time: undefined, relative: false, end: 0 };

  const repetitions = new Repetitions();

  function call(text: string, tid: number, line: number): LogCall | undefined {
    const parsed = parseCall(text);
    if (!parsed) return undefined;
    const { time, comm } = prefix;
    emit({ tid, line, what: parsed, ...(time !== undefined && { time }), ...(comm !== undefined && { comm }) });
    return parsed;
  }

  return {
    line(text, line) {
      if (!readPrefix(text, prefix)) return OTHER.test(text);
      if (text.startsWith('strace: ', prefix.end)) return true;
      if (prefix.relative && prefix.time !== undefined) {
        clock += prefix.time;
        prefix.time = clock;
      }
      const { tid, end } = prefix;
      const first = text.charCodeAt(end);
      if (first === LESS) {
        const resumed = RESUMED.exec(text.slice(end));
        const begun = open.get(tid);
        if (!resumed) return false;
        open.delete(tid);
        // A log that begins in the middle of a call shows only its end.
        if (!begun) return true;
        return call(begun.text + resumed[2]!, tid, line) !== undefined;
      }
      if (first === PLUS) {
        if (!text.startsWith('+++ ', end)) return false;
        const signal = KILLED.exec(text)?.[1];
        const what = { kind: 'ended', ...(signal !== undefined && { signal }) } as const;
        emit({ tid, line, what, ...(prefix.time !== undefined && { time: prefix.time }) });
        return true;
      }
      if (first === MINUS) return text.startsWith('--- ', end);
      const unfinished = text.endsWith(UNFINISHED) ? text.length - UNFINISHED.length : -1;
      if (unfinished < 0) {
        const parsed = call(end === 0 ? text : text.slice(end), tid, line);
        if (parsed) repetitions.remember(text, prefix, parsed);
        return parsed !== undefined;
      }
      if (open.size < MOST_OPEN) open.set(tid, { text: text.slice(end, unfinished), line });
      return true;
    },
    repeated(chunk, bytes, start, line) {
      const pattern = repetitions.find(bytes, start);
      if (!pattern) return -1;
      const { tid, comm, call: what, step } = pattern;
      if (step) clock += Number(chunk.slice(start + step.from, start + step.to));
      emit(comm === undefined ? { tid, line, what } : { tid, comm, line, what });
      return start + pattern.length;
    },
    end() {
      for (const [tid, { text, line }] of open) {
        const parsed = parseCall(`${text}) = ?`);
        if (parsed) emit({ tid, line, what: parsed });
      }
      open.clear();
    },
  };
}

const UNFINISHED = ' <unfinished ...>';
const RESUMED = /^<\.\.\. (\w+) resumed>(.*)$/s;
const LESS = 0x3c;
const PLUS = 0x2b;
const MINUS = 0x2d;
const SPACE = 0x20;
const OPEN_BRACKET = 0x5b;
const OPEN_PARENTHESIS = 0x28;

function prefixEnd(text: string): number {
  const prefix: Prefix = { tid: 0, comm: undefined, time: undefined, relative: false, end: 0 };
  return readPrefix(text, prefix) ? prefix.end : -1;
}

const PID_IN_BRACKETS = /^\[pid +(\d{1,10})(?:<([^>]*)>)?\] */;
const OTHER_BRACKETS = /^\[ *[0-9a-f?]+\] */;
const RELATIVE = /^\(\+ *(\d+\.\d+)\) */;
const WORD = /^(\d+(?:[.:]\d+)*)(?:<([^>]*)>)? +/;
/** Digits of the number of a thread. */
const LONGEST_THREAD = 10;
const TIME_OF_DAY = /^(\d\d):(\d\d):(\d\d(?:\.\d+)?)$/;

/** Reads what is before the call. Numbers without a point are threads, others are times. */
function readPrefix(text: string, out: Prefix): boolean {
  out.tid = 0;
  out.comm = undefined;
  out.time = undefined;
  out.relative = false;
  let at = 0;
  // strace prints at most: thread, time, time difference, instruction pointer, number.
  for (let parts = 0; parts < 6; parts++) {
    const begin = at;
    while (text.charCodeAt(at) === SPACE) at++;
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      const plain = plainNumber(text, at);
      const next = plain < 0 ? readWord(text, at, out) : plain;
      if (plain >= 0) out.tid = Number.parseInt(text.slice(at, plain), 10);
      if (next < 0) return false;
      at = next;
      while (text.charCodeAt(at) === SPACE) at++;
    } else if (code === OPEN_BRACKET) {
      const rest = text.slice(at, at + 80);
      const pid = PID_IN_BRACKETS.exec(rest);
      const other = pid ?? OTHER_BRACKETS.exec(rest);
      if (!other) return false;
      if (pid) {
        out.tid = Number(pid[1]);
        out.comm = pid[2];
      }
      at += other[0].length;
    } else if (code === OPEN_PARENTHESIS) {
      const relative = RELATIVE.exec(text.slice(at, at + 40));
      if (!relative) return false;
      at += relative[0].length;
    } else {
      out.end = at;
      return isStart(code) && (begin === at || parts > 0);
    }
  }
  return false;
}

/** The end of a number of digits alone that is followed by a blank; -1 otherwise. */
function plainNumber(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) at++;
  return text.charCodeAt(at) === SPACE && at - from <= 10 ? at : -1;
}

/** A time, or a thread with its name. */
function readWord(text: string, at: number, out: Prefix): number {
  const word = WORD.exec(text.slice(at, at + 80));
  if (!word) return -1;
  const [all, number = ''] = word;
  const ofDay = TIME_OF_DAY.exec(number);
  if (ofDay) out.time = Number(ofDay[1]) * 3600 + Number(ofDay[2]) * 60 + Number(ofDay[3]);
  else if (number.includes('.')) {
    out.time = Number(number);
    // -ttt prints seconds of the epoch, -r the seconds since the call before.
    out.relative = out.time < 1e8;
  } else if (number.includes(':') || number.length > LONGEST_THREAD) return -1;
  else {
    out.tid = Number(number);
    out.comm = word[2];
  }
  return at + all.length;
}

const KILLED = /\+\+\+ killed by (SIG[A-Z0-9]+)/;

/** The first character of a call's name, of `<... resumed>`, `+++` or `---`. */
function isStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === LESS || code === PLUS || code === MINUS;
}

/** `name(args) = result`. */
function parseCall(text: string): LogCall | undefined {
  const open = text.indexOf('(');
  if (open <= 0) return undefined;
  const name = text.slice(0, open);
  if (!/^[a-z_]\w*$/.test(name)) return undefined;
  const close = closeOf(text);
  if (close < open) return undefined;
  const equals = text.indexOf('=', close);
  const result = resultOf(text.slice(equals + 1).trim());
  if (result === null) return undefined;
  const args = splitArguments(text, open + 1, close).map(withoutNumber);
  const answered = result === undefined ? {} : { result };
  if (name !== 'ioctl') return { kind: 'call', name, args, ...answered };
  const [fd = '', request = '', ...rest] = args;
  return { kind: 'call', name, args: [fd, ...rest], requests: request.split(' or '), ...answered };
}

/** `-X verbose` prints a number with its name after it: the name is what all other forms print. */
function withoutNumber(text: string): string {
  const name = text.endsWith('*/') ? /^-?\w+ \/\* (.*) \*\/$/.exec(text)?.[1] : undefined;
  return name !== undefined && !name.endsWith('_???') ? name : text;
}

/** The `)` before the ` = ` of the result; -1 when there is none. The last one, as strings may hold anything. */
function closeOf(text: string): number {
  for (let equals = text.lastIndexOf(' = '); equals > 0; equals = text.lastIndexOf(' = ', equals - 1)) {
    let at = equals;
    while (text.charCodeAt(at) === SPACE) at--;
    if (text.charCodeAt(at) === 0x29) return at;
  }
  return -1;
}

const RESULT = /^(-?\d+|0x[0-9a-f]+|\?)(?:<(.*?)>(?:\(deleted\))?)?(?: (E[A-Z0-9]+))?(?: \(.*\))?(?: <[\d.]+>)?$/s;

/** `undefined` for a call that never came back, `null` for what is not a result. */
function resultOf(text: string): LogResult | undefined | null {
  if (text === '0') return ZERO;
  const match = text.length > LONGEST_RESULT ? null : RESULT.exec(text);
  if (!match) return null;
  const [, number = '', path, errno] = match;
  if (number === '?') return undefined;
  const value = Number(number);
  // No call returns more than an address.
  if (!Number.isSafeInteger(value)) return null;
  if (errno !== undefined) return { value: -1, errno };
  if (value < 0) {
    const unnamed = /^-1 \(errno (\d+)\)/.exec(text)?.[1];
    return unnamed === undefined ? null : { value: -1, errno: `E${unnamed}` };
  }
  return path === undefined ? { value } : { value, path: path.replace(DEVICE_NUMBER, '') };
}

/** Longer is not a result: a path has at most 4096 characters. */
const LONGEST_RESULT = 5000;
const ZERO: LogResult = { value: 0 };

/** The arguments between two columns. Commas inside strings, structures and files of descriptors do not divide. */
function splitArguments(text: string, from: number, to: number): string[] {
  const args: string[] = [];
  let start = from;
  let depth = 0;
  let at = from;
  for (; at < to; at++) {
    switch (text.charCodeAt(at)) {
      case 0x2c: // ,
        if (depth > 0) break;
        args.push(text.slice(start, at).trim());
        start = at + 1;
        break;
      case 0x22: // "
        at = stringEnd(text, at, to);
        break;
      case LESS:
        at = annotationEnd(text, at, to);
        break;
      case 0x28: // (
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        break;
      case 0x29:
      case 0x5d:
      case 0x7d:
        depth--;
        break;
    }
  }
  const last = text.slice(start, to).trim();
  if (last !== '' || args.length > 0) args.push(last);
  return args;
}

/** The closing quote of a string that begins at `at`. */
function stringEnd(text: string, at: number, to: number): number {
  for (let i = at + 1; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x22) return i;
  }
  return to;
}

/** The end of the file that -y shows after a descriptor: a `>` that something else follows. `->` is part of names. */
function annotationEnd(text: string, at: number, to: number): number {
  for (let i = text.indexOf('>', at); i >= 0 && i < to; i = text.indexOf('>', i + 1)) {
    const next = text.charCodeAt(i + 1);
    if (
      text.charCodeAt(i - 1) !== MINUS &&
      (next === 0x2c || next === 0x29 || next === SPACE || next === OPEN_PARENTHESIS || next === 0x7d || next === 0x5d)
    )
      return i;
  }
  return at;
}
