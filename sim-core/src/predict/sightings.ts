/** What was seen in runs of a scenario: results, failures, findings, where actors wait. */
import type { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import { type FailedCall, failedCall } from '../explain/failed-call.ts';
import type { ObjectNames } from '../explain/object-names.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';

/** What one finding event says, and the statement that made it; -1 when the environment did. */
export interface ObservedFinding {
  readonly finding: number;
  readonly subject: number;
  readonly detail: number;
  readonly node: number;
  /** How often, beside how often its statement ended. */
  times: number;
}

export class Sightings {
  readonly results = new Map<number, ReadonlySet<number>>();
  readonly failures = new Map<string, FailedCall>();
  readonly times: Int32Array;
  readonly findings = new Map<string, ObservedFinding>();
  readonly stuck = new Set<number>();
  /** By node: the number of the MSR that did not take what its statement wrote. */
  readonly refusedWrites = new Map<number, number>();
  whole = true;
  orders = 0;
  limit: { readonly message: string; readonly node: number } | undefined;
  readonly #only = new Map<number, ReadonlySet<number>>();
  /** The statement of the last step; -1 for the environment. */
  #node = -1;

  constructor(nodes: number) {
    this.times = new Int32Array(nodes);
  }

  /**
   * Takes in the events from `first` to before `end`; `names` makes those of the run, where it is one, for a call that fails. What is taken in next
   * continues there, or begins with a step.
   */
  read(model: Model, log: Int32Array, first: number, end: number, names?: () => ObjectNames): void {
    let node = this.#node;
    for (let at = first * EVENT_WIDTH; at < end * EVENT_WIDTH; at += EVENT_WIDTH) {
      const code = log[at]!;
      if (code >= 0) continue;
      const a = log[at + 1]!;
      const b = log[at + 2]!;
      const c = log[at + 3]!;
      if (code === NOTE.step) node = statementBegun(model, b, c);
      else if (code === NOTE.environment) node = -1;
      else if (code === NOTE.done) {
        this.times[b]!++;
        this.#returned(b, c);
        if (c < 0) this.#failed(model, log, at / EVENT_WIDTH, b, c, names);
      } else if (code === NOTE.finding) {
        const key = `${a} ${node}`;
        const known = this.findings.get(key);
        if (known === undefined) this.findings.set(key, { finding: a, subject: b, detail: c, node, times: 1 });
        else known.times++;
      } else if (code === NOTE.exception) this.refusedWrites.set(node, c);
    }
    this.#node = node;
  }

  /** Nearly all statements give one result, and few results are different: those statements share a set. */
  #returned(node: number, value: number): void {
    const values = this.results.get(node);
    if (values?.has(value)) return;
    if (values !== undefined) this.results.set(node, new Set([...values, value]));
    else {
      let only = this.#only.get(value);
      if (only === undefined) {
        only = new Set([value]);
        this.#only.set(value, only);
      }
      this.results.set(node, only);
    }
  }

  #failed(
    model: Model,
    log: Int32Array,
    done: number,
    node: number,
    value: number,
    names: (() => ObjectNames) | undefined,
  ): void {
    const key = `${node} ${value}`;
    const failed = this.failures.has(key) ? undefined : failedCall(model, log, done, names?.());
    if (failed) this.failures.set(key, failed);
  }

  /** Adds what was seen in other orders. */
  add(others: Sightings): void {
    for (const [node, values] of others.results) for (const value of values) this.#returned(node, value);
    for (const [key, failed] of others.failures) if (!this.failures.has(key)) this.failures.set(key, failed);
    for (let node = 0; node < this.times.length; node++) this.times[node]! += others.times[node]!;
    for (const [key, found] of others.findings) {
      const known = this.findings.get(key);
      if (known === undefined) this.findings.set(key, { ...found });
      else known.times += found.times;
    }
    for (const node of others.stuck) this.stuck.add(node);
    for (const [node, msr] of others.refusedWrites) this.refusedWrites.set(node, msr);
    this.whole &&= others.whole;
    this.orders += others.orders;
    this.limit ??= others.limit;
  }

  /** The same, so many events later in a log. */
  moved(events: number): Sightings {
    const moved = new Sightings(this.times.length);
    moved.add(this);
    for (const [key, { checks, ...failed }] of moved.failures) {
      const [first, ...rest] = checks.map((check) => ({ ...check, event: check.event + events }));
      moved.failures.set(key, { ...failed, checks: [first!, ...rest] });
    }
    return moved;
  }

  /** An order is over: an actor that has not finished waits forever. */
  over(executor: Executor): void {
    this.orders++;
    const { machine, model, tasks } = executor;
    for (const { actor } of tasks) {
      if (!executor.ended(actor)) this.stuck.add(machine.state[model.tasks.node.base + actor]!);
    }
  }

  refused(error: unknown, node: number): void {
    if (!(error instanceof ModelLimit)) throw error;
    this.whole = false;
    this.orders++;
    this.limit ??= { message: error.message, node };
  }
}

/** At a choice the statement is the first one of the alternative. */
function statementBegun({ nodes }: Model, node: number, alternative: number): number {
  const at = nodes[node];
  return at?.kind === 'choose' ? (at.alternatives[alternative] ?? node) : node;
}
