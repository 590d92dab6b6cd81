/** Requests that look at the current stop. None of them changes anything. */
import { EVENT_WIDTH } from '@snoopscope/sim-core';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { completions } from '../completions.ts';
import { commandMeant } from '../console.ts';
import { evaluateExpression } from '../evaluate.ts';
import type { Debuggee } from '../launch.ts';
import { writtenAddress } from '../listing.ts';
import { ENVIRONMENT, type Focus } from '../movement.ts';
import { namedVariable } from '../named-variables.ts';
import { RequestError, StaleRequest } from '../request-error.ts';
import { DECIMAL, type Format, HEXADECIMAL, type Item, type Scope, type ScopeView } from '../scopes/item.ts';
import { SCOPES } from '../scopes/table.ts';
import {
  actorOf,
  focusOn,
  frameOf,
  framesOf,
  type Launched,
  launchedOf,
  type Opened,
  type RequestAnswer,
  type SessionState,
  stoppedOf,
} from '../session-state.ts';
import type { StackFrame } from '../stack.ts';
import { placeOfStep } from '../step-lines.ts';
import { threadStates } from '../thread-state.ts';
import {
  FIRST_TRACED,
  frameId,
  lineInPage,
  pageOf,
  threadId,
  toCompletion,
  toExceptionInfo,
  toScope,
  toVariable,
} from '../to-dap.ts';
import type { VariablePlace } from '../watch.ts';
import { locationLinks } from './locations.ts';
import { tellPage } from './sources.ts';
import { typedCommand } from './typed.ts';

export function threads(state: SessionState): RequestAnswer {
  const launched = launchedOf(state);
  const { world, environment } = launched.debuggee.model;
  const { actors } = world.topology;
  // In the middle of a movement no actor is at rest.
  const states = launched.stop ? threadStates(launched) : undefined;
  const named = (name: string, actor: number): { id: number; name: string } => ({
    id: threadId(actor, actors.length),
    name: states ? `${name} (${states.get(actor)})` : name,
  });
  const all = actors.map(({ name }, actor) => named(name, actor));
  if (environment.length > 0) all.push(named('environment', ENVIRONMENT));
  return { body: { threads: all } };
}

export function stackTrace(state: SessionState, args: DebugProtocol.StackTraceArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const actor = actorOf(launched, args.threadId);
  const frames = framesOf(launched, stop, actor);
  const first = args.startFrame ?? 0;
  const last = args.levels ? first + args.levels : frames.length;
  const shown = frames.slice(first, last);
  for (const frame of shown) if (frame.kind === 'kernel') tellPage(state, pageOf(launched.debuggee, frame));
  const stackFrames = shown.map((frame, index) => ({
    ...launched.convert.frame(frame, frameId(args.threadId, first + index)),
    ...instructionOf(launched.debuggee, frame),
    // An editor gives such a frame no focus and does not mark its line. Where the run is it must, even at an end.
    ...(frame.kind === 'line' && frame.ended && actor !== stop.focus.actor && { presentationHint: 'subtle' }),
  }));
  return { body: { stackFrames, totalFrames: frames.length } };
}

export function scopes(state: SessionState, args: DebugProtocol.ScopesArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const view = viewOf(launched, frameOf(launched, stop, args.frameId));
  const found = SCOPES.flatMap((scope) => {
    const items = scope.items(view);
    return items
      ? [toScope(scope, reference(state, launched, opening(scope, items, actorName(launched, view.actor))))]
      : [];
  });
  return { body: { scopes: found } };
}

export function variables(state: SessionState, args: DebugProtocol.VariablesArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const { items: all, place } = opened(launched, args.variablesReference, formatOf(state, args.format));
  const first = args.start ?? 0;
  const last = args.count ? first + args.count : all.length;
  return {
    body: {
      variables: all.slice(first, last).map((item) => ({
        ...toVariable(item, itemReference(state, launched, item, within(place, item))),
        ...locationLinks(state, launched, stop.focus.actor, item.evaluateName),
      })),
    },
  };
}

