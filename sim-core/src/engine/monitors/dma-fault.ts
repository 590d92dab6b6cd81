import type { Monitor } from './monitors.ts';

export const dmaFault: Monitor<'dma-fault'> = {
  finding: 'dma-fault',
  label: 'DMA fault',
  doc: 'The IOMMU blocked a TLP: no domain, no mapping, no permission, or a reserved SNP bit.',
  sources: [{ document: 'Intel VT-d', place: 'Architecture Specification, "DMA Remapping Fault Handling"' }],
  fails: 'without-conditions',
  stopsByDefault: true,
  operands: ['word', 'device'],
  headline: (word, device) => `the IOMMU blocked ${device}${word && ` at ${word}`}`,
  explainedBy: 'blocked-tlp',
  needsVersions: false,
  listen: (_world, report) => ({
    dmaFault(machine, device, word) {
      report(machine, word, device);
    },
  }),
};
