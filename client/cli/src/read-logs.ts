/** Reads the files of one run from disk. */
import path from 'node:path';
import { type OpenRunFile, type Rebuilder, RunFiles } from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { Failure } from './failure.ts';
import { breathe } from './io.ts';
import { type LogText, openLog } from './log-file.ts';

/** Milliseconds between two looks at Ctrl-C. */
const PAUSE_MS = 50;

/**
 * Reads all files; Ctrl-C ends the reading. A file of which no line is known is left out, unless none is known; with a kind,
 * files that are something else are refused.
 */
export async function readLogs(
  call: Invocation,
  names: readonly string[],
  rebuilder: Rebuilder,
  kind?: string,
): Promise<RunFiles> {
  const files = new RunFiles(rebuilder, kind);
  refuseRepeated(names, call.io.workingDirectory);
  let refusal: Failure | undefined;
  for (const name of names) {
    if (call.io.interrupt.aborted) break;
    const text = await openLog(call.io, name);
    const opened = files.begin(text.name, text.first);
    if ('refused' in opened) {
      refusal ??= new Failure(opened.refused, { code: opened.code, file: text.name });
      if (!files.leaveOut(text.name, opened)) throw refusal;
      continue;
    }
    await feed(call, text, opened);
    opened.end(text.broken());
  }
  if (refusal && files.files.length === 0) throw refusal;
  files.finish();
  return files;
}

/** Each call of a log that is read twice would be made twice. */
function refuseRepeated(names: readonly string[], workingDirectory: string): void {
  const places = names.map((name) => path.resolve(workingDirectory, name));
  const again = names.find((_, i) => places.indexOf(places[i]!) < i);
  if (again !== undefined)
    throw new Failure('This file is given twice: the files of one run are given once each.', {
      code: 'file-given-twice',
      file: again,
    });
}

async function feed(call: Invocation, text: LogText, { push }: OpenRunFile): Promise<void> {
  let characters = 0;
  let paused = performance.now();
  for await (const chunk of text.chunks) {
    push(chunk);
    characters += chunk.length;
    if (performance.now() - paused < PAUSE_MS) continue;
    call.status(`${text.name}: ${Math.round(characters / 1e6)} MB read`);
    await breathe();
    paused = performance.now();
    if (call.io.interrupt.aborted) return;
  }
}
