/**
 * The graph of all states of a small scenario, and in it the shortest way to each outcome.
 *
 * No reduction is on: what is drawn is what happens. States that have one way in and one way out are drawn as part of the
 * way through them. A space that outgrows the limits has no graph, and its picture says so.
 */
import { Executor } from '../engine/executor.ts';
import type { Granularity, Model } from '../engine/model.ts';
import { FINDINGS, type Finding } from '../engine/monitors/table.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { isDeadlock, runSetup } from './start.ts';

export interface StateGraph {
  readonly states: readonly GraphState[];
  readonly ways: readonly GraphWay[];
}

export interface GraphState {
  readonly id: number;
  /** Moves on the shortest way from the end of the setup. */
  readonly depth: number;
  /** The outcome, where no actor can move any more: its values by the terms of the conditions. */
  readonly outcome?: readonly string[];
}

/** From one state to another, by one move or several with nothing between them. */
export interface GraphWay {
  readonly from: number;
  readonly to: number;
  /** Names as in a schedule. */
  readonly moves: readonly string[];
  /** What the moves do: `vcpu0: mov [x], 1`, once for each statement, and the moves of the environment. */
  readonly statements: readonly string[];
  readonly findings: readonly Finding[];
  /** It belongs to the shortest way to an outcome. */
  readonly shortest?: boolean;
}

/** Raw states that are looked at before the space is given up: more never come down to a graph that can be read. */
const MOST_STATES = 4000;
/** A space with more states than these, reduced, is not explored again to draw it. */
const MOST_REDUCED = 2000;
/** States that are drawn: more than a few hundred nobody reads. */
const MOST_DRAWN = 300;
/** Ways that lead to a state which is already known. Each of them is drawn, so none of more than these can be followed. */
const MOST_REJOINED = 1000;

/** What is known of the space from a search with its reductions. */
export interface SearchedSpace {
  readonly complete: boolean;
  readonly states: number;
  readonly granularity: Granularity;
}

interface Found {
  readonly depth: number;
  /** The edge by which it was found first. */
  readonly by: number;
  outcome?: readonly string[];
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly move: number;
  /** Nodes that are executed; one of -1 ends a statement. */
  readonly nodes: readonly number[];
  readonly findings: readonly Finding[];
}

/** The graph in slices, with texts of nodes; undefined where there is nothing whole to draw. */
export function* exploringStates(
  model: Model,
  { complete, states, granularity }: SearchedSpace,
  textOf: (node: number) => string,
): Generator<void, StateGraph | 'too large' | undefined> {
  if (!complete) return undefined;
  if (states > MOST_REDUCED) return 'too large';
  const space = new RawSpace(model, granularity);
  try {
    if (!space.begin()) return undefined;
    while (space.next()) {
      if (space.states.length > MOST_STATES || space.edges.length - space.states.length >= MOST_REJOINED)
        return 'too large';
      yield;
    }
  } catch (error) {
    if (error instanceof ModelLimit) return undefined;
    throw error;
  }
  const graph = contracted(space.states, space.edges, model, textOf);
  return graph.states.length > MOST_DRAWN ? 'too large' : graph;
}

/** Every state, by what differs from the first. */
class RawSpace {
  readonly states: Found[] = [];
  readonly edges: Edge[] = [];
  readonly #model: Model;
  readonly #granularity: Granularity;
  readonly #executor: Executor;
  readonly #numbers = new Map<string, number>();
  readonly #stored: Int32Array[] = [];
  #looked = 0;

  constructor(model: Model, granularity: Granularity) {
    this.#model = model;
    this.#granularity = granularity;
    this.#executor = new Executor(model);
  }

  begin(): boolean {
    if (!runSetup(this.#executor)) return false;
    this.#number({ depth: 0, by: -1 });
    return true;
  }

  /** Makes every move of one more state. False when there is none. */
  next(): boolean {
    const from = this.#looked++;
    const stored = this.#stored[from];
    const known = this.states[from];
    if (!stored || !known) return false;
    const { machine } = this.#executor;
    machine.state.set(stored);
    let actors = false;
    for (const [move, { kind }] of this.#model.moves.entries()) {
      machine.length = 0;
      if (!this.#executor.move(move, this.#granularity)) continue;
      if (kind === 'actor') actors = true;
      this.edges.push({
        from,
        to: this.#number({ depth: known.depth + 1, by: this.edges.length }),
        move,
        nodes: this.#nodes(),
        findings: this.#findings(),
      });
      machine.rewind(0);
    }
    if (!actors) known.outcome = this.#outcome();
    return true;
  }

  #number(found: Found): number {
    const { state } = this.#executor.machine;
    const key = this.#keyOf(state);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.states.length);
    this.#stored.push(state.slice());
    return this.states.push(found) - 1;
  }

  #keyOf(state: Int32Array): string {
    const first = this.#stored[0] ?? state;
    const parts: number[] = [];
    for (let slot = 0; slot < state.length; slot++) if (state[slot] !== first[slot]) parts.push(slot, state[slot]!);
    return parts.join();
  }

  /** An actor that begins at a `choose`, or before other control, moves to its statement first. */
  #nodes(): number[] {
    const { log, length } = this.#executor.machine;
    const nodes: number[] = [];
    let actor = -1;
    for (let at = 0; at < length; at += EVENT_WIDTH) {
      const code = log[at]!;
      if (code === NOTE.step) {
        actor = log[at + 1]!;
        if (nodes.at(-1) !== log[at + 2]!) nodes.push(log[at + 2]!);
      } else if (actor >= 0 && code === this.#model.tasks.node.base + actor) {
        nodes[nodes.length - 1] = log[at + 2]!;
      } else if (code === NOTE.call || code === NOTE.done) {
        actor = -1;
        if (code === NOTE.done) nodes.push(-1);
      }
    }
    return nodes;
  }

