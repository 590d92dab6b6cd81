/**
 * Long work is a generator that yields every few milliseconds: between two slices its caller can look at the keyboard,
 * show the progress, or give up. This is for those who just want to have the result.
 */
export function toEnd<Result>(slices: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}
