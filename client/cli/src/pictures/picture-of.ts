/** The picture that a call of `export` asks for. */
import {
  counted,
  EVENT_WIDTH,
  exploringGraph,
  memoryPicture,
  NOTE,
  ObjectNames,
  outcomesPicture,
  type Run,
  RunIndex,
  timeline,
  topologyPicture,
} from '@snoopscope/sim-core';
import type { Picture } from '@snoopscope/views/draw';
import type { Invocation } from '../commands/command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { exploreModel } from '../explore-file.ts';
import { exploreRequestOf } from '../explore-options.ts';
import { Failure } from '../failure.ts';
import { remarkWarnings } from '../failure-report.ts';
import { askedProfile, ownProfile } from '../kernels.ts';
import { recordRun } from '../record-run.ts';
import { modelOf, readScenario } from '../scenario-file.ts';
import { withPauses } from '../with-pauses.ts';

export const PICTURES = ['timeline', 'topology', 'memory', 'outcomes'] as const;
export type PictureName = (typeof PICTURES)[number];

/** What a file holds that is not looked at through a window: everything. */
const ALL = { marks: Number.POSITIVE_INFINITY, lanes: Number.POSITIVE_INFINITY } as const;

/** States that `outcomes` is made from when --max-states does not say: a few seconds. */
export const DEFAULT_PICTURED = 200_000;

export interface ExportedPicture {
  readonly picture: Picture;
  /** The scenario's name, for titles. */
  readonly file: string;
  readonly kernel: string;
  readonly exitCode: ExitCode;
}

export async function pictureOf(call: Invocation, which: PictureName, name: string): Promise<ExportedPicture> {
  if (which === 'outcomes') return outcomesOf(call, name);
  if (call.text('max-states') !== undefined)
    throw new Failure(`--max-states is for the picture \`outcomes\`; --max-steps limits the run. Leave it out.`, {
      code: 'options-exclude-each-other',
    });
  return pictureOfRun(call, which, name);
}

/** Options that say which run is made, and where in it: an exploration makes all of them. */
const OF_A_RUN = ['schedule', 'max-steps', 'at'];

async function outcomesOf(call: Invocation, name: string): Promise<ExportedPicture> {
  const given = OF_A_RUN.find((option) => call.text(option) !== undefined);
  if (given)
    throw new Failure(`--${given} is about one run; the picture \`outcomes\` is of all interleavings. Leave it out.`, {
      code: 'options-exclude-each-other',
    });
  const kernel = call.text('kernel');
  const named = kernel === undefined ? undefined : askedProfile(call, kernel);
  const file = await readScenario(call.io, name);
  remarkWarnings(call, file);
  const profile = named ?? ownProfile(file);
  const model = modelOf(file, profile);
  const request = exploreRequestOf({
    ...call,
    text: (option) => (option === 'granularity' ? call.text(option) : undefined),
    flag: () => false,
    count: (option) => (option === 'max-states' ? (call.count(option) ?? DEFAULT_PICTURED) : undefined),
  });
  const { report } = await exploreModel(model, profile, request, call.io.interrupt);
  const graph = await withPauses(exploringGraph(model, report));
  const interrupted = call.io.interrupt.aborted;
  return {
    picture: outcomesPicture(report, graph),
    file: file.name,
    kernel: profile.name,
    exitCode: interrupted ? EXIT.interrupted : report.complete ? EXIT.fine : EXIT.limit,
  };
}

async function pictureOfRun(
  call: Invocation,
  which: Exclude<PictureName, 'outcomes'>,
  name: string,
): Promise<ExportedPicture> {
  const asked = positionAsked(call);
  const { run, end, file, profile } = await recordRun(call, name);
  if (asked !== undefined && asked > run.steps)
    throw new Failure(`--at ${asked} is after the end: the run has ${counted(run.steps, 'micro-step')}.`, {
      code: 'no-position',
    });
  const finding = firstFinding(run);
  const found = finding < 0 ? run.steps : run.stepOfEvent(finding) + 1;
  const exitCode = end.kind === 'interrupted' ? EXIT.interrupted : end.kind === 'limit' ? EXIT.limit : EXIT.fine;
  const picture = await drawn(run, which, asked ?? found, finding);
  return { picture, file: file.name, kernel: profile.name, exitCode };
}

async function drawn(
  run: Run,
  which: Exclude<PictureName, 'outcomes'>,
  position: number,
  finding: number,
): Promise<Picture> {
  if (which === 'timeline') {
    const index = new RunIndex(run);
    await withPauses(index.extending());
    return timeline(index, { ...ALL, cursor: position, ...(finding >= 0 && { chain: finding }) });
  }
  const cursor = run.cursor();
  cursor.seek(position);
  const names = new ObjectNames(run);
  return which === 'memory' ? memoryPicture(cursor, names) : topologyPicture(cursor, names);
}

function positionAsked(call: Invocation): number | undefined {
  const text = call.text('at');
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text))
    throw new Failure(`--at takes a number of micro-steps from 0 on, found \`${text}\`.`, { code: 'not-a-count' });
  return Number(text);
}

function firstFinding({ events, log }: Run): number {
  for (let event = 0; event < events; event++) if (log[event * EVENT_WIDTH] === NOTE.finding) return event;
  return -1;
}
