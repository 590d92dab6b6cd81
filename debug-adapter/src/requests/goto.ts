/** Requests that go to another place of the run: a line that was reached, or a position. */
import { counted, describeEvent } from '@snoopscope/sim-core';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { samePath } from '../file-accessor.ts';
import { DEBUGGER_LIMITS } from '../limits.ts';
import { RequestError } from '../request-error.ts';
import type { RunCursor } from '../run-cursor.ts';
import {
  frameOf,
  type Launched,
  launchedOf,
  type RequestAnswer,
  type SessionState,
  stoppedOf,
} from '../session-state.ts';
import { executableLines, lineText } from '../source-lines.ts';
import { movedStop } from '../stop.ts';
import { runTo, stopped, tellContinued } from './movement.ts';
import { output } from './narrate.ts';
import { positionNamed } from './pictures.ts';

/** Every recorded time at which an actor came to a line. */
export function gotoTargets(state: SessionState, args: DebugProtocol.GotoTargetsArguments): RequestAnswer {
  const { debuggee, cursor, convert } = stoppedOf(state).launched;
  const line = args.line - state.counting.lineBase;
  const wanted = args.source.path ?? '';
  const targets: DebugProtocol.GotoTarget[] = [];
  let more = 0;
  cursor.track.extend();
  for (let position = 0; position <= cursor.run.steps; position++) {
    for (const { actor, node } of cursor.track.arrivals(position)) {
      const { file, line: at } = placeOfNode(debuggee, node);
      if (at !== line || !samePath(debuggee.sources[file]?.path ?? '', wanted)) continue;
      const name = debuggee.model.world.topology.actors[actor]?.name;
      if (targets.length === DEBUGGER_LIMITS.consoleLines) more++;
      else
        targets.push({
          id: position,
          label: `${name}, after ${counted(position, 'micro-step')}`,
          line: convert.line(at),
        });
    }
  }
  if (more > 0)
    output(state, `Line ${args.line} is reached ${more} more times, which are not listed: set a breakpoint there.\n`);
  if (targets.length > 0) return { body: { targets } };
  if (args.source.path === undefined && args.source.sourceReference)
    throw new RequestError('In a page of the kernel nobody can be sent to a line: set a breakpoint there.');
  const file = debuggee.sources.findIndex(({ path }) => samePath(path, wanted));
  if (file < 0 || !executableLines(debuggee, file).includes(line))
    throw new RequestError('Nothing is executed on this line, so nobody can come to it.');
  const label = 'run to here: no actor has reached it yet';
  return { body: { targets: [{ id: futureTarget(file, line), label, line: convert.line(line) }] } };
}

/** Lines of one file at most, in the number of a target. */
const LINES = 1_000_000;

/** Targets that are not in the recorded run have numbers below 0. */
function futureTarget(file: number, line: number): number {
  return -(file * LINES + line) - 1;
}

/** The line of a node; an actor's end is at the closing brace of its block. */
function placeOfNode({ model, sources }: Launched['debuggee'], node: number): { file: number; line: number } {
  const { kind, place } = model.nodes[node] ?? {};
  if (!place) return { file: -1, line: -1 };
  if (kind !== 'end') return place;
  const block = sources[place.file]?.parsed.blocks.find(({ line }) => line === place.line);
  return { file: place.file, line: block?.endLine ?? place.line };
}

export function goto(state: SessionState, args: DebugProtocol.GotoArguments): RequestAnswer {
  const { targetId } = args;
  if (!Number.isInteger(targetId) || targetId >= 0) return goTo(state, targetId);
  const at = -(targetId + 1);
  return runTo(state, Math.trunc(at / LINES), at % LINES);
}

/** To a position, to where an event has just happened, or to the next or previous finding that is recorded. */
export async function seek(
  state: SessionState,
  args: { readonly position?: unknown; readonly event?: unknown; readonly finding?: unknown; readonly actor?: unknown },
): Promise<RequestAnswer> {
  if (args.actor !== undefined) return lookAt(state, args.actor);
  return goTo(state, args.position ?? (await positionNamed(state, args)));
}

