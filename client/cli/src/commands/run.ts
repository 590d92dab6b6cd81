/** `snoopscope run FILE`: one run, told statement by statement. */
import { RUN_OPTIONS, recordRun } from '../record-run.ts';
import { runDocument } from '../run-json.ts';
import { exitCodeOf } from '../run-outcome.ts';
import { printRun } from '../run-text.ts';
import { type Command, FORMAT, SCENARIO_FILES } from './command.ts';

export const run: Command = {
  name: 'run',
  summary: 'Run a scenario once and print what happens, statement by statement.',
  operands: 'FILE',
  minOperands: 1,
  maxOperands: 1,
  operandOffers: [SCENARIO_FILES],
  description: [
    'Runs on one kernel under one schedule: the given one, else the one in the file, else each actor in turn until it has to wait. System calls are printed with their results as strace does, and with them VM exits, the CPUs that executed WBINVD, TLPs and whether they were snooped, lines filled and written back, and findings with their causes.',
    'One run proves nothing about the others: `check` looks at all interleavings. FILE may be - for standard input.',
    'With --format json, `findings` has each finding once for each statement that makes it: `finding` and `text` as `explore` has them, `occurrences`, where it was made first (`event`, `step`, `actor`, `line`, and `file` where that is an included one), `modelFinding` where the kernel and the manuals have no word for it, and `why`, its causes with their events and sources.',
  ],
  options: [
    ...RUN_OPTIONS,
    { name: 'events', doc: 'Print every event: calls and returns of kernel functions and each changed field.' },
    FORMAT,
  ],
  examples: [
    { line: 'run scenarios/wbinvd/local-cpu-not-flushed.snoop', about: 'The run that the file describes.' },
    { line: 'run --kernel v5.12 scenarios/wbinvd/local-cpu-not-flushed.snoop', about: 'The same on another kernel.' },
  ],
  async run(call) {
    const outcome = await recordRun(call, call.operands[0] as string);
    if (call.format === 'json') call.printJson(runDocument(outcome, call.flag('events')));
    else await printRun(call, outcome);
    return exitCodeOf(outcome);
  },
};
