import type { Monitor } from './monitors.ts';

export const staleRead: Monitor<'stale-read'> = {
  finding: 'stale-read',
  label: 'Stale read',
  doc: 'A read returned a version older than the one that the guest made visible by the rules of its architecture: the host broke the promise of WBINVD, CLFLUSH, an uncached store, or of a device write.',
  sources: [
    { document: 'Intel SDM', place: 'volume 3, Memory Cache Control, "Cache Management Instructions"' },
    { document: 'PCIe', place: 'Base Specification, "No Snoop Attribute"' },
  ],
  fails: 'without-conditions',
  stopsByDefault: true,
  operands: ['word', 'reader'],
  headline: (word, reader) => `${reader} read an old value of ${word}`,
  explainedBy: 'old-value',
  needsVersions: true,
  listen: (world, report) => ({
    deviceRead(machine, device, word, version, promised) {
      if (version < promised) report(machine, word, device + 1);
    },
    cpuLoad(machine, vcpu, word, version, promised) {
      if (version < promised) report(machine, word, -(vcpu + 1));
    },
    // A page that came back to the host has to hold what the device left in it.
    hostLoad(machine, _cpu, word, version) {
      const returned = machine.state[world.ghost.returned.base + word] !== 0;
      if (returned && version < machine.state[world.memory.latest.base + word]!) report(machine, word, 0);
    },
  }),
};
