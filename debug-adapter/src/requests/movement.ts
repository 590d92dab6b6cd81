/** Requests that move through the run, and how a movement becomes a stop. */
import { counted, EVENT_WIDTH, FINDINGS, type Finding, NOTE } from '@snoopscope/sim-core';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { moveText } from '../console.ts';
import { filterById } from '../filters.ts';
import type { BackStep } from '../going-back.ts';
import { DEBUGGER_LIMITS } from '../limits.ts';
import { type Focus, focusAfter, type Movement, type MovementEnd, type Unit } from '../movement.ts';
import { RequestError } from '../request-error.ts';
import type { RunCursor } from '../run-cursor.ts';
import {
  actorOf,
  focusOn,
  type Launched,
  launchedOf,
  type RequestAnswer,
  type SessionState,
  stoppedOf,
} from '../session-state.ts';
import { movedStop, type Stop, stopAfter } from '../stop.ts';
import { NO_TRIGGERS } from '../stop-index.ts';
import { threadStates } from '../thread-state.ts';
import { threadId, toStopped } from '../to-dap.ts';
import {
  explainEnd,
  greet,
  output,
  partingText,
  reportEnd,
  sayLog,
  steppedInstead,
  tellReplay,
  tellSteps,
} from './narrate.ts';
import { progressOver, tellProgress } from './progress.ts';

interface StepArguments {
  readonly threadId?: number;
  readonly granularity?: DebugProtocol.SteppingGranularity;
  readonly targetId?: number;
  /** Only this thread moves. */
  readonly singleThread?: boolean;
}

export function next(state: SessionState, args: StepArguments): RequestAnswer {
  const { launched, focus } = from(state, args);
  const atEnd = ({ track, position: at }: RunCursor): boolean => track.endedStatement(at, focus.actor);
  if (args.singleThread === true) return alone(state, launched, focus, atEnd);
  tellReplay(state, focus);
  return thenMove(state, focus, () => launched.cursor.step(focus, unitOf(state, args), movement(state)));
}

/** One micro-step; a call of a procedure is entered without moving; a target is a move of the run's live end. */
export function stepIn(state: SessionState, args: StepArguments): RequestAnswer {
  const { launched, focus } = from(state, args);
  const { branches, cursor } = launched;
  const { targetId } = args;
  if (targetId !== undefined) {
    if (!branches.possibilities().some(({ move }) => move === targetId))
      throw new RequestError('This move is not possible here.');
    const branch = branches.forMove(targetId);
    if (branch !== cursor) output(state, partingText(launched, cursor));
    return thenMove(state, focus, () => branch.make(targetId, movement(state)), 'chosen');
  }
  if (cursor.shown.hidden(focus) > 0) {
    return { after: () => stopped(state, movedStop(launchedOf(state), cursor.enterCall(focus))) };
  }
  if (args.singleThread === true) return alone(state, launched, focus, () => true);
  tellReplay(state, focus);
  return thenMove(state, focus, () => cursor.step(focus, 'micro', movement(state)));
}

export function stepOut(state: SessionState, args: StepArguments): RequestAnswer {
  const { launched, focus } = from(state, args);
  if (args.singleThread === true) {
    const depth = launched.cursor.shown.depth(focus);
    return alone(state, launched, focus, (branch) => branch.shown.hasLeft(focus.actor, depth));
  }
  return thenMove(state, focus, () => launched.cursor.stepOut(focus, movement(state)));
}

export function continueRun(state: SessionState, args: StepArguments): RequestAnswer {
  const { launched, focus } = from(state, args);
  if (args.singleThread === true)
    return { body: { allThreadsContinued: false }, ...alone(state, launched, focus, () => false) };
  const go = (): Promise<MovementEnd> => launched.cursor.continue(movement(state));
  return { body: { allThreadsContinued: true }, ...thenMove(state, focus, go, 'run') };
}

/** Until an actor reaches a line that none has reached yet. */
export function runTo(state: SessionState, file: number, line: number): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const { cursor } = launched;
  const reached = (): boolean =>
    cursor.track.arrivals(cursor.position).some(({ node }) => {
      const place = cursor.model.nodes[node]?.place;
      return place?.file === file && place.line === line;
    });
  return thenMove(state, stop.focus, () => cursor.until(reached, movement(state)), 'run');
}

