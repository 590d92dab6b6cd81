/** Long work that comes in slices, with time for signals in between. */
import { breathe } from './io.ts';

/** Milliseconds between two pauses. */
const SLICE_MS = 20;

/** Does the work to its end. `progress` is told after each slice how far it is. */
export async function withPauses<Progress, Result>(
  slices: Generator<Progress, Result>,
  progress: (how: Progress) => void = () => {},
): Promise<Result> {
  let paused = performance.now();
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    progress(value);
    if (performance.now() - paused < SLICE_MS) continue;
    await breathe();
    paused = performance.now();
  }
}
