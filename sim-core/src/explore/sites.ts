/**
 * What makes two findings the same one: the monitor, what it is about, who met it, and the line during which it was made.
 * Two stale reads of different words, by different devices or at different lines are two bugs to look into.
 *
 * The number of a site is not part of the state: what a move finds depends on what it reads alone, so a site belongs to
 * an effect, and a search that executes every effect meets every site ({@link Learner}).
 *
 * A physical CPU is not part of a site. Which of them wrote a line back is chance, and renaming CPUs must not make one
 * finding another.
 */
import type { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import type { FindingOperand } from '../engine/monitors/monitors.ts';
import { FINDINGS, type Finding, monitorOf } from '../engine/monitors/table.ts';
import type { Place } from '../engine/program.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { type Machine, NOTE } from '../state/machine.ts';

export interface FindingSite {
  readonly finding: Finding;
  /** Operands of its event, which the monitor's `operands` explain, or {@link NO_OPERAND}. */
  readonly subject: number;
  readonly detail: number;
  /** The statement; absent when the environment made it. */
  readonly place?: Place;
}

/** In place of what does not tell sites apart: the physical CPU, and the statement, whose line is told anyway. */
const NO_OPERAND = -1;
const UNTOLD: ReadonlySet<FindingOperand> = new Set<FindingOperand>(['cpu', 'statement']);

/** A text that only the same site has. */
export function siteKey({ finding, subject, detail, place }: FindingSite): string {
  const lines = place ? [...place.calls, place].map(({ file, line }) => `${file}:${line}`) : [];
  return [finding, subject, detail, ...lines].join(' ');
}

/** How lists of findings are sorted: by kind, line, subject and detail. */
export function bySite(a: FindingSite, b: FindingSite): number {
  const line = ({ place }: FindingSite): number =>
    place ? place.file * 2 ** 24 + place.line : Number.MAX_SAFE_INTEGER;
  return (
    FINDINGS.indexOf(a.finding) - FINDINGS.indexOf(b.finding) ||
    line(a) - line(b) ||
    a.subject - b.subject ||
    a.detail - b.detail ||
    (siteKey(a) < siteKey(b) ? -1 : Number(siteKey(a) !== siteKey(b)))
  );
}

/** The sites that were met in one model, numbered in the order in which they were met. */
export class Sites {
  readonly #model: Model;
  readonly #sites: FindingSite[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  get all(): readonly FindingSite[] {
    return this.#sites;
  }

  site(number: number): FindingSite {
    const site = this.#sites[number];
    if (!site) throw new RangeError(`there is no site ${number}`);
    return site;
  }

  /** Index of its finding. */
  findingOf(number: number): number {
    return FINDINGS.indexOf(this.site(number).finding);
  }

  number(site: FindingSite): number {
    const key = siteKey(site);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#sites.push(site) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** These sites and no others, with the numbers that they have in the list. */
  restore(sites: readonly FindingSite[]): void {
    this.#sites.length = 0;
    this.#numbers.clear();
    for (const site of sites) this.number(site);
  }

  /** The sites in the log of a machine, each once, in the order in which they were made. */
  inLog(machine: Pick<Machine, 'log' | 'length'>): number[] {
    const found = new Set<number>();
    for (const { site } of sitesIn(this.#model, machine.log, 0, machine.length)) found.add(this.number(site));
    return [...found];
  }

  /** The deadlock that actors are in; undefined when none waits for a lock. Only asked when no actor can move. */
  deadlock(executor: Executor): FindingSite | undefined {
    const waiting = executor.tasks.flatMap(({ actor }) => (executor.waitsForLock(actor) ? [actor] : []));
    const [first] = waiting;
    if (first === undefined) return undefined;
    const all = waiting.reduce((bits, actor) => (actor < 31 ? bits | (1 << actor) : bits), 0);
    const node = executor.machine.state[this.#model.tasks.node.base + first]!;
    return siteAt(this.#model, FINDINGS.indexOf('deadlock'), first, all, node);
  }
}

/**
 * Findings in a part of a log that begins with a step, with the offsets of their events. Deadlocks, which only recorded
 * runs have in their logs, need the log from its beginning.
 */
export function* sitesIn(
  model: Model,
  log: Int32Array,
  from: number,
  to: number,
): Generator<{ readonly at: number; readonly site: FindingSite }> {
  const { base, size } = model.tasks.node;
  const nodeOf = new Map<number, number>();
  let actor = -1;
  for (let at = from; at < to; at += EVENT_WIDTH) {
    const what = log[at]!;
    const [a, b, c] = [log[at + 1], log[at + 2], log[at + 3]] as [number, number, number];
    if (what === NOTE.step) {
      actor = a;
      nodeOf.set(actor, b);
    } else if (what === NOTE.environment) actor = -1;
    // A choice becomes the statement that was chosen, and a statement that ends the one after it.
    else if (what >= base && what < base + size) nodeOf.set(what - base, b);
    else if (what === NOTE.finding) {
      // A deadlock belongs to those who wait, not to whom the last step was.
      const waits = FINDINGS[a] === 'deadlock';
      const whose = waits ? b : actor;
      const node = nodeOf.get(whose) ?? (waits ? model.layout.initial[base + whose]! : -1);
      yield { at, site: siteAt(model, a, b, c, node) };
    }
  }
}

function siteAt(model: Model, index: number, subject: number, detail: number, node: number): FindingSite {
  const finding = FINDINGS[index]!;
  const [first, second] = monitorOf(finding).operands;
  const place = model.nodes[node]?.place;
  return {
    finding,
    subject: UNTOLD.has(first) ? NO_OPERAND : subject,
    detail: UNTOLD.has(second) ? NO_OPERAND : detail,
    ...(place && { place }),
  };
}
