/** What single threads of a log did: which vCPU each runs, what it counted, and which only opened files for others. */
import type { Evidence } from './evidence.ts';
import type { CallFilter, Count, KeptCall, TalliesByThread } from './kept.ts';

/** vCPUs by the files that KVM_RUN shows with `-y`. */
export function runningVcpus(filters: readonly CallFilter[]): number[] {
  const ids = filters.flatMap((filter) =>
    [...filter.runs.values()].flatMap(({ path }) => /kvm-vcpu:(\d{1,4})$/.exec(path ?? '')?.[1] ?? []),
  );
  return [...new Set(ids.map(Number))].sort((a, b) => a - b);
}

/** Which thread runs which vCPU. */
export function runnersOf(filters: readonly CallFilter[], evidence: Evidence | undefined): Map<number, number> {
  const runners = new Map<number, number>();
  const runs = filters.flatMap((filter) => [...filter.runs]);
  for (const [index, [tid, { path }]] of runs.entries()) {
    const shown = /kvm-vcpu:(\d+)/.exec(path ?? '')?.[1];
    runners.set(tid, shown === undefined ? index : Number(shown));
  }
  let next = 0;
  for (const [tid, id] of evidence?.vcpuThreads ?? []) if (!runners.has(tid)) runners.set(tid, id ?? next++);
  return runners;
}

export function sumRuns(
  filters: readonly CallFilter[],
  isHere: (tid: number) => boolean,
): { count: number; interrupted: number } {
  let count = 0;
  let interrupted = 0;
  for (const filter of filters)
    for (const [tid, run] of filter.runs) {
      if (!isHere(tid)) continue;
      count += run.count;
      interrupted += run.interrupted;
    }
  return { count, interrupted };
}

/** Counts of the threads that are meant, by name. */
export function mergedCounts(
  tallies: readonly TalliesByThread[],
  first: ReadonlyMap<string, Count>,
  isMeant: (tid: number) => boolean,
): Map<string, Count> {
  const all = new Map<string, Count>();
  const own = tallies.flatMap((tally) => [...tally].flatMap(([tid, counts]) => (isMeant(tid) ? [...counts] : [])));
  for (const [name, { count, line }] of [...first, ...own]) {
    const known = all.get(name);
    if (known) known.count += count;
    else all.set(name, { count, line });
  }
  return all;
}

/** Calls without those of a process that opens device nodes for another one, and makes no request itself. */
export function ownCalls({ calls, passers }: CallFilter): readonly KeptCall[] {
  if (passers.size === 0) return calls;
  const asks = new Set(calls.flatMap(({ call, tid }) => (call.name === 'ioctl' ? [tid] : [])));
  const sends = (tid: number): boolean => passers.has(tid) && !asks.has(tid);
  return calls.filter(({ tid }) => !sends(tid));
}
