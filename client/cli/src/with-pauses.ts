/** Long work that comes in slices, with time for signals in between. */
import { pause } from './io.ts';

/** Milliseconds between two pauses. */
const SLICE_MS = 20;

/** Does the work to its end. */
export async function withPauses<Result>(slices: Generator<unknown, Result>): Promise<Result> {
  let paused = performance.now();
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    if (performance.now() - paused < SLICE_MS) continue;
    await pause();
    paused = performance.now();
  }
}
