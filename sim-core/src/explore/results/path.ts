/**
 * The way to a stored state as moves of the real machine.
 *
 * Stored states represent all that are alike in the sense of the reductions, so the moves by which they were found need
 * not fit together: a renamed CPU evicts under another name. The way is therefore walked again on a machine, and each
 * move is the one that leads to the next stored state.
 */
import type { Executor } from '../../engine/executor.ts';
import { siteKey, sitesIn } from '../sites.ts';
import type { Space } from '../space.ts';
import { executorFor } from '../switches.ts';
import type { MadeBy } from './found.ts';

/** The machine does not have the state: a pruning that is wrong made it, or a reduction is. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** `last` is one move more from the state. */
export function concretePath(space: Space, start: Int32Array, state: number, last?: MadeBy): number[] {
  const { store, model } = space;
  const numbers: number[] = [];
  for (let at = state; at >= 0; at = store.parent(at)) numbers.push(at);
  numbers.reverse();
  const executor = executorFor(model);
  executor.machine.state.set(start);
  const reached = new Uint32Array(space.packing.words);
  const path: number[] = [];
  for (const number of numbers.slice(1)) {
    path.push(
      step(space, executor, store.move(number), () => {
        return space.encode(executor.machine.state, reached) && store.matches(number, reached);
      }),
    );
  }
  if (last) path.push(step(space, executor, last.move, () => finds(executor, siteKey(last.site))));
  return path;
}

/** Makes a move after which something holds, the likely one first. */
function step(space: Space, executor: Executor, likely: number, holds: () => boolean): number {
  const { machine } = executor;
  const { granularity } = space.options;
  for (let i = -1; i < space.model.moves.length; i++) {
    const move = i < 0 ? likely : i;
    machine.length = 0;
    if (!executor.move(move, granularity)) continue;
    if (holds()) return move;
    machine.rewind(0);
  }
  throw new Unreachable('a stored state cannot be reached again: a reduction is wrong');
}

function finds({ machine, model }: Executor, wanted: string): boolean {
  return [...sitesIn(model, machine.log, 0, machine.length)].some(({ site }) => siteKey(site) === wanted);
}
