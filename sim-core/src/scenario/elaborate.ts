/**
 * From a parsed scenario and a kernel to a {@link Model}: everything resolved, nothing run yet.
 *
 * In order: the machine's topology, how many objects there can be, the parts of the world on a layout of slots, the
 * program of each actor, the environment's moves, the final conditions, the schedule. Each step reads what the ones
 * before it made. Cost: linear in the statements; a scenario of a page takes about a millisecond.
 */

import { createWorld } from '../create-world.ts';
import type { CompiledCondition, Granularity, Model, Move } from '../engine/model.ts';
import { type ProgramNode, settle } from '../engine/program.ts';
import { taskFields } from '../engine/task.ts';
import type { Profile } from '../kernel/profiles.ts';
import { ModelLimit } from '../limits.ts';
import { LayoutBuilder } from '../state/layout.ts';
import { Machine } from '../state/machine.ts';
import { toEnd } from '../to-end.ts';
import type { Topology } from '../topology.ts';
import type { Dims, World, WorldBase } from '../world.ts';
import type { BlockItem, Diagnostic, LineContent, ParsedScenario } from './ast.ts';
import { contentsOfKind } from './blocks.ts';
import { modelLimit } from './checks/model-limit.ts';
import { makesCalls } from './checks/unknown-term.ts';
import { compilingProgram, type ProgramContext } from './elaborate/compile-program.ts';
import { compileCondition, mentions } from './elaborate/conditions.ts';
import { countDims } from './elaborate/dims.ts';
import { environmentMoves } from './elaborate/environment.ts';
import { type FoundNames, namesAndRegisters } from './elaborate/found-names.ts';
import { refuseBadOptions } from './elaborate/numbers.ts';
import { Problems, Unresolved } from './elaborate/problems.ts';
import { refuseLongPrograms } from './elaborate/program-size.ts';
import {
  collectProcedures,
  collectSources,
  type ReadInclude,
  type ScenarioSource,
} from './elaborate/scenario-sources.ts';
import { compileSchedule, moveName } from './elaborate/schedule.ts';
import { buildTopology, type MachineBlocks } from './elaborate/topology.ts';
import type { WaitCondition } from './elaborate/wait.ts';
import { Notes } from './remembered.ts';

export interface ElaborateOptions {
  readonly profile: Profile;
  /** Reads included files; without it every `include` is a diagnostic. */
  readonly includes?: ReadInclude;
  /** How many objects there can be, when it is not to be counted from the statements: replayed recordings. */
  readonly dims?: Dims;
  /**
   * A model for another kernel, or of an earlier text: what would be equal is taken from it. The result is the same, for
   * less time and room.
   */
  readonly like?: Model;
}

/** A model, or what keeps the scenario from being executed; never both errors and a model. */
export interface Elaboration {
  readonly model?: Model;
  readonly diagnostics: readonly Diagnostic[];
}

export function elaborate(parsed: ParsedScenario, options: ElaborateOptions): Elaboration {
  return toEnd(elaborating(parsed, options));
}

/** The same in slices of some milliseconds: between two, an editor answers other requests, or gives up. */
export function* elaborating(parsed: ParsedScenario, options: ElaborateOptions): Generator<void, Elaboration> {
  const broken = parsed.diagnostics.filter((d) => d.severity === 'error');
  if (broken.length > 0) return { diagnostics: broken };
  const problems = new Problems();
  const model = yield* attempting(building(parsed, options, problems), problems);
  if (problems.diagnostics.length > 0 || !model) return { diagnostics: problems.diagnostics };
  return { model, diagnostics: [] };
}

/** A state that would be too large is reported like anything else that keeps a scenario from running. */
function* attempting(slices: Generator<void, Model>, problems: Problems): Generator<void, Model | undefined> {
  try {
    return yield* slices;
  } catch (error) {
    if (error instanceof ModelLimit) problems.report(modelLimit, 0, { start: 0, end: 0 }, error.message);
    else if (!(error instanceof Unresolved)) throw error;
    return undefined;
  }
}