/** Lets one actor move alone, up to where it cannot or has done what was asked. In the past that begins a branch. */
function alone(
  state: SessionState,
  launched: Launched,
  focus: Focus,
  reached: (cursor: RunCursor) => boolean,
): RequestAnswer {
  const { branches, debuggee } = launched;
  const name = debuggee.model.world.topology.actors[focus.actor]?.name ?? 'The environment';
  const ofActor = (move: number): boolean => {
    const one = debuggee.model.moves[move];
    return one?.kind === 'actor' ? one.actor === focus.actor : focus.actor < 0;
  };
  const go = async (): Promise<MovementEnd> => {
    let last: MovementEnd = { kind: 'end' };
    const before = branches.current;
    for (let steps = 1; ; steps++) {
      const next = branches.possibilities().find(({ move }) => ofActor(move));
      if (!next) {
        const because = (threadStates(launched).get(focus.actor) ?? '').replace(/^ended$/, 'has ended');
        output(state, `${name} cannot move ${steps > 1 ? 'any further ' : ''}alone: it ${because}.\n`);
        return last.kind === 'moved' ? last : { kind: 'moved', actor: focus.actor };
      }
      const branch = branches.forMove(next.move);
      if (branch !== before && steps === 1) output(state, partingText(launched, before));
      last = await branch.make(next.move, movement(state));
      if (last.kind !== 'moved' || reached(branch)) return last;
      if (steps % DEBUGGER_LIMITS.stepsPerChunk === 0) await state.pause();
      if (state.interrupt) return { kind: 'interrupted' };
    }
  };
  return thenMove(state, focus, go, 'run');
}

export function stepBack(state: SessionState, args: StepArguments): RequestAnswer {
  refuseAlone(args);
  const { launched, focus } = from(state, args);
  return {
    after() {
      if (focus.position === 0 && focus.reveal === 0)
        output(state, 'This is the beginning of the run: there is nothing before it.\n');
      const to = launched.cursor.back(focus, unitOf(state, args));
      stopped(state, movedStop(launchedOf(state), to));
    },
  };
}

/** A step backwards that stops where the step itself says, not where the last step of the user began. */
export function stepBackwards(state: SessionState, args: StepArguments, step: BackStep): RequestAnswer {
  refuseAlone(args);
  const { launched, focus } = from(state, args);
  return {
    after() {
      // The client has not asked for a movement that it knows.
      tellContinued(state, focus.actor);
      return moveNow(state, focus, () => launched.cursor.backBy(focus, step, movement(state)), 'run');
    },
  };
}

export const reverseNext = (state: SessionState, args: StepArguments): RequestAnswer =>
  stepBackwards(state, args, 'over');
export const reverseStepIn = (state: SessionState, args: StepArguments): RequestAnswer =>
  stepBackwards(state, args, 'into');
export const reverseStepOut = (state: SessionState, args: StepArguments): RequestAnswer =>
  stepBackwards(state, args, 'out');

/** What is undone was done by everybody. */
function refuseAlone({ singleThread }: StepArguments): void {
  if (singleThread === true)
    throw new RequestError(
      'Backwards all actors go together: what one has done after another cannot be undone without it. Leave `singleThread` out.',
    );
}

export function reverseContinue(state: SessionState, args: StepArguments): RequestAnswer {
  refuseAlone(args);
  const { launched, focus } = from(state, args);
  return thenMove(state, focus, () => launched.cursor.reverse(movement(state)), 'run');
}

export function pause(state: SessionState): RequestAnswer {
  const { stop } = launchedOf(state);
  if (!stop) state.interrupt = true;
  return {};
}

/** Ends the movement under way: the progress that it shows, or the request that began it. Anything else is already over. */
export function cancel(state: SessionState): RequestAnswer {
  return pause(state);
}

/** Who can move next: at the live end the run continues with it; in the past a move other than the recorded one begins a branch. */
export function stepInTargets(state: SessionState): RequestAnswer {
  const { launched } = stoppedOf(state);
  const targets = launched.branches
    .possibilities()
    .map((possibility) => ({ id: possibility.move, label: moveText(launched, possibility) }));
  return { body: { targets } };
}

