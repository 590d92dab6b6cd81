/** Where an exploration begins: behind the setup, which runs first, alone and in one way. */
import type { Executor } from '../engine/executor.ts';

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

/** Is one of the actors that cannot move waiting for a lock? Only asked when nobody can move. */
export function isDeadlock(executor: Executor): boolean {
  return executor.tasks.some((task) => {
    if (executor.ended(task.actor) || task.depth === 0) return false;
    return !executor.microStep(task.actor, 0) && task.blockedOn >= 0;
  });
}
