/**
 * Text of ftrace: what tracefs gives in `trace` and `trace_pipe`, and what `trace-cmd report` prints (plain, -O parent,
 * -N, -R). Both are a task, its CPU, a time and what happened.
 */
import { kernelEvent } from './kernel-event.ts';
import type { Emit, LineReader } from './reader.ts';
import { LONGEST_TRACE_LINE, type LogRecord } from './record.ts';

/** Names of tasks may hold blanks, slashes and dashes: the number after the last dash before the CPU is the thread. */
const LINE =
  /^\s*(.{1,64})-(\d{1,10})\s+(?:\(\s*[-\d]+\)\s+)?\[(\d{1,5})\]\s+(?:([^\s\d][^\s]{0,15}|\.{4,10}|[\w.]{4,6})\s+)?(\d{1,12}\.\d{1,9}|\d{1,18}):\s+(\S.*)$/s;
const HEADER = /^(?:#|cpus=\d+$|version = \d|CPU\d* (?:data|is empty)|CPU:\d+ \[|\[?(?:LOST|EVENTS))/;

export function knowsFtrace(line: string, form: 'ftrace' | 'trace-cmd'): boolean {
  if (/^# tracer: /.test(line)) return form === 'ftrace';
  if (/^cpus=\d+$/.test(line)) return form === 'trace-cmd';
  const match = line.length > LONGEST_TRACE_LINE ? null : LINE.exec(line);
  if (!match) return false;
  const body = match[6]!;
  const byTraceCmd = /^(?:function: |\w+: {3,}\S)/.test(body);
  return form === 'trace-cmd' ? byTraceCmd : !byTraceCmd;
}

export function readFtrace(emit: Emit): LineReader {
  return {
    line(text, line) {
      if (text.length > LONGEST_TRACE_LINE) return false;
      const match = LINE.exec(text);
      if (!match) return HEADER.test(text);
      const what = kernelEvent(match[6]!);
      if (!what) return false;
      const record: LogRecord = {
        tid: Number(match[2]),
        comm: match[1]!.trim(),
        cpu: Number(match[3]),
        time: Number(match[5]),
        line,
        what,
      };
      emit(record);
      return true;
    },
  };
}
