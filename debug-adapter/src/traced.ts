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
  recordedRun,
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
 * differs from the record, the record is what is shown, and a sentence says where they part.
 */
export async function repeatTrace(
  trace: Trace,
  debuggee: Launched['debuggee'],
  branches: Branches,
  pause: Yield,
): Promise<string[]> {
  const { header } = trace;
  const told: string[] = [];
  /** Branches that are shown as recorded: what parts from them is, too. */
  const adopted = new Set<number>();
  for (let number = 1; number <= header.branches.length + 1; number++) {
    const branch = number === 1 ? undefined : header.branches[number - 2];
    let cursor: RunCursor | undefined;
    if (branch && adopted.has(branch.from)) {
      cursor = adoptBranch(trace, debuggee, branches, number, branch);
      adopted.add(number);
    } else {
      cursor = branch ? await repeatBranch(branch, branches, pause) : await repeatFirst(trace, branches, pause);
      const event = differenceFrom(trace, cursor.run, number);
      const recorded =
        event === undefined ? undefined : recordedRun(trace, debuggee.model, number, debuggee.runOptions);
      if (event !== undefined) {
        const where = header.branches.length > 0 ? `Branch ${number}: ` : '';
        const shown = recorded ? SHOWS_RECORD : `${SHOWS_RERUN} ${header.writtenBy} shows the record.`;
        told.push(`${where}${differenceText(trace, cursor.run, event, number)} ${shown}`);
      }
      if (recorded) {
        cursor = branches.adopt(recorded, number);
        adopted.add(number);
      }
    }
    cursor.seek((branch ?? header).cursor);
  }
  branches.enter(header.branch);
  return told;
}

const SHOWS_RECORD =
  'What you see is the recorded run. A step that nobody has recorded, at its end or on a branch from it, is made as this version makes it.';
const SHOWS_RERUN =
  'What you see is the rerun: the numbers of the recorded events mean something else in this version.';

function adoptBranch(
  trace: Trace,
  { model, runOptions }: Launched['debuggee'],
  branches: Branches,
  number: number,
  branch: TraceBranch,
): RunCursor {
  const run = recordedRun(trace, model, number, runOptions);
  if (!run)
    throw new RequestError(
      `Branch ${number} of the trace does not continue the run that it parts from: it cannot be shown.`,
    );
  const changes = branch.changes?.map(([slot, value]) => ({ slot, value }));
  return branches.adoptBranch(run, branch.from, branch.after, changes);
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
