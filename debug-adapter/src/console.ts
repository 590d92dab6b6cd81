/** Commands of the debug console. Each is a function from the current focus to lines; `branch` also goes somewhere else. */
import { counted, didYouMean, type Model, nearest, scheduleText } from '@snoopscope/sim-core';
import type { Possibility } from './branches.ts';
import { diffBranches } from './diff.ts';
import { editText } from './edits.ts';
import type { BackStep } from './going-back.ts';
import { DEBUGGER_LIMITS } from './limits.ts';
import type { Focus } from './movement.ts';
import { explain, whoText } from './questions.ts';
import { lineText, shortText } from './source-lines.ts';
import { stepLine } from './step-lines.ts';
import type { StopContext } from './stop.ts';

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
    doc: 'explains the last finding or failed call before here, the last of a kind (why stale-read), or why a fact has its value: why ept(vm, x), why flushes(cpu0)',
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

/** The command that a line may have meant which is not an expression: `helo`, `whom x`. */
export function commandMeant(line: string): string | undefined {
  const word = /^\s*([a-z][a-z-]*)(?=\s|$)/i.exec(line)?.[1];
  return word === undefined
    ? undefined
    : nearest(
        word,
        CONSOLE_COMMANDS.map(({ name }) => name),
      );
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

function moves(context: StopContext): string[] {
  const possible = context.branches.possibilities();
  const { cursor } = context;
  if (possible.length === 0)
    return [cursor.run.end?.kind === 'completed' ? 'Every actor has finished.' : 'No actor can make progress.'];
  const isPast = cursor.position < cursor.run.steps && possible.length > 1;
  return [
    ...(isPast
      ? ['This is the past. Step Into Target lets another actor move than the recorded one, on a branch:']
      : []),
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
  return branches.all.map((branch, index) => {
    const { origin, run, track } = branch;
    const number = index + 1;
    const steps = `${counted(run.steps, 'micro-step')}${run.end ? ', ended' : ''}`;
    const here = number === branches.number ? ' (here)' : '';
    if (!origin) return `${number}: ${steps}${here}`;
    const isChange = typeof origin.moves.at(-1) === 'object';
    const at = origin.moves.length - (isChange ? 1 : 0);
    const move = at < run.steps ? debuggee.model.moves[track.moveOf(at)]?.name : undefined;
    const first = isChange ? `${editText(branch, at)} by hand` : move;
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
