/** Why a check did not pass, a record each: what an editor shows at the line, and reports for other tools. */
import type { Finding } from '../engine/monitors/table.ts';
import type { ResultContrast } from '../explain/event-text.ts';
import type { ExploreLimit } from '../explore/exploration.ts';
import type { VerdictGroup } from './verdict-groups.ts';
import { refutationText, scheduleWords, spaced } from './verdict-text.ts';

export interface CheckFailure {
  /** `open`: a limit was reached before it was known. */
  readonly kind: 'condition' | 'finding' | 'open';
  /** Counting from 0, in the scenario's own file. */
  readonly line?: number;
  /** Of a condition: its index. */
  readonly condition?: number;
  /** What it is about, when that is a finding alone: where a debugger stops on the way. */
  readonly finding?: Finding;
  /** At which of the steps that make it; the first when left out. */
  readonly nth?: number;
  readonly contrast?: ResultContrast;
  /** The kernels with this verdict: `v5.10..v5.11`. */
  readonly kernels: string;
  /** The kernel on which `schedule` leads there. */
  readonly explored: string;
  /** `~exists gpu.r0 == 0 on v5.10.. fails on v5.10..v5.11`. */
  readonly headline: string;
  /** What refutes it, and the schedule with its kernel: sentences and lines for people. */
  readonly details: readonly string[];
  /** A `schedule` line that leads there; without items when any does. */
  readonly schedule?: string;
}

/** `limitText` says which limit was reached, and the way out. */
export function failuresOf(
  groups: readonly VerdictGroup[],
  limitText: (limit: ExploreLimit) => string,
): CheckFailure[] {
  return groups.flatMap((group) => {
    const limit = group.limit && limitText(group.limit);
    return [...conditionFailures(group, limit), ...findingFailures(group), ...openEnd(group, limit)];
  });
}

/** All of it, a line each. */
export function failureText({ headline, details }: CheckFailure): string {
  return [headline, ...details].join('\n');
}

/** `FILE:LINE: error: TEXT [WORD]`, as compilers print errors: one line, because matchers of problems take no more. */
export function compilerLine(file: string, { kind, line = 0, finding, headline, details }: CheckFailure): string {
  const severity = kind === 'open' ? 'warning' : 'error';
  const text = details.length === 0 ? headline : `${headline}: ${details.join(' ')}`;
  return `${file}:${line + 1}: ${severity}: ${text} [${finding ?? kind}]`;
}

function conditionFailures(group: VerdictGroup, limit: string | undefined): CheckFailure[] {
  return group.conditions.flatMap((condition): CheckFailure[] => {
    const { holds, index, line, text, schedule, finding } = condition;
    if (holds) return [];
    const what = holds === undefined ? 'is open' : 'fails';
    const reason = holds === undefined ? limit : refutationText(condition);
    return [
      {
        kind: holds === undefined ? 'open' : 'condition',
        line,
        condition: index,
        ...(finding !== undefined && { finding }),
        ...common(group, `${spaced(text)} ${what} on ${group.name}`, schedule, reason),
      },
    ];
  });
}

function findingFailures(group: VerdictGroup): CheckFailure[] {
  return group.findings.map(({ finding, text, line, file, nth, schedule, contrast }) => ({
    kind: 'finding',
    finding,
    ...(nth > 1 && { nth }),
    ...(line !== undefined && file === undefined && { line }),
    ...(contrast && { contrast }),
    ...common(group, `${text}, on ${group.name}`, schedule),
  }));
}

/** A kernel that was not explored completely, where no condition says so. */
function openEnd(group: VerdictGroup, limit: string | undefined): CheckFailure[] {
  const { name, complete, conditions } = group;
  if (complete || conditions.some(({ holds }) => holds === undefined)) return [];
  return [{ kind: 'open', ...common(group, `${name} is not explored completely`, undefined, limit) }];
}

function common(
  group: VerdictGroup,
  headline: string,
  schedule?: string,
  reason?: string,
): Pick<CheckFailure, 'kernels' | 'explored' | 'headline' | 'details' | 'schedule'> {
  const { text, where } = schedule === undefined ? { text: '', where: '' } : scheduleWords(group, schedule);
  return {
    kernels: group.name,
    explored: group.explored,
    headline,
    details: [...(reason === undefined ? [] : [reason]), ...(text === '' ? [] : [`${text}${where}`])],
    ...(schedule !== undefined && { schedule }),
  };
}
