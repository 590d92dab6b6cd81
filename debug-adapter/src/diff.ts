/** Two branches of a session beside each other: where they part, what each ends with, what each has found. */
import { counted, EVENT_WIDTH, FINDINGS, finalValues, NOTE, stuckText } from '@snoopscope/sim-core';
import { RequestError } from './request-error.ts';
import type { RunCursor } from './run-cursor.ts';
import { stepLine } from './step-lines.ts';
import type { StopContext } from './stop.ts';

/** The branch that the user is in, against another one, from 1. */
export function diffBranches(context: StopContext, number: number): string[] {
  const { branches } = context;
  const other = branches.all[number - 1];
  if (!other) throw new RequestError(`There is no branch ${number}: there are ${branches.all.length}.`);
  if (other === branches.current) throw new RequestError(`This is branch ${number}: name another one.`);
  const own = branches.current;
  const parted = firstDifference(own, other);
  const names = [`branch ${branches.number}`, `branch ${number}`] as const;
  return [
    parted === undefined
      ? 'Both branches have made the same moves.'
      : `The same for ${counted(parted, 'micro-step')}; then:`,
    ...(parted === undefined
      ? []
      : [partText(context, own, parted, names[0]), partText(context, other, parted, names[1])]),
    ...outcomes(own, other, names),
    ...findings(own, other, names),
  ];
}

/** The first step at which two runs made different moves; undefined when there is none. */
function firstDifference(one: RunCursor, other: RunCursor): number | undefined {
  const steps = Math.max(one.run.steps, other.run.steps);
  for (let step = 0; step < steps; step++) {
    if (step >= one.run.steps || step >= other.run.steps) return step;
    if (JSON.stringify(one.track.deedOf(step)) !== JSON.stringify(other.track.deedOf(step))) return step;
  }
  return undefined;
}

function partText(context: StopContext, branch: RunCursor, step: number, name: string): string {
  if (step >= branch.run.steps) return `  ${name}: nothing is recorded after that`;
  return `  ${name}: ${stepLine({ ...context, cursor: branch }, step, true)}`;
}

/** Values that differ where the two runs are recorded to, and how each has ended. */
function outcomes(one: RunCursor, other: RunCursor, names: readonly [string, string]): string[] {
  const ends = [one, other].map((branch, index) => `  ${names[index]}: ${endOf(branch)}`);
  const values = [one, other].map(
    ({ model, run }) => new Map(finalValues(model, run.executor.machine.state).map(({ name, text }) => [name, text])),
  );
  const [left, right] = values as [Map<string, string>, Map<string, string>];
  const differing = [...left].filter(([name, text]) => right.get(name) !== text);
  const lines = differing.map(([name, text]) => `  ${name}: ${text} in ${names[0]}, ${right.get(name)} in ${names[1]}`);
  return ['Ends:', ...ends, ...(lines.length > 0 ? ['Values that differ:', ...lines] : ['All values are the same.'])];
}

function endOf({ run }: RunCursor): string {
  if (run.end === undefined) return `not at its end, after ${counted(run.steps, 'micro-step')}`;
  if (run.end.kind === 'stuck') return stuckText(run, run.end);
  return run.end.kind === 'completed'
    ? `every actor has finished, after ${counted(run.steps, 'micro-step')}`
    : 'at a limit';
}

function findings(one: RunCursor, other: RunCursor, names: readonly [string, string]): string[] {
  const [left, right] = [one, other].map(foundIn) as [string[], string[]];
  if (left.join() === right.join()) return [`Findings: ${left.join(', ') || 'none'} in both.`];
  return ['Findings:', `  ${names[0]}: ${left.join(', ') || 'none'}`, `  ${names[1]}: ${right.join(', ') || 'none'}`];
}

function foundIn({ run }: RunCursor): string[] {
  const found = new Set<string>();
  for (let event = 0; event < run.events; event++) {
    if (run.log[event * EVENT_WIDTH] === NOTE.finding) found.add(FINDINGS[run.log[event * EVENT_WIDTH + 1]!]!);
  }
  return [...found];
}
