/** An exploration for people: verdicts, outcomes and findings, each with a schedule that leads there, and what it cost. */
import {
  adviceText,
  type ConditionReport,
  counted,
  coverageText,
  droppedLines,
  type ExplorationReport,
  type ExploreLimit,
  type FindingReport,
  findingTitle,
  missText,
  type OutcomeReport,
  type Progress,
  spaced,
} from '@snoopscope/sim-core';
import { shellWord } from './arguments.ts';
import { limitText } from './check-text.ts';
import type { Invocation } from './commands/command.ts';
import type { Kept } from './explore-checkpoint.ts';
import type { Known } from './explore-file.ts';
import { reductionName } from './explore-options.ts';
import { type Style, wrap } from './paint.ts';

/** More outcomes than these are for programs. */
const SHOWN_OUTCOMES = 40;
const SHOWN_FINDINGS = 40;

export function printExplored(call: Invocation, name: string, { report, seconds, kept }: Known): void {
  const { kernel, passed, skipped, conditions, findings, fingerprints } = report;
  const [style, word] = VERDICTS[String(passed) as keyof typeof VERDICTS];
  call.print(call.paint('heading', name));
  if (skipped !== undefined) {
    call.print(`  ${call.paint('faint', `Skipped: ${skipped}, so there is nothing to explore.`)}`);
    return;
  }
  const but = passed && fingerprints ? `, ${missText(fingerprints)}` : '';
  call.print(`  ${call.paint('heading', kernel)}  ${call.paint(style, word)}${but}`);
  call.print(`  ${call.paint('faint', wrap(coverageText(report, '--max-depth'), call.width, 2))}`);
  if (conditions.length > 0) call.print('');
  for (const condition of conditions) printCondition(call, condition, report.complete);
  printOutcomes(call, report);
  if (findings.length > 0) call.print('');
  for (const finding of findings.slice(0, SHOWN_FINDINGS)) printFinding(call, finding);
  const more = findings.length - SHOWN_FINDINGS;
  if (more > 0)
    call.print(`  ${wrap(`and ${counted(more, 'more finding')}, which --format json lists`, call.width, 2)}`);
  call.print('');
  if (report.limit) call.print(`  ${call.paint('caution', wrap(exploreLimitText(report.limit), call.width, 2))}`);
  for (const text of adviceTexts(report, seconds)) call.print(`  ${call.paint('faint', wrap(text, call.width, 2))}`);
  const from = kept?.resumedFrom ?? 0;
  call.print(`  ${call.paint('faint', wrap(costText(report, seconds, from), call.width, 2))}`);
  for (const text of droppedTexts(report)) call.print(`  ${call.paint('faint', wrap(text, call.width, 2))}`);
  if (kept)
    call.print(`  ${call.paint(kept.problem ? 'caution' : 'faint', wrap(keptText(kept, report), call.width, 2))}`);
}

const VERDICTS = {
  true: ['good', 'passed'],
  false: ['bad', 'FAILED'],
  undefined: ['caution', 'open'],
} as const satisfies Record<string, readonly [Style, string]>;

/** Which limit, and the way out. */
export function exploreLimitText(limit: ExploreLimit): string {
  switch (limit.kind) {
    case 'depth':
      return `The limit of ${counted(limit.at, 'move')} on one path was reached; --max-depth raises it.`;
    default:
      return limitText(limit);
  }
}

/** From where, to where, and what the next call does. */
function keptText({ file, resumedFrom, finished, written, problem }: Kept, { sampling }: ExplorationReport): string {
  const far = counted(resumedFrom ?? 0, sampling ? 'move' : 'state');
  const from = resumedFrom === undefined ? '' : `resumed from ${file} at ${far}; `;
  if (problem) return `checkpoint: ${from}not written the last time: ${problem}`;
  if (finished && written === 0) return `checkpoint: ${file} holds this result; remove it to explore again`;
  if (finished) return `checkpoint: ${from}${file} now holds this result`;
  return `checkpoint: ${from}written to ${file}; the same call resumes it`;
}

function printCondition(
  call: Invocation,
  { text, line, applies, holds, positive, negative, ...rest }: ConditionReport,
  complete: boolean,
): void {
  const [style, word]: [Style, string] =
    holds === undefined ? ['caution', applies ? 'open ' : '-    '] : holds ? ['good', 'holds'] : ['bad', 'FAILS'];
  call.print(`  ${call.paint(style, word)}  ${wrap(`${spaced(text)} (line ${line + 1})`, call.width, 9)}`);
  if (!applies) {
    call.print(`         ${call.paint('faint', 'Not for this kernel.')}`);
    return;
  }
  const counts = `${positive} positive, ${negative} negative`;
  const seen = rest.observation
    ? `${rest.observation}: ${counts}`
    : complete
      ? 'No interleaving ends.'
      : 'No execution has ended so far.';
  call.print(`         ${wrap(seen, call.width, 9)}`);
  if (rest.schedule) printSchedule(call, rest.schedule);
  if (rest.seed !== undefined) printAgain(call, rest.seed);
}