  #findings(): Finding[] {
    const { log, length } = this.#executor.machine;
    const found = new Set<Finding>();
    for (let at = 0; at < length; at += EVENT_WIDTH) if (log[at] === NOTE.finding) found.add(FINDINGS[log[at + 1]!]!);
    return [...found];
  }

  #outcome(): string[] {
    const { machine } = this.#executor;
    machine.length = 0;
    // As in a recorded run, the deadlock is found when no actor can move any more.
    if (isDeadlock(this.#executor)) this.#model.world.monitors.report(machine, 'deadlock', -1, 0);
    const terms = new Map(
      this.#model.conditions
        .filter(({ applies }) => applies)
        .flatMap(({ terms: some }) => some.map((term) => [term.name, term] as const)),
    );
    const outcome = [...terms.values()].map((term) => term.text(term.read(machine.state)));
    machine.rewind(0);
    return outcome;
  }
}

/** States with one way in and one out are taken into the way. */
function contracted(
  states: readonly Found[],
  edges: readonly Edge[],
  model: Model,
  textOf: (node: number) => string,
): StateGraph {
  const out = states.map((): number[] => []);
  const into = states.map(() => 0);
  for (const [index, { from, to }] of edges.entries()) {
    out[from]?.push(index);
    into[to] = (into[to] ?? 0) + 1;
  }
  const shortest = shortestEdges(states, edges);
  const isPassed = (state: number): boolean =>
    state !== 0 && into[state] === 1 && out[state]?.length === 1 && !states[state]?.outcome;
  const kept = [...states.keys()].filter((state) => !isPassed(state));
  const ids = new Map(kept.map((state, id) => [state, id]));
  const ways = kept.flatMap((state) =>
    (out[state] ?? []).map((first): GraphWay => {
      const chain = [first];
      let to = edges[first]?.to ?? 0;
      while (isPassed(to) && chain.length <= edges.length) {
        const next = out[to]![0]!;
        chain.push(next);
        to = edges[next]?.to ?? 0;
      }
      return {
        from: ids.get(state) ?? 0,
        to: ids.get(to) ?? 0,
        moves: chain.map((edge) => model.moves[edges[edge]?.move ?? 0]?.name ?? ''),
        statements: statementsOf(
          chain.flatMap((edge) => edges[edge] ?? []),
          model,
          textOf,
        ),
        findings: [...new Set(chain.flatMap((edge) => edges[edge]?.findings ?? []))],
        ...(chain.every((edge) => shortest.has(edge)) && { shortest: true }),
      };
    }),
  );
  return {
    states: kept.map((state, id) => ({
      id,
      depth: states[state]?.depth ?? 0,
      ...(states[state]?.outcome && { outcome: states[state]?.outcome }),
    })),
    ways,
  };
}

/** An alternative without a statement has one that does nothing, in the line of its `choose`. */
function isEmpty(program: Model['nodes'], node: number): boolean {
  const place = program[node]?.place;
  return program.some(
    ({ kind, place: { file, line } }) => kind === 'choose' && line === place?.line && file === place.file,
  );
}

/** A statement that takes several moves is said once, unless others move in between. */
function statementsOf(
  chain: readonly Edge[],
  { moves, nodes: program, world }: Model,
  textOf: (node: number) => string,
): string[] {
  const said: string[] = [];
  let last = '';
  for (const { move, nodes } of chain) {
    const made = moves[move];
    if (made?.kind !== 'actor') {
      said.push(made?.name ?? '');
      last = '';
      continue;
    }
    const actor = world.topology.actors[made.actor]?.name;
    for (const node of nodes) {
      const key = node < 0 ? '' : `${made.actor} ${node}`;
      const text = isEmpty(program, node) ? `alternative ${made.alternative + 1}, empty` : textOf(node);
      if (node >= 0 && text !== '' && key !== last) said.push(`${actor}: ${text}`);
      last = key;
    }
  }
  return said;
}

/** Edges on the way by which each outcome was reached first, which in a breadth-first search is a shortest one. */
function shortestEdges(states: readonly Found[], edges: readonly Edge[]): Set<number> {
  const seen = new Set<string>();
  const marked = new Set<number>();
  for (const { outcome, by } of states) {
    const key = outcome?.join('|');
    if (key === undefined || seen.has(key)) continue;
    seen.add(key);
    for (let edge = by; edge >= 0; edge = states[edges[edge]?.from ?? 0]?.by ?? -1) marked.add(edge);
  }
  return marked;
}
