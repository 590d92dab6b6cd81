import { contentsOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

export const groupIommus: Check = {
  code: 'group-iommus',
  severity: 'warning',
  doc: 'An IOMMU group has devices of two IOMMUs. A group is a set of devices that one IOMMU cannot tell apart.',
  sources: ['linux: drivers/iommu/iommu.c pci_device_group()'],
  examples: {
    bad: `machine {
  iommu dmar0 vt-d
  iommu dmar1 vt-d
  device nic 0000:01:00.0 iommu=dmar0 group=26
  device disk 0000:01:00.1 iommu=dmar1 group=26
}
`,
    good: `machine {
  iommu dmar0 vt-d
  iommu dmar1 vt-d
  device nic 0000:01:00.0 iommu=dmar0 group=26
  device disk 0000:01:00.1 iommu=dmar1 group=27
}
`,
  },
  *scenario({ scenario }) {
    const first = new Map<
      string,
      { readonly line: number; readonly iommu: string; readonly span: { start: number; end: number } }
    >();
    for (const { line, content } of contentsOfKind(scenario, 'device')) {
      const group = content.options.find(({ key }) => key.text === 'group')?.value;
      const iommu = content.options.find(({ key }) => key.text === 'iommu')?.value.text ?? 'none';
      if (group === undefined) continue;
      const known = first.get(group.text);
      if (known === undefined) first.set(group.text, { line, iommu, span: group.span });
      else if (known.iommu !== iommu) {
        const message = `Group ${group.text} is below ${known.iommu === 'none' ? 'no IOMMU' : `\`${known.iommu}\``} on line ${known.line + 1}; here it is below ${iommu === 'none' ? 'none' : `\`${iommu}\``}.`;
        yield {
          line,
          span: group.span,
          message,
          related: [{ line: known.line, span: known.span, message: 'The same group.' }],
        };
      }
    }
  },
};
