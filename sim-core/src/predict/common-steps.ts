/**
 * How far a scenario does what an earlier text of it did: those steps of its run are not made again.
 *
 * Within `setup` nobody else moves, so a step depends on its statement, on the steps before it, and on what is fixed before
 * anything runs. All of the latter has to be equal, and of the statements those up to the first that differs. Later ones matter through the layout only: it has room for the objects that all statements make.
 */
import type { Model } from '../engine/model.ts';
import type { ProgramNode } from '../engine/program.ts';
import type { Run } from '../engine/run.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { remembered } from '../scenario/remembered.ts';
import type { Topology } from '../topology.ts';

/** What a run did that its events do not show. */
export interface Unlogged {
  /** What it asked of its kernel, and the step that asked first. */
  readonly asked: ReadonlyMap<ChangeId, number>;
  /** How many numbers too large for a slot there were after a step, in order; from step -1 on. */
  readonly wide: readonly { readonly step: number; readonly size: number }[];
  /** Events of `setup`, once it is over. */
  readonly setupEvents: number | undefined;
}

/**
 * How many steps of a run a run of the model would begin with, too; 0 where that is not certain. The model is then told
 * what they asked and numbered. Cost: linear in the statements.
 */
export function commonSteps(run: Run, unlogged: Unlogged, model: Model): number {
  if (!isFixedAlike(run.model, model)) return 0;
  const steps = stepsBefore(firstOther(run.model, model), run);
  const size = unlogged.wide.findLast(({ step }) => step < steps)?.size ?? 0;
  if (steps === 0 || !takeWide(run.model, size, model)) return 0;
  for (const [change, step] of unlogged.asked) if (step < steps) model.world.kernel.has(change);
  return steps;
}

/** Numbers too large for a slot are numbered as they come; the events of the earlier run have its numbering. */
function takeWide(before: Model, size: number, now: Model): boolean {
  return size <= MOST_WIDE && numberAlike(before, now, size);
}

/** Gives the first large numbers the numbers that they have in an earlier model; false where one has another there. */
export function numberAlike(before: Model, now: Model, size: number): boolean {
  const [old, wide] = [before.world.wide, now.world.wide];
  for (let index = 0; index < size; index++) if (wide.intern(old.value(index)) !== index) return false;
  return true;
}

/** More large numbers than one text has. Beyond that the next run starts over, and those of earlier texts are forgotten. */
const MOST_WIDE = 4_096;

/** Steps before the first step of a statement, less one: the last of them decides where its actor continues. */
function stepsBefore(first: number, run: Run): number {
  let step = 0;
  while (step < run.steps && statementOfStep(run, step) < first) step++;
  return Math.max(0, step - 1);
}

/** The statement that a step is of; beyond all of `setup` when it is of another actor or of none. */
export function statementOfStep(run: Run, step: number): number {
  const { actor, node, alternative } = run.step(step);
  if (actor !== run.model.setup) return Number.POSITIVE_INFINITY;
  const at = run.model.nodes[node];
  return at?.kind === 'choose' ? (at.alternatives[alternative] ?? node) : node;
}

/** The first node of `setup` that is not the same in both models. */
function firstOther(before: Model, now: Model): number {
  const start = now.nodes.findIndex(({ actor }) => actor === now.setup);
  for (let id = start; ; id++) {
    const old = before.nodes[id];
    const node = now.nodes[id];
    if (old === undefined || node === undefined || node.actor !== now.setup) return id;
    if (!continuesAlike(old, node) || !isTextAlike(before, old, now, node)) return id;
  }
}

function continuesAlike(old: ProgramNode, node: ProgramNode): boolean {
  if (old.actor !== node.actor) return false;
  if (old.kind === 'statement' && node.kind === 'statement') return old.next === node.next;
  if (old.kind === 'choose' && node.kind === 'choose')
    return isListAlike(old.alternatives, node.alternatives, (a, b) => a === b);
  if (old.kind !== 'repeat' || node.kind !== 'repeat') return false;
  const { counter, count, body, next } = node;
  return old.counter === counter && old.count === count && old.body === body && old.next === next;
}

/** Written alike, in the same procedures, called alike. Lines may have moved. */
function isTextAlike(before: Model, old: ProgramNode, now: Model, node: ProgramNode): boolean {
  const there = old.place;
  const here = node.place;
  return (
    isLineAlike(before, there, now, here) &&
    // Outside procedures there are none, and nothing to compare.
    there.calls.length === here.calls.length &&
    (here.calls.length === 0 ||
      isListAlike(there.calls, here.calls, (a, b) => a.proc === b.proc && isLineAlike(before, a, now, b)))
  );
}

type Spot = Pick<ProgramNode['place'], 'file' | 'line'>;

function isLineAlike(before: Model, there: Spot, now: Model, here: Spot): boolean {
  if (there.file !== here.file) return false;
  const old = before.sources[there.file]?.parsed.lines[there.line];
  const line = now.sources[here.file]?.parsed.lines[here.line];
  return old !== undefined && (old === line || old.text === line?.text);
}

/** All that a statement may depend on beside what is written in its line, and the numbers of the slots. */
function isFixedAlike(before: Model, now: Model): boolean {
  return (
    before.world.kernel.profile === now.world.kernel.profile &&
    now.setup >= 0 &&
    before.setup === now.setup &&
    isListAlike([...before.tracked].sort(), [...now.tracked].sort(), (a, b) => a === b) &&
    isListAlike(before.sources, now.sources, (a, b) => a.path === b.path) &&
    isListAlike(procedureLines(before), procedureLines(now), (a, b) => a === b) &&
    topologyText(before.world.topology) === topologyText(now.world.topology) &&
    JSON.stringify(before.world.dims) === JSON.stringify(now.world.dims) &&
    isLayoutAlike(before, now)
  );
}

/** How procedures name their parameters, and which of two with one name comes first. */
function procedureLines({ sources }: Model): string[] {
  return sources.flatMap(({ parsed }) =>
    parsed.blocks.filter(({ kind }) => kind === 'proc').map(({ line }) => parsed.lines[line]!.text),
  );
}

const topologyText = remembered((topology: Topology): string =>
  JSON.stringify(topology, (key, value: unknown) => {
    // Where an actor is written moves with every line above it.
    if (key === 'line') return undefined;
    if (value instanceof Map) return [...value];
    return typeof value === 'bigint' ? String(value) : value;
  }),
);

/** Equal slots, equal values at the start; but for where actors begin, whose programs are numbered one after another. */
function isLayoutAlike(before: Model, now: Model): boolean {
  const [old, layout] = [before.layout, now.layout];
  if (old.size !== layout.size) return false;
  const fields = isListAlike(
    old.fields,
    layout.fields,
    (a, b) => a.name === b.name && a.base === b.base && isListAlike(a.dims, b.dims, (x, y) => x === y),
  );
  if (!fields) return false;
  const { base, size } = now.tasks.node;
  for (let slot = 0; slot < layout.size; slot++) {
    const begins = slot >= base && slot < base + size && slot !== base + now.setup;
    if (!begins && old.initial[slot] !== layout.initial[slot]) return false;
  }
  return true;
}

function isListAlike<T>(before: readonly T[], now: readonly T[], alike: (a: T, b: T) => boolean): boolean {
  return before.length === now.length && before.every((one, index) => alike(one, now[index]!));
}