export function evaluate(
  state: SessionState,
  args: DebugProtocol.EvaluateArguments,
): RequestAnswer | Promise<RequestAnswer> {
  const { launched, stop } = stoppedOf(state);
  if (typeof args.expression !== 'string') throw new RequestError('There is no expression to evaluate.');
  const actor = args.frameId === undefined ? stop.focus.actor : frameOf(launched, stop, args.frameId).actor;
  const focus = focusOn(stop, actor);
  const answer = args.context === 'repl' ? typedCommand(state, focus, args.expression) : undefined;
  if (answer) return answer;
  const { item, place } = valueAsked(launched, focus, args.expression, formatOf(state, args.format), args.context);
  if (args.context === 'clipboard') {
    const result = item.children ? JSON.stringify(asJson(item), null, 2) : item.value;
    return { body: { result, variablesReference: 0 } };
  }
  return {
    body: {
      result: item.value,
      variablesReference: itemReference(state, launched, item, place),
      ...(item.type ? { type: item.type } : {}),
      ...(item.memory ? { memoryReference: item.memory } : {}),
      ...valueLink(state, launched, actor, item.evaluateName),
    },
  };
}

/** An expression, or a variable that the scopes show under this name. */
function valueAsked(
  launched: Launched,
  focus: Focus,
  text: string,
  format: Format,
  context?: string,
): { item: Item; place: VariablePlace } {
  const { cursor } = launched;
  try {
    const item = evaluateExpression(cursor, focus, text, format);
    return { item, place: { root: { expression: text.trim() }, actor: actorName(launched, focus.actor), names: [] } };
  } catch (error) {
    const named = error instanceof RequestError ? namedVariable(cursor, focus.actor, text) : undefined;
    if (named) return named;
    const command = error instanceof RequestError && context === 'repl' ? commandMeant(text) : undefined;
    if (command === undefined) throw error;
    throw new RequestError(`${(error as RequestError).message} There is a command \`${command}\`.`);
  }
}

export function completionsAt(state: SessionState, args: DebugProtocol.CompletionsArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const lines = String(args.text ?? '').split('\n');
  const line = lines[args.line === undefined ? lines.length - 1 : args.line - state.counting.lineBase] ?? '';
  const column = Math.min(Math.max(0, args.column - state.counting.columnBase), line.length);
  const found = completions(launched.debuggee.model, stop.focus.actor, line, column);
  return { body: { targets: found.map((candidate) => toCompletion(candidate, state.counting)) } };
}

export function exceptionInfo(state: SessionState): RequestAnswer {
  const { stop } = stoppedOf(state);
  if (!stop.exception) throw new RequestError('This stop was not caused by an exception.');
  return { body: toExceptionInfo(stop.exception) };
}

export function loadedSources(state: SessionState): RequestAnswer {
  const { debuggee, convert } = launchedOf(state);
  const files = debuggee.sources.map((_, file) => convert.source(file));
  return { body: { sources: [...files, ...debuggee.kernel.map((_, index) => convert.kernelSource(index))] } };
}

export function source(state: SessionState, args: DebugProtocol.SourceArguments): RequestAnswer {
  const { kernel, sources, trace } = launchedOf(state).debuggee;
  const wanted = args.source?.sourceReference ?? args.sourceReference;
  const traced = trace && sources[Number(wanted) - FIRST_TRACED];
  if (traced) return { body: { content: traced.parsed.lines.map(({ text }) => text).join('\n') } };
  const found = kernel[Number(wanted) - 1];
  if (wanted === undefined)
    throw new RequestError(
      'Pages of the kernel are asked for by their `sourceReference`; files are read by the client.',
    );
  if (!found) throw new RequestError(`There is no source ${String(wanted)}.`);
  return { body: { content: found.text, mimeType: KERNEL_PAGE_TYPE } };
}

/** An evaluated expression has no declaration in the protocol. */
function valueLink(
  state: SessionState,
  launched: Launched,
  actor: number,
  expression: string | undefined,
): { valueLocationReference?: number } {
  const { valueLocationReference } = locationLinks(state, launched, actor, expression);
  return valueLocationReference === undefined ? {} : { valueLocationReference };
}

