import type { Monitor } from './monitors.ts';

/** Subject: the word, or -1. Detail: the device. */
export const dmaFault: Monitor = {
  finding: 'dma-fault',
  weight: 'violation',
  doc: 'The IOMMU blocked a TLP: no domain, no mapping, no permission, or a reserved SNP bit.',
  sources: [{ document: 'Intel VT-d', place: 'Architecture Specification, "DMA Remapping Fault Handling"' }],
  listen: (_world, report) => ({
    dmaFault(machine, device, word) {
      report(machine, word, device);
    },
  }),
};
