/** Commands of the debug console: `why`, `trace`, `moves`, `schedule`, `help`. Each is a function from where we stand to lines. */
import { EVENT_WIDTH, NOTE, scheduleText, why, whyText } from '@snoopscope/sim-core';
import type { Stand } from './cursor.ts';
import { LIMITS } from './limits.ts';
import { lineText } from './source-lines.ts';
import { type StopContext, stepText } from './stop.ts';

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly doc: string;
  readonly run: (context: StopContext, stand: Stand, argument: string) => string[];
}

export const COMMANDS: readonly Command[] = [
  { name: 'why', usage: 'why', doc: 'explains the last finding before here', run: explainLast },
  { name: 'trace', usage: 'trace [N]', doc: 'prints the last N micro-steps, 20 without a number', run: trace },
  { name: 'moves', usage: 'moves', doc: 'says who can move next', run: moves },
  { name: 'schedule', usage: 'schedule', doc: 'prints how we came here as a schedule line', run: schedule },
  { name: 'help', usage: 'help', doc: 'lists these commands', run: help },
];

/** The command that a line of the console calls, with its argument; undefined when it is an expression. */
export function commandOf(line: string): { readonly command: Command; readonly argument: string } | undefined {
  const match = /^\s*(\w+)(?:\s+(\d+))?\s*$/.exec(line);
  const command = COMMANDS.find(({ name }) => name === match?.[1]);
  return command && { command, argument: match?.[2] ?? '' };
}

function explainLast({ cursor }: StopContext, stand: Stand): string[] {
  const { run } = cursor;
  const end = stand.position >= run.steps ? run.events : run.step(stand.position).firstEvent;
  for (let event = end - 1; event >= 0; event--) {
    if (run.log[event * EVENT_WIDTH] === NOTE.finding) return whyText(why(run, event));
  }
  return ['Nothing has been found up to here.'];
}

function trace(context: StopContext, stand: Stand, argument: string): string[] {
  const { debuggee, cursor } = context;
  const count = Math.min(argument === '' ? 20 : Number(argument), LIMITS.consoleLines);
  const first = Math.max(0, stand.position - count);
  const lines: string[] = [];
  for (let step = first; step < stand.position; step++) {
    const { actor, node } = cursor.run.step(step);
    const at = actor < 0 ? undefined : debuggee.model.nodes[node];
    const who = actor < 0 ? 'environment' : debuggee.model.world.topology.actors[actor]?.name;
    const what = stepText(context, step);
    lines.push(`${step + 1} ${who}${at ? ` \`${lineText(debuggee, at.place)}\`` : ''}${what ? `: ${what}` : ''}`);
  }
  return lines.length > 0 ? lines : ['Nothing has happened yet.'];
}

function moves({ cursor, debuggee }: StopContext, stand: Stand): string[] {
  const { run, model } = cursor;
  if (stand.position < run.steps) {
    const actor = cursor.track.actorOf(stand.position);
    const who = actor < 0 ? 'the environment' : model.world.topology.actors[actor]?.name;
    return [`This is the past: ${who} moves next, as recorded. At the end of the run others could.`];
  }
  const possible = cursor.possibleMoves().map((move) => model.moves[move]);
  if (possible.length === 0) return ['Nobody can move.'];
  return possible.map((move) => {
    if (move?.kind !== 'actor') return `${move?.name}`;
    const node = cursor.snapshot.node(move.actor);
    return `${move.name}: ${lineText(debuggee, node.place)}`;
  });
}

function schedule({ cursor }: StopContext, stand: Stand): string[] {
  const { run, model } = cursor;
  const made: number[] = [];
  for (let step = 0; step < stand.position; step++) {
    const { actor, node, alternative } = run.step(step);
    // The setup runs alone; a schedule begins behind it.
    if (actor === model.setup) continue;
    made.push(
      model.moves.findIndex((move) =>
        actor < 0
          ? move.kind === 'environment' && move.index === node
          : move.kind === 'actor' && move.actor === actor && move.alternative === alternative,
      ),
    );
  }
  return [made.length > 0 ? scheduleText(model, made, 'micro') : 'The setup is not over: there is no schedule yet.'];
}

function help(): string[] {
  return [
    ...COMMANDS.map(({ usage, doc }) => `${usage}: ${doc}`),
    'Anything else is an expression: a name, [x], gpu.r0, noncoherent(vm), cache(cpu0, x) == M, exits(vcpu0, WBINVD).',
  ];
}
