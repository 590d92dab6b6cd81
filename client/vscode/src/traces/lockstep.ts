// Two runs in two sessions, of two traces or of a scenario on two kernels, that step together until the first micro-step in
// which they differ. Where one of them is moved, by any button or view, the other follows up to there; then each goes its
// own way.
import { type DebugSession, debug, l10n, type Uri, window, workspace } from 'vscode';
import { debugType } from '../debugging.ts';
import { fromUri } from '../files.ts';

/** The position up to which two runs are the same, and what each does then; undefined where one has ended. */
interface Parting {
  readonly position: number;
  readonly sides: readonly [string | undefined, string | undefined];
}

/** A session of the two. */
interface Side {
  readonly session: DebugSession;
  /** Called at each of its stops. */
  onStop: () => void;
  /** Where it was brought after the other one; undefined once it has led. */
  followedTo?: number | undefined;
}

type Pair = readonly [Side, Side];

/** What runs: a trace, or a scenario on a kernel. */
export interface RunSource {
  readonly uri: Uri;
  readonly kernel?: string;
}

export async function compareInLockstep(a: RunSource, b: RunSource): Promise<void> {
  const pair = await start(a, b);
  if (!pair) return;
  const names = [a, b].map(({ uri, kernel }) => kernel ?? workspace.asRelativePath(uri));
  for (const side of pair) await recordAll(side);
  const parting = await partingOf(pair);
  stepTogether(pair, parting?.position ?? Number.POSITIVE_INFINITY);
  const position = parting?.position ?? (await positionOf(pair[0]));
  // The other one follows.
  await pair[0].session.customRequest('snoopscope/seek', { position });
  const [one = '', other = ''] = parting?.sides.map((side) => side ?? l10n.t('nothing more')) ?? [];
  const text = parting
    ? l10n.t('The runs are the same for {0} micro-steps. Then A: {1}. B: {2}.', position, one, other)
    : l10n.t('{0} and {1} are the same run. The two sessions step together.', ...names);
  debug.activeDebugConsole.appendLine(text);
  void window.showInformationMessage(text);
}

/** Where one of the two is moved, up to the position `until`, the other follows. */
function stepTogether(pair: Pair, until: number): void {
  // Stops are handled one by one: two that cross would each move the other session back to where it just was.
  let last = Promise.resolve();
  for (const [index, side] of pair.entries()) {
    const other = pair[1 - index]!;
    side.onStop = () => {
      last = last
        .then(() => follow(side, other, until))
        .catch(() => {
          // One of them runs, or has ended: there is nowhere to follow to.
        });
    };
  }
}

async function follow(leader: Side, follower: Side, until: number): Promise<void> {
  const position = await positionOf(leader);
  if (position === leader.followedTo) return;
  leader.followedTo = undefined;
  if (position > until || position === (await positionOf(follower))) return;
  follower.followedTo = position;
  await follower.session.customRequest('snoopscope/seek', { position });
}

/** Runs to the end: where two runs part is known once both are recorded. A trace is already recorded. */
async function recordAll(side: Side): Promise<void> {
  for (let before = -1; ; ) {
    const { ended, steps, threadId } = await side.session.customRequest('snoopscope/position', {});
    if (ended || steps === before) return;
    before = steps;
    const stopped = new Promise<void>((resolve) => {
      side.onStop = resolve;
    });
    await side.session.customRequest('continue', { threadId });
    await stopped;
  }
}

async function positionOf({ session }: Side): Promise<number> {
  return (await session.customRequest('snoopscope/position', {})).position;
}

/** Starts a session for each, and waits until both have stopped; undefined when one of them does not start. */
async function start(a: RunSource, b: RunSource): Promise<Pair | undefined> {
  const one = await startOne('A', a);
  if (!one) return undefined;
  const other = await startOne('B', b);
  if (other) return [one, other];
  await debug.stopDebugging(one.session);
  return undefined;
}

async function startOne(letter: string, { uri, kernel }: RunSource): Promise<Side | undefined> {
  const name = `${letter}: ${uri.path.split('/').at(-1)}${kernel === undefined ? '' : ` on ${kernel}`}`;
  // Known by a word of its own: two comparisons may have traces of one name.
  const comparison = crypto.randomUUID();
  let stopped: (side: Side) => void = () => {};
  const first = new Promise<Side>((resolve) => {
    stopped = resolve;
  });
  const registration = debug.registerDebugAdapterTrackerFactory(debugType, {
    createDebugAdapterTracker(session) {
      if (session.configuration.comparison !== comparison) return undefined;
      const side: Side = { session, onStop: () => stopped(side) };
      return { onDidSendMessage: (message) => isStop(message) && side.onStop() };
    },
  });
  const configuration = {
    type: debugType,
    request: 'launch',
    name,
    program: fromUri(uri),
    stopOnEntry: true,
    ...(kernel !== undefined && { kernel }),
    comparison,
  };
  const started = await debug.startDebugging(workspace.getWorkspaceFolder(uri), configuration);
  const side = started ? await first : undefined;
  registration.dispose();
  return side;
}

function isStop(message: { readonly type?: string; readonly event?: string }): boolean {
  return message.type === 'event' && message.event === 'stopped';
}

/** Compares the recorded micro-steps of two sessions; undefined when they are the same to their ends. */
async function partingOf(pair: Pair): Promise<Parting | undefined> {
  for (let first = 0; ; ) {
    const [left, right] = await Promise.all(
      pair.map(
        async ({ session }): Promise<string[][]> => (await session.customRequest('snoopscope/steps', { first })).steps,
      ),
    );
    const count = Math.min(left?.length ?? 0, right?.length ?? 0);
    for (let index = 0; index <= count; index++) {
      const [one, other] = [left?.[index], right?.[index]];
      if (!one && !other) break;
      if (one && other && JSON.stringify(one) === JSON.stringify(other)) continue;
      // The shorter of two answers ends where its run does.
      return { position: first + index, sides: [sideOf(one, other), sideOf(other, one)] };
    }
    if (count === 0) return undefined;
    first += count;
  }
}

/** What a step does, or the first thing in which it differs from the other one. */
function sideOf(own: readonly string[] | undefined, other: readonly string[] | undefined): string | undefined {
  if (!own) return undefined;
  const [statement = '', ...happenings] = own;
  const at = happenings.findIndex((text, index) => text !== other?.[index + 1]);
  const happening = happenings[Math.max(0, at)];
  return happening === undefined ? statement : `${statement}: ${happening}`;
}
