/** Findings that a search came across: how often, and where first. */
import type { ScheduledMove } from '../../engine/model.ts';
import { FINDINGS, type Finding } from '../../engine/monitors/table.ts';
import type { ExploredFinding, ExploreOptions, FindingPolicy } from '../exploration.ts';

/** The index of the one finding that is made of a state, not of a move. */
export const DEADLOCK = FINDINGS.indexOf('deadlock');

export class Found {
  readonly #policies: readonly FindingPolicy[];
  readonly #stop: (finding: Finding) => void;
  /** Per finding: how often, and the state and move of the first time (move -1: the state itself). */
  readonly #found = new Map<number, { occurrences: number; state: number; move: number }>();
  /** What was found during the setup, one for each time. */
  readonly inSetup: number[] = [];

  /** `stop` is called when a finding occurs that is to stop the search. */
  constructor(policies: NonNullable<ExploreOptions['findings']>, stop: (finding: Finding) => void) {
    this.#policies = FINDINGS.map((finding) => policies[finding] ?? 'count');
    this.#stop = stop;
  }

  policyOf = (finding: Finding): FindingPolicy => this.#policies[FINDINGS.indexOf(finding)] as FindingPolicy;

  /** To the first state: only what was found during the setup. */
  clear(): void {
    this.#found.clear();
    for (const finding of this.inSetup) this.add(finding, 0, -1);
  }

  add(finding: number, state: number, move: number, times = 1): void {
    const policy = this.#policies[finding];
    if (policy === 'ignore') return;
    const known = this.#found.get(finding);
    if (known) known.occurrences += times;
    else this.#found.set(finding, { occurrences: times, state, move });
    if (policy === 'stop') this.#stop(FINDINGS[finding] as Finding);
  }

  /** Is one of these findings to stop the search? */
  stopsAt(findings: readonly number[]): boolean {
    return findings.some((finding) => this.#policies[finding] === 'stop');
  }

  remove(finding: number): void {
    this.#found.delete(finding);
  }

  /** For a checkpoint: finding, occurrences, state and move, one after another. */
  save(number: (state: number) => number): number[] {
    return [...this.#found].flatMap(([finding, { occurrences, state, move }]) => [
      finding,
      occurrences,
      number(state),
      move,
    ]);
  }

  /** What was saved, and nothing else. */
  restore(saved: readonly number[]): void {
    this.#found.clear();
    for (let at = 0; at < saved.length; at += 4) {
      const [finding, occurrences, state, move] = saved.slice(at, at + 4) as [number, number, number, number];
      this.#found.set(finding, { occurrences, state, move });
    }
  }

  /** `way` leads to a state, and with `last` to a finding by one move more. */
  explored(
    shortest: boolean,
    way: (state: number, last: { finding: number; move: number } | undefined) => readonly ScheduledMove[],
  ): ExploredFinding[] {
    return [...this.#found].map(([finding, { occurrences, state, move }]) => ({
      finding: FINDINGS[finding] as Finding,
      occurrences,
      schedule: way(state, move < 0 ? undefined : { finding, move }),
      shortest,
    }));
  }
}
