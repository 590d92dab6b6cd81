/**
 * A run as people and programs read it: statement by statement, each with what happened in it.
 *
 * A statement that another actor interrupts gives several entries: where it begins, where it continues, where it ends,
 * as strace writes `<unfinished ...>` and `<... resumed>`.
 */
import {
  DIED,
  describeEvent,
  EDIT,
  ERRNOS,
  EVENT_WIDTH,
  type EventText,
  type Explanation,
  errnoName,
  type FailedCall,
  type Field,
  failedCall,
  NOTE,
  nodeOfStep,
  ObjectNames,
  type Place,
  type Run,
  statementText,
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
  /** Why it failed. */
  readonly failed?: FailedCall;
  /** The same as the kernel returns it: negative for an errno. */
  readonly returned?: number;
  readonly happenings: readonly ExplainedHappening[];
  /** Steps of the run [first, end) in it. */
  readonly firstStep: number;
  readonly endStep: number;
}

export interface ExplainedHappening extends EventText {
  readonly event: number;
  /** Why a finding took place. */
  readonly why?: Explanation;
  /** Of a finding that is not explained: the last one that was, and its event. */
  readonly repeats?: { readonly finding: Explanation['finding']; readonly event: number };
}

/**
 * How often the same finding at the same statement is explained. An explanation looks through the run from its
 * beginning, so a loop that finds something in each round would take quadratic time to tell the same again.
 */
export const EXPLAINED_REPEATS = 10;

/** Explains findings as long as they are news, and knows what the scenario calls its objects. */
class Explainer {
  readonly names: ObjectNames;
  readonly #told = new Map<
    string,
    { readonly times: number; readonly last: NonNullable<ExplainedHappening['repeats']> }
  >();

  constructor(run: Run) {
    this.names = new ObjectNames(run);
  }

  explain(run: Run, event: number, statement: number): Pick<ExplainedHappening, 'why' | 'repeats'> {
    const at = event * EVENT_WIDTH;
    const key = `${statement} ${run.log.subarray(at + 1, at + 4).join(' ')}`;
    const told = this.#told.get(key);
    if (told && told.times >= EXPLAINED_REPEATS) return { repeats: told.last };
    const explanation = why(run, event);
    this.#told.set(key, { times: (told?.times ?? 0) + 1, last: { finding: explanation.finding, event } });
    return { why: explanation };
  }
}

/** What is shown without `--events`: what the hardware and KVM do, not each changed field. */
const ALWAYS: ReadonlySet<EventText['kind']> = new Set(['exit', 'access', 'tlp', 'cache', 'kernel', 'finding']);
/** Fields whose changes are part of the story, and how it is told; the labels are those of the field's dimensions. */
const TELLING_FIELDS: Readonly<Record<string, (labels: readonly string[], old: string, value: string) => string>> = {
  lineState: ([cpu, line], old, value) => `${cpu}'s cache: line ${line} ${old} → ${value}`,
  noncoherentDmaCount: ([vm], old, value) => `KVM counts non-coherent DMA of ${vm}: ${old} → ${value}`,
};

/** All entries of a run, in order. `everything` shows calls, returns and each changed field too. */
export function* traceEntries(run: Run, everything: boolean): Generator<TraceEntry> {
  const explainer = new Explainer(run);
  let open: Draft | undefined;
  for (let step = 0; step < run.steps; step++) {
    const { actor, firstEvent, endEvent } = run.step(step);
    const node = nodeOfStep(run, step);
    const continues = open && !open.ends && open.actor === actor && open.node === node;
    if (open && !continues) {
      yield finish(run, open, everything, explainer);
      open = undefined;
    }
    open ??= {
      actor,
      node,
      firstStep: step,
      endStep: step,
      firstEvent,
      endEvent,
      begins: beginsAt(run, step),
      ends: false,
    };
    open.endStep = step + 1;
    open.endEvent = endEvent;
    open.ends = actor < 0 || doneIn(run, firstEvent, endEvent) >= 0;
  }
  if (open) yield finish(run, open, everything, explainer);
}

/** What moved where somebody set a value by hand. */
const EDITED = 'changed in the debugger';

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

