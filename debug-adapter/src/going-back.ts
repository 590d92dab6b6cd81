/** Where steps backwards lead: what a debugger of programs calls reverse step, reverse next and reverse finish. */
import type { Focus, Unit } from './movement.ts';
import type { RunCursor } from './run-cursor.ts';

/** How far a step goes back: into what was called, over it, or out to where this was called. */
export type BackStep = 'into' | 'over' | 'out';

/** Where a step backwards of an actor leads, if nothing stops it on the way. Leaves the cursor where it is. */
export function backFrom(cursor: RunCursor, focus: Focus, step: BackStep): Focus {
  if (focus.reveal > 0 && step !== 'over') return { ...focus, reveal: step === 'out' ? 0 : focus.reveal - 1 };
  if (step === 'into' || focus.actor < 0) return previousPlace(cursor, focus, 'micro');
  const depth = cursor.shown.functions(focus);
  if (depth > 0) return outOfFunctions(cursor, focus, step === 'out' ? depth - 1 : depth);
  return step === 'over' ? previousPlace(cursor, focus, 'statement') : beforeProcedure(cursor, focus);
}

/** To where the actor's last statement or micro-step began. */
export function previousPlace(cursor: RunCursor, focus: Focus, unit: Unit): Focus {
  const { position, actor } = focus;
  const { moment, track } = cursor;
  const last = track.lastStep(position, actor);
  if (last < 0) {
    // It has not moved yet: the actor that moved last steps back.
    if (position === 0) return { ...focus, reveal: 0 };
    return previousPlace(cursor, { ...focus, actor: track.actorOf(position - 1) }, unit);
  }
  const byMicroStep = unit === 'micro' || actor < 0 || moment.inStatement(actor);
  const inside = cursor.shown.calls(focus);
  for (const step of stepsBefore(cursor, last, actor)) {
    const arrival = track.arrivals(step + 1).find((one) => one.actor === actor);
    if (byMicroStep || (arrival && arrival.inside <= inside)) return { position: step + 1, actor, reveal: 0 };
  }
  return { position: firstStep(cursor, last, actor), actor, reveal: 0 };
}

/** The last place of the actor that is in so many kernel functions at most. */
function outOfFunctions(cursor: RunCursor, { position, actor }: Focus, depth: number): Focus {
  const { moment, track } = cursor;
  const last = track.lastStep(position, actor);
  let to = firstStep(cursor, last, actor);
  for (const step of stepsBefore(cursor, last, actor)) {
    cursor.seek(step + 1);
    if (moment.inStatement(actor) && moment.kernelFrames(actor).length > depth) continue;
    to = step + 1;
    break;
  }
  cursor.seek(position);
  return { position: to, actor, reveal: 0 };
}

/** The call of the procedure that the actor is in; outside of one, where the actor has begun. */
function beforeProcedure(cursor: RunCursor, focus: Focus): Focus {
  const { position, actor } = focus;
  const { track } = cursor;
  const inside = cursor.shown.calls(focus);
  const last = track.lastStep(position, actor);
  if (last < 0) return previousPlace(cursor, focus, 'statement');
  for (const step of stepsBefore(cursor, last, actor)) {
    const arrival = track.arrivals(step + 1).find((one) => one.actor === actor);
    if (arrival && arrival.inside < inside) return { position: step + 1, actor, reveal: 0 };
  }
  return { position: firstStep(cursor, last, actor), actor, reveal: 0 };
}

/** The steps of an actor before one of them, the latest first. */
function* stepsBefore({ track }: RunCursor, last: number, actor: number): Generator<number, void> {
  for (let step = last - 1; step >= 0; step--) if (track.actorOf(step) === actor) yield step;
}

function firstStep({ track }: RunCursor, last: number, actor: number): number {
  let first = Math.max(last, 0);
  for (let step = last; step >= 0; step--) if (track.actorOf(step) === actor) first = step;
  return first;
}
