/** Verdicts for people. */
import type { ExploreLimit } from '@snoopscope/sim-core';
import { type FileVerdict, type JudgedCondition, nameOf, type VerdictGroup } from './check-file.ts';
import type { Invocation } from './commands/command.ts';
import { type Style, wrap } from './paint.ts';

/** Truth about nothing is worth a word. */
const ENDLESS = 'No interleaving ends: a condition that is not a finding alone is about final states only.';

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
    const names = wrap(nameOf(left), call.width - 'open'.length - 2, 2);
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
  if (holds === false && !schedule) call.print(`           ${wrap(nowhereText(condition), call.width, 11)}`);
  if (schedule && (holds === false || witnesses)) printSchedule(call, group, schedule);
}

/** A condition as written in the file, without the spaces that align it there. */
export function spaced(condition: string): string {
  return condition.replace(/\s+/g, ' ');
}

// A schedule is meant to be copied into a file, so it is never broken, and what follows it is a comment.
function printSchedule(call: Invocation, { profiles, kernel }: VerdictGroup, schedule: string): void {
  const where = profiles.length > 1 ? call.paint('faint', ` // on ${kernel.name}`) : '';
  const text = schedule === 'schedule' ? call.paint('faint', 'whatever the schedule') : call.paint('name', schedule);
  call.print(`           ${text}${where}`);
}

function nowhereText({ negative }: JudgedCondition): string {
  return `No interleaving ends like that; ${counted(negative, 'outcome')} ${negative === 1 ? 'was' : 'were'} seen.`;
}

function sizeText({ states, complete, explorations, kernel, profiles, granularity, oneOrder }: VerdictGroup): string {
  const what = granularity === 'micro' ? 'micro-steps' : 'statements';
  const size = complete
    ? `${oneOrder ? 'the one order of its schedule' : `all interleavings of ${what}`}, ${counted(states, 'state')}`
    : `${counted(states, 'state')} seen`;
  if (explorations > 1) return `${size} in ${explorations} explorations`;
  return profiles.includes(kernel) ? size : `${size}, explored as ${kernel.name}`;
}

/** `1 state`, `2 states`, `2 switches`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : noun.endsWith('ch') ? 'es' : 's'}`;
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
