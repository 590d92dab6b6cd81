/** A run for people. */
import { conditionInRunText, type FailedCall, failedCallText, spaced, whyText } from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { type Style, wrap } from './paint.ts';
import { endText, type RunOutcome } from './run-outcome.ts';
import { EXPLAINED_REPEATS, type ExplainedHappening, type TraceEntry, traceEntries } from './trace.ts';

const STYLE_OF: Readonly<Record<ExplainedHappening['kind'], Style>> = {
  step: 'faint',
  call: 'faint',
  return: 'faint',
  result: 'faint',
  change: 'faint',
  access: 'faint',
  cache: 'name',
  kernel: 'name',
  exit: 'name',
  tlp: 'name',
  finding: 'worst',
  refusal: 'bad',
};
/** Where what happened begins: two columns after the statement, or nearly at the margin on a narrow terminal. */
const INDENT = 8;
const NARROW_INDENT = 4;
/** Instead of the same explanation once more. */
const AS_BEFORE = `Not explained again: this statement had it ${EXPLAINED_REPEATS} times before.`;
/** Statements printed before the reader of a pipe is waited for. */
const ENTRIES_PER_PAUSE = 500;

export async function printRun(call: Invocation, outcome: RunOutcome): Promise<void> {
  const { file, profile, run } = outcome;
  const title = file.parsed.lines.find((line) => line.content.kind === 'scenario')?.content;
  const named = title?.kind === 'scenario' ? `${title.text.value} — ` : '';
  call.print(call.paint('heading', wrap(`${named}${file.name} on ${profile.name}`, call.width, 2, 0)));
  let actor: string | undefined;
  let printed = 0;
  for (const entry of traceEntries(run, call.flag('events'))) {
    if (++printed % ENTRIES_PER_PAUSE === 0) await call.io.stdout.drained();
    if (call.io.stdout.closed) return;
    if (call.io.interrupt.aborted) break;
    if (entry.environment) call.print(`\n${call.paint('caution', entry.actor)}`);
    else if (entry.actor !== actor) call.print(`\n${call.paint('heading', entry.actor)}`);
    actor = entry.environment ? undefined : entry.actor;
    printEntry(call, entry);
  }
  printValues(call, outcome);
  printConditions(call, outcome);
  call.print(`\n${wrap(endText(outcome), call.width)}`);
}

function printEntry(call: Invocation, entry: TraceEntry): void {
  if (entry.place) {
    const number = String(entry.place.line + 1).padStart(4);
    const where = entry.place.file > 0 ? '↳' : ' ';
    call.print(`${call.paint('faint', number)}${where} ${wrap(statementText(entry), call.width, INDENT, 6)}`);
  }
  if (entry.failed) printFailed(call, entry.failed);
  for (const happening of entry.happenings) printHappening(call, happening);
}

/** Why a call failed: the check that decided, and where it is written. */
function printFailed(call: Invocation, failed: FailedCall): void {
  const indent = call.width < 60 ? NARROW_INDENT : INDENT;
  const sources = [...new Set(failed.checks.map(({ place }) => place.source))];
  const text = `${failedCallText(failed)} (${sources.join(', ')})`;
  call.print(`${' '.repeat(indent)}${call.paint('bad', wrap(text, call.width, indent + 2, indent))}`);
}

/** As strace writes calls that others interrupt. */
function statementText(entry: TraceEntry): string {
  const { text, call, begins, ends, result } = entry;
  if (call === undefined) return `${begins ? '' : '… '}${text}${ends ? '' : ' …'}`;
  const shown = begins ? text : `<... ${call} resumed>`;
  if (!ends) return begins ? `${shown} <unfinished ...>` : shown;
  return result === undefined ? shown : `${shown} = ${result}`;
}

function printHappening(call: Invocation, { kind, text, why, repeats, depth }: ExplainedHappening): void {
  const margin = call.width < 60 ? NARROW_INDENT : INDENT + (kind === 'call' ? 2 * depth : 0);
  const indented = (style: Style, words: string, indent: number): void =>
    call.print(`${' '.repeat(indent)}${call.paint(style, wrap(words, call.width, indent + 2, indent))}`);
  indented(STYLE_OF[kind], text, margin);
  if (why) for (const line of whyText(why).slice(1)) indented('caution', line, margin + 2);
  if (repeats) indented('faint', AS_BEFORE, margin + 2);
}

function printValues(call: Invocation, { values }: RunOutcome): void {
  if (values.length === 0) return;
  call.print(`\n${call.paint('heading', 'Final values')}`);
  const longest = Math.max(...values.map(({ name }) => name.length));
  for (const { name, text } of values) {
    const line = wrap(`${name.padEnd(longest)}  ${text}`, call.width, 6, 2);
    call.print(`  ${call.paint('name', name)}${line.slice(name.length)}`);
  }
}

function printConditions(call: Invocation, { conditions }: RunOutcome): void {
  if (conditions.length === 0) return;
  call.print(`\n${call.paint('heading', 'Conditions, in this run alone')}`);
  for (const one of conditions) {
    const style: Style = one.decides === 'refuted' ? 'bad' : one.decides === 'shown' ? 'good' : 'faint';
    call.print(`  ${wrap(spaced(one.condition.text), call.width, 4, 2)}`);
    call.print(`    ${call.paint(style, wrap(conditionInRunText(one), call.width, 4))}`);
  }
}
