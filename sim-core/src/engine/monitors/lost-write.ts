import type { Monitor } from './monitors.ts';

export const lostWrite: Monitor<'lost-write'> = {
  finding: 'lost-write',
  label: 'Lost write',
  doc: "A device's no-snoop write disappeared under a later write-back of a line that the guest had every right to take for clean.",
  sources: [{ document: 'PCIe', place: 'Base Specification, "No Snoop Attribute"' }],
  fails: 'without-conditions',
  stopsByDefault: true,
  operands: ['word', 'cpu'],
  headline: (word, cpu) => `a device's write to ${word} was destroyed by a write-back of ${cpu}`,
  explainedBy: 'lost-write',
  needsVersions: true,
  listen: (world, report) => ({
    writeback(machine, cpu, line) {
      const { state } = machine;
      const words = world.topology.words.length;
      for (const word of world.topology.lines[line]?.words ?? []) {
        const inDram = state[world.memory.dramVersion.base + word]!;
        const written = state[world.ghost.deviceWrite.base + word]!;
        const over = state[world.memory.cachedVersion.base + cpu * words + word]!;
        const lost = written !== 0 && inDram === written && over < written;
        if (lost && over < world.ghost.deviceReadBound(state, word, false)) report(machine, word, cpu);
      }
    },
  }),
};
