/** Where an exploration begins: behind the setup, which runs first, alone and in one way. */
import { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import { ModelLimit } from '../limits.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';

/** Micro-steps of a setup at most; a setup that loops for ever would otherwise never end. */
export const MAX_SETUP_STEPS = 1_000_000;

/** Runs the setup. False when it does not end within {@link MAX_SETUP_STEPS} or cannot go on. */
export function runSetup(executor: Executor): boolean {
  const { setup } = executor.model;
  if (setup < 0) return true;
  for (let steps = 0; steps < MAX_SETUP_STEPS; steps++) {
    if (executor.ended(setup)) return true;
    if (!executor.microStep(setup, 0)) return false;
  }
  return false;
}

/** The state behind the setup, what was found on the way, and what kept it from its end if the model was too small. */
export function behindSetup(model: Model): { state: Int32Array; findings: number[]; problem: string | undefined } {
  const executor = new Executor(model);
  let problem: string | undefined;
  try {
    runSetup(executor);
  } catch (error) {
    if (!(error instanceof ModelLimit)) throw error;
    problem = error.message;
  }
  const { log, length, state } = executor.machine;
  const findings: number[] = [];
  for (let at = 0; at < length; at += EVENT_WIDTH) if (log[at] === NOTE.finding) findings.push(log[at + 1] as number);
  return { state: state.slice(), findings, problem };
}

/** Is one of the actors that cannot move waiting for a lock? Only asked when nobody can move. */
export function isDeadlock(executor: Executor): boolean {
  return executor.tasks.some((task) => {
    if (executor.ended(task.actor) || task.depth === 0) return false;
    return !executor.microStep(task.actor, 0) && task.blockedOn >= 0;
  });
}
