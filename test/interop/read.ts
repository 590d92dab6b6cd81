// What a log says, for tests.
import { type Encoder, LogReader, type ReadCounts } from '../../sim-core/src/interop/log/reader.ts';
import type { LogCall, LogRecord } from '../../sim-core/src/interop/log/record.ts';
import type { SourceId } from '../../sim-core/src/interop/log/sources.ts';

export interface Read {
  readonly source: SourceId | undefined;
  readonly records: readonly LogRecord[];
  readonly counts: ReadCounts;
}

/** Reads a log, in chunks of a given size; with an encoder, repeated lines are not read again. */
export function readLog(text: string, source?: SourceId, chunk = 1000, encoder?: Encoder): Read {
  const records: LogRecord[] = [];
  const reader = new LogReader((record) => records.push(record), source, encoder);
  for (let at = 0; at < text.length; at += chunk) reader.push(text.slice(at, at + chunk));
  reader.end();
  return { source: reader.source?.id, records, counts: reader.counts };
}

/** The system calls of a log, `name(args) = result`. */
export function callsOf(records: readonly LogRecord[]): string[] {
  return records.flatMap(({ what }) => (what.kind === 'call' ? [callText(what)] : []));
}

function callText({ name, args, requests, result }: LogCall): string {
  const list = requests ? [args[0], requests.join('/'), ...args.slice(1)] : args;
  const answer = result === undefined ? '?' : (result.errno ?? `${result.value}`);
  return `${name}(${list.join(', ')}) = ${answer}${result?.path === undefined ? '' : ` ${result.path}`}`;
}
