/** Every source of logs, one line each: what wrote it, how its lines look, and its reader. */

import { knowsFtrace, readFtrace } from './ftrace.ts';
import { knowsPerfScript, readPerfScript } from './perf-script.ts';
import { knowsPerfTrace, readPerfTrace } from './perf-trace.ts';
import { knowsQemu, readQemu } from './qemu.ts';
import type { Emit, LineReader } from './reader.ts';
import { knowsRecorder, readRecorder } from './recorder.ts';
import { knowsStrace, readStrace } from './strace.ts';

export type SourceId = 'strace' | 'ftrace' | 'trace-cmd' | 'perf-script' | 'perf-trace' | 'qemu' | 'recorder';

export interface LogSource {
  readonly id: SourceId;
  /** As messages call it. */
  readonly title: string;
  /** What people type on the command line for it. */
  readonly kind: 'strace' | 'ftrace' | 'perf' | 'qemu' | 'recorder';
  /** Does a line look like one of its own? */
  readonly knows: (line: string) => boolean;
  readonly make: (emit: Emit) => LineReader;
}

export const SOURCES: readonly LogSource[] = [
  { id: 'strace', title: 'strace', kind: 'strace', knows: knowsStrace, make: readStrace },
  {
    id: 'ftrace',
    title: 'ftrace (tracefs)',
    kind: 'ftrace',
    knows: (line) => knowsFtrace(line, 'ftrace'),
    make: readFtrace,
  },
  {
    id: 'trace-cmd',
    title: 'trace-cmd report',
    kind: 'ftrace',
    knows: (line) => knowsFtrace(line, 'trace-cmd'),
    make: readFtrace,
  },
  { id: 'perf-script', title: 'perf script', kind: 'perf', knows: knowsPerfScript, make: readPerfScript },
  { id: 'perf-trace', title: 'perf trace', kind: 'perf', knows: knowsPerfTrace, make: readPerfTrace },
  { id: 'qemu', title: "QEMU's log of trace events", kind: 'qemu', knows: knowsQemu, make: readQemu },
  {
    id: 'recorder',
    title: 'the recorder of `snoopscope record-script`',
    kind: 'recorder',
    knows: knowsRecorder,
    make: readRecorder,
  },
];
