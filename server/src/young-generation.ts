/** How much room V8 may take for young objects. */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of it. Less would be collected too often; what is looked at after an edit fits about once. */
const ENOUGH_BYTES = 8 * 1024 ** 2;

/**
 * Lets the young generation of this process grow no further than it needs. On a machine with much memory V8 lets it grow to
 * 128 MB, since it expects a program that throws nearly all away. Each version of a large document outlives several
 * collections, which then copy tens of megabytes in one pause, and the old generation is collected late.
 *
 * The growth factor is read at each collection, so that it may change at any time, unlike the limits. Not in Electron, where
 * flags may be frozen.
 */
export function limitYoungGeneration(): void {
  if (process.versions.electron !== undefined) return;
  const observer = new PerformanceObserver(() => {
    if (youngBytes() < ENOUGH_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

/** What V8 has taken for young objects. */
function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
