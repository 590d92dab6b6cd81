/** `snoopscope run FILE`: one run, told statement by statement. */
import { Failure } from '../failure.ts';
import { refuseNoPlace } from '../output-file.ts';
import { RUN_OPTIONS, recordRun } from '../record-run.ts';
import { runDocument } from '../run-json.ts';
import { exitCodeOf } from '../run-outcome.ts';
import { printRun } from '../run-text.ts';
import { printWhy } from '../run-why.ts';
import { isTraceFile, saveTrace } from '../trace-file.ts';
import { type Command, FORMAT, RUN_FILES, TRACE_FILES } from './command.ts';

export const run: Command = {
  name: 'run',
  summary: 'Run a scenario once and print what happens, statement by statement.',
  operands: 'FILE',
  minOperands: 1,
  maxOperands: 1,
  operandOffers: [RUN_FILES],
  description: [
    'Runs on one kernel under one schedule: that of --schedule, else that of the file, else each actor in turn until it has to wait. Prints system calls with their results as strace does, which check of the kernel decided where one failed, VM exits, the CPUs that execute WBINVD, TLPs and whether they are snooped, cache lines filled and written back, and findings with their causes.',
    'One run proves nothing about the others: `check` looks at all interleavings. FILE may be - for standard input.',
    'FILE may also be a trace, a `.snooptrace` file that --save has written: it holds the scenario with its includes, the kernel, the schedule and every event, and is run again from that. Where the rerun differs from the recorded events, the first difference is reported, the recorded run is printed, and the exit code is 1.',
    'With --format json, a call that failed has `failed`: `text`, the `checks` with errno, function and source, the one that decided first, and the functions that handed the errno up (`through`). `findings` lists each finding once per statement that causes it: `finding` and `text` as `explore` has them, `occurrences`, where it first occurs (`event`, `step`, `actor`, `line`, and `file` if that is an included one), `modelFinding` where the kernel and the manuals have no word for it, and `why`, its causes with their events and sources.',
  ],
  options: [
    ...RUN_OPTIONS,
    {
      name: 'events',
      doc: 'Print every event, including calls and returns of kernel functions and each changed field.',
    },
    {
      name: 'why',
      value: 'FACT',
      doc: "Instead of the run, explain why a fact has its value at the end of it: 'ept(vm, x)', 'noncoherent(vm)', 'flushes(cpu0)'.",
    },
    {
      name: 'save',
      value: 'TRACE',
      doc: 'Save the run as a trace, a file whose name ends in `.snooptrace`; an existing one is replaced.',
      offers: TRACE_FILES,
    },
    FORMAT,
  ],
  examples: [
    { line: 'run scenarios/wbinvd/local-cpu-not-flushed.snoop', about: 'The run that the file describes.' },
    { line: 'run --kernel v5.12 scenarios/wbinvd/local-cpu-not-flushed.snoop', about: 'The same on another kernel.' },
    {
      line: "run --why 'flushes(cpu0)' scenarios/wbinvd/local-cpu-not-flushed.snoop",
      about: 'Why cpu0 was not flushed.',
    },
    { line: 'run --save a.snooptrace a.snoop', about: 'Print the run and save it.' },
    { line: 'run a.snooptrace', about: 'The same run again, without the scenario.' },
  ],
  async run(call) {
    const saved = call.text('save');
    if (saved !== undefined && !isTraceFile(saved))
      throw new Failure(`The name of a trace ends in .snooptrace: --save ${saved}.snooptrace.`, {
        code: 'not-a-trace-name',
      });
    if (saved !== undefined) refuseNoPlace(call.io, 'The trace', saved);
    const outcome = await recordRun(call, call.operands[0]!);
    if (saved !== undefined) await saveTrace(call.io, saved, outcome);
    const question = call.text('why');
    if (question !== undefined) return printWhy(call, outcome, question);
    if (call.format === 'json') call.printJson(runDocument(outcome, call.flag('events')));
    else await printRun(call, outcome);
    return exitCodeOf(outcome);
  },
};
