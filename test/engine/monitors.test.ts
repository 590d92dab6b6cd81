/** What the records of monitors say about them, against what they do. */
import { FINDINGS, type Machine, MONITORS, type Moments, Run, type World } from '@snoopscope/sim-core';
import { describe, expect, test } from 'vitest';
import { guest, modelOf } from './models.ts';

/** The fields that an explorer leaves out when no monitor that counts needs them. */
function versionFields({ memory, ghost }: World): Set<string> {
  const names = new Set<string>();
  for (const [part, fields] of [
    [memory, memory.versions],
    [ghost, [...ghost.versions, ...ghost.marks]],
  ] as const) {
    for (const [name, value] of Object.entries(part)) if (fields.includes(value)) names.add(name);
  }
  return names;
}

/** The part, noting which of its properties are read. */
function watched<Part extends object>(part: Part, read: Set<string>): Part {
  return new Proxy(part, {
    get(target, name) {
      read.add(String(name));
      return Reflect.get(target, name);
    },
  });
}

/** Every moment once, on the machine of a finished run. Comparing with what bare metal promised takes versions. */
function live(moments: Partial<Moments>, machine: Machine, read: Set<string>): void {
  const promised = {
    valueOf() {
      read.add('guaranteed');
      return 0;
    },
  } as unknown as number;
  moments.cpuLoad?.(machine, 0, 0, 0, promised);
  moments.deviceRead?.(machine, 0, 0, 0, promised);
  moments.writeback?.(machine, 0, 0);
  moments.dmaFault?.(machine, 0, 0, 0);
  moments.hostLoad?.(machine, 0, 0, 0);
  moments.settled?.(machine);
  moments.result?.(machine, 0, 0);
}

describe('needsVersions says whether a monitor reads what an explorer may leave out', () => {
  test.each(MONITORS)('$finding', ({ listen, needsVersions }) => {
    const run = new Run(modelOf(guest('  mov [x], 1\n  clflush [x]\n  wbinvd'), 'v6.12'));
    run.runToEnd();
    const { world } = run.model;
    const read = new Set<string>();
    const seen = { ...world, memory: watched(world.memory, read), ghost: watched(world.ghost, read) };
    live(listen?.(seen, () => {}) ?? {}, run.executor.machine, read);
    const versions = versionFields(world);
    expect(versions.size).toBe(14);
    expect([...read].some((name) => versions.has(name))).toBe(needsVersions);
  });
});

test('the numbers of findings in recorded events do not change: new ones come last', () => {
  expect(FINDINGS.slice(0, 11)).toEqual([
    'stale-read',
    'unflushed-read',
    'lost-write',
    'leak',
    'belief',
    'belief-cost',
    'use-after-free',
    'deadlock',
    'kernel-warning',
    'dma-fault',
    'unexpected-result',
  ]);
});
