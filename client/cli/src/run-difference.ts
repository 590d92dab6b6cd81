/** Two runs held against each other: where they part, and what came out differently. */
import { endText, type RunOutcome } from './run-outcome.ts';
import { type TraceEntry, traceEntries } from './trace.ts';

export interface RunDifference {
  /** Undefined when both runs tell the same from beginning to end. */
  readonly parting: Parting | undefined;
  /** Final values that are not the same; without a text where a run has no such value. */
  readonly values: readonly ValueDifference[];
  /** Findings that only one of the runs has. */
  readonly findings: readonly [readonly string[], readonly string[]];
  readonly ends: readonly [string, string];
}

export interface ValueDifference {
  readonly name: string;
  readonly texts: readonly [string | undefined, string | undefined];
}

/** The first statement that differs: entries that are the same before it, and what each run has there. */
export interface Parting {
  readonly entries: number;
  readonly sides: readonly [PartingSide | undefined, PartingSide | undefined];
}

export interface PartingSide {
  readonly entry: TraceEntry;
  /** The first event in the statement that differs; undefined when the statement has none left. */
  readonly happening: string | undefined;
}

export function differenceOf(a: RunOutcome, b: RunOutcome): RunDifference {
  return {
    parting: partingOf(a, b),
    values: valuesThatDiffer(a, b),
    findings: [
      a.findings.filter((one) => !b.findings.includes(one)),
      b.findings.filter((one) => !a.findings.includes(one)),
    ],
    ends: [endText(a), endText(b)],
  };
}

export function isSame({ parting, values, ends: [a, b] }: RunDifference): boolean {
  return parting === undefined && values.length === 0 && a === b;
}

function partingOf(a: RunOutcome, b: RunOutcome): Parting | undefined {
  const [left, right] = [traceEntries(a.run, true), traceEntries(b.run, true)];
  for (let entries = 0; ; entries++) {
    const [one, other] = [left.next().value || undefined, right.next().value || undefined];
    if (!one && !other) return undefined;
    const at = one && other && said(one) === said(other) ? firstHappening(one, other) : 0;
    if (at === undefined) continue;
    return { entries, sides: [sideOf(one, at), sideOf(other, at)] };
  }
}

/** Steps and events are counted apart: what one run does more would make everything after it differ. */
function said({ actor, text, begins, ends, result }: TraceEntry): string {
  return JSON.stringify([actor, text, begins, ends, result]);
}

function firstHappening(one: TraceEntry, other: TraceEntry): number | undefined {
  const most = Math.max(one.happenings.length, other.happenings.length);
  for (let at = 0; at < most; at++) if (one.happenings[at]?.text !== other.happenings[at]?.text) return at;
  return undefined;
}

function sideOf(entry: TraceEntry | undefined, at: number): PartingSide | undefined {
  return entry && { entry, happening: entry.happenings[at]?.text };
}

function valuesThatDiffer(a: RunOutcome, b: RunOutcome): ValueDifference[] {
  const same = a.file.text === b.file.text;
  const [left, right] = [a, b].map(({ values }) => new Map(values.map(({ name, text }) => [name, text]))) as [
    Map<string, string>,
    Map<string, string>,
  ];
  return (
    [...new Set([...left.keys(), ...right.keys()])]
      .map((name) => ({ name, texts: [left.get(name), right.get(name)] as const }))
      .filter(({ texts: [one, other] }) => one !== other)
      // Of one scenario, a value that one run lacks is that of a condition for the kernel of the other.
      .filter(({ texts }) => !same || !texts.includes(undefined))
  );
}
