/** Why we stop, in words: what a stopped event says and what the exception widget explains. */
import {
  changeText,
  counted,
  describeEvent,
  type End,
  EVENT_WIDTH,
  failedCall,
  failedCallText,
  History,
  type Link,
  NOTE,
  resultText,
  why,
  whyFailed,
  whyText,
} from '@snoopscope/sim-core';
import type { Branches } from './branches.ts';
import type { Debuggee } from './launch.ts';
import type { Focus, LimitReached, MovementEnd } from './movement.ts';
import { type Registration, registrationText } from './registration.ts';
import type { RunCursor } from './run-cursor.ts';
import { callText, lineText, shortText } from './source-lines.ts';
import type { Hit } from './stop-index.ts';
import { labelOf } from './watch.ts';

/** Reasons of the protocol, and our own for the live end of a run. */
export type StopReason =
  | 'entry'
  | 'step'
  | 'breakpoint'
  | 'function breakpoint'
  | 'instruction breakpoint'
  | 'data breakpoint'
  | 'exception'
  | 'pause'
  | 'goto'
  | 'end'
  | 'limit';

export interface Stop {
  readonly focus: Focus;
  readonly reason: StopReason;
  /** A few words: VS Code shows them after the thread's name, where there is little room. */
  readonly description: string;
  /** The whole of it, in sentences. */
  readonly text: string;
  readonly breakpoints: readonly number[];
  /** Set when a filter stopped: what `exceptionInfo` explains. */
  readonly exception?: ExceptionInfo;
  /** The statement that the stop is about, when it is not the one that the actor is at: it has just been executed, or is the first one of the alternative that will be taken. */
  readonly about?: number;
}

export interface ExceptionInfo {
  readonly id: string;
  readonly label: string;
  readonly headline: string;
  /** The causal chain, one line a link. */
  readonly details: readonly string[];
  readonly sources: readonly string[];
}

export interface StopContext {
  readonly debuggee: Debuggee;
  readonly cursor: RunCursor;
  readonly registrations: ReadonlyMap<number, Registration>;
  readonly branches: Branches;
}

/** The stop that a movement led to; `focus` is where the user looks now. */
export function stopAfter(context: StopContext, outcome: MovementEnd, focus: Focus): Stop {
  switch (outcome.kind) {
    case 'moved':
      return movedStop(context, focus);
    case 'hit':
      return hitStop(context, outcome.hits, focus);
    case 'end':
      return endStop(context, focus);
    case 'beginning':
      return { focus, reason: 'entry', description: 'Beginning', text: BEGINNING, breakpoints: [] };
    case 'interrupted':
      return {
        focus,
        reason: 'pause',
        description: 'Paused',
        text: `Paused after ${counted(focus.position, 'micro-step')}`,
        breakpoints: [],
      };
  }
}

/** Where a step has led, and what it did: `After KVM_SET_DEVICE_ATTR → -1 EEXIST`, `In kvm_vfio_set_group`. */
export function movedStop(context: StopContext, focus: Focus, reason: StopReason = 'step'): Stop {
  const { short, whole } = positionText(context, focus);
  const done = focus.position > 0 ? stepText(context, focus.position - 1) : '';
  // What somebody else has done last is not what the user sees this actor at.
  const mover = focus.position > 0 ? context.cursor.track.actorOf(focus.position - 1) : focus.actor;
  const other =
    mover >= 0 && mover !== focus.actor ? context.cursor.model.world.topology.actors[mover]?.name : undefined;
  const isNamed = other !== undefined && (done.startsWith(`${other} `) || done.startsWith(`${other}: `));
  const last = other === undefined || isNamed ? done : `${other}: ${done}`;
  return { focus, reason, description: short, text: done ? `${whole}\n${last}` : whole, breakpoints: [] };
}