/** For views that draw the run: the position in it. */
export function position(state: SessionState): RequestAnswer {
  const { launched, stop } = stoppedOf(state);
  const { cursor } = launched;
  return {
    body: {
      position: stop.focus.position,
      steps: cursor.run.steps,
      live: stop.focus.position === cursor.run.steps,
      ended: cursor.run.end !== undefined,
      branch: launched.branches.number,
      branches: launched.branches.all.length,
      threadId: thread(launched, stop.focus.actor),
    },
  };
}

/** The first stop: where a wanted finding is made, or before anything, or at the first reason to stop. */
export async function enter(state: SessionState, stopOnEntry: boolean, kept?: Focus): Promise<void> {
  const { branches, cursor, debuggee } = launchedOf(state);
  if (kept) return stopped(state, movedStop(launchedOf(state), kept, 'entry'));
  const wanted = filterById.get(debuggee.arguments.stopOnFinding ?? '');
  // A trace is where it was saved.
  if (wanted || !stopOnEntry) cursor.seek(0);
  const first: Focus = { position: 0, actor: Math.max(debuggee.model.setup, 0), reveal: 0 };
  if (wanted) {
    branches.setTriggers({ ...NO_TRIGGERS, filters: [{ filter: wanted }] });
    const found = async (): Promise<MovementEnd> => {
      let outcome = await cursor.continue(movement(state));
      for (let count = 1; count < (debuggee.arguments.stopOnFindingCount ?? 1) && outcome.kind === 'hit'; count++)
        outcome = await cursor.continue(movement(state));
      branches.setTriggers(state.breakpoints.triggers(debuggee, state.counting));
      return outcome;
    };
    return moveNow(state, first, found, 'run');
  }
  greet(state);
  if (stopOnEntry) {
    const focus = debuggee.trace ? whereSaved(cursor) : first;
    const where =
      focus.position === 0 ? 'before the first step' : `after ${counted(focus.position, 'micro-step')}, as saved`;
    stopped(state, {
      focus,
      reason: 'entry',
      description: `Entry, ${debuggee.profile.name}`,
      text: `${debuggee.sources[0]?.name} on ${debuggee.profile.name}, ${where}`,
      breakpoints: [],
    });
    return;
  }
  const hits = cursor.hitsHere();
  const go = async (): Promise<MovementEnd> =>
    hits.length > 0 ? { kind: 'hit', hits } : cursor.continue(movement(state));
  return moveNow(state, first, go, 'run');
}

/** Where a trace opens: the cursor is already there. */
function whereSaved({ track, position }: RunCursor): Focus {
  track.extend();
  const arrived = track.arrivals(position)[0]?.actor;
  return { position, actor: arrived ?? (position > 0 ? track.actorOf(position - 1) : 0), reveal: 0 };
}

/** *Run Without Debugging*: to the end, with what came out. False when the session or the scenario went meanwhile. */
export async function runWithoutStops(state: SessionState): Promise<boolean> {
  const { branches, cursor } = launchedOf(state);
  branches.setTriggers(NO_TRIGGERS);
  state.interrupt = false;
  cursor.seek(0);
  await cursor.continue(movement(state));
  if (state.ended || state.launched?.branches !== branches) return false;
  reportEnd(state);
  const findings = findingsOf(launchedOf(state));
  for (const finding of findings) output(state, `Found: ${finding}\n`);
  state.emit('exited', { exitCode: 0 });
  return true;
}

/** For when a movement has ended without a stop: by a bug of ours, or because a restart took over and then failed. */
export function stopHere(state: SessionState, text = 'Still where it was'): void {
  const { launched } = state;
  if (!launched || launched.stop || launched.moving || state.ended) return;
  const { cursor, debuggee } = launched;
  const focus: Focus = { position: cursor.position, actor: Math.max(debuggee.model.setup, 0), reveal: 0 };
  stopped(state, { focus, reason: 'pause', description: 'Paused', text, breakpoints: [] });
}

function from(state: SessionState, args: StepArguments): { launched: Launched; focus: Focus } {
  const { launched, stop } = stoppedOf(state);
  const actor = args?.threadId === undefined ? stop.focus.actor : actorOf(launched, args.threadId);
  return { launched, focus: focusOn(stop, actor) };
}

function unitOf(state: SessionState, args: StepArguments): Unit {
  return args?.granularity === 'instruction' || state.launchArguments?.granularity === 'micro' ? 'micro' : 'statement';
}

