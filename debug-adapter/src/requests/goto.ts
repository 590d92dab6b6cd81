/** Requests that go to another place of the run: a line that was reached, or a position. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { samePath } from '../file-accessor.ts';
import { LIMITS } from '../limits.ts';
import { RequestError } from '../request-error.ts';
import { type Answer, type Launched, launchedOf, type SessionState, stoppedOf } from '../session-state.ts';
import { movedStop } from '../stop.ts';
import { stopped, tellContinued } from './movement.ts';
import { output } from './narrate.ts';
import { positionNamed } from './pictures.ts';

/** Every recorded time at which an actor came to a line. */
export function gotoTargets(state: SessionState, args: DebugProtocol.GotoTargetsArguments): Answer {
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
      if (targets.length === LIMITS.consoleLines) more++;
      else targets.push({ id: position, label: `${name}, after ${position} micro-steps`, line: convert.line(at) });
    }
  }
  if (more > 0)
    output(state, `Line ${args.line} is reached ${more} more times, which are not listed: set a breakpoint there.\n`);
  if (targets.length === 0)
    throw new RequestError('No actor has reached this line yet in this run. Set a breakpoint there and continue.');
  return { body: { targets } };
}

/** The line of a node; an actor's end is at the closing brace of its block. */
function placeOfNode({ model, sources }: Launched['debuggee'], node: number): { file: number; line: number } {
  const { kind, place } = model.nodes[node] ?? {};
  if (!place) return { file: -1, line: -1 };
  if (kind !== 'end') return place;
  const block = sources[place.file]?.parsed.blocks.find(({ line }) => line === place.line);
  return { file: place.file, line: block?.endLine ?? place.line };
}

export function goto(state: SessionState, args: DebugProtocol.GotoArguments): Answer {
  return goTo(state, args.targetId);
}

/** To a position, to where an event has just happened, or to the next or previous finding that is recorded. */
export async function seek(
  state: SessionState,
  args: { readonly position?: unknown; readonly event?: unknown; readonly finding?: unknown; readonly actor?: unknown },
): Promise<Answer> {
  if (args.actor !== undefined) return lookAt(state, args.actor);
  return goTo(state, args.position ?? (await positionNamed(state, args)));
}

/** The user looks at another actor, where the run is. */
function lookAt(state: SessionState, actor: unknown): Answer {
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

/** Goes to a position of the run. */
export function goTo(state: SessionState, wanted: unknown): Answer {
  const { launched, stop } = stoppedOf(state);
  const { cursor } = launched;
  if (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 0 || wanted > cursor.run.steps) {
    throw new RequestError(
      `There is no position ${String(wanted)}: the run has ${cursor.run.steps} micro-steps, and positions count from 0.`,
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
