/** From a run to a trace, and from a trace to the same run made again. */
import type { Model, ScheduledMove } from '../../engine/model.ts';
import { EDIT, type Run, type RunOptions } from '../../engine/run.ts';
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
import { type Trace, type TraceEnd, type TraceHeader, type TraceInclude, TraceProblem } from './trace-file.ts';

/** What a trace holds beside its run. */
export interface TraceContext {
  readonly writtenBy: string;
  /** What the scenario's file is called, without its folder. */
  readonly name: string;
  readonly includes: ReadInclude;
  /** Position at which a debugger opens it. */
  readonly cursor: number;
}

/** A run as a trace. A run with a state that somebody has edited is refused: no schedule leads there. */
export function traceOfRun(run: Run, { writtenBy, name, includes, cursor }: TraceContext): Trace {
  const { model } = run;
  const [main] = model.sources as readonly [Model['sources'][number]];
  if (run.events > MOST_EVENTS)
    throw new TraceProblem(`The run has ${run.events} events, and a trace holds at most ${MOST_EVENTS}.`);
  const header: TraceHeader = {
    writtenBy,
    scenario: { name, text: textOfScenario(main.parsed) },
    includes: includesOf(main.parsed, includes),
    namedKernels: Object.fromEntries(main.parsed.named ?? []),
    kernel: kernelOfTrace(model.world.kernel.profile),
    schedule: scheduleText(model, movesMade(run), 'micro').replace(/^schedule( micro)? ?/, ''),
    granularity: 'micro',
    cursor,
    steps: run.steps,
    events: run.events,
    end: endOf(run),
  };
  return { header, log: run.log.slice(0, run.events * EVENT_WIDTH) };
}

/**
 * The moves after setup, one for each micro-step: a schedule that replays this very run. Throws a {@link TraceProblem} if
 * the state was edited on the way.
 */
export function movesMade(run: Run): number[] {
  const { moves, setup } = run.model;
  const made: number[] = [];
  for (let step = 0; step < run.steps; step++) {
    const { actor, node, alternative } = run.step(step);
    if (actor < 0 && node === EDIT)
      throw new TraceProblem('A run with a value that was set by hand cannot be saved: no schedule leads to it.');
    if (actor === setup) continue;
    made.push(
      actor < 0
        ? moves.findIndex((move) => move.kind === 'environment' && move.index === node)
        : moves.findIndex((move) => move.kind === 'actor' && move.actor === actor && move.alternative === alternative),
    );
  }
  return made;
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
  const items = schedule.split(' ').filter((item) => item !== '');
  return {
    schedule: items.map((item) => scheduledMove(model, item)),
    granularity,
    ...((end === 'limit' || end === 'open') && { maxSteps: steps }),
  };
}

/** Where a run that was made again is not the recorded one: the first event; undefined when it is the same. */
export function differenceFrom({ header, log }: Trace, run: Run): number | undefined {
  const common = Math.min(header.events, run.events);
  const own = run.log;
  for (let at = 0; at < common * EVENT_WIDTH; at++) if (own[at] !== log[at]) return Math.trunc(at / EVENT_WIDTH);
  const longer = run.events > header.events && header.end !== 'open' && header.end !== 'limit';
  return run.events < header.events || longer ? common : undefined;
}

/** The difference in one sentence, with both sides. */
export function differenceText(trace: Trace, run: Run, event: number): string {
  const { header, log } = trace;
  const recorded = event < header.events ? eventText(run, log, event) : 'nothing more';
  const now = event < run.events ? eventText(run, run.log, event) : 'nothing more';
  const where = run.steps === 0 ? '' : `, ${placeText(run, event)}`;
  return `This version of Snoopscope runs it differently than ${header.writtenBy} did, from event ${event} on${where}: the trace has ${recorded}, the rerun ${now}.`;
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
  const slot = log[at] as number;
  if (slot >= run.model.layout.initial.length) return numbers;
  const text = slot < 0 && log !== run.log ? undefined : describeEvent(run.model, log, event, new ObjectNames(run));
  return text ? `\`${text.text}\` ${numbers}` : numbers;
}