/** Only steps can be undone by a step back; after a run it goes back by one statement. */
function thenMove(
  state: SessionState,
  focus: Focus,
  move: () => Promise<MovementEnd>,
  how: How = 'step',
): RequestAnswer {
  return { after: () => moveNow(state, focus, move, how) };
}

async function moveNow(state: SessionState, focus: Focus, move: () => Promise<MovementEnd>, how: How): Promise<void> {
  const launched = launchedOf(state);
  state.interrupt = false;
  forget(state);
  launched.moving = true;
  const outcome = await move().finally(() => {
    launched.moving = false;
    progressOver(state);
  });
  // A restart during a movement replaces the scenario; its own stop follows.
  if (!launched.abandoned && state.launched === launched) settle(state, outcome, focus, how);
}

/** A step of one actor, a run to the next reason to stop, or a step of the actor whom the user has chosen. */
type How = 'step' | 'run' | 'chosen';

/** Turns the end of a movement into a stop. */
function settle(state: SessionState, outcome: MovementEnd, focus: Focus, how: How): void {
  if (state.ended) return;
  const launched = launchedOf(state);
  const to = reached(launched, outcome, focus);
  if (outcome.kind === 'end') explainEnd(state, focus);
  else if (how === 'step' && outcome.kind === 'moved' && outcome.actor !== focus.actor)
    output(state, `${steppedInstead(launched, focus, outcome.actor)}\n`);
  const stop = stopAfter(launched, outcome, to);
  if (how !== 'run') {
    launched.cursor.remember(focus, stop.focus);
    tellSteps(state, focus.position, stop.focus.position);
  }
  stopped(state, stop);
}

/** Goes to a branch of the run, to where it was left. */
export function enterBranch(state: SessionState, number: number): void {
  const launched = launchedOf(state);
  const { position, track } = launched.branches.enter(number);
  const actor = position > 0 ? track.actorOf(position - 1) : Math.max(launched.debuggee.model.setup, 0);
  tellContinued(state, actor);
  stopped(state, movedStop(launched, { position, actor, reveal: 0 }, 'goto'));
}

function reached({ cursor }: Launched, outcome: MovementEnd, focus: Focus): Focus {
  const to = { ...focusAfter(outcome, focus), position: cursor.position };
  if (outcome.kind === 'beginning') return { ...to, actor: Math.max(cursor.model.setup, 0) };
  // At the end of a run that the user asked nothing of, the last mover is the interesting one.
  const withoutTarget = outcome.kind === 'end' || outcome.kind === 'interrupted';
  const last = cursor.position > 0 ? cursor.track.actorOf(cursor.position - 1) : to.actor;
  return withoutTarget && (to.actor < 0 || cursor.moment.ended(to.actor)) ? { ...to, actor: last } : to;
}

function findingsOf({ cursor }: Launched): Finding[] {
  const { run } = cursor;
  const found = new Set<Finding>();
  for (let event = 0; event < run.events; event++) {
    if (run.log[event * EVENT_WIDTH] === NOTE.finding) found.add(FINDINGS[run.log[event * EVENT_WIDTH + 1]!]!);
  }
  return [...found];
}

function movement(state: SessionState): Movement {
  return {
    pause() {
      tellProgress(state);
      return state.pause();
    },
    interrupted: () => state.interrupt,
    passed: (hit) => sayLog(state, hit),
  };
}

export function stopped(state: SessionState, stop: Stop): void {
  const launched = launchedOf(state);
  forget(state);
  launched.stop = stop;
  state.emit('stopped', toStopped(stop, thread(launched, stop.focus.actor)));
}

/**
 * A stop that no step or continue has led to. Some clients take a stop of a second thread for a reason to continue it,
 * unless they were told that the first one moves.
 */
export function tellContinued(state: SessionState, actor: number): void {
  state.emit('continued', { threadId: thread(launchedOf(state), actor), allThreadsContinued: true });
}

function forget(state: SessionState): void {
  if (!state.launched) return;
  state.launched.references.clear();
  state.launched.links.clear();
  state.launched.stop = undefined;
}

function thread({ debuggee }: Launched, actor: number): number {
  const { environment, setup, world } = debuggee.model;
  // A change by the user is a step of the environment, which need not be there as a thread.
  const shown = actor < 0 && environment.length === 0 ? Math.max(setup, 0) : actor;
  return threadId(shown, world.topology.actors.length);
}
