/** `who`, `history` and `why`: what the console answers from the events of the run. */
import {
  EVENT_WIDTH,
  FINDINGS,
  type Finding,
  NOTE,
  notAFact,
  type Run,
  why,
  whyFact,
  whyFailed,
  whyText,
} from '@snoopscope/sim-core';
import { type Access, accessesOf } from './accesses.ts';
import { evaluateExpression } from './evaluate.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import type { Focus } from './movement.ts';
import { namedVariable } from './named-variables.ts';
import { RequestError } from './request-error.ts';
import { DECIMAL } from './scopes/item.ts';
import { nameOfMove, placeOfStep } from './step-lines.ts';
import type { StopContext } from './stop.ts';
import type { VariablePlace } from './watch.ts';

/** `x was written last by vcpu0 in micro-step 57, line 35 ...`, and the same for the last read. */
export function whoText(context: StopContext, focus: Focus, argument: string, wanted: 'all' | 'latest'): string[] {
  if (argument === '') return ['Of what? Write a name or an expression: `who x`, `who noncoherent(vm)`.'];
  const { cursor } = context;
  const place = placeAsked(context, focus, argument);
  const most = wanted === 'all' ? DEBUGGER_LIMITS.consoleLines : undefined;
  const { latest, write, more } = accessesOf(cursor, place, focus.position, most);
  const [first] = latest;
  if (!first) return [`Nobody has written ${argument} up to here: it is as the run began.`];
  const lines = latest.map((access) => accessLine(context, access, argument, wanted));
  const rest = more === 0 ? [] : [`and ${more === 'some' ? 'others' : more} before these`];
  const none = write === undefined ? [`Nobody has written ${argument} up to here.`] : [];
  return [...none, ...lines, ...rest, `\`go ${(write ?? first).step + 1}\` goes there.`];
}

/** What does not exist, or never did, is said as in a watch. */
function placeAsked({ cursor, debuggee }: StopContext, focus: Focus, argument: string): VariablePlace {
  try {
    evaluateExpression(cursor, focus, argument, DECIMAL);
  } catch (error) {
    const named = error instanceof RequestError ? namedVariable(cursor, focus.actor, argument) : undefined;
    if (named) return named.place;
    throw error;
  }
  const actor = debuggee.model.world.topology.actors[focus.actor]?.name ?? '';
  return { root: { expression: argument }, actor, names: [] };
}

function accessLine(context: StopContext, access: Access, what: string, wanted: 'all' | 'latest'): string {
  const { step, issued, kind, text } = access;
  const done = kind === 'write' ? 'written' : 'read';
  const begin = wanted === 'all' ? `${step + 1}: ${done}` : `${what} was ${done} last in micro-step ${step + 1}`;
  const waited = issued === step ? '' : `, whose store waited until ${nameOfMove(context.cursor, step)}`;
  return `${begin} by ${placeOfStep(context, issued)}${waited}: ${text || 'the value is the same as before'}`;
}

export function explain(context: StopContext, focus: Focus, argument: string): string[] {
  const { run } = context.cursor;
  if (argument === '') return explainLast(run, focus.position);
  const finding = FINDINGS.indexOf(argument as Finding);
  if (finding >= 0) return explainFinding(run, focus.position, finding);
  const answer = whyFact(run, argument, focus.position);
  if (!('problem' in answer)) return whyText(answer);
  if (!hasValue(context, focus, argument)) return [answer.problem];
  return [notAFact(argument), `\`who ${argument}\` says who wrote it.`];
}

/** The last finding of a kind. */
function explainFinding(run: Run, position: number, finding: number): string[] {
  for (let event = eventsBefore(run, position) - 1; event >= 0; event--) {
    const at = event * EVENT_WIDTH;
    if (run.log[at] === NOTE.finding && run.log[at + 1] === finding) return whyText(why(run, event));
  }
  return [`No ${FINDINGS[finding]} was found up to here.`];
}

function eventsBefore(run: Run, position: number): number {
  return position >= run.steps ? run.events : run.step(position).firstEvent;
}

function hasValue(context: StopContext, focus: Focus, argument: string): boolean {
  try {
    placeAsked(context, focus, argument);
    return true;
  } catch (error) {
    if (error instanceof RequestError) return false;
    throw error;
  }
}

/** The last finding or failed call. If one step has both, the finding: the call often fails because of it. */
function explainLast(run: Run, position: number): string[] {
  const end = eventsBefore(run, position);
  let failed: { readonly text: string[]; readonly first: number } | undefined;
  for (let event = end - 1; event >= (failed?.first ?? 0); event--) {
    const code = run.log[event * EVENT_WIDTH];
    if (code === NOTE.finding) return whyText(why(run, event));
    const hasFailed = code === NOTE.done && run.log[event * EVENT_WIDTH + 3]! < 0;
    const call = hasFailed && !failed ? whyFailed(run, event) : undefined;
    if (call) failed = { text: whyText(call), first: run.step(run.stepOfEvent(event)).firstEvent };
  }
  return (
    failed?.text ?? ['Nothing has been found and no call has failed up to here. `why ept(vm, x)` explains a fact.']
  );
}
