import type { Monitor } from './monitors.ts';

export const unflushedRead: Monitor<'unflushed-read'> = {
  finding: 'unflushed-read',
  label: 'Unflushed read',
  doc: 'A device read a version older than the newest, but the guest had not flushed it: it would fail on bare metal too.',
  sources: [{ document: 'Intel SDM', place: 'volume 3, Memory Cache Control, "Cache Management Instructions"' }],
  fails: 'never',
  stopsByDefault: false,
  operands: ['word', 'reader'],
  headline: (word, reader) => `${reader} read an old value of ${word}`,
  explainedBy: 'unflushed-value',
  needsVersions: true,
  listen: (world, report) => ({
    deviceRead(machine, device, word, version, promised) {
      const newest = machine.state[world.memory.latest.base + word]!;
      if (version >= promised && version < newest) report(machine, word, device + 1);
    },
  }),
};
