/** From a run to a trace, and from a trace to the same run made again. */
import type { Model, ScheduledMove } from '../../engine/model.ts';
import { EDIT, type Edit, Run, type RunOptions } from '../../engine/run.ts';
import { describeEvent } from '../../explain/event-text.ts';
import { ObjectNames } from '../../explain/object-names.ts';
import { statementText } from '../../explain/statement-text.ts';
import { CHANGES, type ChangeId, type Version } from '../../kernel/changes.ts';
import { type Profile, profileNamed, VERSIONS } from '../../kernel/profiles.ts';
import type { ParsedScenario } from '../../scenario/ast.ts';
import { includedFiles, type ReadInclude } from '../../scenario/elaborate/scenario-sources.ts';
import { scheduleText } from '../../scenario/elaborate/schedule.ts';
import { parse } from '../../scenario/parser.ts';
import { EVENT_WIDTH } from '../../state/event.ts';
import { MOST_EVENTS } from './header-shape.ts';
import { layoutDigest } from './recorded-run.ts';
import {
  branchOf,
  firstEventOf,
  type Trace,
  type TraceBranch,
  type TraceEnd,
  type TraceHeader,
  type TraceInclude,
  type TracePart,
  TraceProblem,
} from './trace-file.ts';

/** What a trace holds beside its runs. */
export interface TraceContext {
  readonly writtenBy: string;
  /** What the scenario's file is called, without its folder. */
  readonly name: string;
  readonly includes: ReadInclude;
}

/** A run that goes into a trace. */
export interface BranchRun {
  readonly run: Run;
  /** Position at which a debugger shows it. */
  readonly cursor: number;
  /** Of any but the first: the branch that it parts from, from 1, and after how many steps. */
  readonly parting?: { readonly from: number; readonly after: number };
}

/** What a step was: a move, an index of `Model.moves`, or what somebody has set by hand. */
export type Deed = number | readonly Edit[];

/** A run as a trace. A run with a state that somebody has edited is refused: no schedule leads there. */
export function traceOfRun(run: Run, context: TraceContext & { readonly cursor: number }): Trace {
  return traceOfBranches([{ run, cursor: context.cursor }], { ...context, branch: 1 });
}

/** Runs of one model as a trace, the first and those that part from it; it opens in `branch`, from 1. */
export function traceOfBranches(
  all: readonly [BranchRun, ...BranchRun[]],
  { writtenBy, name, includes, branch }: TraceContext & { readonly branch: number },
): Trace {
  const [{ run, cursor }, ...others] = all;
  const { model } = run;
  const [main] = model.sources as readonly [Model['sources'][number]];
  const logs = all.map((one) => one.run.log.subarray(ownEvents(one) * EVENT_WIDTH, one.run.events * EVENT_WIDTH));
  const length = logs.reduce((sum, log) => sum + log.length, 0);
  if (length > MOST_EVENTS * EVENT_WIDTH)
    throw new TraceProblem(`There are ${length / EVENT_WIDTH} events, and a trace holds at most ${MOST_EVENTS}.`);
  const header: TraceHeader = {
    writtenBy,
    scenario: { name, text: textOfScenario(main.parsed) },
    includes: includesOf(main.parsed, includes),
    namedKernels: Object.fromEntries(main.parsed.named ?? []),
    kernel: kernelOfTrace(model.world.kernel.profile),
    schedule: scheduleItems(model, movesMade(run)),
    granularity: 'micro',
    cursor,
    steps: run.steps,
    events: run.events,
    end: endOf(run),
    layout: layoutDigest(model),
    branches: others.map(branchHeader),
    branch,
  };
  const log = new Int32Array(length);
  let at = 0;
  for (const own of logs) {
    log.set(own, at);
    at += own.length;
  }
  return { header, log };
}

function branchHeader(branch: BranchRun): TraceBranch {
  const { run, cursor, parting = { from: 1, after: 0 } } = branch;
  const [first, ...rest] = deedsMade(run, parting.after);
  const changes = typeof first === 'object' ? first : undefined;
  const moves = (changes || first === undefined ? rest : [first, ...rest]).map(asMove);
  return {
    ...parting,
    ...(changes && { changes: changes.map(({ slot, value }) => [slot, value] as const) }),
    schedule: scheduleItems(run.model, moves),
    cursor,
    steps: run.steps,
    events: run.events - ownEvents(branch),
    end: endOf(run),
  };
}

/** Index of the first event that a branch has of its own. */
function ownEvents({ run, parting }: BranchRun): number {
  if (!parting) return 0;
  return parting.after < run.steps ? run.step(parting.after).firstEvent : run.events;
}

/**
 * The moves after setup, one for each micro-step: a schedule that replays this very run. Throws a {@link TraceProblem} if
 * the state was edited on the way.
 */