/** Where an actor is, in a few words and in a sentence. */
function positionText(context: StopContext, focus: Focus): { readonly short: string; readonly whole: string } {
  const { debuggee, cursor } = context;
  const { actor, position } = focus;
  if (position === 0) return { short: 'Beginning', whole: BEGINNING };
  const executed = executedBefore(cursor, position, actor);
  if (executed) {
    const node = debuggee.model.nodes[executed.node];
    const result = node?.kind === 'statement' && node.args.values.length > 0 ? ` → ${resultText(executed.value)}` : '';
    return {
      short: `After ${node ? shortText(debuggee, node.place) : ''}${result}`,
      whole: `After ${node ? callText(debuggee, node.place) : ''}${result}${reasonText(cursor, executed.event)}`,
    };
  }
  if (actor < 0) return environmentText(context, position);
  const hidden = cursor.shown.hiddenFunctions(focus);
  const frames = cursor.moment.frames(actor);
  if (hidden > 0) {
    const [caller, callee] = frames.slice(-hidden - 1).map(({ routine }) => routine.name);
    return { short: `In ${caller}`, whole: `Next in ${caller}: ${callee}()` };
  }
  const top = frames.at(-1);
  if (!top) {
    const { place } = cursor.moment.node(actor);
    return { short: `Before ${shortText(debuggee, place)}`, whole: `Before ${lineText(debuggee, place)}` };
  }
  const about = top.routine.steps[top.step]?.about;
  const short = `In ${top.routine.name}`;
  return { short, whole: about ? `Next in ${top.routine.name}: ${about}` : short };
}

/** `: vfio_group_get_external_user() found …` for a call that failed. */
function reasonText({ run, model, names }: RunCursor, done: number): string {
  const failed = failedCall(model, run.log, done, names);
  return failed ? `: ${failedCallText(failed)}` : '';
}

const BEGINNING = 'The beginning of the run';

function environmentText(context: StopContext, position: number): { readonly short: string; readonly whole: string } {
  if (context.cursor.track.actorOf(position - 1) >= 0)
    return { short: 'Before its move', whole: 'Before a move of the environment' };
  return { short: 'After its move', whole: `The environment: ${stepText(context, position - 1)}` };
}

/** The statement that ended with the step before a position, and its result. */
export function executedBefore(
  cursor: RunCursor,
  position: number,
  actor: number,
): { readonly node: number; readonly value: number; readonly event: number } | undefined {
  if (position === 0) return undefined;
  const { run } = cursor;
  const { firstEvent, endEvent } = run.step(position - 1);
  for (let event = firstEvent; event < endEvent; event++) {
    const at = event * EVENT_WIDTH;
    if (run.log[at] === NOTE.done && run.log[at + 1] === actor) {
      return { node: run.log[at + 2]!, value: run.log[at + 3]!, event };
    }
  }
  return undefined;
}

/** What a step did, also when it did nothing. */
export function stepText({ cursor }: StopContext, step: number): string {
  return cursor.stepTexts.of(step).join('; ');
}

function hitStop(context: StopContext, hits: readonly Hit[], focus: Focus): Stop {
  const { cursor } = context;
  const ids = hits.flatMap(({ cause }) => (cause.kind === 'filter' ? [] : [cause.trigger.id]));
  const breakpoints = [...new Set(ids)];
  const filtered = hits.find(({ cause }) => cause.kind === 'filter');
  if (filtered?.cause.kind === 'filter') {
    const exception = explain(context, filtered);
    const executed = executedBefore(cursor, focus.position, filtered.actor);
    return {
      focus: { ...focus, actor: filtered.actor },
      reason: 'exception',
      description: exception.label,
      text: [`${exception.label}: ${exception.headline}`, ...exception.details].join('\n'),
      breakpoints,
      exception,
      ...(executed ? { about: executed.node } : {}),
    };
  }
  const changed = hits.filter(({ cause }) => cause.kind === 'data');
  if (changed.length > 0) return { ...dataStop(context, changed, focus), breakpoints };
  const named = functionsHit(context, hits);
  const onInstruction = hits.some(({ cause }) => cause.kind === 'breakpoint' && cause.trigger.onInstruction);
  const reason = named.length > 0 ? 'function breakpoint' : onInstruction ? 'instruction breakpoint' : 'breakpoint';
  const what = named.length > 0 ? `Breakpoint on ${named.join(', ')}` : 'Breakpoint';
  const after = hits.find(
    ({ cause }) => cause.kind === 'breakpoint' && cause.trigger.kind === 'line' && cause.trigger.after,
  );
  if (after) return { ...afterStop(context, { ...focus, actor: after.actor }), reason, breakpoints };
  const about = hits.find(({ ahead }) => ahead !== undefined)?.ahead;
  return {
    focus,
    reason,
    description: what,
    text: `${what}: ${whereText(context, focus, about)}`,
    breakpoints,
    ...(about === undefined ? {} : { about }),
  };
}

