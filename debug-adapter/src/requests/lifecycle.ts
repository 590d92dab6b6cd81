/** Requests that begin and end a session. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Branches } from '../branches.ts';
import { CAPABILITIES } from '../capabilities.ts';
import { type LaunchArguments, load } from '../launch.ts';
import { registrations } from '../registration.ts';
import { RequestError } from '../request-error.ts';
import { launchedOf, type RequestAnswer, type SessionState } from '../session-state.ts';
import { converter } from '../to-dap.ts';
import { repeatTrace } from '../traced.ts';
import { type Before, placeAfterEdit } from './after-edit.ts';
import { enter, runWithoutStops, stopHere } from './movement.ts';
import { output } from './narrate.ts';
import { tellSources } from './sources.ts';

export function initialize(state: SessionState, args: DebugProtocol.InitializeRequestArguments): RequestAnswer {
  if (state.initialized) throw new RequestError('The session is already initialized: a client does so once.');
  state.initialized = true;
  state.counting = {
    lineBase: args.linesStartAt1 === false ? 0 : 1,
    columnBase: args.columnsStartAt1 === false ? 0 : 1,
  };
  state.progress.supported = args.supportsProgressReporting === true;
  state.styled = args.supportsANSIStyling === true;
  state.typing = args.clientID !== 'snoopscope-playground';
  return { body: CAPABILITIES };
}

export async function launch(state: SessionState, args: unknown): Promise<RequestAnswer> {
  if (state.launched || state.loads > 0)
    throw new RequestError('A scenario is already launched: restart the session to launch another.');
  const load = ++state.loads;
  try {
    await prepare(state, args, load);
  } catch (error) {
    state.loads = 0;
    throw error;
  }
  return {
    after() {
      state.emit('initialized');
      tellSources(state);
      tellBreakpoints(state);
    },
  };
}

/** What the scenario that is launched now has made of the breakpoints that were set before. */
function tellBreakpoints(state: SessionState): void {
  for (const breakpoint of state.breakpoints.allAnswers(launchedOf(state).debuggee, state.counting))
    state.emit('breakpoint', { reason: 'changed', breakpoint });
}

export function attach(): RequestAnswer {
  throw new RequestError('There is nothing to attach to: launch a scenario with "request": "launch" and "program".');
}

export function configurationDone(state: SessionState): RequestAnswer {
  launchedOf(state);
  if (state.configured) throw new RequestError('The run has already begun: "configurationDone" is sent once.');
  state.configured = true;
  return { after: () => begin(state) };
}

/** Reads the files again, so that an edit counts, and starts over. */
export async function restart(state: SessionState, args: DebugProtocol.RestartArguments): Promise<RequestAnswer> {
  const old = launchedOf(state);
  const before = old.stop && { launched: old, focus: old.stop.focus };
  if (!state.configured) throw new RequestError('The launch is not complete: send "configurationDone" first.');
  state.interrupt = true;
  old.abandoned = true;
  const load = ++state.loads;
  try {
    await prepare(
      state,
      (args as { arguments?: LaunchArguments } | undefined)?.arguments ?? state.launchArguments,
      load,
    );
  } catch (error) {
    // Another restart has come meanwhile: it does what this one was to do.
    if (load !== state.loads) return {};
    // The edit is broken: the run that was there stays.
    old.abandoned = false;
    return { refusal: error, after: () => stopHere(state) };
  }
  if (load !== state.loads) return {};
  return {
    after() {
      tellSources(state);
      tellBreakpoints(state);
      return begin(state, before);
    },
  };
}

export function terminate(state: SessionState): RequestAnswer {
  state.interrupt = true;
  return { after: () => end(state) };
}

export function disconnect(state: SessionState): RequestAnswer {
  state.interrupt = true;
  state.ended = true;
  return {};
}

/** Tells the client that the session is over, once. */
export function end(state: SessionState): void {
  if (state.ended) return;
  state.ended = true;
  state.emit('terminated');
}

async function prepare(state: SessionState, args: unknown, number: number): Promise<void> {
  const debuggee = await load(state.files, args, async () => {
    await state.pause();
    if (state.ended) throw new RequestError('The session ended before the scenario was loaded.');
    if (number !== state.loads) throw new RequestError('Another restart is under way.');
  });
  // Another restart is under way: it counts, and not this one.
  if (number !== state.loads) return;
  const registered = registrations(debuggee);
  state.breakpoints.startOver();
  state.launchArguments = debuggee.arguments;
  const branches = new Branches(debuggee, registered, state.breakpoints.triggers(debuggee, state.counting));
  state.launched = {
    debuggee,
    branches,
    get cursor() {
      return branches.current;
    },
    registrations: registered,
    convert: converter(debuggee, state.counting),
    stop: undefined,
    moving: false,
    replayTold: false,
    abandoned: false,
    references: new Map(),
    links: new Map(),
  };
}

async function begin(state: SessionState, before?: Before): Promise<void> {
  if (state.ended) return;
  const { remark } = launchedOf(state).debuggee;
  if (remark !== undefined) output(state, `${remark}\n`);
  const begun = launchedOf(state);
  await repeatRecorded(state);
  if (state.ended || begun.abandoned || state.launched !== begun) return;
  if (state.launchArguments?.noDebug === true) {
    if (await runWithoutStops(state)) end(state);
    return;
  }
  const kept = before && (await placeAfterEdit(state, before));
  if (state.ended || begun.abandoned || state.launched !== begun) return;
  await enter(state, state.launchArguments?.stopOnEntry !== false, kept);
}

/** A trace is recorded to its end from the start on: the run that it holds is there at once, in both directions. */
async function repeatRecorded(state: SessionState): Promise<void> {
  const { debuggee, branches } = launchedOf(state);
  if (!debuggee.trace) return;
  const differences = await repeatTrace(debuggee.trace, debuggee, branches, state.pause);
  for (const difference of differences) output(state, `${difference}\n`, 'stderr');
}
