/**
 * `perf trace`: system calls with numbers only. Its names of requests come from numbers that several files share, so a
 * name is a hint, and the descriptor's file decides.
 */
import type { Emit, LineReader } from './reader.ts';
import { LONGEST_TRACE_LINE, type LogCall, type LogResult } from './record.ts';

const LINE =
  /^\s*(\d{1,12}\.\d{3}) \( *(?:[\d.]+ ms)? *(?:\): *|\): )?(?:(.{1,64}?)\/(\d{1,10}) +)?(\.\.\. \[continued\]: )?(\w+)\((.*?)\)?(?: +\.\.\.| += (.*))?$/s;
const MILLISECONDS = 1000;
/** Threads that are inside a call at once. */
const MOST_OPEN = 65_536;

export function knowsPerfTrace(line: string): boolean {
  return line.length <= LONGEST_TRACE_LINE && /^\s*\d+\.\d{3} \( *(?:[\d.]+ ms)? *\): /.test(line) && LINE.test(line);
}

export function readPerfTrace(emit: Emit): LineReader {
  /** By thread: a call that another thread interrupted. */
  const open = new Map<number, string>();
  return {
    line(text, line) {
      if (text.length > LONGEST_TRACE_LINE) return false;
      const match = LINE.exec(text);
      if (!match) return /^(?:\s*$|\s+\?\s+\(\s*\):.*\[continued\]|LOST \d+ events|Problems? processing)/.test(text);
      const [, time = '', comm, thread, continued, name = '', written = '', answer] = match;
      const tid = Number(thread ?? 0);
      if (answer === undefined) {
        if (open.size < MOST_OPEN) open.set(tid, written);
        return true;
      }
      const args = continued === undefined ? written : (open.get(tid) ?? written);
      if (continued !== undefined) open.delete(tid);
      const result = resultOf(answer.trim());
      const what = callOf(name, args, result);
      emit({ tid, time: Number(time) / MILLISECONDS, line, what, ...(comm !== undefined && { comm }) });
      return true;
    },
  };
}

function callOf(name: string, text: string, result: LogResult | undefined): LogCall {
  const fields = new Map<string, string>();
  for (const [, key = '', value = ''] of text.matchAll(/(\w+): (\([^)]*\)|"[^"]*"|[^,]*)/g))
    fields.set(key, value.trim());
  const values = [...fields.values()];
  const answered = result === undefined ? {} : { result };
  if (name !== 'ioctl') return { kind: 'call', name, args: values, ...answered };
  const arg = fields.get('arg') ?? '0';
  return {
    kind: 'call',
    name,
    args: [fields.get('fd') ?? '', arg],
    requests: [requestOf(fields.get('cmd') ?? '')],
    ...answered,
  };
}

/** `(NONE, 0x3b, 0x68, 0)` as the number that it is put together from. */
function requestOf(cmd: string): string {
  const parts = /^\((\w+(?:\|\w+)?), (0x[0-9a-f]+|\d+), (0x[0-9a-f]+|\d+), (0x[0-9a-f]+|\d+)\)$/.exec(cmd);
  if (!parts) return cmd;
  const direction = (parts[1]!.includes('READ') ? 2 : 0) | (parts[1]!.includes('WRITE') ? 1 : 0);
  const number = direction * 2 ** 30 + Number(parts[4]) * 2 ** 16 + Number(parts[2]) * 2 ** 8 + Number(parts[3]);
  return `0x${number.toString(16)}`;
}

function resultOf(text: string): LogResult | undefined {
  const match = /^(-?\d+|0x[0-9a-f]+)(?: (E[A-Z0-9]+))?/.exec(text);
  if (!match) return undefined;
  const value = Number(match[1]);
  if (!Number.isSafeInteger(value)) return undefined;
  return match[2] === undefined ? { value } : { value: -1, errno: match[2] };
}
