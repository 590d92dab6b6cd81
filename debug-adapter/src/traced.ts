/** Traces as what is launched: read, unpacked, and held against the run that is made of them. */
import {
  type BranchRun,
  brokenBlock,
  decodeTrace,
  deedsOfBranch,
  differenceFrom,
  differenceText,
  encodeTrace,
  type Model,
  optionsOfTrace,
  type RunOptions,
  scenarioOfTrace,
  TRACE_EXTENSION,
  type Trace,
  type TraceBranch,
  type TracedScenario,
  type TracePart,
  TraceProblem,
  traceBlock,
  traceOfBranches,
} from '@snoopscope/sim-core';
import type { Branches } from './branches.ts';
import { type FileAccessor, reason } from './file-accessor.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import { RequestError } from './request-error.ts';
import type { RunCursor } from './run-cursor.ts';
import type { Launched } from './session-state.ts';
import { VERSION } from './version.ts';
import type { Yield } from './yielding.ts';

/** Does a path or URI name a trace? */
export function isTrace(path: string): boolean {
  return path.replace(/[?#].*$/, '').endsWith(TRACE_EXTENSION);
}

/** Reads a trace; what is wrong with it is a RequestError with its name. */
export async function readTraceFile(files: FileAccessor, path: string): Promise<Trace> {
  let bytes: Uint8Array;
  try {
    bytes = await files.readBytes(path);
  } catch (error) {
    throw new RequestError(`${path} cannot be read: ${reason(error)}.`);
  }
  return naming(path, async () => {
    const { header, block, inflatedBytes, withBlock } = decodeTrace(bytes);
    if (header.branches.length >= DEBUGGER_LIMITS.branches)
      throw new TraceProblem(
        `The trace has more branches than the ${DEBUGGER_LIMITS.branches} that the debugger keeps.`,
      );
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

/**
 * Makes the recorded runs again, each to the end of its record, and enters the one that the trace opens in. Where one
 * differs from the record a sentence says so.
 */
export async function repeatTrace(trace: Trace, branches: Branches, pause: Yield): Promise<string[]> {
  const { header } = trace;
  const differences: string[] = [];
  for (let number = 1; number <= header.branches.length + 1; number++) {
    const branch = number === 1 ? undefined : header.branches[number - 2];
    const cursor = branch ? await repeatBranch(branch, branches, pause) : await repeatFirst(trace, branches, pause);
    cursor.seek((branch ?? header).cursor);
    const event = differenceFrom(trace, cursor.run, number);
    if (event === undefined) continue;
    const where = header.branches.length > 0 ? `Branch ${number}: ` : '';
    differences.push(`${where}${differenceText(trace, cursor.run, event, number)}`);
  }
  branches.enter(header.branch);
  return differences;
}

async function repeatFirst({ header }: Trace, { current }: Branches, pause: Yield): Promise<RunCursor> {
  const { run } = current;
  const { steps } = header;
  // Whether there is nothing after the last step is only known once another one was tried.
  while ((run.steps < steps || (isFinal(header) && run.steps === steps)) && current.extend()) {
    if (run.steps % DEBUGGER_LIMITS.stepsPerChunk === 0) await pause();
  }
  return current;
}

async function repeatBranch(branch: TraceBranch, branches: Branches, pause: Yield): Promise<RunCursor> {
  const deeds = deedsOfBranch(branches.current.model, branch);
  const [first] = deeds;
  const changes = typeof first === 'object' ? first : undefined;
  const cursor = branches.restore(branch.from, branch.after, changes);
  let made = changes ? 1 : 0;
  while (made < deeds.length && cursor.repeat(deeds[made]!)) {
    made++;
    if (made % DEBUGGER_LIMITS.stepsPerChunk === 0) await pause();
  }
  if (made === deeds.length && isFinal(branch)) cursor.extend();
  return cursor;
}

function isFinal({ end }: TracePart): boolean {
  return end === 'completed' || end === 'stuck';
}

/** The runs of a session as the bytes of a trace, which opens where the user is. */
export async function traceOfSession({
  branches,
  debuggee,
}: Pick<Launched, 'branches' | 'debuggee'>): Promise<Uint8Array> {
  const runs = branches.all.map(({ run, position: cursor, origin }) => {
    if (!origin) return { run, cursor };
    const changed = typeof origin.moves.at(-1) === 'object' ? 1 : 0;
    return { run, cursor, parting: { from: origin.branch, after: origin.moves.length - changed } };
  });
  const trace = await naming('', async () =>
    traceOfBranches(runs as [BranchRun, ...BranchRun[]], {
      writtenBy: `snoopscope ${VERSION}`,
      name: debuggee.sources[0]?.name ?? '',
      includes: debuggee.includes,
      branch: branches.number,
    }),
  );
  return encodeTrace(trace, await deflated(traceBlock(trace)));
}

async function naming<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof TraceProblem)
      throw new RequestError(path === '' ? error.message : `${path}: ${error.message}`);
    throw error;
  }
}

async function deflated(block: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([block as BlobPart]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
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
