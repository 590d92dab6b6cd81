/** Lets the client's messages in during a long run. Timers are throttled in background tabs, so they come last. */
export type Yield = () => Promise<void>;

export function platformYield(): Yield {
  if (typeof setImmediate === 'function') return () => new Promise((resolve) => setImmediate(resolve));
  if (typeof MessageChannel === 'function') return channelYield();
  return () => new Promise((resolve) => setTimeout(resolve, 0));
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
