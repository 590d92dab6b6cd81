/** Saving the runs of a session as a trace, by a request of an editor or a line in the console. */
import { TRACE_EXTENSION } from '@snoopscope/sim-core';
import { whyUnwritten } from '../file-accessor.ts';
import { RequestError } from '../request-error.ts';
import { type RequestAnswer, type SessionState, stoppedOf } from '../session-state.ts';
import { isTrace, traceOfSession } from '../traced.ts';

/** Writes `path`, a path or URI; a relative one is beside the scenario. An existing file is replaced. */
export async function save(state: SessionState, args: { readonly path: string }): Promise<RequestAnswer> {
  const { launched } = stoppedOf(state);
  const { files } = state;
  if (!files.writeBytes)
    throw new RequestError('Files cannot be written here: `snoopscope run --save` saves a run in a terminal.');
  const named = isTrace(args.path) ? args.path : `${args.path}${TRACE_EXTENSION}`;
  const path = files.resolve(launched.debuggee.arguments.program, named);
  const bytes = await traceOfSession(launched);
  try {
    await files.writeBytes(path, bytes);
  } catch (error) {
    throw new RequestError(`${path} cannot be written: ${whyUnwritten(error)}.`);
  }
  const { all, number } = launched.branches;
  return { body: { path, branches: all.length, branch: number, bytes: bytes.length } };
}

/** `save stale-read` in the console: the answer is for people. */
export async function saveAs(state: SessionState, argument: string): Promise<RequestAnswer> {
  const { path, branches } = (await save(state, { path: argument })).body as { path: string; branches: number };
  const what = branches === 1 ? 'The run is' : `The run and its ${branches} branches are`;
  return { body: { result: `${what} saved: ${path}`, variablesReference: 0 } };
}
