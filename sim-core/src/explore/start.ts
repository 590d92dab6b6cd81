/** Where an exploration begins: after the setup, which runs first, alone and in one way. */
import { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import { ModelLimit } from '../limits.ts';
import type { Sites } from './sites.ts';

/** Slots of a state, and moves, that a search can learn about in a reasonable time. */
const MAX_STATE_SLOTS = 8192;
const MAX_MOVES = 512;

/** Why a search of all interleavings is not even begun, and what to do instead. */
export function tooLarge({ layout, moves }: Model): string | undefined {
  const size = `${Math.ceil((layout.size * 4) / 1024)} kB`;
  if (layout.size > MAX_STATE_SLOTS) {
    return `a state of this scenario takes ${size}, and all interleavings are explored for at most ${(MAX_STATE_SLOTS * 4) / 1024} kB: use fewer actors, words or CPUs, or take runs at random`;
  }
  if (moves.length <= MAX_MOVES) return undefined;
  return `${moves.length} different moves are possible (of actors, and of the environment: each \`allow evict\` of a word is one for every CPU), and all interleavings are explored for at most ${MAX_MOVES}: allow less, or take runs at random`;
}

/** Micro-steps of a setup at most; a setup that loops forever would otherwise never end. */
export const MAX_SETUP_STEPS = 1_000_000;

/**
 * Runs the setup. False when it waits for a lock forever, which is a deadlock. Throws `ModelLimit` after
 * {@link MAX_SETUP_STEPS}, and when it waits on what other actors would have to do: they start after it.
 */
export function runSetup(executor: Executor): boolean {
  const { setup } = executor.model;
  if (setup < 0) return true;
  for (let steps = 0; steps < MAX_SETUP_STEPS; steps++) {
    if (executor.ended(setup)) return true;
    if (executor.microStep(setup, 0)) continue;
    if ((executor.tasks[setup]?.blockedOn ?? -1) >= 0) return false;
    throw new ModelLimit(
      'setup waits on a condition that nothing can satisfy: other actors start only after setup. Move the `wait` into a thread',
    );
  }
  throw new ModelLimit(
    `setup did not finish within ${MAX_SETUP_STEPS} micro-steps, and other actors start only after setup. Move a \`loop\` into a thread, or shorten a \`repeat\``,
  );
}

/** The state after the setup, the sites of what was found on the way, and what kept it from finishing if the model was too small. */
export function stateAfterSetup(
  model: Model,
  sites: Sites,
): { state: Int32Array; findings: number[]; problem: string | undefined } {
  const executor = new Executor(model);
  let problem: string | undefined;
  try {
    runSetup(executor);
  } catch (error) {
    if (!(error instanceof ModelLimit)) throw error;
    problem = error.message;
  }
  const { machine } = executor;
  return { state: machine.state.slice(), findings: sites.inLog(machine), problem };
}

/** Is one of the actors that cannot move waiting for a lock? Only asked when no actor can move. */
export function isDeadlock(executor: Executor): boolean {
  return executor.tasks.some(({ actor }) => executor.waitsForLock(actor));
}
