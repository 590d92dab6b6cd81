/** What the debug console says on its own: why somebody else moved, that the past is replayed, how a run ended. */
import {
  conditionInRunText,
  conditionsInRun,
  counted,
  finalValues,
  scheduleProblemText,
  stuckText,
} from '@snoopscope/sim-core';
import { interpolate } from '../evaluate.ts';
import type { Debuggee } from '../launch.ts';
import { ENVIRONMENT, type Focus } from '../movement.ts';
import type { RunCursor } from '../run-cursor.ts';
import { type Launched, launchedOf, type SessionState } from '../session-state.ts';
import { inOneColumn, lineText } from '../source-lines.ts';
import { statementLine } from '../step-lines.ts';
import { executedBefore, whyOver } from '../stop.ts';
import type { Hit } from '../stop-index.ts';
import { styledText } from '../styling.ts';

/** What has become of the future that was recorded, when the user has let another actor else move. */
export function partingText({ branches }: Launched, left: RunCursor): string {
  const old = branches.all.indexOf(left) + 1;
  const { number, current } = branches;
  const isNew = current.run.steps === current.position;
  return `${isNew ? `Branch ${number} begins here, after ${counted(current.position, 'micro-step')}` : `This is branch ${number}`}. What branch ${old} has recorded is kept: "branch ${old}" in the debug console goes back to it.\n`;
}

/** A user who steps a thread in the past may expect it to move first: says once that others do, and how to change that. */
export function tellReplay(state: SessionState, focus: Focus): void {
  const launched = launchedOf(state);
  const { cursor, debuggee } = launched;
  if (launched.replayTold || focus.actor < 0 || cursor.position === cursor.run.steps) return;
  const next = cursor.track.actorOf(cursor.position);
  if (next === focus.actor || cursor.moment.ended(focus.actor)) return;
  const { moves, world } = debuggee.model;
  const ofActor = (index: number): boolean => {
    const move = moves[index];
    return move?.kind === 'actor' && move.actor === focus.actor;
  };
  if (!launched.branches.possibilities().some(({ move }) => ofActor(move))) return;
  launched.replayTold = true;
  const name = (actor: number): string => world.topology.actors[actor]?.name ?? 'the environment';
  output(
    state,
    `This is the past: ${name(next)} moves first, as recorded. To let ${name(focus.actor)} move instead, use Step Into Target.\n`,
  );
}

/** Why somebody else has moved than the one who was to step. */
export function steppedInstead({ cursor, debuggee }: Launched, focus: Focus, mover: number): string {
  const name = (actor: number): string => debuggee.model.world.topology.actors[actor]?.name ?? 'the environment';
  const ended = focus.actor >= 0 && cursor.moment.ended(focus.actor);
  const why =
    focus.actor < 0
      ? 'The environment can do nothing here'
      : `${name(focus.actor)} ${ended ? 'has ended' : 'cannot move here'}`;
  return `${why}: ${name(mover)} moves.`;
}

export function explainEnd(state: SessionState, focus: Focus): void {
  const { cursor, debuggee } = launchedOf(state);
  const { end } = cursor;
  if (end === undefined) return;
  if (end.kind === 'stuck' && focus.actor !== ENVIRONMENT && end.waiting.includes(focus.actor)) {
    const name = debuggee.model.world.topology.actors[focus.actor]?.name;
    output(
      state,
      `${name} can never move: it waits at \`${lineText(debuggee, cursor.moment.node(focus.actor).place)}\`, and no other actor can move.\n`,
    );
  }
  reportEnd(state);
}

/** What the final conditions say about this one run. */
export function reportEnd(state: SessionState): void {
  const launched = launchedOf(state);
  const { cursor, debuggee } = launched;
  if (cursor.endReported) return;
  cursor.endReported = true;
  const { end } = cursor;
  output(state, end?.kind === 'stuck' ? `${stuckText(cursor.run, end)}\n` : `${whyOver(launchedOf(state), end)}.\n`);
  const problem = cursor.run.scheduleProblem;
  if (problem) output(state, `${scheduleProblemText(problem, debuggee.profile.name)}\n`, 'stderr');
  if (end?.kind !== 'completed' && end?.kind !== 'stuck') return;
  const values = finalValues(debuggee.model, cursor.state).map(({ name, text }) => `${name} = ${text}`);
  if (values.length > 0) output(state, `Final values: ${values.join('; ')}\n`);
  for (const one of conditionsInRun(debuggee.model, cursor.state))
    output(state, `${inOneColumn(one.condition.text)}: ${conditionInRunText(one)}\n`);
}