/** The names of function breakpoints; where one stands for many functions, those that were called with the step. */
function functionsHit({ cursor }: StopContext, hits: readonly Hit[]): string[] {
  const { model, run } = cursor;
  const names = hits.flatMap(({ cause, position }) => {
    if (cause.kind !== 'breakpoint' || cause.trigger.kind !== 'function' || cause.trigger.onInstruction) return [];
    const { name, routines } = cause.trigger;
    if (!name.includes('*') || position === 0) return [name];
    const { firstEvent, endEvent } = run.step(position - 1);
    const called: string[] = [];
    for (let at = firstEvent * EVENT_WIDTH; at < endEvent * EVENT_WIDTH; at += EVENT_WIDTH) {
      const routine = run.log[at + 2]!;
      if (run.log[at] === NOTE.call && routines.has(routine)) called.push(model.world.routines.routines[routine]!.name);
    }
    return [called.length > 0 ? `${[...new Set(called)].join(', ')} (${name})` : name];
  });
  return [...new Set(names)];
}

/** A breakpoint after a statement: what it has returned. */
function afterStop(context: StopContext, focus: Focus): Stop {
  const executed = executedBefore(context.cursor, focus.position, focus.actor);
  const { whole } = positionText(context, focus);
  return {
    focus,
    reason: 'breakpoint',
    description: 'Breakpoint',
    text: `Breakpoint: ${whole}`,
    breakpoints: [],
    ...(executed ? { about: executed.node } : {}),
  };
}

/** What has changed, from what to what, and who did it. */
function dataStop(context: StopContext, hits: readonly Hit[], focus: Focus): Stop {
  const { cursor } = context;
  const actor = hits[0]?.actor ?? focus.actor;
  const executed = actor < 0 ? undefined : executedBefore(cursor, focus.position, actor);
  // Several breakpoints on the same data say the same.
  const labels = new Set(hits.flatMap(({ cause }) => (cause.kind === 'data' ? [labelOfChange(cause)] : [])));
  const changes = [...new Set(hits.flatMap(({ cause }) => (cause.kind === 'data' ? [cause.change] : [])))];
  return {
    focus: { ...focus, actor },
    reason: 'data breakpoint',
    description: `${[...labels].join(', ')} ${doneTo(changes)}`,
    text: [...changes, `by ${changedByText(context, hits[0]!, executed?.node)}`].join('\n'),
    breakpoints: [],
    ...(executed ? { about: executed.node } : {}),
  };
}

/** The variable; of a range of words the one that was accessed. */
function labelOfChange({ change, trigger: { place } }: Extract<Hit['cause'], { kind: 'data' }>): string {
  return 'words' in place.root && place.root.words.length > 1 ? (/^\w+/.exec(change)?.[0] ?? '') : labelOf(place);
}

/** In a word: `changed`, or what else was done to it. */
function doneTo(changes: readonly string[]): string {
  if (changes.every((text) => text.endsWith('was read'))) return 'read';
  return changes.every((text) => text.includes('was written')) ? 'written' : 'changed';
}

/** `vcpu0 at mov [x], 1`, `setup in kvm_vfio_update_coherency at ioctl(…)`, `the environment: evict(x,cpu0)`. */
function changedByText({ cursor, debuggee }: StopContext, { actor, cause }: Hit, executed: number | undefined): string {
  const { model, run } = cursor;
  if (actor < 0) return `the environment: ${model.environment[run.step(cursor.position - 1).node]?.name}`;
  const node = executed === undefined ? cursor.moment.node(actor) : model.nodes[executed];
  const event = cause.kind === 'breakpoint' ? -1 : cause.event;
  const routine = model.world.routines.routines.find(({ name }) => name === new History(run).routineName(event));
  const where = routine?.kind === 'kernel' ? ` in ${routine.name}` : '';
  const name = model.world.topology.actors[actor]?.name;
  return `${name}${where} at ${node ? lineText(debuggee, node.place) : ''}`;
}

/** `vcpu0 at mov [x], 1`, `vcpu0 in kvm_tdp_page_fault`. */
function whereText({ debuggee, cursor }: StopContext, { actor }: Focus, about: number | undefined): string {
  if (actor < 0) return 'the environment';
  const name = debuggee.model.world.topology.actors[actor]?.name;
  const top = cursor.moment.kernelFrames(actor).at(-1);
  const node = about === undefined ? cursor.moment.node(actor) : debuggee.model.nodes[about];
  return top ? `${name} in ${top.routine.name}` : `${name} at ${node ? lineText(debuggee, node.place) : ''}`;
}