export function movesMade(run: Run): number[] {
  const { setup } = run.model;
  return deedsMade(run).flatMap((deed, step) => (run.step(step).actor === setup && setup >= 0 ? [] : [asMove(deed)]));
}

/** What each step of a run was, from a step on. */
export function deedsMade(run: Run, first = 0, end = run.steps): Deed[] {
  const byMove = new Map(
    run.model.moves.map((move, index) => [
      move.kind === 'actor' ? `${move.actor} ${move.alternative}` : `environment ${move.index}`,
      index,
    ]),
  );
  const deeds: Deed[] = [];
  for (let step = first; step < end; step++) {
    const { actor, node, alternative } = run.step(step);
    if (actor < 0 && node === EDIT) deeds.push(editsOf(run, step));
    else deeds.push(byMove.get(actor < 0 ? `environment ${node}` : `${actor} ${alternative}`) ?? -1);
  }
  return deeds;
}

function editsOf(run: Run, step: number): Edit[] {
  const { firstEvent, endEvent } = run.step(step);
  const edits: Edit[] = [];
  for (let at = (firstEvent + 1) * EVENT_WIDTH; at < endEvent * EVENT_WIDTH; at += EVENT_WIDTH)
    if (run.log[at]! >= 0) edits.push({ slot: run.log[at]!, value: run.log[at + 2]! });
  return edits;
}

function asMove(deed: Deed): number {
  if (typeof deed === 'number') return deed;
  throw new TraceProblem(
    'A run with a value that was set by hand cannot be saved on its own: no schedule leads to it.',
  );
}

/** What a trace says that was run; to be checked and elaborated as any other scenario. */
export interface TracedScenario {
  readonly parsed: ParsedScenario;
  readonly includes: ReadInclude;
  readonly profile: Profile;
}

/** Throws a {@link TraceProblem} when the kernel has changes that this version does not know. */
export function scenarioOfTrace({ scenario, includes, namedKernels, kernel }: TraceHeader): TracedScenario {
  const parsed = parse(scenario.text, undefined, new Map(Object.entries(namedKernels)));
  const files = new Map(includes.map(({ path, text }) => [path, text === undefined ? parsed : parse(text)]));
  return { parsed, includes: (path) => files.get(path), profile: profileOfTrace(kernel) };
}

/** The options with which the same run is made again. */
export function optionsOfTrace(model: Model, { schedule, granularity, end, steps }: TraceHeader): RunOptions {
  return {
    schedule: scheduledMoves(model, schedule),
    granularity,
    ...((end === 'limit' || end === 'open') && { maxSteps: steps }),
  };
}

/** What a branch does after it has parted: what is set by hand first, and then its moves, one for each micro-step. */
export function deedsOfBranch(model: Model, { changes, schedule }: TraceBranch): Deed[] {
  if (changes?.some(([slot]) => slot < 0 || slot >= model.layout.initial.length))
    throw new TraceProblem('A branch of the trace sets a slot by hand that this version of Snoopscope does not have.');
  const moves = scheduledMoves(model, schedule).flatMap(({ move, count }) => new Array<number>(count).fill(move));
  return [...(changes ? [changes.map(([slot, value]) => ({ slot, value }))] : []), ...moves];
}

/** Makes one more step of a run; false when it is not possible. */
export function repeatDeed(run: Run, deed: Deed): boolean {
  if (typeof deed === 'number') return run.make(deed);
  run.edit(deed);
  return true;
}

/**
 * A branch made again beside the run that it parts from. What it cannot repeat is missing at its end, and
 * {@link differenceFrom} then says so.
 */
export function repeatBranch(parent: Run, branch: TraceBranch): Run {
  const { model } = parent;
  const { after, steps, end } = branch;
  const cut = end === 'limit' || end === 'open';
  const run = new Run(model, { schedule: [], ...(cut && { maxSteps: Math.max(steps, 1) }) });
  const deeds = [...deedsMade(parent, 0, Math.min(after, parent.steps)), ...deedsOfBranch(model, branch)];
  // That nothing can move any more is only known once somebody has tried.
  if (deeds.every((deed) => repeatDeed(run, deed)) && end !== 'open') run.advance();
  return run;
}

/**
 * Where a run that was made again is not the recorded one: an event of the run; undefined when it is the same. Of a
 * branch, from 1, its own events are compared.
 */
export function differenceFrom({ header, log }: Trace, run: Run, branch = 1): number | undefined {
  const part = branchOf(header, branch);
  if (!part) return 0;
  const first = firstOfOwn(part, run);
  const offset = (firstEventOf(header, branch) - first) * EVENT_WIDTH;
  const recorded = first + part.events;
  const common = Math.min(recorded, run.events);
  const own = run.log;
  for (let at = first * EVENT_WIDTH; at < common * EVENT_WIDTH; at++)
    if (own[at] !== log[at + offset]) return Math.trunc(at / EVENT_WIDTH);
  const longer = run.events > recorded && part.end !== 'open' && part.end !== 'limit';
  return run.events < recorded || longer ? common : undefined;
}

