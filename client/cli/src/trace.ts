/**
 * A run as people and programs read it: statement by statement, each with what happened in it.
 *
 * A statement that another actor interrupts gives several entries: where it begins, where it goes on, where it ends,
 * as strace writes `<unfinished ...>` and `<... resumed>`.
 */
import {
  describeEvent,
  EVENT_WIDTH,
  type EventText,
  errnoName,
  ERRNOS,
  type Explanation,
  type LineContent,
  NOTE,
  type Place,
  type Run,
  why,
} from '@snoopscope/sim-core';

export interface TraceEntry {
  /** Name of the actor, or the environment's move. */
  readonly actor: string;
  readonly environment: boolean;
  /** Where the statement stands; absent for the environment. */
  readonly place?: Place;
  /** The statement as written, without its declared result and its comment. */
  readonly text: string;
  /** Name of the system call, where it is one. */
  readonly call?: string;
  /** Does the statement begin here, does it end here? */
  readonly begins: boolean;
  readonly ends: boolean;
  /** Its result once it ended: `5`, `-1 EBUSY (Device or resource busy)`; only of system calls. */
  readonly result?: string;
  readonly happenings: readonly Happening[];
  /** Steps of the run [first, end) in it. */
  readonly firstStep: number;
  readonly endStep: number;
}

export interface Happening extends EventText {
  readonly event: number;
  /** Why a finding took place. */
  readonly why?: Explanation;
}

/** What is shown without `--events`: what the hardware and KVM do, not each changed field. */
const ALWAYS: ReadonlySet<EventText['kind']> = new Set(['exit', 'access', 'tlp', 'cache', 'kernel', 'finding']);
/** Fields whose changes are part of the story: the states of lines, and what KVM believes. */
const TELLING_FIELDS: ReadonlySet<string> = new Set(['lineState', 'noncoherentDmaCount']);

/** All entries of a run, in order. `everything` shows calls, returns and each changed field too. */
export function* traceOf(run: Run, everything: boolean): Generator<TraceEntry> {
  let open: Draft | undefined;
  for (let step = 0; step < run.steps; step++) {
    const { actor, firstEvent, endEvent } = run.step(step);
    const node = nodeOf(run, step);
    const continues = open && !open.ends && open.actor === actor && open.node === node;
    if (open && !continues) {
      yield finish(run, open, everything);
      open = undefined;
    }
    open ??= { actor, node, firstStep: step, endStep: step, firstEvent, endEvent, begins: beginsAt(run, step), ends: false };
    open.endStep = step + 1;
    open.endEvent = endEvent;
    open.ends = actor < 0 || doneIn(run, firstEvent, endEvent) >= 0;
  }
  if (open) yield finish(run, open, everything);
}

interface Draft {
  readonly actor: number;
  readonly node: number;
  readonly firstStep: number;
  readonly firstEvent: number;
  readonly begins: boolean;
  endStep: number;
  endEvent: number;
  ends: boolean;
}

function finish(run: Run, draft: Draft, everything: boolean): TraceEntry {
  const { model } = run;
  const { firstStep, endStep, begins, ends } = draft;
  const happenings = happeningsIn(run, draft.firstEvent, draft.endEvent, everything);
  const common = { begins, ends, happenings, firstStep, endStep };
  if (draft.actor < 0) {
    return { ...common, actor: model.environment[draft.node]?.name ?? '', environment: true, text: '' };
  }
  const done = doneIn(run, draft.firstEvent, draft.endEvent);
  const place = model.nodes[draft.node]?.place;
  const line = place && model.sources[place.file]?.parsed.lines[place.line];
  const content = line?.content;
  const result = content?.kind === 'syscall' && done >= 0 ? straceResult(run.log[done * EVENT_WIDTH + 3] as number) : undefined;
  return {
    ...common,
    actor: model.world.topology.actors[draft.actor]?.name ?? '',
    environment: false,
    ...(place && { place }),
    text: content ? statementText(line.text, content, line.comment?.start) : '',
    ...(content?.kind === 'syscall' && { call: content.call.text }),
    ...(result !== undefined && { result }),
  };
}

/** A result as strace prints it: `5`, `-1 EEXIST (File exists)`. */
export function straceResult(value: number): string {
  if (value >= 0) return String(value);
  const text = ERRNOS.find((errno) => errno.value === -value)?.text;
  return `-1 ${errnoName(-value)}${text ? ` (${text})` : ''}`;
}

function statementText(text: string, content: LineContent, comment: number | undefined): string {
  const code = text.slice(0, comment ?? text.length);
  const declared = content.kind === 'syscall' ? content.result?.span.start : undefined;
  const call = declared === undefined ? code : code.slice(0, declared).replace(/=\s*$/, '');
  return call.trim();
}

/** Is this the actor's first step in its statement? */
function beginsAt(run: Run, step: number): boolean {
  const { actor } = run.step(step);
  if (actor < 0) return true;
  for (let earlier = step - 1; earlier >= 0; earlier--) {
    const { actor: other, firstEvent, endEvent } = run.step(earlier);
    if (other === actor) return doneIn(run, firstEvent, endEvent) >= 0;
  }
  return true;
}

/** The statement's node; a step that begins at a `choose` has gone on to its alternative before the first call. */
function nodeOf(run: Run, step: number): number {
  const { actor, node, firstEvent, endEvent } = run.step(step);
  if (actor < 0) return node;
  const slot = run.model.tasks.node.base + actor;
  for (let event = firstEvent; event < endEvent; event++) {
    const code = run.log[event * EVENT_WIDTH] as number;
    if (code === slot) return run.log[event * EVENT_WIDTH + 2] as number;
    if (code === NOTE.call || code === NOTE.done) break;
  }
  return node;
}

function doneIn(run: Run, from: number, to: number): number {
  for (let event = to - 1; event >= from; event--) if (run.log[event * EVENT_WIDTH] === NOTE.done) return event;
  return -1;
}

function happeningsIn(run: Run, from: number, to: number, everything: boolean): Happening[] {
  const happenings: Happening[] = [];
  for (let event = from; event < to; event++) {
    const text = describeEvent(run.model, run.log, event);
    if (!text || text.kind === 'step') continue;
    if (!everything && !ALWAYS.has(text.kind) && !isTelling(run, event)) continue;
    happenings.push({ ...text, event, ...(text.kind === 'finding' && { why: why(run, event) }) });
  }
  return happenings;
}

function isTelling(run: Run, event: number): boolean {
  const slot = run.log[event * EVENT_WIDTH] as number;
  return slot >= 0 && TELLING_FIELDS.has(run.model.layout.fieldOf(slot).name);
}