function* building(parsed: ParsedScenario, options: ElaborateOptions, problems: Problems): Generator<void, Model> {
  const sources = collectSources(parsed, options.includes ?? (() => undefined), problems);
  const prepared = yield* preparing(sources, options, problems);
  const { procedures, found, machine, dims } = prepared;
  const { topology } = machine;
  const conditionLines = linesOf(sources[0], 'condition');
  const asked = mentions(conditionLines.map(({ content }) => content));

  const layout = new LayoutBuilder();
  const { base, world } = createWorld(layout, topology, dims, options.profile, asked.findings);
  const tasks = taskFields(
    layout,
    topology.actors.map((a) => a.name),
  );
  const names = sharedNames(
    new Map(found.names.map((name) => [name, layout.field(`name.${name}`, [], { initial: -1 }).base])),
    topology,
    options.like,
  );
  const registers = topology.actors.map(() => new Map<string, number>());
  const errors = topology.actors.map((actor) =>
    asked.errors.has(actor.name) && makesCalls(actor.kind) ? layout.field(`${actor.name}.err`).base : undefined,
  );
  const nodes: ProgramNode[] = [];
  const context: ProgramContext = {
    world,
    layout,
    sources,
    procedures,
    problems,
    names,
    errors,
    nodes,
    compiled: new Map(),
    finishers: [],
    register: (actor, name) => registerSlot(world, layout, registers, actor, name),
    routines: controlRoutines(base),
  };

  const bounds = yield* programming(context, machine);
  const environment = environmentMoves(base, () => world, machine.allowed);
  const moves = allMoves(topology, nodes, environment);
  const conditions = conditionLines.flatMap(({ content, line, text }): CompiledCondition[] => {
    const compiled = problems.attempt(() => compileCondition(context, content, text, line));
    return compiled ? [compiled] : [];
  });
  const scheduleLines = linesOf(sources[0], 'schedule');
  const schedule = scheduleLines.flatMap(({ content, line }) => compileSchedule(content.items, moves, line, problems));
  const granularity: Granularity = scheduleLines[0]?.content.granularity ?? 'statement';

  // A statement that was given up leaves the programs with holes.
  if (problems.diagnostics.length > 0) throw new Unresolved('the scenario has problems');
  const fixed = layout.build();
  const start = new Machine(fixed);
  bounds.forEach(({ entry }, actor) => {
    start.put(tasks.node.base + actor, settle(start, nodes, entry));
  });
  fixed.initial.set(start.state);
  const model: Model = {
    world,
    sources,
    layout: fixed,
    tasks,
    nodes,
    ends: bounds.map(({ end }) => end),
    setup: topology.actors.findIndex((a) => a.kind === 'setup'),
    moves,
    environment,
    names,
    registers,
    errors,
    conditions,
    schedule,
    granularity,
    onlySchedule: scheduleLines[0]?.content.only ?? false,
    tracked: asked.findings,
  };
  preparedOf.set(model, prepared);
  return model;
}

/** The part of a model that does not depend on the kernel. */
interface Prepared {
  readonly sources: readonly ScenarioSource[];
  readonly procedures: ProgramContext['procedures'];
  readonly found: FoundNames;
  readonly machine: MachineBlocks;
  readonly dims: Dims;
}

const preparedOf = new Notes<Model, Prepared>();

function* preparing(
  sources: readonly ScenarioSource[],
  { dims, like }: ElaborateOptions,
  problems: Problems,
): Generator<void, Prepared> {
  const known = like && preparedOf.get(like);
  if (known && dims === undefined && isSameText(known.sources, sources)) return known;
  refuseBadOptions(sources, problems);
  yield;
  const procedures = collectProcedures(sources);
  const found = namesAndRegisters(sources);
  yield;
  const machine = buildTopology(sources, found.deviceRegisters, problems);
  yield;
  const bodies = machine.blocks.map(({ block, file }) => ({ items: block.items, file }));
  refuseLongPrograms(bodies, sources, procedures, problems);
  yield;
  const made = {
    sources,
    procedures,
    found,
    machine,
    dims: dims ?? countDims(bodies, sources, procedures, machine.topology),
  };
  yield;
  return made;
}

