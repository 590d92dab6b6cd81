/** Commands of the debug console. Each is a function from the current focus to lines; `branch` also goes somewhere else. */
import {
  counted,
  didYouMean,
  EVENT_WIDTH,
  type Model,
  NOTE,
  nearest,
  type Run,
  resultText,
  scheduleText,
  why,
  whyFact,
  whyFailed,
  whyText,
} from '@snoopscope/sim-core';
import { type Access, accessesOf } from './accesses.ts';
import type { Possibility } from './branches.ts';
import { diffBranches } from './diff.ts';
import { evaluateExpression } from './evaluate.ts';
import type { BackStep } from './going-back.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import type { Focus } from './movement.ts';
import { namedVariable } from './named-variables.ts';
import { RequestError } from './request-error.ts';
import { DECIMAL } from './scopes/item.ts';
import { lineText, shortText } from './source-lines.ts';
import { executedBefore, type StopContext, stepText } from './stop.ts';
import type { VariablePlace } from './watch.ts';

export interface ConsoleCommand {
  readonly name: string;
  readonly usage: string;
  readonly doc: string;
  /** What may follow the name. */
  readonly takes: 'nothing' | 'a number' | 'an expression' | 'a command';
  readonly run: (context: StopContext, focus: Focus, argument: string) => string[];
  /** What it does beside what it prints. */
  readonly effect?: CommandEffect;
}

export type CommandEffect =
  /** It changes a value, goes to a position, or enters a branch: its argument says which. */
  | { readonly kind: 'sets' | 'goes' | 'enters' }
  /** It writes a trace. */
  | { readonly kind: 'saves' }
  | { readonly kind: 'steps back'; readonly step: BackStep }
  /** Numbers are hexadecimal from now on, or decimal again. */
  | { readonly kind: 'changes numbers' };

export const CONSOLE_COMMANDS: readonly ConsoleCommand[] = [
  {
    name: 'who',
    usage: 'who x',
    doc: 'says who wrote a variable last, and who read it; any name or expression',
    takes: 'an expression',
    run: (context, focus, argument) => whoText(context, focus, argument, 'latest'),
  },
  {
    name: 'history',
    usage: 'history x',
    doc: 'lists all writes and reads of a variable up to here',
    takes: 'an expression',
    run: (context, focus, argument) => whoText(context, focus, argument, 'all'),
  },
  {
    name: 'go',
    usage: 'go N',
    doc: 'goes to after micro-step N, as who, history and trace number them',
    takes: 'a number',
    run: (_context, _focus, argument) => (argument === '' ? ['Go where? `go N` goes to after micro-step N.'] : []),
    effect: { kind: 'goes' },
  },
  {
    name: 'reverse-next',
    usage: 'reverse-next',
    doc: 'goes back over a statement or, in the kernel, over a micro-step with all that it called',
    takes: 'nothing',
    run: () => [],
    effect: { kind: 'steps back', step: 'over' },
  },
  {
    name: 'reverse-step',
    usage: 'reverse-step',
    doc: 'goes back by one micro-step',
    takes: 'nothing',
    run: () => [],
    effect: { kind: 'steps back', step: 'into' },
  },
  {
    name: 'reverse-finish',
    usage: 'reverse-finish',
    doc: 'goes back to where the function or procedure was called',
    takes: 'nothing',
    run: () => [],
    effect: { kind: 'steps back', step: 'out' },
  },
  {
    name: 'set',
    usage: 'set x = 5',
    doc: 'changes a word, a register or a name, on a branch that begins here',
    takes: 'an expression',
    run: (_context, _focus, argument) => (argument === '' ? ['Set what? `set x = 5`.'] : []),
    effect: { kind: 'sets' },
  },
  {
    name: 'why',
    usage: 'why [FACT]',
    doc: 'explains the last finding or failed call before here, or why a fact has its value: why ept(vm, x), why flushes(cpu0)',
    takes: 'an expression',
    run: explain,
  },
  {
    name: 'trace',
    usage: 'trace [N]',
    doc: 'prints the last N micro-steps, 20 without a number',
    takes: 'a number',
    run: trace,
  },
  { name: 'moves', usage: 'moves', doc: 'says who can move next', takes: 'nothing', run: moves },
  {
    name: 'schedule',
    usage: 'schedule',
    doc: 'prints how we came here as a schedule line',
    takes: 'nothing',
    run: schedule,
  },
  {
    name: 'branches',
    usage: 'branches',
    doc: 'lists the runs that were begun by going back and letting others move',
    takes: 'nothing',
    run: listBranches,
  },
  {
    name: 'branch',
    usage: 'branch N',
    doc: 'goes to another of these runs, to where it was left',
    takes: 'a number',
    run: (context, _, argument) => (argument === '' ? listBranches(context) : []),
    effect: { kind: 'enters' },
  },
  {
    name: 'diff',
    usage: 'diff branch N',
    doc: 'compares this branch with another: where they part, their ends, values and findings',
    takes: 'an expression',
    run(context, _, argument) {
      const number = /^(?:branch\s+)?(\d+)$/.exec(argument)?.[1];
      return number === undefined ? ['Compare with what? `diff branch 1`.'] : diffBranches(context, Number(number));
    },
  },
  {
    name: 'save',
    usage: 'save FILE',
    doc: 'saves the runs of this session, all branches, as a trace beside the scenario',
    takes: 'an expression',
    run: (_context, _focus, argument) =>
      argument === '' ? ['Save as what? `save stale-read` writes stale-read.snooptrace beside the scenario.'] : [],
    effect: { kind: 'saves' },
  },
  {
    name: 'hex',
    usage: 'hex',
    doc: 'shows numbers in hexadecimal, and in decimal again; `x,h` shows one',
    takes: 'nothing',
    run: () => [],
    effect: { kind: 'changes numbers' },
  },
  {
    name: 'help',
    usage: 'help [COMMAND]',
    doc: 'lists these commands, or explains one',
    takes: 'a command',
    run: help,
  },
];

