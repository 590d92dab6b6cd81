// What an exploration found, as a page to read: verdicts, findings and outcomes, and the lines at which something can be done.
import {
  adviceText,
  type ConditionReport,
  counted,
  droppedLines,
  type ExplorationReport,
  type FindingReport,
  findingTitle,
} from '@snoopscope/sim-core';
import type { Workers } from './explore-threads.ts';
import type { ExploredReply } from './explore-worker.ts';
import { limitText } from './limit-text.ts';

export interface Page {
  readonly text: string;
  readonly actions: readonly PageAction[];
}

/** A schedule on the page. */
export interface PageAction {
  /** Counting from 0. */
  readonly line: number;
  readonly title: string;
  /** A `schedule` line, without items when any schedule leads there. */
  readonly schedule: string;
  /** Where the session is to stop; without it, at the end of the run. */
  readonly finding?: string;
  /** At which of the steps that make this finding; the first when left out. */
  readonly nth?: number;
}

/** More outcomes than these are for the command line's JSON. */
const SHOWN_OUTCOMES = 200;

export function explorationPage(name: string, { report, seconds, shortened, workers }: ExploredReply): Page {
  const lines: string[] = [
    `# ${name} on ${report.kernel}: ${verdictWord(report.passed)}`,
    '',
    coverage(report, seconds),
  ];
  const actions: PageAction[] = [];
  lines.push(...workerLines(workers));
  if (report.limit) lines.push('', limitText(report.limit));
  lines.push(...adviceLines(report, seconds));
  if (!shortened)
    lines.push('', 'You did not wait for shorter schedules: these are as the exploration came across them.');
  const heading = (text: string) => lines.push('', `## ${text}`);
  const entry = (title: string, more: readonly string[], action?: Omit<PageAction, 'line'>) => {
    lines.push('');
    if (action) actions.push({ line: lines.length, ...action });
    lines.push(`- ${title}`, ...more.map((line) => `  ${line}`));
    if (action)
      lines.push(`  ${action.schedule === 'schedule' ? '(whatever the schedule)' : `\`${action.schedule}\``}`);
  };
  if (report.findings.length > 0) heading('Findings');
  for (const finding of report.findings) entry(findingTitle(finding), findingLines(finding), findingAction(finding));
  if (report.conditions.length > 0) heading('Conditions');
  for (const condition of report.conditions) {
    const { schedule, holds } = condition;
    const title = holds === false ? 'Debug counterexample' : 'Debug example';
    entry(
      conditionTitle(condition),
      conditionLines(condition, report),
      schedule === undefined ? undefined : { title, schedule },
    );
  }
  if (report.terms.length > 0 && report.outcomes.length > 0) heading(`Outcomes: ${report.outcomes.length}`);
  for (const { values, finals, schedule } of report.terms.length > 0 ? report.outcomes.slice(0, SHOWN_OUTCOMES) : []) {
    const pairs = report.terms.map((term, i) => `${term} = ${values[i]}`).join(', ');
    entry(`${pairs} (${finals} final ${finals === 1 ? 'state' : 'states'})`, [], { title: 'Debug outcome', schedule });
  }
  return { text: `${lines.join('\n')}\n`, actions };
}

/** What to do after a limit, and what the search did without. */
function adviceLines({ advice, dropped, states, switches }: ExplorationReport, seconds: number): string[] {
  const how = {
    maxSwitches: (bound: number) => `${bound} in the setting snoopscope.explore.maxSwitches`,
    statesPerSecond: states / Math.max(seconds, 0.001),
  };
  const covered =
    switches && switches.completed >= 0
      ? [
          `Covered: all interleavings with at most ${counted(switches.completed, 'switch')}; nothing is proved of those with more.`,
        ]
      : [];
  const texts = [
    ...covered,
    ...advice.map((each) => adviceText(each, how)),
    ...droppedLines(dropped).map((line) => `The search ${line}.`),
  ];
  return texts.flatMap((text) => ['', text]);
}

function verdictWord(passed: boolean | undefined): string {
  return passed === undefined ? 'open' : passed ? 'as declared' : 'FAILED';
}

function coverage(
  { complete, granularity, states, transitions, depth, frontier, bytes }: ExplorationReport,
  seconds: number,
): string {
  const what = granularity === 'micro' ? 'micro-steps' : 'statements';
  const seen = complete
    ? `All interleavings of ${what}`
    : `Some interleavings of ${what}, ${frontier} states still to be continued`;
  const rate = Math.round(states / Math.max(seconds, 0.001)).toLocaleString('en');
  const size = `${states} states, ${transitions} transitions, ${depth} moves deep`;
  return `${seen}: ${size}; ${(bytes / 1024 ** 2).toFixed(1)} MB, ${seconds.toFixed(2)} s, ${rate} states a second.`;
}

function workerLines({ count, memory, problem }: Workers): string[] {
  const how = memory === 'shared' ? 'which share memory' : 'which exchange messages';
  const who = count > 1 ? [`Explored by ${count} workers, ${how}.`] : [];
  return problem === undefined ? who : [...who, `More workers could not be started: ${problem}.`];
}

function findingLines({ occurrences, unexpected, shortest }: FindingReport): string[] {
  const often = `${occurrences} ${occurrences === 1 ? 'time' : 'times'}`;
  return [`${often}${unexpected ? '; no condition expects it' : ''}; ${shortest ? 'the shortest way' : 'a way'}:`];
}

function findingAction({ finding, nth, schedule }: FindingReport): Omit<PageAction, 'line'> {
  return { title: 'Debug counterexample', schedule, finding, ...(nth > 1 && { nth }) };
}

function conditionTitle({ text, line, applies, holds }: ConditionReport): string {
  const word = !applies ? 'not for this kernel' : holds === undefined ? 'open' : holds ? 'holds' : 'FAILS';
  return `${word}: ${text.replace(/\s+/g, ' ')} (line ${line + 1})`;
}

function conditionLines(
  { applies, observation, positive, negative }: ConditionReport,
  { complete }: ExplorationReport,
): string[] {
  if (!applies) return [];
  if (!observation) return [complete ? 'No interleaving ends.' : 'No execution has ended so far.'];
  return [`${observation}: ${positive} positive, ${negative} negative`];
}
