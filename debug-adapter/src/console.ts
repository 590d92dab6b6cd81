/** Commands of the debug console. Each is a function from the current focus to lines; `branch` also goes somewhere else. */
import { EVENT_WIDTH, NOTE, scheduleText, why, whyText } from '@snoopscope/sim-core';
import type { Possibility } from './branches.ts';
import { LIMITS } from './limits.ts';
import type { Focus } from './movement.ts';
import { lineText } from './source-lines.ts';
import { type StopContext, stepText } from './stop.ts';

export interface ConsoleCommand {
  readonly name: string;
  readonly usage: string;
  readonly doc: string;
  readonly run: (context: StopContext, focus: Focus, argument: string) => string[];
  /** The branch to which the command leads, from 1. */
  readonly enters?: (argument: string) => number | undefined;
}

export const COMMANDS: readonly ConsoleCommand[] = [
  { name: 'why', usage: 'why', doc: 'explains the last finding before here', run: explainLast },
  { name: 'trace', usage: 'trace [N]', doc: 'prints the last N micro-steps, 20 without a number', run: trace },
  { name: 'moves', usage: 'moves', doc: 'says who can move next', run: moves },
  { name: 'schedule', usage: 'schedule', doc: 'prints how we came here as a schedule line', run: schedule },
  {
    name: 'branches',
    usage: 'branches',
    doc: 'lists the runs that were begun by going back and letting others move',
    run: listBranches,
  },
  {
    name: 'branch',
    usage: 'branch N',
    doc: 'goes to another of these runs, to where it was left',
    run: (context, _, argument) => (argument === '' ? listBranches(context) : []),
    enters: (argument) => (argument === '' ? undefined : Number(argument)),
  },
  { name: 'help', usage: 'help', doc: 'lists these commands', run: help },
];

/** The command that a line of the console calls, with its argument; undefined when it is an expression. */
export function commandOf(line: string): { readonly command: ConsoleCommand; readonly argument: string } | undefined {
  const match = /^\s*(\w+)(?:\s+(\d+))?\s*$/.exec(line);
  const command = COMMANDS.find(({ name }) => name === match?.[1]);
  return command && { command, argument: match?.[2] ?? '' };
}

function explainLast({ cursor }: StopContext, focus: Focus): string[] {
  const { run } = cursor;
  const end = focus.position >= run.steps ? run.events : run.step(focus.position).firstEvent;
  for (let event = end - 1; event >= 0; event--) {
    if (run.log[event * EVENT_WIDTH] === NOTE.finding) return whyText(why(run, event));
  }
  return ['Nothing has been found up to here.'];
}

function trace(context: StopContext, focus: Focus, argument: string): string[] {
  const { debuggee, cursor } = context;
  const count = Math.min(argument === '' ? 20 : Number(argument), LIMITS.consoleLines);
  const first = Math.max(0, focus.position - count);
  const lines: string[] = [];
  for (let step = first; step < focus.position; step++) {
    const { actor, node } = cursor.run.step(step);
    const at = actor < 0 ? undefined : debuggee.model.nodes[node];
    const who = actor < 0 ? 'environment' : debuggee.model.world.topology.actors[actor]?.name;
    const what = stepText(context, step);
    lines.push(`${step + 1} ${who}${at ? ` \`${lineText(debuggee, at.place)}\`` : ''}${what ? `: ${what}` : ''}`);
  }
  return lines.length > 0 ? lines : ['Nothing has happened yet.'];
}

function moves(context: StopContext): string[] {
  const possible = context.branches.possibilities();
  if (possible.length === 0) return ['No actor can make progress.'];
  const { cursor } = context;
  const isPast = cursor.position < cursor.run.steps && possible.length > 1;
  return [
    ...(isPast ? ['This is the past. Step Into Target lets somebody else move than was recorded, on a branch:'] : []),
    ...possible.map((possibility) => moveText(context, possibility)),
  ];
}

/** `vcpu0: mov [x], 1`, and where it is recorded. */
export function moveText({ branches, cursor, debuggee }: StopContext, { move: index, branch }: Possibility): string {
  const move = debuggee.model.moves[index];
  const node = move?.kind === 'actor' ? cursor.moment.node(move.actor) : undefined;
  // Alternatives are distinguished by their first statement.
  const first = node?.kind === 'choose' && move?.kind === 'actor' ? node.alternatives[move.alternative] : undefined;
  const { place } = (first === undefined ? node : debuggee.model.nodes[first]) ?? {};
  const line = place ? lineText(debuggee, place) : '';
  const where =
    branch === undefined ? '' : branch === branches.number ? ' (recorded)' : ` (recorded in branch ${branch})`;
  return `${move?.name}${line ? `: ${line}` : ''}${where}`;
}

function listBranches({ branches, debuggee }: StopContext): string[] {
  return branches.all.map(({ origin, run, track }, index) => {
    const number = index + 1;
    const steps = `${run.steps} micro-steps${run.end ? ', ended' : ''}`;
    const here = number === branches.number ? ' (here)' : '';
    if (!origin) return `${number}: ${steps}${here}`;
    const at = origin.moves.length;
    const first = at < run.steps ? debuggee.model.moves[track.moveOf(at)]?.name : undefined;
    return `${number}: ${steps}; from branch ${origin.branch} after ${at}${first ? `, with ${first}` : ''}${here}`;
  });
}

function schedule({ cursor }: StopContext, focus: Focus): string[] {
  const { run, model, track } = cursor;
  const made: number[] = [];
  // The setup runs alone; a schedule begins after it.
  for (let step = 0; step < focus.position; step++)
    if (run.step(step).actor !== model.setup) made.push(track.moveOf(step));
  return [
    made.length > 0 ? scheduleText(model, made, 'micro') : 'The setup has not finished: there is no schedule yet.',
  ];
}

function help(): string[] {
  return [
    ...COMMANDS.map(({ usage, doc }) => `${usage}: ${doc}`),
    'Anything else is an expression: a name, [x], gpu.r0, noncoherent(vm), cache(cpu0, x) == M, exits(vcpu0, WBINVD).',
  ];
}
