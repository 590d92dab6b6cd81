/**
 * Random runs that were split over several machines, put together: the result is the one that a single machine would
 * have had ({@link randomRuns} without a shard), as far as all shards are there.
 */

import { bySite, siteKey } from '../sites.ts';
import {
  byFirstRun,
  byOutcome,
  type RandomCondition,
  type RandomFinding,
  type RandomOutcome,
  type RandomResult,
} from './result.ts';

/** Something shown by a run. In documents the schedule is text. */
type Shown = { readonly run: number };

/** What keeps results from being put together; the message names the first difference. */
export class NotMergeable extends Error {
  override readonly name = 'NotMergeable';
}

/** Results of different shards of the same runs. Throws {@link NotMergeable}. */
export function mergeRandom<Witness extends Shown>(parts: readonly RandomResult<Witness>[]): RandomResult<Witness> {
  const [first, ...others] = parts;
  if (!first) throw new NotMergeable('there is nothing to merge');
  for (const other of others) demandSame(first, other);
  const shards = shardsOf(parts);
  const limit = parts.find((part) => part.limit)?.limit;
  const whole = shards === undefined || shards.indices.length === shards.count;
  return {
    granularity: first.granularity,
    seed: first.seed,
    runs: first.runs,
    maxSteps: first.maxSteps,
    ...(first.pct ? { pct: first.pct } : {}),
    ...(whole ? {} : { shards }),
    done: sum(parts, (part) => part.done),
    complete: parts.every((part) => part.complete),
    ...(limit ? { limit } : {}),
    unfinished: sum(parts, (part) => part.unfinished),
    moves: sum(parts, (part) => part.moves),
    longest: Math.max(...parts.map((part) => part.longest)),
    terms: first.terms,
    outcomes: mergeOutcomes(parts).sort(byOutcome),
    conditions: first.conditions.map((_, i) => mergeConditions(parts.map((p) => p.conditions[i]!))),
    findings: mergeFindings(parts),
    modelLimits: together(
      parts.flatMap((part) => part.modelLimits),
      (one) => one.message,
    ).sort(byFirstRun),
  };
}

/** What must be the same, and what it is called. */
const SAME: readonly (readonly [string, (result: RandomResult<Shown>) => unknown])[] = [
  ['granularity', (r) => r.granularity],
  ['seed', (r) => r.seed],
  ['number of runs', (r) => r.runs],
  ['number of moves of a run', (r) => r.maxSteps],
  ['depth of PCT', (r) => r.pct?.depth],
  ['length on which PCT draws', (r) => r.pct?.length],
  ['terms', (r) => r.terms],
  ['conditions', (r) => r.conditions.map(({ quantifier, text, applies }) => [quantifier, text, applies])],
];

function demandSame(a: RandomResult<Shown>, b: RandomResult<Shown>): void {
  for (const [name, of] of SAME) {
    const [one, other] = [JSON.stringify(of(a)), JSON.stringify(of(b))];
    if (one !== other) {
      throw new NotMergeable(
        `the results are not of the same runs: one has ${name} ${one ?? 'none'}, another ${other ?? 'none'}`,
      );
    }
  }
}

function shardsOf(parts: readonly RandomResult<Shown>[]): RandomResult['shards'] {
  const all = parts.map((part) => part.shards);
  if (all.length === 1) return all[0];
  const counts = new Set(all.map((shards) => shards?.count));
  if (counts.has(undefined)) throw new NotMergeable('one of the results already has all runs, the others among them');
  if (counts.size > 1) {
    const texts = [...counts].join(' and of ');
    throw new NotMergeable(`the runs were split differently: there are shards of ${texts}`);
  }
  const indices = all.flatMap((shards) => shards?.indices ?? []).sort((a, b) => a - b);
  const twice = indices.find((index, i) => indices[i + 1] === index);
  const count = all[0]!.count;
  if (twice !== undefined)
    throw new NotMergeable(`shard ${twice}/${count} is there twice, and its runs would count twice`);
  return { indices, count };
}

function mergeOutcomes<Witness extends Shown>(parts: readonly RandomResult<Witness>[]): RandomOutcome<Witness>[] {
  return together(
    parts.flatMap((part) => part.outcomes),
    (outcome) => JSON.stringify(outcome.values),
  );
}

function mergeConditions<Witness extends Shown>(same: readonly RandomCondition<Witness>[]): RandomCondition<Witness> {
  const [one] = same as [RandomCondition<Witness>];
  const { first: _, ...condition } = one;
  const first = earliest(same.flatMap((c) => c.first ?? []));
  return {
    ...condition,
    holds: same.find((c) => c.holds !== undefined && c.holds !== null)?.holds,
    positive: sum(same, (c) => c.positive),
    negative: sum(same, (c) => c.negative),
    ...(first ? { first } : {}),
  };
}

function mergeFindings<Witness extends Shown>(parts: readonly RandomResult<Witness>[]): RandomFinding<Witness>[] {
  return together(
    parts.flatMap((part) => part.findings),
    siteKey,
  ).sort(bySite);
}

/** One entry for each key: runs added up, shown by the earliest run. */
function together<Witness extends Shown, Entry extends { readonly runs: number; readonly first: Witness }>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => string,
): Entry[] {
  const merged = new Map<string, Entry>();
  for (const entry of entries) {
    const known = merged.get(keyOf(entry));
    if (!known) merged.set(keyOf(entry), entry);
    else
      merged.set(keyOf(entry), {
        ...known,
        runs: known.runs + entry.runs,
        first: earliest([known.first, entry.first]),
      });
  }
  return [...merged.values()];
}

function earliest<Witness extends Shown>(shown: readonly Witness[]): Witness | undefined;
function earliest<Witness extends Shown>(shown: readonly [Witness, ...Witness[]]): Witness;
function earliest<Witness extends Shown>(shown: readonly Witness[]): Witness | undefined {
  return shown.reduce<Witness | undefined>((best, one) => (best && best.run <= one.run ? best : one), undefined);
}

function sum<Part>(parts: readonly Part[], of: (part: Part) => number): number {
  return parts.reduce((total, part) => total + of(part), 0);
}