/** The user looks at another actor, where the run is. */
function lookAt(state: SessionState, actor: unknown): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const { actors } = launched.debuggee.model.world.topology;
  if (typeof actor !== 'number' || !Number.isInteger(actor) || actor < 0 || actor >= actors.length)
    throw new RequestError(`There is no actor ${String(actor)}: there are ${actors.length}, and they count from 0.`);
  return {
    after() {
      tellContinued(state, actor);
      stopped(state, movedStop(launchedOf(state), { position: stop.focus.position, actor, reveal: 0 }, 'goto'));
    },
  };
}

/** What one answer holds; a client that wants more asks again. */
const STEPS_PER_ANSWER = 1000;

/** What each recorded micro-step was and did, from one on: lists that are the same where two runs do the same. */
export function steps(state: SessionState, args: { readonly first: number }): RequestAnswer {
  const { launched } = stoppedOf(state);
  const { run, names } = launched.cursor;
  const first = Math.max(0, args.first);
  const count = Math.max(0, Math.min(STEPS_PER_ANSWER, run.steps - first));
  const all = Array.from({ length: count }, (_, index) => {
    const { firstEvent, endEvent } = run.step(first + index);
    const happenings: string[] = [];
    for (let event = firstEvent; event < endEvent; event++) {
      const described = describeEvent(run.model, run.log, event, names);
      if (described && described.kind !== 'step') happenings.push(described.text);
    }
    return [statementOf(launched, first + index), ...happenings];
  });
  return { body: { steps: all, total: run.steps } };
}

/** `vcpu0, mov [x], 1`. Without its line: two versions of a scenario may have it elsewhere. */
function statementOf({ cursor, debuggee }: Launched, step: number): string {
  const { actor, node } = cursor.run.step(step);
  if (actor < 0) return cursor.track.isEdit(step) ? 'a change made by hand' : 'the environment';
  const at = debuggee.model.nodes[node];
  return `${debuggee.model.world.topology.actors[actor]?.name}, ${at ? lineText(debuggee, at.place) : ''}`;
}

/** Goes to a position of the run. */
export function goTo(state: SessionState, wanted: unknown): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const { cursor } = launched;
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 0 || wanted > cursor.run.steps) {
    throw new RequestError(
      `There is no position ${String(wanted)}: the run has ${counted(cursor.run.steps, 'micro-step')}, and positions count from 0.`,
    );
  }
  return {
    after() {
      cursor.seek(wanted);
      const arrived = cursor.track.arrivals(wanted)[0]?.actor;
      const mover = wanted > 0 ? cursor.track.actorOf(wanted - 1) : stop.focus.actor;
      tellContinued(state, arrived ?? mover);
      stopped(state, movedStop(launchedOf(state), { position: wanted, actor: arrived ?? mover, reveal: 0 }, 'goto'));
    },
  };
}

/** Back to where the call of a frame began: a kernel function, or the statement that a line frame is in. */
export function restartFrame(state: SessionState, args: DebugProtocol.RestartFrameArguments): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const frame = frameOf(launched, stop, args.frameId);
  if (frame.kind === 'environment') throw new RequestError('A move of the environment has no frame to go back in.');
  const { cursor } = launched;
  const depth = frame.kind === 'kernel' ? frame.depth : 0;
  return {
    after() {
      const position = beginningOf(cursor, frame.actor, depth, stop.focus.position);
      cursor.seek(position);
      stopped(state, movedStop(launchedOf(state), { position, actor: frame.actor, reveal: 0 }));
    },
  };
}

/** Where an actor began what it is in at a position: its statement, or the kernel function at a depth of its stack. */
function beginningOf(cursor: RunCursor, actor: number, depth: number, position: number): number {
  const { moment, track } = cursor;
  let first = position;
  for (let at = position; at >= 0; at--) {
    cursor.seek(at);
    if (!moment.inStatement(actor)) break;
    const inside = moment.kernelFrames(actor).length;
    if (inside < depth) break;
    if (inside > depth) first = at;
  }
  // The outermost function begins with the statement, before its first micro-step.
  return depth === 0 && first < position ? Math.max(0, track.lastStep(first, actor)) : first;
}
