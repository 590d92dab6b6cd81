import type { Monitor } from './monitors.ts';

/** Subject: the word. Detail: the device + 1, or minus the vCPU + 1. */
export const leak: Monitor = {
  finding: 'leak',
  weight: 'violation',
  doc: 'A guest or a device read what a page held before it was given to the VM, though the host had overwritten it: the host’s write was still in a cache.',
  sources: [
    {
      document: 'linux',
      place: 'patch series of May 2024, "Enforce CPU cache flush for non-coherent device assignment"',
    },
    { document: 'PCIe', place: 'Base Specification, "No Snoop Attribute"' },
  ],
  listen: (world, report) => ({
    deviceRead(machine, device, word, version) {
      if (version < (machine.state[world.ghost.given.base + word] as number)) report(machine, word, device + 1);
    },
    cpuLoad(machine, vcpu, word, version) {
      if (version < (machine.state[world.ghost.given.base + word] as number)) report(machine, word, -(vcpu + 1));
    },
  }),
};
