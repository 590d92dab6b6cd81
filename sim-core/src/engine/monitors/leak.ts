import type { Monitor } from './monitors.ts';

export const leak: Monitor<'leak'> = {
  finding: 'leak',
  label: 'Leak',
  doc: 'A guest or a device read what a page held before it was given to the VM, though the host had overwritten it: the host’s write was still in a cache.',
  sources: [
    {
      document: 'linux',
      place: 'patch series of May 2024, "Enforce CPU cache flush for non-coherent device assignment"',
    },
    { document: 'PCIe', place: 'Base Specification, "No Snoop Attribute"' },
  ],
  fails: 'without-conditions',
  stopsByDefault: true,
  operands: ['word', 'reader'],
  headline: (word, reader) => `${reader} read what ${word} held before the host gave it to the VM`,
  explainedBy: 'leak',
  needsVersions: true,
  listen: (world, report) => ({
    deviceRead(machine, device, word, version) {
      if (version < machine.state[world.ghost.given.base + word]!) report(machine, word, device + 1);
    },
    cpuLoad(machine, vcpu, word, version) {
      if (version < machine.state[world.ghost.given.base + word]!) report(machine, word, -(vcpu + 1));
    },
  }),
};
