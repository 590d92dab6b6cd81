/**
 * What a scenario does in a handful of orders: each actor first, in turns, and some random ones. `setup` runs once, alone,
 * so what it does is certain; what the others do is known for the orders that were tried.
 *
 * Cost: bounded by {@link MOST_STEPS} micro-steps for one kernel. A generator, so that the caller decides how long it
 * continues.
 */
import { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import type { StatementNode } from '../engine/program.ts';
import { Run } from '../engine/run.ts';
import { type FailedCall, failedCall } from '../explain/failed-call.ts';
import { ObjectNames } from '../explain/object-names.ts';
import { Prng } from '../explore/prng.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { commonSteps, type Unlogged } from './common-steps.ts';

/** What one finding event says, and the statement that made it; -1 when the environment did. */
export interface ObservedFinding {
  readonly finding: number;
  readonly subject: number;
  readonly detail: number;
  readonly node: number;
  /** How often, beside how often its statement ended. */
  times: number;
}

export interface ObservedRuns {
  readonly model: Model;
  /** The plain run: the file's schedule if it has one, else each actor until it waits. */
  readonly plain: Run;
  readonly unlogged: Unlogged;
  /** How many orders were tried, the plain one among them. */
  readonly orders: number;
  /** By node: the results that its statement gave. */
  readonly results: ReadonlyMap<number, ReadonlySet<number>>;
  /** By node and result, as `node result`: why its call failed, where it first did. */
  readonly failures: ReadonlyMap<string, FailedCall>;
  /** By node: how often its statement ended, in all orders. */
  readonly times: ReadonlyMap<number, number>;
  readonly findings: readonly ObservedFinding[];
  /** Nodes at which an actor still waited when an order was over. */
  readonly stuck: ReadonlySet<number>;
  /** No order ran into a limit: what did not happen in them is not just late. */
  readonly whole: boolean;
  /** The model is too small for the scenario: what is too much, and the node that asked for it. */
  readonly limit?: { readonly message: string; readonly node: number };
}

/** Micro-steps in all orders of one kernel. */
const MOST_STEPS = 16_000;
/** Micro-steps of the plain run, and of each other order: a scenario that loops for ever has no more to tell. */
const STEPS_OF_RUN = 8_000;
const STEPS_OF_ORDER = 2_000;
const RANDOM_ORDERS = 12;
/** Micro-steps between two moments at which the caller may stop. */
const STEPS_AT_A_TIME = 200;
/** Events that are taken in between two such moments. */
const EVENTS_AT_A_TIME = 20_000;

/** `before`: of an earlier text of the scenario on the same kernel; what is equal in both is not run again. */
export function* observing(model: Model, before?: ObservedRuns): Generator<void, ObservedRuns> {
  const seen = new Sightings(model);
  const { run: plain, unlogged, setupEvents } = yield* plainRun(model, seen, before);
  const names = new ObjectNames(plain);
  for (let event = 0; event < plain.events; event += EVENTS_AT_A_TIME) {
    seen.read(plain.log, event, Math.min(plain.events, event + EVENTS_AT_A_TIME), names);
    yield;
  }
  seen.over(plain.executor);
  if (!model.onlySchedule && seen.limit === undefined && setupEvents !== undefined)
    yield* others(model, seen, plain, setupEvents);
  const { results, failures, times, findings, stuck, whole, orders, limit } = seen;
  return {
    model,
    plain,
    unlogged,
    orders,
    results,
    failures,
    times,
    findings: [...findings.values()],
    stuck,
    whole,
    ...(limit && { limit }),
  };
}

interface PlainRun {
  readonly run: Run;
  readonly unlogged: Unlogged;
  /** Events of `setup`, once it is over. */
  readonly setupEvents: number | undefined;
}

function* plainRun(model: Model, seen: Sightings, before: ObservedRuns | undefined): Generator<void, PlainRun> {
  const { kernel, wide } = model.world;
  const sizes = [{ step: -1, size: wide.size }];
  const steps = before === undefined ? 0 : commonSteps(before.plain, before.unlogged, model);
  const begun = before && { run: before.plain, steps };
  const run = new Run(model, { maxSteps: STEPS_OF_RUN, ...(begun && { begun }) });
  const asked = new Map([...(before?.unlogged.asked ?? [])].filter(([, step]) => step < steps));
  sizes.push(...(before?.unlogged.wide.slice(1).filter(({ step }) => step < steps) ?? []));
  const listener = (change: ChangeId): void => void (asked.has(change) || asked.set(change, run.steps));
  let setupEvents: number | undefined;
  const isOver = (): boolean => model.setup < 0 || run.executor.ended(model.setup);
  if (isOver()) setupEvents = run.events;
  try {
    for (let more = true; more; yield) {
      // Between two slices others may ask the same kernel.
      kernel.listener = listener;
      for (let step = 0; more && step < STEPS_AT_A_TIME; step++) {
        more = run.advance();
        if (wide.size > sizes.at(-1)!.size) sizes.push({ step: run.steps - 1, size: wide.size });
        if (setupEvents === undefined && isOver()) setupEvents = run.events;
      }
      kernel.listener = undefined;
    }
    if (run.end?.kind === 'limit') seen.whole = false;
  } catch (error) {
    seen.refused(error, lastNode(run.log, run.events));
  } finally {
    kernel.listener = undefined;
  }
  return { run, unlogged: { asked, wide: sizes }, setupEvents };
}

/** The other orders, each from the end of `setup` on, which is that of the plain run. */
function* others(model: Model, seen: Sightings, plain: Run, setupEvents: number): Generator<void> {
  const executor = new Executor(model);
  const { machine } = executor;
  machine.adopt(plain.log, setupEvents * EVENT_WIDTH);
  const actors = model.world.topology.actors.map((_, index) => index).filter((index) => index !== model.setup);
  const start = machine.length;
  let left = MOST_STEPS;
  for (const policy of policies(model, actors)) {
    const made = yield* oneOrder(executor, policy, Math.min(left, STEPS_OF_ORDER), seen, start);
    machine.rewind(start);
    left -= made;
    if (left <= 0) return;
  }
}

/** Chooses among the moves: gives them in the order in which they are tried. */
type Policy = (step: number) => Iterable<number>;

function* policies(model: Model, actors: readonly number[]): Generator<Policy> {
  const all = model.moves.map((_, index) => index);
  const actorOf = (move: number): number => {
    const made = model.moves[move];
    return made?.kind === 'actor' ? made.actor : -1;
  };
  // Each actor as far as it comes, then the others.
  for (const first of actors) {
    const order = [...all].sort((a, b) => Number(actorOf(b) === first) - Number(actorOf(a) === first));
    yield () => order;
  }
  // Everybody in turn, one micro-step each.
  yield (step) => all.map((_, index) => all[(index + step) % all.length]!);
  for (let seed = 1; seed <= RANDOM_ORDERS; seed++) {
    const random = new Prng(seed);
    const order = Int32Array.from(all);
    yield () => {
      random.shuffle(order);
      return order;
    };
  }
}

function* oneOrder(
  executor: Executor,
  policy: Policy,
  most: number,
  seen: Sightings,
  start: number,
): Generator<void, number> {
  const { machine, model } = executor;
  let steps = 0;
  try {
    for (;;) {
      let moved = false;
      for (const move of policy(steps)) {
        if (!executor.move(move, 'micro')) continue;
        moved = true;
        break;
      }
      if (!moved) break;
      steps++;
      if (steps >= most) {
        seen.whole = false;
        break;
      }
      if (steps % STEPS_AT_A_TIME === 0) yield;
    }
    seen.read(machine.log, start / EVENT_WIDTH, machine.events);
    if (steps < most) seen.over(executor);
    else seen.orders++;
  } catch (error) {
    seen.refused(error, lastNode(machine.log, machine.events));
  }
  yield;
  return steps + model.moves.length;
}

/** The statement of the last micro-step. */
function lastNode(log: Int32Array, events: number): number {
  for (let at = (events - 1) * EVENT_WIDTH; at >= 0; at -= EVENT_WIDTH) {
    if (log[at] === NOTE.step) return log[at + 2]!;
  }
  return -1;
}

class Sightings {
  readonly results = new Map<number, Set<number>>();
  readonly failures = new Map<string, FailedCall>();
  readonly times = new Map<number, number>();
  readonly findings = new Map<string, ObservedFinding>();
  readonly stuck = new Set<number>();
  whole = true;
  orders = 0;
  limit: { readonly message: string; readonly node: number } | undefined;
  readonly #model: Model;
  /** The statement of the last step; -1 for the environment. */
  #node = -1;

  constructor(model: Model) {
    this.#model = model;
  }

  /**
   * Takes in the events from `first` to before `end`; `names` are those of the run, where it is one. What is taken in next
   * continues there, or begins with a step.
   */
  read(log: Int32Array, first: number, end: number, names?: ObjectNames): void {
    let node = this.#node;
    for (let at = first * EVENT_WIDTH; at < end * EVENT_WIDTH; at += EVENT_WIDTH) {
      const code = log[at]!;
      if (code >= 0) continue;
      const [a, b, c] = [log[at + 1]!, log[at + 2]!, log[at + 3]!];
      if (code === NOTE.step) node = this.#statement(b, c);
      else if (code === NOTE.environment) node = -1;
      else if (code === NOTE.done) {
        this.times.set(b, (this.times.get(b) ?? 0) + 1);
        const values = this.results.get(b);
        if (values === undefined) this.results.set(b, new Set([c]));
        else values.add(c);
        if (c < 0) this.#failed(log, at / EVENT_WIDTH, b, c, names);
      } else if (code === NOTE.finding) {
        const key = `${a} ${node}`;
        const known = this.findings.get(key);
        if (known === undefined) this.findings.set(key, { finding: a, subject: b, detail: c, node, times: 1 });
        else known.times++;
      }
    }
    this.#node = node;
  }

  #failed(log: Int32Array, done: number, node: number, value: number, names: ObjectNames | undefined): void {
    const key = `${node} ${value}`;
    const failed = this.failures.has(key) ? undefined : failedCall(this.#model, log, done, names);
    if (failed) this.failures.set(key, failed);
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

  /** At a choice the statement is the first one of the alternative. */
  #statement(node: number, alternative: number): number {
    const at = this.#model.nodes[node];
    return at?.kind === 'choose' ? (at.alternatives[alternative] ?? node) : node;
  }
}

/** The statement of a node, or undefined where control is. */
export function statementOf(model: Model, node: number): StatementNode | undefined {
  const at = model.nodes[node];
  return at?.kind === 'statement' ? at : undefined;
}
