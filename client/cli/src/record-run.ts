/** Making the run that a call asks for; `run` tells it, `export` writes it out. */
import {
  branchOf,
  type Diagnostic,
  differenceFrom,
  differenceText,
  type Granularity,
  type Model,
  optionsOfTrace,
  Run,
  type RunOptions,
  recordedRun,
  repeatBranch,
  scheduleProblemText,
  type Trace,
  typedSchedule,
} from '@snoopscope/sim-core';
import { type CommandOption, GRANULARITY, type Invocation, KERNEL } from './commands/command.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { remarkWarnings } from './failure-report.ts';
import { breathe } from './io.ts';
import { askedProfile, ownProfile } from './kernels.ts';
import { outcomeOf, type RunEnd, type RunOutcome } from './run-outcome.ts';
import { modelOf, readScenario } from './scenario-file.ts';
import { isTraceFile, naming, readTrace, scenarioInTrace } from './trace-file.ts';

export const RUN_OPTIONS: readonly CommandOption[] = [
  KERNEL,
  {
    name: 'schedule',
    value: 'SCHEDULE',
    allowsEmpty: true,
    doc: "Order of moves, written as in a `schedule` line: 'qemu*4 vcpu0 gpu*2'. An empty one overrides the schedule in the file.",
  },
  GRANULARITY,
  { name: 'max-steps', value: 'N', doc: 'Limit the run to N micro-steps. Default: 100,000.' },
  {
    name: 'branch',
    value: 'N',
    doc: 'Take branch N of a trace that a debugger saved with several branches. Default: the one in which it was saved.',
  },
];

/** Far more than a scenario that ends ever takes, and still printed in seconds. */
const DEFAULT_MAX_STEPS = 100_000;
/** Steps between two looks at the keyboard. */
const STEPS_PER_ROUND = 20_000;

/** Runs a scenario to its end as the options of the call say, or makes the run of a trace again. */
export async function recordRun(call: Invocation, name: string): Promise<RunOutcome> {
  if (isTraceFile(name)) return rerun(call, name);
  // The call first: what is wrong with it is wrong with any file.
  const maxSteps = call.count('max-steps') ?? DEFAULT_MAX_STEPS;
  if (call.text('branch') !== undefined)
    throw new Failure('--branch is for traces: a scenario has none. Leave it out, or name a trace.', {
      code: 'options-exclude-each-other',
    });
  const kernel = call.text('kernel');
  const named = kernel === undefined ? undefined : askedProfile(call, kernel);
  const file = await readScenario(call.io, name);
  remarkWarnings(call, file);
  const model = modelOf(file, named ?? ownProfile(file));
  const recorded = new Run(model, { ...scheduleOptions(call, model), maxSteps });
  const end = await runToEnd(recorded, call.io.interrupt);
  refuseUnplayable(recorded);
  return outcomeOf(file, recorded, end);
}

/** A branch of a trace, made again and held against its record; where they differ, what was recorded. */
async function rerun(call: Invocation, name: string): Promise<RunOutcome> {
  const given = RUN_OPTIONS.find((option) => option.name !== 'branch' && call.text(option.name) !== undefined);
  if (given)
    throw new Failure(
      `${call.asGiven(given.name)} is for scenarios: a trace is run again as it was recorded. Leave it out, or run the scenario.`,
      { code: 'options-exclude-each-other' },
    );
  const asked = call.count('branch');
  const trace = await readTrace(call.io, name);
  const { header } = trace;
  const count = header.branches.length + 1;
  const number = asked ?? header.branch;
  if (number > count)
    throw new Failure(
      `The trace has ${count === 1 ? 'one branch' : `${count} branches`}, and --branch asks for number ${number}.`,
      { code: 'no-such-branch', file: name },
    );
  const { file, profile } = await scenarioInTrace(trace, name);
  const model = modelOf(file, profile);
  if (count > 1 && asked === undefined)
    call.remark(`${name} has ${count} branches, and this is branch ${number}: --branch N takes another.`);
  const { run, end, difference } = await naming(name, () => repeat(call, name, trace, model, number));
  if (difference !== undefined) call.remark(`${name}: ${difference} [trace-differs]`);
  return { ...outcomeOf(file, run, end), ...(difference !== undefined && { difference }) };
}

