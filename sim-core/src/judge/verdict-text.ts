/** Verdicts in words: the same in the command and in an editor. */
import { counted } from '../counted.ts';
import type { JudgedCondition, VerdictGroup } from './verdict-groups.ts';

/** Truth about nothing is worth a word. */
export const ENDLESS = 'No interleaving ends: a condition that is not a finding alone is about final states only.';

/** A condition as written in the file, without the spaces that align it there. */
export function spaced(condition: string): string {
  return condition.replace(/\s+/g, ' ');
}

/** How much was explored for these kernels. */
export function sizeText(group: VerdictGroup): string {
  const { states, complete, explorations, explored, kernels, granularity, oneOrder, switches } = group;
  const what = granularity === 'micro' ? 'micro-steps' : 'statements';
  const size = complete
    ? `${oneOrder ? 'the one order of its schedule' : `all interleavings of ${what}`}, ${counted(states, 'state')}`
    : `${counted(states, 'state')} seen${switches === undefined ? '' : `, and all interleavings of ${what} with at most ${counted(switches, 'switch')}; nothing is proved about those with more`}`;
  if (explorations > 1) return `${size} in ${explorations} explorations`;
  return kernels.includes(explored) ? size : `${size}, explored as ${explored}`;
}

/** What refutes a condition that fails, as far as there is something to say before its schedule. */
export function refutationText({ schedule, outcome, seen }: JudgedCondition): string | undefined {
  if (schedule === undefined) return unseenText(seen ?? []);
  return outcome && outcome.length > 0 ? `An execution ends with ${outcome.join(', ')}:` : undefined;
}

/** More outcomes than these are for `explore`. */
const SHOWN_OUTCOMES = 4;

/** Of a condition that no final state shows. */
function unseenText(seen: readonly string[]): string {
  if (seen.length === 0) return 'No interleaving ends like that.';
  const shown = seen.slice(0, SHOWN_OUTCOMES).join(', ');
  const more = seen.length > SHOWN_OUTCOMES ? `, … and ${seen.length - SHOWN_OUTCOMES} more` : '';
  return `No interleaving ends like that; ${counted(seen.length, 'outcome')} ${seen.length === 1 ? 'was' : 'were'} seen: ${shown}${more}.`;
}

/** A schedule, and a comment that names the kernel that it is for where that is one of several. */
export function scheduleWords(
  { kernels, explored }: VerdictGroup,
  schedule: string,
): { readonly text: string; readonly where: string } {
  return {
    text: schedule === 'schedule' ? 'whatever the schedule' : schedule,
    where: kernels.length > 1 ? ` // on ${explored}` : '',
  };
}
