/** The call stack of an actor: kernel functions, then the statement, then the procedure calls that led to it. */
import { type AnyRoutine, type FrameView, type Place, pendingCheck } from '@snoopscope/sim-core';
import type { Debuggee } from './launch.ts';
import { ENVIRONMENT, type Focus } from './movement.ts';
import type { RunCursor } from './run-cursor.ts';
import { blockEnd } from './source-lines.ts';

export type StackFrame =
  /** A kernel function. `next` is the micro-step that runs next in it, or that it returns to. */
  | {
      readonly kind: 'kernel';
      readonly actor: number;
      readonly routine: AnyRoutine;
      readonly next: number;
      readonly depth: number;
      /** What it has called, or is about to call. */
      readonly callee?: AnyRoutine;
      /** The check that has failed in it: `found group 26 already in the list`. */
      readonly failed?: string;
    }
  /** A line of the scenario, in the actor's block or in a procedure. */
  | {
      readonly kind: 'line';
      readonly actor: number;
      readonly name: string;
      readonly place: { readonly file: number; readonly line: number };
      /** The statement, in the frame that is in none of its calls. */
      readonly node?: number;
      /** The actor has finished; the line is where its block closes. */
      readonly ended: boolean;
    }
  | { readonly kind: 'environment'; readonly actor: number };

/** Innermost first. `about` is a statement to be shown instead of the one that the actor is at. */
export function stackOf(debuggee: Debuggee, cursor: RunCursor, focus: Focus, about: number | undefined): StackFrame[] {
  const { actor } = focus;
  if (actor === ENVIRONMENT) return [{ kind: 'environment', actor }];
  const name = debuggee.model.world.topology.actors[actor]?.name ?? '';
  const { moment } = cursor;
  const node = about === undefined ? moment.node(actor) : debuggee.model.nodes[about];
  if (!node) return [];
  if (node.kind === 'end') return [{ kind: 'line', actor, name, place: blockEnd(debuggee, node.place), ended: true }];
  if (about !== undefined) return lineFrames(actor, name, node.place, node.place.calls.length, node.id);
  const all = moment.kernelFrames(actor);
  const check =
    all.length === 0
      ? undefined
      : pendingCheck(cursor.model, cursor.run.log, eventAt(cursor, focus), actor, cursor.names);
  const kernel = all
    .slice(0, all.length - cursor.shown.hiddenFunctions(focus))
    .map((frame, depth) => ({
      ...kernelFrame(actor, frame, depth, all[depth + 1]),
      ...(check?.frame === depth && { failed: check.text }),
    }))
    .reverse();
  return [...kernel, ...lineFrames(actor, name, node.place, cursor.shown.calls(focus), node.id)];
}

/** The event with which what comes after a position begins. */
function eventAt({ run }: RunCursor, { position }: Focus): number {
  return position >= run.steps ? run.events : run.step(position).firstEvent;
}

function kernelFrame(
  actor: number,
  { routine, step }: FrameView,
  depth: number,
  callee: FrameView | undefined,
): StackFrame {
  return { kind: 'kernel', actor, routine, next: step, depth, ...(callee && { callee: callee.routine }) };
}

/** Frames of a place inside procedures, of which only the outermost `shown` calls have been entered. */
function lineFrames(actor: number, name: string, place: Place, shown: number, node: number): StackFrame[] {
  const { calls } = place;
  const places = [...calls.slice(0, shown + 1), ...(shown >= calls.length ? [place] : [])];
  return places
    .map(
      (at, depth): StackFrame => ({
        kind: 'line',
        actor,
        name: depth === 0 ? name : (calls[depth - 1]?.proc ?? name),
        place: { file: at.file, line: at.line },
        ...(depth === calls.length && { node }),
        ended: false,
      }),
    )
    .reverse();
}
