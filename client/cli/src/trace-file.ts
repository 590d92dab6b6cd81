/** Traces on disk: read whole or refused, and written in one piece. */
import { promises } from 'node:fs';
import path from 'node:path';
import {
  brokenBlock,
  checkText,
  decodeTrace,
  EVENT_WIDTH,
  encodeTrace,
  NOTE,
  type Profile,
  type Run,
  scenarioOfTrace,
  TRACE_EXTENSION,
  type Trace,
  TraceProblem,
  traceBlock,
  traceOfRun,
} from '@snoopscope/sim-core';
import { Failure } from './failure.ts';
import type { Io } from './io.ts';
import { writeWhole } from './output-file.ts';
import type { RunOutcome } from './run-outcome.ts';
import { brokenScenario, type ScenarioFile } from './scenario-file.ts';
import { systemReason } from './text-file.ts';
import { VERSION } from './version.ts';

export function isTraceFile(name: string): boolean {
  return name.endsWith(TRACE_EXTENSION);
}

/** Reads a trace; what is wrong with it is a Failure with its name. */
export async function readTrace({ workingDirectory }: Pick<Io, 'workingDirectory'>, name: string): Promise<Trace> {
  let bytes: Uint8Array;
  try {
    bytes = await promises.readFile(path.resolve(workingDirectory, name));
  } catch (error) {
    throw new Failure(systemReason(error), { code: 'unreadable-file', file: name });
  }
  return naming(name, async () => {
    const { block, inflatedBytes, withBlock } = decodeTrace(bytes);
    return withBlock(await inflated(block, inflatedBytes));
  });
}

/** The scenario that a trace holds, and the kernel on which it ran. */
export async function scenarioInTrace(
  { header }: Trace,
  name: string,
): Promise<{ readonly file: ScenarioFile; readonly profile: Profile }> {
  const { parsed, includes, profile } = await naming(name, async () => scenarioOfTrace(header));
  const { name: savedAs, text } = header.scenario;
  const file = { name, savedAs, text, parsed, named: undefined, includes, warnings: [], notes: [] };
  const diagnostics = [...parsed.diagnostics, ...checkText(parsed, { includes })];
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw brokenScenario(file, errors);
  return { file, profile };
}

/** Saves a run. It opens after its first finding, else at its end, as pictures do. */
export async function saveTrace(io: Io, name: string, { file, run }: RunOutcome): Promise<void> {
  const trace = await naming(name, async () =>
    traceOfRun(run, {
      writtenBy: `snoopscope ${VERSION}`,
      name: file.savedAs ?? path.basename(file.name),
      includes: file.includes,
      cursor: afterFirstFinding(run),
    }),
  );
  const { deflateSync } = await import('node:zlib');
  await writeWhole(io, 'The trace', name, encodeTrace(trace, deflateSync(traceBlock(trace))));
}

/** Runs what may find something wrong with a trace. */
export async function naming<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TraceProblem)) throw error;
    throw new Failure(error.message, { code: 'unusable-trace', file: name });
  }
}

async function inflated(block: Uint8Array, bytes: number): Promise<Uint8Array> {
  // Loaded when it is needed, as it makes the start of a program longer.
  const { inflateSync } = await import('node:zlib');
  try {
    // A size of 0 would mean no limit.
    return inflateSync(block, { maxOutputLength: bytes + 1 });
  } catch {
    throw brokenBlock();
  }
}

function afterFirstFinding(run: Run): number {
  for (let event = 0; event < run.events; event++) {
    if (run.log[event * EVENT_WIDTH] === NOTE.finding) return run.stepOfEvent(event) + 1;
  }
  return run.steps;
}
