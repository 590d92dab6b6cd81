/** Long work in slices, between which other messages come in. */

/** How long work on a document keeps other requests waiting. */
const SLICE_MS = 5;

/**
 * Does long work while others are answered; undefined when it is not wanted any more. What takes no longer than a slice is
 * done at once. `took` is told how many milliseconds the work itself needed.
 */
export async function inSlices<Result>(
  work: Generator<unknown, Result>,
  isWanted: () => boolean,
  took: (ms: number) => void = () => {},
): Promise<Result | undefined> {
  let spent = 0;
  for (;;) {
    const start = performance.now();
    for (let now = start; now - start < SLICE_MS; now = performance.now()) {
      const { done, value } = work.next();
      if (done !== true) continue;
      took(spent + performance.now() - start);
      return value;
    }
    spent += performance.now() - start;
    await delay(0);
    if (!isWanted()) return undefined;
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
