/** What each actor can do here, in a few words: who moves next, who can move, who waits for what, who has ended. */
import { EVENT_WIDTH, LOCKS, ModelLimit, objectName } from '@snoopscope/sim-core';
import { ENVIRONMENT } from './movement.ts';
import type { RunCursor } from './run-cursor.ts';
import { waitersOf } from './scopes/locks.ts';
import { lineText } from './source-lines.ts';
import type { StopContext } from './stop.ts';

/** By actor; the environment is last, with the index -1. */
export function threadStates(context: StopContext): ReadonlyMap<number, string> {
  const { branches, cursor, debuggee } = context;
  const { model } = debuggee;
  const possible = new Set(
    branches.possibilities().map(({ move }) => {
      const one = model.moves[move];
      return one?.kind === 'actor' ? one.actor : ENVIRONMENT;
    }),
  );
  const next = nextMover(context);
  const waiting = new Map(waitersOf(cursor.moment).map(({ actor, slot }) => [actor, slot]));
  const state = (actor: number): string => {
    if (actor >= 0 && cursor.moment.ended(actor)) return 'ended';
    if (actor === next) return 'moves next';
    if (possible.has(actor)) return 'can move';
    if (actor < 0) return 'has nothing to do';
    const lock = waiting.get(actor);
    return lock === undefined ? waitText(context, actor) : lockText(context, lock);
  };
  const actors = model.world.topology.actors.map((_, actor): [number, string] => [actor, state(actor)]);
  return new Map([...actors, [ENVIRONMENT, state(ENVIRONMENT)]]);
}

/** Who makes the next recorded step, or would at the live end. */
function nextMover({ cursor, debuggee }: StopContext): number | undefined {
  if (cursor.position < cursor.run.steps) return cursor.track.actorOf(cursor.position);
  if (cursor.end !== undefined) return undefined;
  const move = nextMove(cursor);
  if (move === undefined) return undefined;
  const one = debuggee.model.moves[move];
  return one?.kind === 'actor' ? one.actor : ENVIRONMENT;
}

/** The move that the run would make at its live end; none where trying it meets a limit of the model. */
function nextMove({ run }: RunCursor): number | undefined {
  const mark = run.events * EVENT_WIDTH;
  try {
    return run.nextMove();
  } catch (error) {
    run.executor.machine.rewind(mark);
    if (error instanceof ModelLimit) return undefined;
    throw error;
  }
}

/** `waits for kvm->lock of vm, held by closer`. */
function lockText({ cursor, debuggee }: StopContext, slot: number): string {
  const { model } = debuggee;
  const field = model.layout.fieldOf(slot);
  const known = LOCKS.find((one) => one.field === field.name);
  const holder = model.world.topology.actors[cursor.state[slot]! - 1]?.name ?? 'somebody';
  if (!known) return `waits for ${model.layout.slotName(slot)}, held by ${holder}`;
  const events = cursor.position >= cursor.run.steps ? cursor.run.events : cursor.run.step(cursor.position).firstEvent;
  const owner = objectName(model, cursor.names, known.of, slot - field.base, Math.max(0, events - 1));
  return `waits for ${known.name} of ${owner}, held by ${holder}`;
}

/** Not for a lock: for the setup, a vCPU that does not exist yet, or a condition in its program. */
function waitText({ cursor, debuggee }: StopContext, actor: number): string {
  const { model } = debuggee;
  const { moment } = cursor;
  if (model.setup >= 0 && !moment.ended(model.setup)) return 'waits for setup to end';
  const { kind, subject } = model.world.topology.actors[actor] ?? {};
  if (kind === 'vcpu' && moment.read(model.world.kvm.actorVcpu, actor) === 0)
    return `waits for KVM_CREATE_VCPU of vCPU ${subject}`;
  return `waits at ${lineText(debuggee, moment.node(actor).place)}`;
}
