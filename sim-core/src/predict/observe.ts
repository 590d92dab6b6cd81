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
import type { FailedCall } from '../explain/failed-call.ts';
import { ObjectNames } from '../explain/object-names.ts';
import { Prng } from '../explore/prng.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { commonSteps, numberAlike, type Unlogged } from './common-steps.ts';
import { isAt, isRejoined, rejoining } from './rejoining.ts';
import { type ObservedFinding, Sightings } from './sightings.ts';

export interface ObservedRuns {
  readonly model: Model;
  /** The plain run: the file's schedule if it has one, else each actor until it waits. */
  readonly plain: Run;
  readonly unlogged: Unlogged;
  /** What was seen in the other orders, which begin at the end of `setup`. */
  readonly inOthers?: Sighted;
  /** How many orders were tried, the plain one among them. */
  readonly orders: number;
  /** By node: the results that its statement gave. */
  readonly results: ReadonlyMap<number, ReadonlySet<number>>;
  /** By node and result, as `node result`: why its call failed, where it first did. */
  readonly failures: ReadonlyMap<string, FailedCall>;
  /** By node: how often its statement ended, in all orders. */
  readonly times: Int32Array;
  readonly findings: readonly ObservedFinding[];
  /** Nodes at which an actor still waited when an order was over. */
  readonly stuck: ReadonlySet<number>;
  /** By node: the number of the MSR that did not take what its statement wrote. */
  readonly refusedWrites: ReadonlyMap<number, number>;
  /** No order ran into a limit: what did not happen in them is not just late. */
  readonly whole: boolean;
  /** The model is too small for the scenario: what is too much, and the node that asked for it. */
  readonly limit?: { readonly message: string; readonly node: number };
}

interface Sighted {
  readonly seen: Sightings;
  /** What the orders asked of their kernel. */
  readonly asked: ReadonlySet<ChangeId>;
  /** The event of the plain run that they begin at. */
  readonly from: number;
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
  const seen = new Sightings(model.nodes.length);
  const made = yield* plainRun(model, seen, before);
  const { run: plain, unlogged } = made;
  let names: ObjectNames | undefined;
  const namesOf = () => (names ??= new ObjectNames(plain));
  for (let event = 0; event < plain.events; event += EVENTS_AT_A_TIME) {
    seen.read(model, plain.log, event, Math.min(plain.events, event + EVENTS_AT_A_TIME), namesOf);
    yield;
  }
  seen.over(plain.executor);
  const { setupEvents } = unlogged;
  let inOthers: Sighted | undefined;
  if (!model.onlySchedule && seen.limit === undefined && setupEvents !== undefined)
    inOthers = made.rejoined ? again(made.rejoined, model, setupEvents) : yield* others(model, plain, setupEvents);
  if (inOthers !== undefined) seen.add(inOthers.seen);
  const { results, failures, times, findings, stuck, refusedWrites, whole, orders, limit } = seen;
  return {
    model,
    plain,
    unlogged,
    ...(inOthers && { inOthers }),
    orders,
    results,
    failures,
    times,
    findings: [...findings.values()],
    stuck,
    refusedWrites,
    whole,
    ...(limit && { limit }),
  };
}

interface PlainRun {
  readonly run: Run;
  readonly unlogged: Unlogged;
  /** What was observed of an earlier text, when everything from the end of `setup` on is as it was there. */
  readonly rejoined: ObservedRuns | undefined;
}

