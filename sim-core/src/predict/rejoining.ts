/**
 * Where a scenario does again what an earlier text of it did: after a statement of `setup` that was changed and leaves
 * the machine as it did before, the rest of the run is not made again.
 */
import type { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import type { Run } from '../engine/run.ts';
import { statementOfStep, type Unlogged } from './common-steps.ts';

/** A place in an earlier run: from its step on nothing differs but what the machine may be like there. */
export interface Rejoining {
  readonly run: Run;
  readonly step: number;
  /** The node that `setup` is at before the step, and all of the state. */
  readonly node: number;
  readonly state: Int32Array;
}

/**
 * The place after the statements that differ, which has a use only if the earlier run got to its end. `steps`: so many
 * steps are common to both from the start. Undefined when something else differs, or when a differing statement runs
 * again later. Cost: linear in lines, statements and steps.
 */
export function rejoining(run: Run, unlogged: Unlogged, model: Model, steps: number): Rejoining | undefined {
  if (steps === 0 || run.end === undefined || run.end.kind === 'limit') return undefined;
  if (unlogged.setupEvents === undefined) return undefined;
  const range = changedNodes(run.model, model);
  if (range === undefined) return undefined;
  const { first, last } = range;
  const isChanged = (step: number): boolean => {
    const at = statementOfStep(run, step);
    return at >= first && at <= last;
  };
  let end = run.steps;
  while (end > steps && !isChanged(end - 1)) end--;
  // All steps of the differing statements, and of those between them, come before any other.
  for (let step = steps + 1; step < end; step++) if (!isChanged(step)) return undefined;
  const cursor = run.cursor();
  cursor.seek(end);
  const { state } = cursor;
  const { base } = run.model.tasks.node;
  return { run, step: end, node: state[base + run.model.setup]!, state };
}

/** Is `setup` where it was at the place? */
export function isAt({ machine, model }: Executor, { node }: Rejoining): boolean {
  return machine.state[model.tasks.node.base + model.setup] === node;
}

/** Is the whole machine what it was there? Asked of a run that has begun as the earlier one did. */
export function isRejoined(
  { step, state, run }: Rejoining,
  { machine, model }: Executor,
  before: Unlogged,
  asked: Unlogged['asked'],
): boolean {
  for (let slot = 0; slot < state.length; slot++) if (machine.state[slot] !== state[slot]) return false;
  // What was asked on the way there may be asked again later: then it is not known when.
  for (const [change, first] of before.asked) if (first < step && !asked.has(change)) return false;
  return isNumberedAlike(run.model, model, before.wide.findLast((one) => one.step < step)?.size ?? 0);
}

/** Have both numbered so many large numbers alike, and the model no others? */
function isNumberedAlike(before: Model, now: Model, size: number): boolean {
  const [old, wide] = [before.world.wide, now.world.wide];
  if (wide.size !== size) return false;
  for (let index = 0; index < size; index++) if (wide.value(index) !== old.value(index)) return false;
  return true;
}

/** The numbers of the first and last node of `setup` whose line is not the same; undefined when other lines differ. */
function changedNodes(before: Model, now: Model): { readonly first: number; readonly last: number } | undefined {
  if (before.nodes.length !== now.nodes.length || before.sources.length !== now.sources.length) return undefined;
  const changed = before.sources.map(() => new Set<number>());
  // Loops without iterators: this is done for every kernel, on every line and node.
  for (let file = 0; file < changed.length; file++) {
    const { lines: old } = before.sources[file]!.parsed;
    const { lines } = now.sources[file]!.parsed;
    if (old.length !== lines.length) return undefined;
    for (let index = 0; index < lines.length; index++) {
      const was = old[index]!;
      const line = lines[index]!;
      if (was === line || was.text === line.text) continue;
      if (was.content.kind !== 'syscall' || line.content.kind !== 'syscall') return undefined;
      changed[file]!.add(index);
    }
  }
  let first = Number.POSITIVE_INFINITY;
  let last = -1;
  if (changed.every(({ size }) => size === 0)) return { first, last };
  for (let id = 0; id < now.nodes.length; id++) {
    const { actor, place } = now.nodes[id]!;
    if (!changed[place.file]!.has(place.line)) continue;
    if (actor !== now.setup) return undefined;
    first = Math.min(first, id);
    last = id;
  }
  return { first, last };
}