/** Makes the run of a branch again, those that it parts from first, and holds each against its record. */
async function repeat(
  call: Invocation,
  name: string,
  trace: Trace,
  model: Model,
  number: number,
): Promise<{ run: Run; end: RunEnd; difference?: string }> {
  const branch = number === 1 ? undefined : trace.header.branches[number - 2];
  let run: Run;
  let end: RunEnd;
  if (branch) {
    const parent = await repeat(call, name, trace, model, branch.from);
    // A branch from a run that only the record has exists only in the record, too.
    const recorded = parent.difference === undefined ? undefined : recordedRun(trace, model, number);
    if (recorded) return { ...parent, run: recorded, end: recordedEnd(trace, recorded, number) };
    run = repeatBranch(parent.run, branch);
    end = run.end ?? { kind: 'open' };
  } else {
    run = new Run(model, optionsOfTrace(model, trace.header));
    end = await runToEnd(run, call.io.interrupt);
  }
  if (branchOf(trace.header, number)?.end === 'open' && end.kind === 'limit') end = { kind: 'open' };
  const difference = end.kind === 'interrupted' ? undefined : differenceFrom(trace, run, number);
  if (difference === undefined) return { run, end };
  const text = differenceText(trace, run, difference, number);
  const recorded = recordedRun(trace, model, number);
  if (!recorded)
    throw new Failure(
      `${text} The numbers of its events mean something else in this version: ${trace.header.writtenBy} shows what it has recorded.`,
      { code: 'trace-differs', exitCode: EXIT.failed, file: name },
    );
  return {
    run: recorded,
    end: recordedEnd(trace, recorded, number),
    difference: `${text} What is shown is the recorded run.`,
  };
}

/** How a recorded run ended. A run made of events does not know that it ended at a limit. */
function recordedEnd({ header }: Trace, { end, steps }: Run, number: number): RunEnd {
  if (end) return end;
  return branchOf(header, number)?.end === 'limit' ? { kind: 'limit', limit: 'steps', at: steps } : { kind: 'open' };
}

function scheduleOptions(call: Invocation, model: Model): RunOptions {
  const typed = call.text('schedule');
  const schedule = typed === undefined ? undefined : typedSchedule(model, typed);
  const wrong = schedule?.diagnostics[0];
  if (schedule && wrong) throw scheduleFailure(call.asGiven('schedule'), schedule.text, wrong);
  const granularity = (call.text('granularity') as Granularity | undefined) ?? schedule?.granularity;
  return {
    ...(schedule && { schedule: schedule.moves }),
    ...(granularity && { granularity }),
  };
}

function scheduleFailure(option: string, text: string, diagnostic: Diagnostic): Failure {
  return new Failure(`Invalid schedule: ${diagnostic.message}`, {
    code: diagnostic.code,
    file: option,
    text,
    diagnostics: [diagnostic],
  });
}

/** A schedule whose move is not possible in its place is not the run that was asked for. */
function refuseUnplayable({ scheduleProblem, model }: Run): void {
  if (!scheduleProblem) return;
  const message = scheduleProblemText(scheduleProblem, model.world.kernel.profile.name);
  throw new Failure(message, { code: 'impossible-schedule' });
}

async function runToEnd(recorded: Run, interrupt: AbortSignal): Promise<RunEnd> {
  for (;;) {
    for (let i = 0; i < STEPS_PER_ROUND; i++) if (!recorded.advance()) return recorded.end!;
    await breathe();
    if (interrupt.aborted) return { kind: 'interrupted' };
  }
}
