/** Traces as what is launched: read, unpacked, and held against the run that is made of them. */
import {
  brokenBlock,
  decodeTrace,
  differenceFrom,
  differenceText,
  type Model,
  optionsOfTrace,
  type RunOptions,
  scenarioOfTrace,
  TRACE_EXTENSION,
  type Trace,
  type TracedScenario,
  TraceProblem,
} from '@snoopscope/sim-core';
import type { FileAccessor } from './file-accessor.ts';
import { LIMITS } from './limits.ts';
import { RequestError } from './request-error.ts';
import type { RunCursor } from './run-cursor.ts';
import type { Yield } from './yielding.ts';

/** Does a path or URI name a trace? */
export function isTrace(path: string): boolean {
  return path.replace(/[?#].*$/, '').endsWith(TRACE_EXTENSION);
}

/** Reads a trace; what is wrong with it is a RequestError with its name. */
export async function readTrace(files: FileAccessor, path: string, reason: (error: unknown) => string): Promise<Trace> {
  let bytes: Uint8Array;
  try {
    bytes = await files.readBytes(path);
  } catch (error) {
    throw new RequestError(`${path} cannot be read: ${reason(error)}.`);
  }
  return naming(path, async () => {
    const { block, inflatedBytes, withBlock } = decodeTrace(bytes);
    return withBlock(await inflated(block, inflatedBytes));
  });
}

export function scenarioIn(trace: Trace, path: string): Promise<TracedScenario> {
  return naming(path, async () => scenarioOfTrace(trace.header));
}

/** Options with which the run is made again. It may continue after what was recorded. */
export async function optionsIn(trace: Trace, path: string, model: Model): Promise<RunOptions> {
  const { schedule, granularity } = await naming(path, async () => optionsOfTrace(model, trace.header));
  return { ...(schedule && { schedule }), ...(granularity && { granularity }) };
}

/** Makes the recorded run again, to the end of the record; where it differs it says so in a sentence. */
export async function repeatTrace(trace: Trace, cursor: RunCursor, pause: Yield): Promise<string | undefined> {
  const { run } = cursor;
  const { steps, end } = trace.header;
  const isFinal = end === 'completed' || end === 'stuck';
  // Whether there is nothing after the last step is only known once another one was tried.
  while ((run.steps < steps || (isFinal && run.steps === steps)) && cursor.extend()) {
    if (run.steps % LIMITS.stepsPerChunk === 0) await pause();
  }
  const event = differenceFrom(trace, run);
  return event === undefined ? undefined : differenceText(trace, run, event);
}

async function naming<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof TraceProblem) throw new RequestError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Works in a process, in an editor and in a browser alike. More bytes than there should be are not unpacked. */
async function inflated(block: Uint8Array, bytes: number): Promise<Uint8Array> {
  const all = new Uint8Array(bytes);
  let at = 0;
  try {
    const stream = new Blob([block as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate'));
    const reader = stream.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (at + piece.value.length > bytes) {
        await reader.cancel();
        throw brokenBlock();
      }
      all.set(piece.value, at);
      at += piece.value.length;
    }
  } catch {
    throw brokenBlock();
  }
  return all.subarray(0, at);
}