function explain(context: StopContext, hit: Hit): ExceptionInfo {
  const { cursor, registrations, debuggee } = context;
  if (hit.cause.kind !== 'filter') throw new RangeError('only a filter is explained');
  const { filter, event } = hit.cause;
  const { run, model } = cursor;
  const operand = (index: number): number => run.log[event * EVENT_WIDTH + index]!;
  const own = { id: filter.id, label: filter.label };
  switch (filter.kind.kind) {
    case 'registration': {
      const node = model.nodes[operand(2)];
      const registration = registrations.get(operand(2));
      if (!node || !registration) throw new RangeError('the event registers nothing');
      const headline = registrationText(cursor.moment, hit.actor, node, registration, operand(3));
      return {
        ...own,
        headline,
        details: [lineText(debuggee, node.place)],
        sources: ['linux: virt/kvm/vfio.c kvm_vfio_set_attr()'],
      };
    }
    case 'wbinvd-exit': {
      const headline = `${describeEvent(model, run.log, event, cursor.names)?.text ?? 'a vCPU leaves the guest'}; KVM emulates the instruction`;
      return { ...own, headline, details: [], sources: ['linux: arch/x86/kvm/x86.c kvm_emulate_wbinvd()'] };
    }
    case 'failed-call': {
      const explanation = whyFailed(run, event);
      const [headline = '', ...details] = explanation ? whyText(explanation) : [resultText(operand(3))];
      const node = model.nodes[operand(2)];
      const line = node ? [lineText(debuggee, node.place)] : [];
      return {
        ...own,
        headline,
        details: [...line, ...details],
        sources: explanation ? sourcesOf(explanation.links) : [],
      };
    }
    case 'vm-exit': {
      const headline = describeEvent(model, run.log, event, cursor.names)?.text ?? 'a vCPU leaves the guest';
      return { ...own, headline, details: [], sources: ['linux: arch/x86/kvm/x86.c vcpu_enter_guest()'] };
    }
    case 'noncoherent-count': {
      const text = changeText(model, cursor.names, event, operand(0), operand(1), operand(2)) ?? filter.doc;
      const history = new History(run);
      const details = [`${history.actorText(event)} ${history.doneBy(event)}`];
      const sources = history.sourceAt(event).map((one) => `${one.document}: ${one.place}`);
      return { ...own, headline: text, details, sources };
    }
    case 'finding': {
      const explanation = why(run, event);
      const [headline = filter.doc, ...details] = whyText(explanation);
      const sources = sourcesOf(explanation.links);
      // The label already has the finding's name.
      return { ...own, headline: headline.replace(`${filter.id}: `, ''), details, sources };
    }
  }
}

/** Each source of a chain once. */
function sourcesOf(links: readonly Link[]): string[] {
  return [...new Set(links.flatMap((link) => link.sources.map((s) => `${s.document}: ${s.place}`)))];
}

function endStop(context: StopContext, focus: Focus): Stop {
  const { cursor } = context;
  const executed = focus.position > 0 ? executedBefore(cursor, focus.position, focus.actor) : undefined;
  const { end } = cursor;
  return {
    focus,
    // The environment has nothing to do, and others could continue.
    reason: end === undefined ? 'step' : end.kind === 'limit' || end.kind === 'model-limit' ? 'limit' : 'end',
    description: endLabel(end),
    text: whyOver(context, end),
    breakpoints: [],
    ...(executed ? { about: executed.node } : {}),
  };
}

function endLabel(end: End | LimitReached | undefined): string {
  if (end?.kind === 'stuck') return end.deadlock ? 'Deadlock' : 'No actor can make progress';
  return end?.kind === 'completed' ? 'End of the run' : end === undefined ? 'Idle' : 'Limit reached';
}

/** Why the run cannot be extended. */
export function whyOver({ debuggee, cursor }: StopContext, end: End | LimitReached | undefined): string {
  const name = (actor: number): string => debuggee.model.world.topology.actors[actor]?.name ?? String(actor);
  switch (end?.kind) {
    case 'completed':
      return 'The end of the run: every actor has finished';
    case 'stuck': {
      const waiting = end.waiting
        .map((actor) => `${name(actor)} at \`${lineText(debuggee, cursor.moment.node(actor).place)}\``)
        .join(', ');
      return `${end.deadlock ? 'Deadlock' : 'The end of the run'}: no actor can make progress; waiting ${end.waiting.length > 1 ? 'are' : 'is'} ${waiting}`;
    }
    case 'limit':
      return `The run has reached the limit of ${end.at} ${end.limit === 'steps' ? 'micro-steps' : 'events'}: raise it with "maxSteps" in the launch configuration; stepping back works`;
    case 'model-limit':
      return `The run has reached a limit of the model: ${end.message}`;
    case undefined:
      return 'The environment can do nothing here';
  }
}
