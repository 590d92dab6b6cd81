/**
 * Counts that final conditions ask for: exits, flushes, zaps. Only what is asked for is counted, because a count is
 * part of the state and would make equal situations differ. A count saturates, so that a loop stays finite.
 */
import type { ExitReason } from '../state/event.ts';
import { EXIT_REASONS } from '../state/event.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';

export const COUNTER_MAX = 1023;

export interface Counters {
  /** The slot that counts, made on first request: `exits:<actor>:<reason>`, `flushes:<cpu>`, `zaps:<vm name>`. */
  slot(key: CounterKey): number;
  exit(machine: Machine, actor: number, reason: number): void;
  flush(machine: Machine, cpu: number): void;
  zap(machine: Machine, vm: number): void;
}

export type CounterKey =
  | { readonly kind: 'exits'; readonly actor: number; readonly reason: ExitReason }
  | { readonly kind: 'flushes'; readonly cpu: number }
  | { readonly kind: 'zaps'; readonly vm: number };

export function createCounters(base: WorldBase): Counters {
  const slots = new Map<string, number>();
  const add = (machine: Machine, key: string): void => {
    const slot = slots.get(key);
    if (slot === undefined) return;
    const count = machine.state[slot]!;
    if (count < COUNTER_MAX) machine.put(slot, count + 1);
  };
  return {
    slot(key) {
      const name = keyOf(key);
      let slot = slots.get(name);
      if (slot === undefined) {
        slot = base.layout.field(name).base;
        slots.set(name, slot);
      }
      return slot;
    },
    exit: (machine, actor, reason) => add(machine, `exits:${actor}:${reason}`),
    flush: (machine, cpu) => add(machine, `flushes:${cpu}`),
    zap: (machine, vm) => add(machine, `zaps:${vm}`),
  };
}

function keyOf(key: CounterKey): string {
  switch (key.kind) {
    case 'exits':
      return `exits:${key.actor}:${EXIT_REASONS.indexOf(key.reason)}`;
    case 'flushes':
      return `flushes:${key.cpu}`;
    case 'zaps':
      return `zaps:${key.vm}`;
  }
}
