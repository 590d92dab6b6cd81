/** A restart after an edit: where the run is the same up to the place of the user, it continues there. */
import { counted } from '@snoopscope/sim-core';
import type { Debuggee } from '../launch.ts';
import { DEBUGGER_LIMITS } from '../limits.ts';
import type { Focus } from '../movement.ts';
import { type Launched, launchedOf, type SessionState } from '../session-state.ts';
import { stepLine } from '../step-lines.ts';
import type { StopContext } from '../stop.ts';
import { output } from './narrate.ts';

/** Where the user was before a restart. */
export interface Before {
  readonly launched: Launched;
  readonly focus: Focus;
}

/** The place in the new run, when it is as it was up to there; the branch that leads there is entered. */
export async function placeAfterEdit(
  state: SessionState,
  { launched: old, focus }: Before,
): Promise<Focus | undefined> {
  const now = launchedOf(state);
  // Who restarts without an edit wants the beginning.
  if (focus.position === 0 || old.debuggee.trace || sameText(old.debuggee, now.debuggee)) return undefined;
  const differs = await firstDifference(state, old, now, focus.position);
  if (differs !== undefined) {
    output(state, `${differs} The run is at its beginning.\n`);
    return undefined;
  }
  const name = old.debuggee.model.world.topology.actors[focus.actor]?.name;
  const actor = now.debuggee.model.world.topology.actors.findIndex((one) => one.name === name);
  now.cursor.seek(focus.position);
  output(
    state,
    `The edit changes nothing up to here: still after ${counted(focus.position, 'micro-step')}. Restart once more to begin at the beginning.\n`,
  );
  return {
    position: focus.position,
    actor: actor >= 0 ? actor : now.cursor.track.actorOf(focus.position - 1),
    reveal: 0,
  };
}

/** Nothing that makes the run differs: the texts, the kernel, the schedule. */
function sameText(old: Debuggee, now: Debuggee): boolean {
  const written = ({ arguments: { kernel, schedule }, profile, sources }: Debuggee): string =>
    JSON.stringify([kernel, schedule, profile.name, sources.map(({ parsed }) => parsed.lines.map(({ text }) => text))]);
  return written(old) === written(now);
}

/** Makes the moves of the old run in the new one, and says at which micro-step the two part. */
async function firstDifference(
  state: SessionState,
  old: Launched,
  now: Launched,
  position: number,
): Promise<string | undefined> {
  if (position > DEBUGGER_LIMITS.keptSteps)
    return `The place before the restart is after more than ${DEBUGGER_LIMITS.keptSteps} micro-steps, so it is not looked for.`;
  const moves = movesOf(old, now, position);
  const cursor = moves && now.branches.follow(moves);
  if (!cursor) return 'What was moved before the restart is not possible any more.';
  const [before, after] = [context(old), context({ ...now, cursor })];
  for (let step = 0; step < position; step++) {
    const [was, is] = [stepLine(before, step, true), stepLine(after, step, true)];
    if (was !== is) return `The edit changes micro-step ${step + 1}: it was ${was}, and is ${is}.`;
    if (step % DEBUGGER_LIMITS.looksPerChunk === 0) await state.pause();
  }
  return undefined;
}

function context({ debuggee, cursor, registrations, branches }: StopContext): StopContext {
  return { debuggee, cursor, registrations, branches };
}

/** The same moves in another model, by their names; undefined where one is not known, or is a change by hand. */
function movesOf(old: Launched, now: Launched, position: number): number[] | undefined {
  const byName = new Map(now.debuggee.model.moves.map(({ name }, index) => [name, index]));
  const moves: number[] = [];
  for (let step = 0; step < position; step++) {
    const name = old.debuggee.model.moves[old.cursor.track.moveOf(step)]?.name;
    const move = name === undefined ? undefined : byName.get(name);
    if (move === undefined) return undefined;
    moves.push(move);
  }
  return moves;
}