type Called = { readonly command: ConsoleCommand; readonly argument: string } | { readonly problem: string };

/** The command that a line of the console calls, or what is wrong with it; undefined when the line is an expression. */
export function commandOf(model: Model, actor: number, line: string): Called | undefined {
  const match = /^\s*([\w-]+)(?:\s+(\S.*?))?\s*$/.exec(line);
  const name = match?.[1] ?? '';
  const argument = match?.[2] ?? '';
  const command = CONSOLE_COMMANDS.find((one) => one.name === name);
  // A name of the scenario is meant before a command.
  if (!command || model.names.has(name) || model.registers[actor]?.has(name)) return undefined;
  if (argument === '' || ARGUMENTS[command.takes].test(argument)) return { command, argument };
  const wanted = command.takes === 'nothing' ? 'takes nothing after it' : `takes ${command.takes}, not \`${argument}\``;
  return { problem: `\`${name}\` ${wanted}. \`${command.usage}\` ${command.doc}.` };
}

/** Does a line of the console move, so that it has to wait for movements before it? */
export function movesWhenTyped(line: unknown): boolean {
  const name = typeof line === 'string' ? /^\s*([\w-]+)/.exec(line)?.[1] : undefined;
  const effect = CONSOLE_COMMANDS.find((one) => one.name === name)?.effect;
  return effect !== undefined && effect.kind !== 'changes numbers';
}

const ARGUMENTS: Readonly<Record<ConsoleCommand['takes'], RegExp>> = {
  nothing: /^$/,
  'a number': /^\d+$/,
  'an expression': /./,
  'a command': /^[a-z-]+$/,
};

/** `x was written last by vcpu0 in micro-step 57, line 35 ...`, and the same for the last read. */
function whoText(context: StopContext, focus: Focus, argument: string, wanted: 'all' | 'latest'): string[] {
  if (argument === '') return ['Of what? Write a name or an expression: `who x`, `who noncoherent(vm)`.'];
  const { cursor } = context;
  const place = placeAsked(context, focus, argument);
  const all = accessesOf(cursor, place, focus.position, wanted);
  if (all.length === 0) return [`Nobody has written ${argument} up to here: it is as the run began.`];
  const lines = all
    .slice(0, DEBUGGER_LIMITS.consoleLines)
    .map((access) => accessLine(context, access, argument, wanted));
  const more = all.length > lines.length ? [`and ${all.length - lines.length} before these`] : [];
  const write = all.find(({ kind }) => kind === 'write');
  const none = write === undefined ? [`Nobody has written ${argument} up to here.`] : [];
  return [...none, ...lines, ...more, `\`go ${(write ?? all[0]!).step + 1}\` goes there.`];
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
  const { step, kind, text } = access;
  const done = kind === 'write' ? 'written' : 'read';
  const begin = wanted === 'all' ? `${step + 1}: ${done}` : `${what} was ${done} last in micro-step ${step + 1}`;
  return `${begin} by ${placeOfStep(context, step)}: ${text}`;
}

/** `vcpu0, line 35 mov [x], 1`. */
export function placeOfStep({ cursor, debuggee }: StopContext, step: number): string {
  const { actor, node } = cursor.run.step(step);
  if (actor < 0) return cursor.track.isEdit(step) ? 'you' : 'the environment';
  const executed = executedBefore(cursor, step + 1, actor);
  const at = debuggee.model.nodes[executed?.node ?? node];
  const name = debuggee.model.world.topology.actors[actor]?.name;
  return at ? `${name}, line ${at.place.line + 1} \`${lineText(debuggee, at.place)}\`` : String(name);
}

function explain(context: StopContext, focus: Focus, argument: string): string[] {
  const { run } = context.cursor;
  if (argument === '') return explainLast(run, focus.position);
  const answer = whyFact(run, argument, focus.position);
  if (!('problem' in answer)) return whyText(answer);
  return [answer.problem, ...(hasValue(context, focus, argument) ? [`\`who ${argument}\` says who wrote it.`] : [])];
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
  const end = position >= run.steps ? run.events : run.step(position).firstEvent;
  let failed: { readonly text: string[]; readonly first: number } | undefined;
  for (let event = end - 1; event >= (failed?.first ?? 0); event--) {
    const code = run.log[event * EVENT_WIDTH];
    if (code === NOTE.finding) return whyText(why(run, event));
    const call = code === NOTE.done && !failed ? whyFailed(run, event) : undefined;
    if (call) failed = { text: whyText(call), first: run.step(run.stepOfEvent(event)).firstEvent };
  }
  return (
    failed?.text ?? ['Nothing has been found and no call has failed up to here. `why ept(vm, x)` explains a fact.']
  );
}

