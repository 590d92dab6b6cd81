/** Lets the client's messages in during a long run. Timers are throttled in background tabs, so they come last. */
export type Yield = () => Promise<void>;

export function platformYield(): Yield {
  if (typeof setImmediate === 'function') return () => new Promise((resolve) => setImmediate(resolve));
  if (typeof MessageChannel === 'function') return channelYield();
  return () => new Promise((resolve) => setTimeout(resolve, 0));
}

/** How long work keeps other requests waiting. */
const SLICE_MS = 5;

/** Does long work, with pauses between slices. */
export async function withYields<Result>(work: Generator<unknown, Result>, pause: Yield): Promise<Result> {
  for (let start = performance.now(); ; ) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (performance.now() - start < SLICE_MS) continue;
    await pause();
    start = performance.now();
  }
}

function channelYield(): Yield {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(undefined);
    });
}
