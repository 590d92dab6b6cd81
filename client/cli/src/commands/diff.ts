/** `snoopscope diff A B`: two runs, where they part and what came out differently. */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { FORMAT_VERSION } from '../json.ts';
import { wrap } from '../paint.ts';
import { RUN_OPTIONS, recordRun } from '../record-run.ts';
import { differenceOf, isSame, type PartingSide, type RunDifference } from '../run-difference.ts';
import type { RunOutcome } from '../run-outcome.ts';
import { isTraceFile } from '../trace-file.ts';
import { type Command, FORMAT, type Invocation, KERNELS, RUN_FILES } from './command.ts';

/** Options of B alone, and the option of both that each of them takes the place of. */
const OF_B: Readonly<Record<string, string>> = { kernel: 'kernel-b', schedule: 'schedule-b', branch: 'branch-b' };

export const diff: Command = {
  name: 'diff',
  summary: 'Show where two runs part, and which values and findings differ.',
  operands: 'A [B]',
  minOperands: 1,
  maxOperands: 2,
  operandOffers: [RUN_FILES],
  description: [
    'A and B are scenarios or traces (`.snooptrace`). Without B, A is run twice: on two kernels, or under two schedules. Prints the first statement in which the runs differ with the first event in it that does, then final values, findings and ends that are not the same. The exit code is 0 if nothing differs and 1 if something does.',
    'Options are for scenarios: a trace is run as it was recorded. `compare` does something else: it compares the answers of a real machine with the simulator.',
  ],
  options: [
    ...RUN_OPTIONS,
    { name: 'kernel-b', value: 'KERNEL', doc: 'Kernel of B. Default: chosen as for A.', offers: KERNELS },
    { name: 'schedule-b', value: 'SCHEDULE', allowsEmpty: true, doc: 'Schedule of B. Default: chosen as for A.' },
    { name: 'branch-b', value: 'N', doc: 'The same for B, if that is a trace. Default: chosen as for A.' },
    FORMAT,
  ],
  examples: [
    {
      line: 'diff --kernel v5.11 --kernel-b v5.12 scenarios/wbinvd/local-cpu-not-flushed.snoop',
      about: 'What v5.12 does differently.',
    },
    { line: 'diff yesterday.snooptrace today.snooptrace', about: 'Where two saved runs part.' },
  ],
  async run(call) {
    const [a, b = a] = call.operands as [string, string?];
    const first = await recordRun(withOptions(call, a, b, {}), a);
    const second = await recordRun(withOptions(call, b, a, OF_B), b);
    const difference = differenceOf(first, second);
    if (call.format === 'json') call.printJson(document(first, second, difference));
    else print(call, first, second, difference);
    return exitCode(first, second, difference);
  },
};

/** The call as the run of one operand sees it. Of a trace next to a scenario, `--branch` is the trace's and all else the scenario's. */
function withOptions(call: Invocation, own: string, other: string, names: typeof OF_B): Invocation {
  const nameOf = (option: string): string => {
    const ofB = names[option] ?? option;
    if (call.text(ofB) !== undefined) return ofB;
    const isOther = isTraceFile(own) !== isTraceFile(other) && isTraceFile(own) !== (option === 'branch');
    return isOther ? NONE : option;
  };
  return {
    ...call,
    text: (option) => call.text(nameOf(option)),
    count: (option) => call.count(nameOf(option)),
    asGiven: (option) => `--${nameOf(option)}`,
  };
}

/** An option that is never given. */
const NONE = 'none';

function exitCode({ end: a }: RunOutcome, { end: b }: RunOutcome, difference: RunDifference): ExitCode {
  if (a.kind === 'interrupted' || b.kind === 'interrupted') return EXIT.interrupted;
  if (!isSame(difference)) return EXIT.failed;
  return a.kind === 'limit' ? EXIT.limit : EXIT.fine;
}

function print(call: Invocation, a: RunOutcome, b: RunOutcome, difference: RunDifference): void {
  const { parting, values, findings, ends } = difference;
  const line = (text: string, indent = 2): void =>
    call.print(`${' '.repeat(indent)}${wrap(text, call.width, indent + 2, indent)}`);
  const heading = (text: string): void => call.print(`\n${call.paint('heading', text)}`);
  for (const [letter, { file, profile }] of [
    ['A', a],
    ['B', b],
  ] as const)
    call.print(call.paint('heading', wrap(`${letter}: ${file.name} on ${profile.name}`, call.width, 3, 0)));
  if (isSame(difference)) {
    call.print(`\n${wrap(`The runs are the same. ${ends[0]}`, call.width)}`);
    return;
  }
  if (parting) {
    heading(`The same for ${parting.entries} ${parting.entries === 1 ? 'entry' : 'entries'} of the run; then`);
    for (const [index, side] of parting.sides.entries()) {
      const [statement = '', happening] = sideLines(side);
      line(`${'AB'[index]}: ${statement}`);
      if (happening !== undefined) line(happening, 5);
    }
  }
  if (values.length > 0) {
    heading('Final values that differ');
    for (const { name, texts } of values) {
      const [one, other] = texts.map((text) => text ?? 'no such value');
      line(`${name}: ${one} in A, ${other} in B`);
    }
  }
  if (findings.some((found) => found.length > 0)) {
    heading('Findings of one run only');
    for (const [index, found] of findings.entries()) line(`${'AB'[index]}: ${found.join(', ') || 'none'}`);
  }
  heading('Ends');
  for (const [index, end] of ends.entries()) line(`${'AB'[index]}: ${end}`);
}

function sideLines(side: PartingSide | undefined): string[] {
  if (!side) return ['nothing more'];
  const { entry, happening } = side;
  const where = entry.place ? `, line ${entry.place.line + 1}: ${entry.text}` : '';
  const result = entry.result === undefined ? '' : ` = ${entry.result}`;
  return [`${entry.actor}${where}${result}`, happening ?? 'nothing more in this statement'];
}

function document(a: RunOutcome, b: RunOutcome, difference: RunDifference): object {
  const { parting, values, findings, ends } = difference;
  const run = ({ file, profile, run }: RunOutcome, index: 0 | 1): object => ({
    file: file.name,
    kernel: profile.name,
    steps: run.steps,
    onlyFindings: findings[index],
    end: ends[index],
  });
  return {
    format: FORMAT_VERSION,
    same: isSame(difference),
    a: run(a, 0),
    b: run(b, 1),
    ...(parting && {
      parting: { entries: parting.entries, a: sideDocument(parting.sides[0]), b: sideDocument(parting.sides[1]) },
    }),
    values: values.map(({ name, texts: [one, other] }) => ({ name, a: one ?? null, b: other ?? null })),
  };
}

function sideDocument(side: PartingSide | undefined): object | null {
  if (!side) return null;
  const { entry, happening } = side;
  return {
    actor: entry.actor,
    ...(entry.place && { line: entry.place.line + 1, text: entry.text }),
    ...(entry.result !== undefined && { result: entry.result }),
    step: entry.firstStep,
    happening: happening ?? null,
  };
}