/** Where the Disassembly view shows a frame. */
function instructionOf(debuggee: Debuggee, frame: StackFrame): { instructionPointerReference?: string } {
  const address = addressOf(debuggee, frame);
  return address === undefined ? {} : { instructionPointerReference: writtenAddress(address) };
}

function addressOf(debuggee: Debuggee, frame: StackFrame): number | undefined {
  const { kernel, listing } = debuggee;
  if (frame.kind === 'line') return frame.node === undefined ? undefined : listing.ofNode(frame.node);
  const page = frame.kind === 'kernel' ? pageOf(debuggee, frame) : -1;
  if (frame.kind !== 'kernel' || page < 0) return undefined;
  return listing.ofKernelLine(page, lineInPage(kernel[page]!, frame));
}

/** Nothing in the scopes goes deeper. */
const DEEPEST = 8;

/** A value with all that is in it, as an editor copies it. */
function asJson({ value, children }: Item, depth = DEEPEST): unknown {
  if (!children || depth === 0) return value;
  return { value, ...Object.fromEntries(children(DECIMAL).map((child) => [child.name, asJson(child, depth - 1)])) };
}

/** What an editor knows the language of kernel pages by. */
const KERNEL_PAGE_TYPE = 'text/x-snoopscope-kernel';

/** Only kernel frames have variables of their own; every frame of an actor sees the same machine. */
function viewOf(launched: Launched, frame: StackFrame): ScopeView {
  const { moment } = launched.cursor;
  const since = (slot: number): string | undefined => sinceText(launched, slot);
  return { moment, since, actor: frame.actor, ...(frame.kind === 'kernel' ? { kernelFrame: frame.depth } : {}) };
}

/** `micro-step 57: closer, line 12 close(dev)`: the last change of a slot before here. */
function sinceText(launched: Launched, slot: number): string | undefined {
  const { run, position } = launched.cursor;
  const end = position >= run.steps ? run.events : run.step(position).firstEvent;
  for (let event = end - 1; event >= 0; event--) {
    if (run.log[event * EVENT_WIDTH] !== slot) continue;
    const step = run.stepOfEvent(event);
    return `micro-step ${step + 1}: ${placeOfStep(launched, step)}`;
  }
  return undefined;
}

function formatOf(state: SessionState, format: DebugProtocol.ValueFormat | undefined): Format {
  return (format?.hex ?? state.hexadecimal) ? HEXADECIMAL : DECIMAL;
}

function itemReference(
  state: SessionState,
  launched: Launched,
  { children }: Item,
  place: VariablePlace | undefined,
): number {
  return children ? reference(state, launched, (format) => ({ items: children(format), ...(place && { place }) })) : 0;
}

/** The place of something in an opened variable. */
function within(place: VariablePlace | undefined, { name }: Item): VariablePlace | undefined {
  return place && { ...place, names: [...place.names, name] };
}

/** What the client sees of a scope: where there is only one object of its kind, what is in that. */
function opening(scope: Scope, items: (format: Format) => readonly Item[], actor: string): (format: Format) => Opened {
  return (format) => {
    const all = items(format);
    const place = scope.fleeting ? undefined : { root: { scope: scope.name }, actor, names: [] };
    const [only] = all;
    if (!scope.unwrapsOne || all.length !== 1 || !only?.children) return { items: all, ...(place && { place }) };
    const inside = within(place, only);
    return { items: only.children(format), ...(inside && { place: inside }) };
  };
}

/** What a reference of this stop refers to. */
export function opened({ references }: Launched, id: number, format: Format): Opened {
  const open = references.get(id);
  if (!open) throw new StaleRequest(`There is no variable ${String(id)} here: it belongs to an earlier stop.`);
  return open(format);
}

/** The actor's name; the environment has none. */
export function actorName({ debuggee }: Launched, actor: number): string {
  return debuggee.model.world.topology.actors[actor]?.name ?? '';
}

function reference(state: SessionState, { references }: Launched, open: (format: Format) => Opened): number {
  const id = state.nextReference++;
  references.set(id, open);
  return id;
}