/** What a user sees first: what runs, and what the keys do. */
export function greet(state: SessionState): void {
  const { debuggee } = launchedOf(state);
  if (state.loads > 1) return;
  const title = titleOf(debuggee);
  output(
    state,
    `${title === undefined ? '' : `${title}: `}${debuggee.sources[0]?.name} on ${debuggee.profile.name}.\n`,
  );
  const { branches } = launchedOf(state);
  if (branches.all.length > 1)
    output(
      state,
      `The trace has ${counted(branches.all.length, 'branch')}, and this is branch ${branches.number}: \`branches\` lists them, \`branch N\` goes to another.\n`,
    );
  if (!state.typing) return;
  output(
    state,
    'Step Over executes a statement, Step Into a micro-step of the kernel; Step Back and Reverse lead back. Step Into Target lets another actor move. Type `help` here for more.\n',
  );
}

function titleOf({ sources }: Debuggee): string | undefined {
  const line = sources[0]?.parsed.lines.find(({ content }) => content.kind === 'scenario');
  return line?.content.kind === 'scenario' ? line.content.text.value : undefined;
}

/** Statements that one step of the user prints. */
const TOLD_STATEMENTS = 30;

/** What the steps from one position to another did, a line for each statement or part of one, at its line of the scenario. */
export function tellSteps(state: SessionState, from: number, to: number): void {
  const launched = launchedOf(state);
  const { convert, cursor, debuggee } = launched;
  const parts = statementsBetween(cursor, from, to);
  const left = Math.max(0, parts.length - TOLD_STATEMENTS);
  if (left > 0) output(state, `${counted(left, 'statement')}, then:\n`);
  for (const { first, last } of parts.slice(left)) {
    const { actor, node } = cursor.run.step(last);
    const place = debuggee.model.nodes[executedBefore(cursor, last + 1, actor)?.node ?? node]?.place;
    const source = actor >= 0 && place ? { source: convert.source(place.file), line: convert.line(place.line) } : {};
    const line = `${statementLine(launched, first, last)}\n`;
    state.emit('output', { category: 'stdout', output: state.styled ? styledText(line) : line, ...source });
  }
}

/** Steps of one statement that no other actor came between. */
function statementsBetween(cursor: RunCursor, from: number, to: number): { first: number; last: number }[] {
  const parts: { first: number; last: number }[] = [];
  let ended = true;
  for (let step = from; step < to; step++) {
    const part = parts.at(-1);
    const { actor } = cursor.run.step(step);
    if (part && !ended && cursor.run.step(part.last).actor === actor) part.last = step;
    else parts.push({ first: step, last: step });
    ended = actor < 0 || executedBefore(cursor, step + 1, actor) !== undefined;
  }
  return parts;
}

/** A log point was passed: its message, with its expressions filled in from the state there. */
export function sayLog(state: SessionState, hit: Hit): void {
  const { cursor, convert, debuggee } = launchedOf(state);
  if (hit.cause.kind !== 'breakpoint' || !hit.cause.trigger.log) return;
  cursor.showHere();
  const text = interpolate(cursor, { position: hit.position, actor: hit.actor, reveal: 0 }, hit.cause.trigger.log);
  const { place } = cursor.moment.node(Math.max(hit.actor, 0));
  const source = debuggee.sources[place.file]
    ? { source: convert.source(place.file), line: convert.line(place.line) }
    : {};
  state.emit('output', { category: 'stdout', output: `${text}\n`, ...source });
}

export function output(state: SessionState, text: string, category: 'stdout' | 'stderr' = 'stdout'): void {
  state.emit('output', { category, output: state.styled ? styledText(text) : text });
}