function trace(context: StopContext, focus: Focus, argument: string): string[] {
  const { cursor } = context;
  const count = Math.min(argument === '' ? 20 : Number(argument), DEBUGGER_LIMITS.consoleLines);
  const first = Math.max(0, focus.position - count);
  const lines: string[] = [];
  /** Per actor: the statement that was printed whole. */
  const seen = new Map<number, number>();
  for (let step = first; step < focus.position; step++) {
    const { actor, node } = cursor.run.step(step);
    lines.push(`${step + 1} ${stepLine(context, step, seen.get(actor) !== node)}`);
    seen.set(actor, node);
  }
  return lines.length > 0 ? lines : ['Nothing has happened yet.'];
}

/** `vcpu0 \`mov [x], 1\`: vcpu0 on cpu0 stores x = 1 (WB)`; the whole line, or the call in a few words. */
export function stepLine(context: StopContext, step: number, whole: boolean): string {
  const { cursor, debuggee } = context;
  const { actor, node } = cursor.run.step(step);
  const at = actor < 0 ? undefined : debuggee.model.nodes[node];
  const other = cursor.track.isEdit(step) ? 'you' : 'environment';
  const who = actor < 0 ? other : debuggee.model.world.topology.actors[actor]?.name;
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
export function moveText({ branches, cursor, debuggee }: StopContext, possibility: Possibility): string {
  const { move: index, branch, leads } = possibility;
  const move = debuggee.model.moves[index];
  const node = move?.kind === 'actor' ? cursor.moment.node(move.actor) : undefined;
  // Alternatives are distinguished by their first statement.
  const first = node?.kind === 'choose' && move?.kind === 'actor' ? node.alternatives[move.alternative] : undefined;
  const { place } = (first === undefined ? node : debuggee.model.nodes[first]) ?? {};
  const top = move?.kind === 'actor' ? cursor.moment.kernelFrames(move.actor).at(-1) : undefined;
  const about = top?.routine.steps[top.step]?.about;
  // What distinguishes it comes first: lists are narrow, and two calls may look alike to their end.
  const kernel = top ? `${about || 'continues'} in ${top.routine.name}` : '';
  const line = place ? (top ? shortText : lineText)(debuggee, place) : '';
  const where =
    branch === undefined ? '' : branch === branches.number ? ' (recorded)' : ` (recorded in branch ${branch})`;
  const what = [kernel, line].filter((part) => part !== '').join(', ');
  return `${move?.name}${what ? `: ${what}` : ''}${leads ? ` → ${leads}` : ''}${where}`;
}

function listBranches({ branches, debuggee }: StopContext): string[] {
  return branches.all.map(({ origin, run, track }, index) => {
    const number = index + 1;
    const steps = `${counted(run.steps, 'micro-step')}${run.end ? ', ended' : ''}`;
    const here = number === branches.number ? ' (here)' : '';
    if (!origin) return `${number}: ${steps}${here}`;
    const isChange = typeof origin.moves.at(-1) === 'object';
    const at = origin.moves.length - (isChange ? 1 : 0);
    const move = at < run.steps ? debuggee.model.moves[track.moveOf(at)]?.name : undefined;
    const first = isChange ? 'a change made by hand' : move;
    return `${number}: ${steps}; from branch ${origin.branch} after ${at}${first ? `, with ${first}` : ''}${here}`;
  });
}

function schedule({ cursor }: StopContext, focus: Focus): string[] {
  const { run, model, track } = cursor;
  const made: number[] = [];
  // The setup runs alone; a schedule begins after it.
  for (let step = 0; step < focus.position; step++)
    if (run.step(step).actor !== model.setup) made.push(track.moveOf(step));
  if (made.includes(-1)) return ['What was changed by hand cannot be part of a schedule.'];
  return [
    made.length > 0 ? scheduleText(model, made, 'micro') : 'The setup has not finished: there is no schedule yet.',
  ];
}

function help(_context: StopContext, _focus: Focus, argument: string): string[] {
  const one = CONSOLE_COMMANDS.find(({ name }) => name === argument);
  if (one) return [`${one.usage}: ${one.doc}`];
  const near = nearest(
    argument,
    CONSOLE_COMMANDS.map(({ name }) => name),
  );
  const unknown = argument === '' ? [] : [`There is no command ${argument}${didYouMean(near)} These are:`];
  return [
    ...unknown,
    ...CONSOLE_COMMANDS.map(({ usage, doc }) => `${usage}: ${doc}`),
    'Anything else is an expression: a name, [x], gpu.r0, noncoherent(vm), cache(cpu0, x) == M, exits(vcpu0, WBINVD).',
  ];
}