function firstOfOwn(part: TracePart | TraceBranch, run: Run): number {
  if (!('after' in part)) return 0;
  return part.after < run.steps ? run.step(part.after).firstEvent : run.events;
}

/** The difference in one sentence, with both sides. */
export function differenceText({ header, log }: Trace, run: Run, event: number, branch = 1): string {
  const part = branchOf(header, branch);
  const first = part ? firstOfOwn(part, run) : 0;
  const offset = Math.max(0, firstEventOf(header, branch) - first);
  const recorded =
    event < first + (part?.events ?? 0) ? eventText(run, log.subarray(offset * EVENT_WIDTH), event) : 'nothing more';
  const now = event < run.events ? eventText(run, run.log, event) : 'nothing more';
  const where = run.steps === 0 ? '' : `, ${placeText(run, event)}`;
  return `This version of Snoopscope runs it differently than ${header.writtenBy} did, from event ${event} on${where}: the trace has ${recorded}, the rerun ${now}.`;
}

function scheduleItems(model: Model, moves: readonly number[]): string {
  return scheduleText(model, moves, 'micro').replace(/^schedule( micro)? ?/, '');
}

function textOfScenario({ lines }: ParsedScenario): string {
  return lines.map(({ text }) => text).join('\n');
}

function includesOf(main: ParsedScenario, read: ReadInclude): TraceInclude[] {
  const found: TraceInclude[] = [];
  const paths = includedFiles(main);
  for (let next = paths.next(); !next.done; ) {
    const path = next.value;
    const parsed = read(path);
    if (parsed) found.push({ path, ...(parsed !== main && { text: textOfScenario(parsed) }) });
    next = paths.next(parsed === main ? undefined : parsed);
  }
  return found;
}

function kernelOfTrace({ name, version, mainline, release, changes }: Profile): TraceHeader['kernel'] {
  return { name, version, mainline, ...(release !== undefined && { release }), changes: [...changes].sort() };
}

function endOf({ end }: Run): TraceEnd {
  return end?.kind ?? 'open';
}

/** The changes decide, not the name: the same name may have meant another set when the trace was written. */
function profileOfTrace({ name, version, mainline, release, changes }: TraceHeader['kernel']): Profile {
  const unknown = changes.find((id) => !CHANGES.some((change) => change.id === id));
  if (unknown !== undefined)
    throw new TraceProblem(
      `The kernel of the trace has the change \`${unknown}\`, which this version of Snoopscope does not know. Update Snoopscope to open it.`,
    );
  if (!VERSIONS.some((known) => known === version))
    throw new TraceProblem(
      `The kernel of the trace is based on \`${version}\`, which this version of Snoopscope does not know.`,
    );
  return {
    name,
    version: version as Version,
    mainline,
    ...(release !== undefined && { release }),
    changes: new Set(changes as readonly ChangeId[]),
    doc: profileNamed(name)?.doc ?? `The kernel of a trace, based on ${version}`,
  };
}

/** Not read as a `schedule` line is: a long run has more moves than a line may have characters. */
function scheduledMoves(model: Model, schedule: string): ScheduledMove[] {
  return schedule
    .split(' ')
    .filter((item) => item !== '')
    .map((item) => scheduledMove(model, item));
}

function scheduledMove({ moves }: Model, item: string): ScheduledMove {
  const [, name = item, count = '1'] = /^(.*?)(?:\*(\d{1,9}))?$/.exec(item) ?? [];
  const move = moves.findIndex((one) => one.name === name);
  if (move < 0) throw new TraceProblem(`The schedule of the trace has the move \`${name}\`, and its scenario has not.`);
  return { move, count: Number(count) };
}

function placeText(run: Run, event: number): string {
  const step = run.stepOfEvent(Math.min(event, run.events - 1));
  const { actor, node } = run.step(step);
  const { model } = run;
  if (actor < 0) return `in step ${step}, ${model.environment[node]?.name ?? 'the environment'}`;
  const { name } = model.world.topology.actors[actor] ?? { name: '' };
  return `in step ${step}, ${name} at \`${statementText(model, node)}\``;
}

/** An event of another version may name what this one does not have: then its numbers are all there is. */
function eventText(run: Run, log: Int32Array, event: number): string {
  const at = event * EVENT_WIDTH;
  const numbers = `[${log.subarray(at, at + EVENT_WIDTH).join(', ')}]`;
  const slot = log[at]!;
  if (slot >= run.model.layout.initial.length) return numbers;
  const text = slot < 0 && log !== run.log ? undefined : describeEvent(run.model, log, event, new ObjectNames(run));
  return text ? `\`${text.text}\` ${numbers}` : numbers;
}
