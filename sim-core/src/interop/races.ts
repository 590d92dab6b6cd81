/**
 * Races on real kernels: how often each outcome was observed, and whether the explorer predicts it.
 *
 * A histogram is a file of JSON lines, `{"kernel","race","outcome","count"}`. An outcome lists results by thread and call,
 * `a1=0 b1=EEXIST nc=1`: errnos of calls, `nc` the registrations of non-coherent DMA of all VMs, `fl0` the WBINVDs on a
 * pCPU. The scenario of a race has a condition whose terms are the same things: `a1.err`, `noncoherent(vm)`,
 * `flushes(cpu0)`; its last term, if it is none of these, is true where an actor never ended.
 *
 * An observed outcome that no execution has is a difference. An outcome that is predicted and was never observed is none:
 * it may be rare.
 */
import type { Outcome } from '../explore/exploration.ts';
import { errnoByName } from '../kernel/errno.ts';

export interface RaceRow {
  /** The release that was observed: `6.1.192`. */
  readonly kernel: string;
  readonly race: string;
  readonly outcome: string;
  /** Rounds with this outcome. */
  readonly count: number;
}

/** The rows of a histogram. What is none is a SyntaxError that names the line. */
export function parseRaces(text: string): RaceRow[] {
  return text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [raceRow(line, index + 1)]));
}

/** Does a text begin as a histogram of races does? */
export function looksLikeRaces(text: string): boolean {
  try {
    const first: unknown = JSON.parse(text.slice(0, text.indexOf('\n') >>> 0));
    return typeof first === 'object' && first !== null && 'race' in first;
  } catch {
    return false;
  }
}

/** One thing that was observed in an outcome: `a1` and what it was. */
type Observed = ReadonlyMap<string, number>;

/** What of an outcome could be compared with the terms of the scenario. */
export interface RaceJudgement {
  /** Rows that no execution explains. */
  readonly differences: readonly RaceRow[];
  /** Rounds of all rows. */
  readonly rounds: number;
  /** What outcomes mention and the scenario's condition does not. */
  readonly uncompared: readonly string[];
}

/** Compares the observed outcomes of one race on one kernel with those of an exploration. */
export function judgeRace(
  rows: readonly RaceRow[],
  terms: readonly string[],
  outcomes: readonly Pick<Outcome, 'values'>[],
): RaceJudgement {
  const unfinished = terms.findIndex((term) => observedName(term) === undefined);
  const predicted = outcomes
    .filter(({ values }) => unfinished < 0 || values[unfinished] !== STILL_WAITING)
    .map(({ values }) => predictedOf(terms, values));
  const compared = new Set(terms.map(observedName));
  const uncompared = new Set<string>();
  const differences = rows.filter((row) => {
    const observed = [...observedOf(row.outcome)];
    for (const [name] of observed) if (!compared.has(name)) uncompared.add(name);
    const fits = (outcome: Observed): boolean =>
      observed.every(([name, value]) => !compared.has(name) || outcome.get(name) === value);
    return !predicted.some(fits);
  });
  return { differences, rounds: rows.reduce((sum, row) => sum + row.count, 0), uncompared: [...uncompared] };
}

/** What a name that a thread never bound still has in the scenarios of races. */
const STILL_WAITING = '1';

/** The name in outcomes of what a term counts; undefined for other terms. */
function observedName(term: string): string | undefined {
  if (term.startsWith('noncoherent(')) return 'nc';
  const flushes = /^flushes\(cpu(\d+)\)$/.exec(term);
  return flushes ? `fl${flushes[1]}` : /^(\w+)\.err$/.exec(term)?.[1];
}

function predictedOf(terms: readonly string[], values: readonly string[]): Observed {
  const sums = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    const name = observedName(term);
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(values[i]));
  }
  return sums;
}

function observedOf(outcome: string): Observed {
  return new Map(
    outcome.split(' ').map((part) => {
      const [name = '', value = ''] = part.split('=');
      return [name, errnoByName.get(value) ?? (value === '' ? Number.NaN : Number(value))];
    }),
  );
}

function raceRow(line: string, number: number): RaceRow {
  const row = jsonObject(line, number);
  for (const name of ['kernel', 'race', 'outcome'] as const) {
    if (typeof row[name] !== 'string') throw new SyntaxError(`Line ${number}: \`${name}\` is not a string.`);
  }
  if (!/^[\w.-]+$/.test(row.race as string))
    throw new SyntaxError(
      `Line ${number}: \`race\` names a scenario, so it has letters, digits, \`_\` and \`-\` only.`,
    );
  if (!Number.isInteger(row.count) || (row.count as number) < 1)
    throw new SyntaxError(`Line ${number}: \`count\` is not a whole number above 0.`);
  for (const [name, value] of observedOf(row.outcome as string)) {
    if (name === '' || Number.isNaN(value))
      throw new SyntaxError(`Line ${number}: \`outcome\` is not a list of results such as \`a1=0 b1=EEXIST nc=1\`.`);
  }
  return row as unknown as RaceRow;
}

function jsonObject(line: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new SyntaxError(`Line ${number} is not JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError(`Line ${number} is not a JSON object.`);
  return value as Record<string, unknown>;
}