function isSameText(before: readonly ScenarioSource[], now: readonly ScenarioSource[]): boolean {
  return before.length === now.length && before.every(({ parsed }, index) => parsed === now[index]!.parsed);
}

/** The names of a model with equal slots and words: calls are compiled against the same map, so once. */
function sharedNames(
  own: ReadonlyMap<string, number>,
  { words }: Topology,
  like: Model | undefined,
): ReadonlyMap<string, number> {
  const isAlike =
    like !== undefined &&
    own.size === like.names.size &&
    [...own].every(([name, slot]) => like.names.get(name) === slot) &&
    words.length === like.world.topology.words.length &&
    words.every(({ name, address }, index) => {
      const word = like.world.topology.words[index]!;
      return word.name === name && word.address === address;
    });
  return isAlike ? like.names : own;
}

function* programming(
  context: ProgramContext,
  machine: MachineBlocks,
): Generator<void, { readonly entry: number; readonly end: number }[]> {
  const bounds = [];
  for (const [index, actor] of machine.topology.actors.entries()) {
    const body = machine.blocks.find(({ block, file }) => block.line === actor.line && file === actor.file);
    const items: readonly BlockItem[] = body?.block.items ?? [];
    bounds.push(yield* compilingProgram(context, index, items, actor.file, actor.line));
  }
  return bounds;
}

/** `wait` and the empty statement are not ops of anybody's: they belong to the language. */
function controlRoutines(base: WorldBase): ProgramContext['routines'] {
  const skip = base.routines.define(
    'skip',
    'docs/language.md',
    [],
    (r) => r.step('nothing', (t) => t.return(0)),
    'host',
  );
  const wait = base.routines.define(
    'wait',
    'docs/language.md',
    [],
    (r) =>
      r.step('wait until it holds', (t) => {
        if ((t.args.action as WaitCondition)(t)) t.return(0);
        else t.block();
      }),
    'host',
  );
  return { skip, wait };
}

/** A register of an actor's own; one of a device that others name is in its BAR. */
function registerSlot(
  { pcie, topology }: World,
  layout: LayoutBuilder,
  registers: readonly Map<string, number>[],
  actor: number,
  name: string,
): number {
  const own = registers[actor];
  const model = topology.actors[actor];
  if (!own || !model) throw new RangeError(`there is no actor ${actor}`);
  const shared = model.kind === 'device' ? pcie.registerSlot(model.subject, name) : undefined;
  if (shared !== undefined) return shared;
  let slot = own.get(name);
  if (slot === undefined) {
    slot = layout.field(`${model.name}.${name}`).base;
    own.set(name, slot);
  }
  return slot;
}

/** Every actor has as many moves as its largest choice has alternatives. */
function allMoves(topology: Topology, nodes: readonly ProgramNode[], environment: Model['environment']): Move[] {
  const most = topology.actors.map(() => 1);
  for (const node of nodes) {
    if (node.kind === 'choose') most[node.actor] = Math.max(most[node.actor]!, node.alternatives.length);
  }
  const moves = topology.actors.flatMap((model, index) =>
    Array.from(
      { length: most[index]! },
      (_, alternative): Move => ({
        kind: 'actor',
        actor: index,
        alternative,
        name: moveName(model.name, alternative),
      }),
    ),
  );
  return [
    ...moves,
    ...environment.map(
      ({ name, inevitable = false }, index): Move => ({ kind: 'environment', index, name, inevitable }),
    ),
  ];
}

function linesOf<K extends LineContent['kind']>(
  source: ScenarioSource | undefined,
  kind: K,
): { content: LineContent & { kind: K }; line: number; text: string }[] {
  if (source === undefined) return [];
  return contentsOfKind(source.parsed, kind).map(({ content, line }) => {
    const { text, comment } = source.parsed.lines[line]!;
    return { content, line, text: text.slice(0, comment?.start ?? text.length).trim() };
  });
}
