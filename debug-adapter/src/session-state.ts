/** What a session remembers between requests. Handlers are functions on it; `session.ts` lists them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Branches } from './branches.ts';
import type { BreakpointStore } from './breakpoint-store.ts';
import type { FileAccessor } from './file-accessor.ts';
import type { Debuggee, LaunchArguments } from './launch.ts';
import type { Focus } from './movement.ts';
import type { Registration } from './registration.ts';
import { RequestError } from './request-error.ts';
import type { RunCursor } from './run-cursor.ts';
import type { Format, Item } from './scopes/item.ts';
import { type StackFrame, stackOf } from './stack.ts';
import type { Stop } from './stop.ts';
import { actorOfThread, type ClientCounting, type Converter, frameOfId } from './to-dap.ts';
import type { VariablePlace } from './watch.ts';
import type { Yield } from './yielding.ts';

/** A launched scenario. A restart makes a new one. */
export interface Launched {
  readonly debuggee: Debuggee;
  readonly branches: Branches;
  /** The run that the user is in. */
  readonly cursor: RunCursor;
  readonly registrations: ReadonlyMap<number, Registration>;
  readonly convert: Converter;
  /** Where and why the run is stopped; undefined before the first stop and while a movement is under way. */
  stop: Stop | undefined;
  moving: boolean;
  /** It was said that the past is replayed; once is enough. */
  replayTold: boolean;
  /** A restart is under way: a movement that ends now is of no interest. */
  abandoned: boolean;
  /** What the client can open, by reference; forgotten with every movement. */
  readonly references: Map<number, (format: Format) => Opened>;
  /** Links that the client can follow, by reference; forgotten with every movement too. */
  readonly links: Map<number, () => { readonly file: number; readonly line: number }>;
}

/** A variable that the client has opened: what is in it, and where that is found again. */
export interface Opened {
  readonly items: readonly Item[];
  /** Absent where nothing can be watched. */
  readonly place?: VariablePlace;
}

export interface SessionState {
  readonly files: FileAccessor;
  readonly pause: Yield;
  readonly breakpoints: BreakpointStore;
  /** The client has said who it is, once. */
  initialized: boolean;
  counting: ClientCounting;
  launchArguments: LaunchArguments | undefined;
  launched: Launched | undefined;
  /** Launches and restarts so far: the latest counts, however long each takes. */
  loads: number;
  configured: boolean;
  /** Set by pause, terminate and disconnect: the movement under way ends at its next look. */
  interrupt: boolean;
  ended: boolean;
  /** What is shown of a long movement, to clients that show progress. */
  readonly progress: { supported: boolean; pauses: number; count: number; id: string | undefined };
  /** Numbers are written in hexadecimal, unless a request says otherwise. */
  hexadecimal: boolean;
  /** The client colours what is written to its console. */
  styled: boolean;
  /** The client has a console in which people type, and commands to step: the page of the playground has neither. */
  typing: boolean;
  /** Sources that the client was told about, by what names them. */
  readonly sources: Map<string, DebugProtocol.Source>;
  /** References are never used twice in a session, so that an old one cannot name something new. */
  nextReference: number;
  emit(event: string, body?: object): void;
}

/** What a request answers, and what happens once the answer is on its way. */
export interface RequestAnswer {
  readonly body?: object;
  /** The request is refused, and `after` is done nevertheless. */
  readonly refusal?: unknown;
  readonly after?: () => void | Promise<void>;
}

export function launchedOf(state: SessionState): Launched {
  if (!state.launched) throw new RequestError('No scenario is launched yet.');
  return state.launched;
}

/** The launched scenario and its stop; an error while it runs. */
export function stoppedOf(state: SessionState): { readonly launched: Launched; readonly stop: Stop } {
  const launched = launchedOf(state);
  if (!launched.stop) throw new RequestError('The scenario is running: pause it first.');
  return { launched, stop: launched.stop };
}

/** The actor of a thread. */
export function actorOf(launched: Launched, thread: unknown): number {
  const { world, environment } = launched.debuggee.model;
  const id = Number(thread);
  const actor = actorOfThread(id, world.topology.actors.length, environment.length > 0);
  if (actor === undefined) throw new RequestError(`There is no thread ${String(thread)} in this scenario.`);
  return actor;
}

/** The focus when the user looks at an actor. */
export function focusOn(stop: Stop, actor: number): Focus {
  return actor === stop.focus.actor ? stop.focus : { position: stop.focus.position, actor, reveal: 0 };
}

export function framesOf(launched: Launched, stop: Stop, actor: number): StackFrame[] {
  const about = actor === stop.focus.actor ? stop.about : undefined;
  return stackOf(launched.debuggee, launched.cursor, focusOn(stop, actor), about);
}

/** The frame of an id that a stack trace of this stop has given out. */
export function frameOf(launched: Launched, stop: Stop, id: unknown): StackFrame {
  const { thread, index } = frameOfId(Number(id));
  const { world, environment } = launched.debuggee.model;
  const actor = actorOfThread(thread, world.topology.actors.length, environment.length > 0);
  const frame = actor === undefined ? undefined : framesOf(launched, stop, actor)[index];
  if (!frame) throw new RequestError(`There is no stack frame ${String(id)} here.`);
  return frame;
}
