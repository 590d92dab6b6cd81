/** Verdicts for people. */
import {
  counted,
  ENDLESS,
  type ExploreLimit,
  type JudgedCondition,
  nameOfKernels,
  refutationText,
  sizeText,
  spaced,
  type VerdictGroup,
} from '@snoopscope/sim-core';
import type { FileVerdict } from './check-file.ts';
import type { Invocation } from './commands/command.ts';
import { type Style, wrap } from './paint.ts';

const NONE_FOR_KERNEL = 'No condition is for this kernel: judged are declared results and findings.';
const WITHOUT_CONDITIONS = 'It has no conditions: judged are declared results and findings.';

/** Prints one file's verdicts. `witnesses` prints the schedules of conditions that hold, too. */
export function printVerdict(call: Invocation, { file, groups, left }: FileVerdict, witnesses: boolean): void {
  call.print(call.paint('heading', file.name));
  const hasConditions = file.parsed.lines.some(({ content }) => content.kind === 'condition');
  for (const group of groups) {
    printGroup(call, group, witnesses);
    if (hasConditions && group.conditions.length === 0) {
      call.print(call.paint('faint', `    ${wrap(NONE_FOR_KERNEL, call.width, 4)}`));
    }
  }
  if (left.length > 0) {
    const names = wrap(nameOfKernels(left), call.width - 'open'.length - 2, 2);
    call.print(`  ${call.paint('heading', names)}  ${call.paint('caution', 'open')}`);
    call.print(`    ${call.paint('faint', 'not explored')}`);
  }
  if (!hasConditions) call.print(call.paint('faint', `  ${wrap(WITHOUT_CONDITIONS, call.width, 2)}`));
}

function printGroup(call: Invocation, group: VerdictGroup, witnesses: boolean): void {
  const { name, passed, conditions, findings } = group;
  const [style, word]: [Style, string] =
    passed === undefined ? ['caution', 'open'] : passed ? ['good', 'passed'] : ['bad', 'FAILED'];
  const names = wrap(name, call.width - word.length - 2, 2);
  call.print(`  ${call.paint('heading', names)}  ${call.paint(style, word)}`);
  call.print(`    ${call.paint('faint', wrap(sizeText(group), call.width, 4))}`);
  for (const condition of conditions) printCondition(call, group, condition, witnesses);
  if (group.complete && group.finals === 0) {
    call.print(`    ${call.paint('caution', wrap(ENDLESS, call.width, 4))}`);
  }
  if (group.waiting) {
    const note = `In a run without a schedule: ${group.waiting}`;
    call.print(`    ${call.paint('caution', wrap(note, call.width, 4))}`);
  }
  for (const { text, schedule } of findings) {
    call.print(`    ${call.paint('bad', 'found')}  ${wrap(text, call.width, 11)}`);
    printSchedule(call, group, schedule);
  }
  if (group.limit) call.print(`    ${call.paint('caution', wrap(limitText(group.limit), call.width, 4))}`);
}

function printCondition(call: Invocation, group: VerdictGroup, condition: JudgedCondition, witnesses: boolean): void {
  const { holds, text, line, schedule } = condition;
  const [style, word]: [Style, string] =
    holds === undefined ? ['caution', 'open '] : holds ? ['good', 'holds'] : ['bad', 'FAILS'];
  call.print(`    ${call.paint(style, word)}  ${wrap(`${spaced(text)} (line ${line + 1})`, call.width, 11)}`);
  const refutation = holds === false ? refutationText(condition) : undefined;
  if (refutation !== undefined) call.print(`           ${wrap(refutation, call.width, 11)}`);
  if (schedule && (holds === false || witnesses)) printSchedule(call, group, schedule);
}

// A schedule is meant to be copied into a file, so it is never broken, and what follows it is a comment.
function printSchedule(call: Invocation, { kernels, explored }: VerdictGroup, schedule: string): void {
  const where = kernels.length > 1 ? call.paint('faint', ` // on ${explored}`) : '';
  const text = schedule === 'schedule' ? call.paint('faint', 'whatever the schedule') : call.paint('name', schedule);
  call.print(`           ${text}${where}`);
}

/** Which limit, and the way out. */
export function limitText(limit: ExploreLimit): string {
  switch (limit.kind) {
    case 'states':
      return `The limit of ${limit.at} states was reached; --max-states raises it.`;
    case 'bytes':
      return `The limit of ${limit.at} bytes for states was reached. A smaller scenario, or --granularity statement, needs fewer.`;
    case 'depth':
      return `The limit of ${limit.at} moves on one path was reached.`;
    case 'switches':
      return `Interleavings with more than ${counted(limit.at, 'switch')} were not visited; --max-switches raises the bound.`;
    case 'stopped':
      return 'The exploration was interrupted, or the time of --max-seconds was over, before it had seen everything.';
    case 'finding':
      return `The exploration stopped at the first ${limit.finding}.`;
    case 'model':
    case 'thread':
      return limit.message;
  }
}
