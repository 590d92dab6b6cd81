import type { Monitor } from './monitors.ts';

/** Subject: the word. Detail: the device + 1. */
export const unflushedRead: Monitor = {
  finding: 'unflushed-read',
  weight: 'information',
  doc: 'A device read a version older than the newest, but the guest had not flushed it: it would fail on bare metal too.',
  sources: [{ document: 'Intel SDM', place: 'volume 3, Memory Cache Control, "Cache Management Instructions"' }],
  listen: (world, report) => ({
    deviceRead(machine, device, word, version) {
      const promised = machine.state[world.ghost.guaranteed.base + word] as number;
      const newest = machine.state[world.memory.latest.base + word] as number;
      if (version >= promised && version < newest) report(machine, word, device + 1);
    },
  }),
};