function* plainRun(model: Model, seen: Sightings, before: ObservedRuns | undefined): Generator<void, PlainRun> {
  const { kernel, wide } = model.world;
  const sizes = [{ step: -1, size: wide.size }];
  const steps = before === undefined ? 0 : commonSteps(before.plain, before.unlogged, model);
  const begun = before && { run: before.plain, steps };
  const run = new Run(model, { maxSteps: STEPS_OF_RUN, ...(begun && { begun }) });
  const asked = new Map([...(before?.unlogged.asked ?? [])].filter(([, step]) => step < steps));
  sizes.push(...(before?.unlogged.wide.slice(1).filter(({ step }) => step < steps) ?? []));
  let place = before && rejoining(before.plain, before.unlogged, model, steps);
  const listener = (change: ChangeId): void => void (asked.has(change) || asked.set(change, run.steps));
  let setupEvents: number | undefined;
  let rejoined: ObservedRuns | undefined;
  const isOver = (): boolean => model.setup < 0 || run.executor.ended(model.setup);
  if (isOver()) setupEvents = run.events;
  yield;
  try {
    for (let more = true; more; yield) {
      // Between two slices others may ask the same kernel.
      kernel.listener = listener;
      for (let step = 0; more && step < STEPS_AT_A_TIME; step++) {
        if (place !== undefined && isAt(run.executor, place)) {
          const rest = place.run.steps - place.step;
          if (run.steps + rest < STEPS_OF_RUN && isRejoined(place, run.executor, before!.unlogged, asked)) {
            setupEvents ??= run.events + before!.unlogged.setupEvents! - firstEvent(place.run, place.step);
            askAgain(before!.unlogged, place.step, run.steps - place.step, model, asked, sizes);
            numberAlike(place.run.model, model, before!.unlogged.wide.at(-1)!.size);
            run.continueLike(place.run, place.step);
            rejoined = before;
            more = false;
            break;
          }
          place = undefined;
        }
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
  return { run, unlogged: { asked, wide: sizes, setupEvents }, rejoined };
}
function firstEvent(run: Run, step: number): number {
  return step === run.steps ? run.events : run.step(step).firstEvent;
}

/** What the steps of an earlier run from one on did that its events do not show, for a run that takes them over. */
function askAgain(
  before: Unlogged,
  from: number,
  shift: number,
  { world }: Model,
  asked: Map<ChangeId, number>,
  sizes: { step: number; size: number }[],
): void {
  for (const [change, step] of before.asked) {
    if (step < from || asked.has(change)) continue;
    asked.set(change, step + shift);
    world.kernel.has(change);
  }
  sizes.push(...before.wide.filter(({ step }) => step >= from).map(({ step, size }) => ({ step: step + shift, size })));
}

/** The other orders, each from the end of `setup` on, which is that of the plain run. */
function* others(model: Model, plain: Run, setupEvents: number): Generator<void, Sighted> {
  const seen = new Sightings(model.nodes.length);
  const asked = new Set<ChangeId>();
  yield* heard(model, asked, tried(model, seen, plain, setupEvents));
  return { seen, asked, from: setupEvents };
}

/** The changes that slices of work ask their kernel for. Between two others may ask it. */
function* heard(
  { world: { kernel } }: Model,
  asked: Set<ChangeId>,
  work: Generator<void, void>,
): Generator<void, void> {
  const listener = (change: ChangeId): void => void asked.add(change);
  for (;;) {
    kernel.listener = listener;
    try {
      if (work.next().done) return;
    } finally {
      kernel.listener = undefined;
    }
    yield;
  }
}

/** The other orders of an earlier text, from the end of `setup` on with nothing different. */
function again({ inOthers }: ObservedRuns, model: Model, setupEvents: number): Sighted | undefined {
  if (inOthers === undefined) return undefined;
  for (const change of inOthers.asked) model.world.kernel.has(change);
  const { seen, asked, from } = inOthers;
  return { seen: from === setupEvents ? seen : seen.moved(setupEvents - from), asked, from: setupEvents };
}

function* tried(model: Model, seen: Sightings, plain: Run, setupEvents: number): Generator<void, void> {
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
    seen.read(model, machine.log, start / EVENT_WIDTH, machine.events);
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

/** The statement of a node, or undefined where control is. */
export function statementOf(model: Model, node: number): StatementNode | undefined {
  const at = model.nodes[node];
  return at?.kind === 'statement' ? at : undefined;
}