function finish(run: Run, draft: Draft, everything: boolean, explainer: Explainer): TraceEntry {
  const { model } = run;
  const { firstStep, endStep, begins, ends } = draft;
  const edited = draft.actor < 0 && draft.node === EDIT;
  const happenings = happeningsIn(run, draft, everything || edited, explainer);
  const common = { begins, ends, happenings, firstStep, endStep };
  if (draft.actor < 0) {
    return { ...common, actor: model.environment[draft.node]?.name ?? EDITED, environment: true, text: '' };
  }
  const done = doneIn(run, draft.firstEvent, draft.endEvent);
  const place = model.nodes[draft.node]?.place;
  const line = place && model.sources[place.file]?.parsed.lines[place.line];
  const content = line?.content;
  const returned = content?.kind === 'syscall' && done >= 0 ? run.log[done * EVENT_WIDTH + 3]! : undefined;
  const failed = done < 0 ? undefined : failedCall(model, run.log, done, explainer.names);
  return {
    ...common,
    actor: model.world.topology.actors[draft.actor]?.name ?? '',
    environment: false,
    ...(place && { place }),
    text: statementText(model, draft.node),
    ...(content?.kind === 'syscall' && { call: content.call.text }),
    ...(returned !== undefined && { result: straceResult(returned), returned }),
    ...(failed && { failed }),
  };
}

/** A result as strace prints it: `5`, `-1 EEXIST (File exists)`. */
export function straceResult(value: number): string {
  if (value >= 0) return String(value);
  if (value === DIED) return '? (the thread died)';
  const text = ERRNOS.find((errno) => errno.value === -value)?.text;
  return `-1 ${errnoName(-value)}${text ? ` (${text})` : ''}`;
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

function doneIn(run: Run, from: number, to: number): number {
  for (let event = to - 1; event >= from; event--) if (run.log[event * EVENT_WIDTH] === NOTE.done) return event;
  return -1;
}

function happeningsIn(run: Run, draft: Draft, everything: boolean, explainer: Explainer): ExplainedHappening[] {
  const { node, firstEvent, endEvent } = draft;
  const happenings: ExplainedHappening[] = [];
  for (let event = firstEvent; event < endEvent; event++) {
    const text = everything
      ? describeEvent(run.model, run.log, event, explainer.names)
      : (telling(run, explainer.names, event, endEvent) ?? described(run, explainer.names, event));
    if (!text || text.kind === 'step') continue;
    happenings.push({ ...text, event, ...(text.kind === 'finding' && explainer.explain(run, event, node)) });
  }
  return happenings;
}

function described(run: Run, names: ObjectNames, event: number): EventText | undefined {
  const text = describeEvent(run.model, run.log, event, names);
  return text && ALWAYS.has(text.kind) ? text : undefined;
}

/** The change of a telling field; changes of one slot in direct succession (I → E, E → M) are told as one. */
function telling({ log, model }: Run, names: ObjectNames, event: number, to: number): EventText | undefined {
  const at = event * EVENT_WIDTH;
  const slot = log[at]!;
  if (slot < 0 || (event > 0 && log[at - EVENT_WIDTH] === slot)) return undefined;
  const field = model.layout.fieldOf(slot);
  const tell = TELLING_FIELDS[field.name];
  if (!tell) return undefined;
  let last = event;
  while (last + 1 < to && log[(last + 1) * EVENT_WIDTH] === slot) last++;
  const word = (value: number): string => field.values?.[value] ?? String(value);
  // Only VMs have no label of their own: a call of the scenario makes them.
  const vm = (index: number): string => names.atEvent('vm', index, event) ?? `VM ${index}`;
  const labels = indicesOf(field, slot).map((index, dimension) => field.labels?.[dimension]?.[index] ?? vm(index));
  return {
    kind: 'cache',
    depth: 0,
    text: tell(labels, word(log[at + 1]!), word(log[last * EVENT_WIDTH + 2]!)),
  };
}

function indicesOf({ dims, base }: Field, slot: number): number[] {
  const indices: number[] = [];
  let rest = slot - base;
  for (const size of dims.toReversed()) {
    indices.unshift(rest % size);
    rest = Math.trunc(rest / size);
  }
  return indices;
}
