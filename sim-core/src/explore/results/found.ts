/** Findings that a search came across, site by site: how often, and where first. */
import type { Model, ScheduledMove } from '../../engine/model.ts';
import { FINDINGS, type Finding } from '../../engine/monitors/table.ts';
import type { ExploredFinding, ExploreOptions, FindingPolicy } from '../exploration.ts';
import type { SharedOptions } from '../search-options.ts';
import { bySite, type FindingSite, Sites } from '../sites.ts';

/** A finding and the move that made it. */
export interface MadeBy {
  readonly site: FindingSite;
  readonly move: number;
}

export class Found {
  readonly sites: Sites;
  /** Numbers of the sites that the search is about, if it is over with them. */
  readonly #untilFound: readonly number[] | undefined;
  readonly #policies: readonly FindingPolicy[];
  readonly #stop: (finding: Finding) => void;
  /** Per site: how often, and the state and move of the first time (move -1: the state itself). */
  readonly #found = new Map<number, { occurrences: number; state: number; move: number }>();
  /** What was found during the setup: sites, each once. */
  readonly inSetup: number[] = [];

  /** `stop` is called when a finding occurs that is to stop the search, or the last one that it waits for. */
  constructor(
    model: Model,
    { findings = {}, untilFound }: Pick<ExploreOptions & SharedOptions, 'findings' | 'untilFound'>,
    stop: (finding: Finding) => void,
  ) {
    this.sites = new Sites(model);
    this.#untilFound = untilFound?.map((site) => this.sites.number(site));
    this.#policies = FINDINGS.map((finding) => findings[finding] ?? 'count');
    this.#stop = stop;
  }

  policyOf = (finding: Finding): FindingPolicy => this.#policies[FINDINGS.indexOf(finding)]!;

  /** To the first state: only what was found during the setup. */
  clear(): void {
    this.#found.clear();
    for (const site of this.inSetup) this.add(site, 0, -1);
  }

  add(site: number, state: number, move: number, times = 1): void {
    const finding = this.sites.findingOf(site);
    const policy = this.#policies[finding];
    if (policy === 'ignore') return;
    const known = this.#found.get(site);
    if (known) known.occurrences += times;
    else this.#found.set(site, { occurrences: times, state, move });
    const isLast = known === undefined && this.#untilFound?.every((each) => this.#found.has(each));
    if (policy === 'stop' || isLast) this.#stop(FINDINGS[finding]!);
  }

  /** Is one of these sites to stop the search, or the last one that it waits for? */
  stopsAt(sites: readonly number[]): boolean {
    if (sites.some((site) => this.#policies[this.sites.findingOf(site)] === 'stop')) return true;
    const isNew = this.#untilFound !== undefined && sites.some((site) => !this.#found.has(site));
    return isNew && this.#untilFound.every((site) => sites.includes(site) || this.#found.has(site));
  }

  remove(site: number): void {
    this.#found.delete(site);
  }

  /** For a checkpoint: site, occurrences, state and move, one after another. */
  save(number: (state: number) => number): number[] {
    return [...this.#found].flatMap(([site, { occurrences, state, move }]) => [site, occurrences, number(state), move]);
  }

  /** What was saved, and nothing else. */
  restore(saved: readonly number[]): void {
    this.#found.clear();
    for (let at = 0; at < saved.length; at += 4) {
      const [site, occurrences, state, move] = saved.slice(at, at + 4) as [number, number, number, number];
      this.#found.set(site, { occurrences, state, move });
    }
  }

  /**
   * `way` leads to a state, and with `last` to a finding by one move more. What is not `reached` is left out: nothing
   * shows that the machine does it.
   */
  explored(
    shortest: boolean,
    way: (state: number, last: MadeBy | undefined) => readonly ScheduledMove[],
    reached: (state: number, last: MadeBy | undefined) => boolean = () => true,
  ): ExploredFinding[] {
    const all = [...this.#found].map(([number, { occurrences, state, move }]) => {
      const site = this.sites.site(number);
      return { site, occurrences, state, last: move < 0 ? undefined : { site, move } };
    });
    return all
      .filter(({ state, last }) => reached(state, last))
      .map(({ site, occurrences, state, last }) => ({ ...site, occurrences, schedule: way(state, last), shortest }))
      .sort(bySite);
  }
}
