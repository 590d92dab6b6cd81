/** Verdicts for people. */
import type { ExploreLimit } from '@snoopscope/sim-core';
import type { FileVerdict, JudgedCondition, VerdictGroup } from './check-file.ts';
import type { Call } from './commands/command.ts';
import { type Style, wrap } from './paint.ts';

/** Prints one file's verdicts. `witnesses` prints the schedules of conditions that hold, too. */
export function printVerdict(call: Call, { file, groups }: FileVerdict, witnesses: boolean): void {
  call.print(call.paint('heading', file.name));
  for (const group of groups) printGroup(call, group, witnesses);
}

function printGroup(call: Call, group: VerdictGroup, witnesses: boolean): void {
  const { name, passed, conditions, findings } = group;
  const [style, word]: [Style, string] = passed === undefined ? ['caution', 'open'] : passed ? ['good', 'passed'] : ['bad', 'FAILED'];
  call.print(`  ${call.paint('heading', name)}  ${call.paint(style, word)}  ${call.paint('faint', sizeText(group))}`);
  for (const condition of conditions) printCondition(call, condition, witnesses);
  if (conditions.length === 0) call.print(call.paint('faint', '    no condition is for this kernel'));
  for (const { text, schedule } of findings) {
    call.print(`    ${call.paint('bad', 'found')}  ${wrap(text, call.width - 11, 11)}`);
    printSchedule(call, schedule);
  }
  if (group.limit) call.print(`    ${call.paint('caution', wrap(limitText(group.limit), call.width - 4, 4))}`);
}

function printCondition(call: Call, condition: JudgedCondition, witnesses: boolean): void {
  const { holds, text, line, schedule } = condition;
  const [style, word]: [Style, string] = holds === undefined ? ['caution', 'open '] : holds ? ['good', 'holds'] : ['bad', 'FAILS'];
  call.print(`    ${call.paint(style, word)}  ${wrap(`${text} (line ${line + 1})`, call.width - 11, 11)}`);
  if (holds === false && !schedule) call.print(`           ${wrap(nowhereText(condition), call.width - 11, 11)}`);
  if (schedule && (holds === false || witnesses)) printSchedule(call, schedule);
}

// A schedule is there to be copied, so it is never broken.
function printSchedule(call: Call, schedule: string): void {
  call.print(`           ${call.paint('name', schedule)}`);
}

function nowhereText({ negative }: JudgedCondition): string {
  return `In none of the outcomes (${negative}) of all interleavings.`;
}

function sizeText({ states, complete, kernel, profiles }: VerdictGroup): string {
  const explored = profiles.includes(kernel) ? '' : `, explored as ${kernel.name}`;
  return complete ? `all interleavings, ${states} states${explored}` : `${states} states seen${explored}`;
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
    case 'stopped':
      return 'The exploration was stopped before it had seen everything; --max-seconds gives it more time.';
    case 'finding':
      return `The exploration stopped at the first ${limit.finding}.`;
    case 'model':
      return limit.message;
  }
}
