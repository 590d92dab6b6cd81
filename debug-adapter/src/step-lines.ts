/** Micro-steps and statements as lines of the console: who, what is written there, and what it did. */
import { resultText } from '@snoopscope/sim-core';
import { editText } from './edits.ts';
import type { RunCursor } from './run-cursor.ts';
import { lineText, shortText } from './source-lines.ts';
import { executedBefore, type StopContext, stepText } from './stop.ts';

/** `vcpu0, line 35 mov [x], 1`. */
export function placeOfStep({ cursor, debuggee }: StopContext, step: number): string {
  const { actor, node } = cursor.run.step(step);
  if (cursor.track.isEdit(step)) return 'you';
  if (actor < 0) return `the environment, ${nameOfMove(cursor, step)}`;
  const executed = executedBefore(cursor, step + 1, actor);
  const at = debuggee.model.nodes[executed?.node ?? node];
  const name = debuggee.model.world.topology.actors[actor]?.name;
  return at ? `${name}, line ${at.place.line + 1} \`${lineText(debuggee, at.place)}\`` : String(name);
}

/** `vcpu0 \`mov [x], 1\`: vcpu0 on cpu0 stores x = 1 (WB)`; the whole line, or the call in a few words. */
export function stepLine(context: StopContext, step: number, whole: boolean): string {
  const { cursor, debuggee } = context;
  const { actor, node } = cursor.run.step(step);
  const at = actor < 0 ? undefined : debuggee.model.nodes[node];
  if (cursor.track.isEdit(step)) return `you: ${editText(cursor, step)}`;
  const who = actor < 0 ? 'environment' : debuggee.model.world.topology.actors[actor]?.name;
  const text = at && (whole ? lineText : shortText)(debuggee, at.place);
  return `${who}${text === undefined ? '' : ` \`${text}\``}${did(context, step)}`;
}

/** The same of several micro-steps of one statement: what happened in them. */
export function statementLine(context: StopContext, first: number, last: number): string {
  const { cursor, debuggee } = context;
  const { actor, node } = cursor.run.step(last);
  const executed = executedBefore(cursor, last + 1, actor);
  if (first === last) return stepLine(context, last, executed !== undefined);
  const at = debuggee.model.nodes[executed?.node ?? node];
  const happenings = Array.from({ length: last - first + 1 }, (_, index) =>
    cursor.stepTexts.happenings(first + index),
  ).flat();
  const who = debuggee.model.world.topology.actors[actor]?.name;
  const what = happenings.length > 0 ? `: ${happenings.join('; ')}` : '';
  return `${who} \`${at ? lineText(debuggee, at.place) : ''}\`${resultOfStep(context, last)}${what}`;
}

/** `: what it did`, and the result of the statement that ended with it. */
function did(context: StopContext, step: number): string {
  const what = stepText(context, step);
  return `${resultOfStep(context, step)}${what ? `: ${what}` : ''}`;
}

/** ` → -1 EEXIST` where a system call ended with the step. */
function resultOfStep({ cursor, debuggee }: StopContext, step: number): string {
  const { actor } = cursor.run.step(step);
  const executed = actor < 0 ? undefined : executedBefore(cursor, step + 1, actor);
  const node = debuggee.model.nodes[executed?.node ?? -1];
  const isCall = executed && node?.kind === 'statement' && node.args.values.length > 0;
  return isCall ? ` → ${resultText(executed.value)}` : '';
}

/** `commit(cpu0)`: the move that a step was made by. */
export function nameOfMove({ model, track }: RunCursor, step: number): string {
  return model.moves[track.moveOf(step)]?.name ?? '';
}
