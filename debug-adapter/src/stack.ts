/** The call stack of an actor: kernel functions, then the statement, then the procedure calls that led to it. */
import type { FrameView, Place, Routine } from '@snoopscope/sim-core';
import { ENVIRONMENT, type RunCursor, type Stand } from './cursor.ts';
import type { Debuggee } from './launch.ts';
import { blockEnd } from './source-lines.ts';

export type Frame =
  /** A kernel function. `next` is the micro-step that runs next in it, or that it returns to. */
  | {
      readonly kind: 'kernel';
      readonly actor: number;
      readonly routine: Routine;
      readonly next: number;
      readonly depth: number;
    }
  /** A line of the scenario, in the actor's block or in a procedure. */
  | {
      readonly kind: 'line';
      readonly actor: number;
      readonly name: string;
      readonly place: { readonly file: number; readonly line: number };
      readonly about: 'next' | 'executed' | 'call' | 'ended';
    }
  | { readonly kind: 'environment'; readonly actor: number };

/** Innermost first. `executed` shows the statement that the actor has just executed instead of the one it stands at. */
export function stackOf(debuggee: Debuggee, cursor: RunCursor, stand: Stand, executed: number | undefined): Frame[] {
  const { actor } = stand;
  if (actor === ENVIRONMENT) return [{ kind: 'environment', actor }];
  const name = debuggee.model.world.topology.actors[actor]?.name ?? '';
  const { snapshot } = cursor;
  const node = executed === undefined ? snapshot.node(actor) : debuggee.model.nodes[executed];
  if (!node) return [];
  if (node.kind === 'end')
    return [{ kind: 'line', actor, name, place: blockEnd(debuggee, node.place), about: 'ended' }];
  if (executed !== undefined) return lineFrames(actor, name, node.place, node.place.calls.length, 'executed');
  const kernel = snapshot
    .kernelFrames(actor)
    .map((frame, depth) => kernelFrame(actor, frame, depth))
    .reverse();
  return [...kernel, ...lineFrames(actor, name, node.place, cursor.shownCalls(stand), 'next')];
}

function kernelFrame(actor: number, { routine, step }: FrameView, depth: number): Frame {
  return { kind: 'kernel', actor, routine, next: step, depth };
}

/** Frames of a place inside procedures, of which only the outermost `shown` calls have been entered. */
function lineFrames(actor: number, name: string, place: Place, shown: number, about: 'next' | 'executed'): Frame[] {
  const { calls } = place;
  const places = [...calls.slice(0, shown + 1), ...(shown >= calls.length ? [place] : [])];
  return places
    .map(
      (at, depth): Frame => ({
        kind: 'line',
        actor,
        name: depth === 0 ? name : (calls[depth - 1]?.proc ?? name),
        place: { file: at.file, line: at.line },
        about: depth === places.length - 1 ? about : 'call',
      }),
    )
    .reverse();
}
