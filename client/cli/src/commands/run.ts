/** `snoopscope run FILE`: one run, told statement by statement. */
import {
  type Diagnostic,
  type End,
  type Granularity,
  type Model,
  Run,
  type RunOptions,
  typedSchedule,
} from '@snoopscope/sim-core';
import { Failure } from '../failure.ts';
import { remarkWarnings } from '../failure-report.ts';
import { pause } from '../io.ts';
import { profileFor } from '../kernels.ts';
import { runDocument } from '../run-json.ts';
import { exitCodeOf, outcomeOf, type RunEnd } from '../run-outcome.ts';
import { printRun } from '../run-text.ts';
import { modelOf, readScenario } from '../scenario-file.ts';
import { type Call, type Command, FORMAT, GRANULARITY, KERNEL } from './command.ts';

/** Steps between two looks at the keyboard. */
const STEPS_PER_ROUND = 20_000;

export const run: Command = {
  name: 'run',
  summary: 'Run a scenario once and print what happens, statement by statement.',
  operands: 'FILE',
  minOperands: 1,
  maxOperands: 1,
  description: [
    'Runs on one kernel under one schedule: the given one, else the one in the file, else each actor in turn until it has to wait. System calls are printed with their results as strace does, and with them VM exits, the CPUs that executed WBINVD, TLPs and whether they were snooped, lines filled and written back, and findings with their causes.',
    'One run proves nothing about the others: `check` looks at all interleavings. FILE may be - for standard input.',
  ],
  options: [
    KERNEL,
    { name: 'schedule', value: 'SCHEDULE', doc: 'Who moves when, as a `schedule` line of the language: "qemu*4 vcpu0 gpu*2".' },
    GRANULARITY,
    { name: 'max-steps', value: 'N', doc: 'Stop after this many micro-steps; 1000000 without it.' },
    { name: 'events', doc: 'Print every event: calls and returns of kernel functions and each changed field.' },
    FORMAT,
  ],
  examples: [
    { line: 'run scenarios/wbinvd/local-cpu-not-flushed.snoop', about: 'The run that the file describes.' },
    { line: 'run --kernel v5.12 scenarios/wbinvd/local-cpu-not-flushed.snoop', about: 'The same on another kernel.' },
  ],
  async run(call) {
    const file = await readScenario(call.io, call.operands[0] as string);
    remarkWarnings(call, file);
    const model = modelOf(file, profileFor(file, call.text('kernel')));
    const recorded = new Run(model, optionsOf(call, model));
    const end = await runToEnd(recorded, call.io.interrupt);
    refuseUnplayable(recorded);
    const outcome = outcomeOf(file, recorded, end);
    if (call.format === 'json') call.printJson(runDocument(outcome, call.flag('events')));
    else printRun(call, outcome);
    return exitCodeOf(outcome);
  },
};

function optionsOf(call: Call, model: Model): RunOptions {
  const typed = call.text('schedule');
  const schedule = typed === undefined ? undefined : typedSchedule(model, typed);
  const wrong = schedule?.diagnostics[0];
  if (schedule && wrong) throw scheduleFailure(schedule.text, wrong);
  const granularity = (call.text('granularity') as Granularity | undefined) ?? schedule?.granularity;
  const maxSteps = call.count('max-steps');
  return {
    ...(schedule && { schedule: schedule.moves }),
    ...(granularity && { granularity }),
    ...(maxSteps !== undefined && { maxSteps }),
  };
}

function scheduleFailure(text: string, diagnostic: Diagnostic): Failure {
  return new Failure(`The schedule cannot be read: ${diagnostic.message}`, {
    code: diagnostic.code,
    file: '--schedule',
    text,
    diagnostics: [diagnostic],
  });
}

/** A schedule whose move is not possible in its place is not the run that was asked for. */
function refuseUnplayable({ scheduleProblem, model }: Run): void {
  if (!scheduleProblem) return;
  const possible = scheduleProblem.possible.join(', ') || 'nothing';
  const message = `Item ${scheduleProblem.item + 1} of the schedule is not possible where it stands on ${model.world.kernel.profile.name}. Possible there: ${possible}.`;
  throw new Failure(message, { code: 'impossible-schedule' });
}

async function runToEnd(recorded: Run, interrupt: AbortSignal): Promise<RunEnd> {
  for (;;) {
    for (let i = 0; i < STEPS_PER_ROUND; i++) if (!recorded.advance()) return recorded.end as End;
    await pause();
    if (interrupt.aborted) return { kind: 'interrupted' };
  }
}
