// CPU time of a process and all that it has started, from /proc; 0 where there is none.
import { readdirSync, readFileSync } from 'node:fs';

/** A clock tick of /proc on Linux. */
const TICK = 0.01;

export function cpuSeconds(pid: number): number {
  const all = new Map<number, { readonly parent: number; readonly seconds: number }>();
  for (const name of processes()) {
    const found = statOf(Number(name));
    if (found) all.set(Number(name), found);
  }
  const within = (one: number): boolean => one === pid || (all.has(one) && within(all.get(one)?.parent ?? 0));
  return [...all].reduce((sum, [one, { seconds }]) => (within(one) ? sum + seconds : sum), 0);
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function statOf(pid: number): { readonly parent: number; readonly seconds: number } | undefined {
  try {
    // The name in brackets may hold anything; what follows it are numbers.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\)\s*/s, '')
      .split(' ');
    return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) * TICK };
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