function printOutcomes(call: Invocation, { terms, outcomes }: ExplorationReport): void {
  if (terms.length === 0 || outcomes.length === 0) return;
  call.print(`\n  ${call.paint('heading', counted(outcomes.length, 'outcome'))}`);
  for (const outcome of outcomes.slice(0, SHOWN_OUTCOMES)) printOutcome(call, terms, outcome);
  const more = outcomes.length - SHOWN_OUTCOMES;
  if (more > 0) call.print(`  ${wrap(`and ${more} more, which --format json lists`, call.width, 2)}`);
}

// As herd prints its histogram: how many final states, then what they have in common.
function printOutcome(call: Invocation, terms: readonly string[], { values, finals, schedule }: OutcomeReport): void {
  const pairs = terms.map((term, i) => `${term}=${values[i]}`).join('; ');
  const count = String(finals).padStart(5);
  call.print(`  ${count}  ${wrap(pairs, call.width, 9)}`);
  printSchedule(call, schedule);
}

function printFinding(
  call: Invocation,
  { occurrences, unexpected, schedule, shortest, seed, ...placed }: FindingReport,
): void {
  call.print(`  ${call.paint(unexpected ? 'bad' : 'caution', 'found')}  ${wrap(findingTitle(placed), call.width, 9)}`);
  const often = `${counted(occurrences, 'time')}${unexpected ? '; no condition expects it' : ''}; ${shortest ? 'the shortest schedule' : 'one schedule'}:`;
  call.print(`         ${call.paint('faint', wrap(often, call.width, 9))}`);
  printSchedule(call, schedule);
  if (seed !== undefined) printAgain(call, seed);
}

/** Options that a random run depends on, besides its seed. */
const RUN_OPTIONS = ['kernel', 'granularity', 'max-depth', 'pct'] as const;

/** The call that makes one random run again. */
function printAgain(call: Invocation, seed: number): void {
  const options = RUN_OPTIONS.flatMap((option) => {
    const value = call.text(option);
    return value === undefined ? [] : [`--${option} ${value}`];
  });
  const [file] = call.operands as [string];
  const words = ['snoopscope explore', shellWord(file), '--random 1', `--seed ${seed}`, ...options];
  call.print(`         ${call.paint('name', words.join(' '))}`);
}

// A schedule is there to be copied into a file, so it is never broken.
function printSchedule(call: Invocation, schedule: string): void {
  const shown = schedule === 'schedule' ? call.paint('faint', 'whatever the schedule') : call.paint('name', schedule);
  call.print(`         ${shown}`);
}

/** `from`: states that were there before these seconds. */
function costText(report: ExplorationReport, seconds: number, from: number): string {
  const { states, transitions, depth, bytes, sampling, fingerprints } = report;
  if (sampling) return `${counted(transitions, 'move')}, the longest run ${depth}, ${seconds.toFixed(2)} s`;
  const each = Math.round(bytes / Math.max(states, 1));
  // A result that was read from a file took no time.
  const pace = states === from ? '' : `, ${seconds.toFixed(2)} s, ${rate(states - from, seconds)} states a second`;
  const again = fingerprints?.restarts ? `, restarted ${counted(fingerprints.restarts, 'time')}` : '';
  return `${counted(states, 'state')}, ${counted(transitions, 'transition')}, ${counted(depth, 'move')} deep, ${short(bytes)}B, ${counted(each, 'byte')} a state${pace}${again}`;
}

/** What to try after a limit. */
function adviceTexts({ advice, states }: ExplorationReport, seconds: number): string[] {
  const how = {
    maxSwitches: (bound: number): string => `--max-switches ${bound}`,
    statesPerSecond: states / Math.max(seconds, 0.001),
  };
  return advice.map((each) => adviceText(each, how));
}

/** Reductions that the search gave up, by the names that --without takes. */
function droppedTexts({ dropped }: ExplorationReport): string[] {
  return droppedLines(dropped, reductionName);
}

/** One line for a terminal, while the search runs. `drawn`: runs at random, whose moves stand for states. */
export function progressText(progress: Progress, seconds: number, kept: Kept | undefined, drawn: boolean): string {
  const { states, transitions, frontier, bytes, depth } = progress;
  const saved = kept ? `, checkpoint written ${counted(kept.written, 'time')}` : '';
  if (drawn) {
    return `${short(transitions)} moves, ${rate(transitions, seconds)} a second, ${short(frontier)} runs to go${saved}`;
  }
  return `${short(states)} states, ${rate(states - (kept?.resumedFrom ?? 0), seconds)} a second, frontier ${short(frontier)}, depth ${depth}, ${short(bytes)}B${saved}`;
}

function rate(states: number, seconds: number): string {
  // A search that started over may have fewer states than it had.
  return short(Math.max(0, states) / Math.max(seconds, 0.001));
}

/** `950`, `12.3k`, `4.56M`. */
function short(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const [divisor, unit] = value < 1e6 ? [1e3, 'k'] : value < 1e9 ? [1e6, 'M'] : [1e9, 'G'];
  return `${Number((value / divisor).toPrecision(3))}${unit}`;
}
