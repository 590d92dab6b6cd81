/** `perf script`: a task, its thread, the CPU, a time and an event. */
import { kernelEvent } from './kernel-event.ts';
import type { Emit, LineReader } from './reader.ts';
import { LONGEST_TRACE_LINE } from './record.ts';

const LINE =
  /^\s*(\S.{0,63}?)\s+(?:(\d{1,10})\/)?(-?\d{1,10})\s+(?:\[(\d{1,5})\]\s+)?(\d{1,12}\.\d{1,9}):\s+(?:\d+\s+)?([\w-]+:[\w-]+:.*)$/s;
/** What perf prints besides events: its header, lost samples, callchains and the blank after them. */
const OTHER = /^(?:#|\s*[0-9a-f]{6,16} |\s*$)/;

export function knowsPerfScript(line: string): boolean {
  return line.length <= LONGEST_TRACE_LINE && LINE.test(line);
}

export function readPerfScript(emit: Emit): LineReader {
  return {
    line(text, line) {
      if (text.length > LONGEST_TRACE_LINE) return false;
      const match = LINE.exec(text);
      if (!match) return OTHER.test(text);
      const what = kernelEvent(match[6]!);
      if (!what) return false;
      const cpu = match[4];
      emit({
        tid: Number(match[3]),
        comm: match[1]!,
        ...(cpu !== undefined && { cpu: Number(cpu) }),
        time: Number(match[5]),
        line,
        what,
      });
      return true;
    },
  };
}
