import { contentsOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

export const sharedBdf: Check = {
  code: 'shared-bdf',
  severity: 'warning',
  doc: 'Two devices have the same PCI address. A bus has one function at each.',
  sources: ['PCIe Base Specification, Configuration Space'],
  examples: {
    bad: `machine {
  device nic 0000:01:00.0
  device disk 0000:01:00.0
}
`,
    good: `machine {
  device nic 0000:01:00.0
  device disk 0000:02:00.0
}
`,
  },
  *scenario({ scenario }) {
    const devices = contentsOfKind(scenario, 'device');
    for (const one of devices) {
      const { bdf, name } = one.content;
      const other = devices.find(({ line, content }) => line !== one.line && content.bdf.text === bdf.text);
      if (other === undefined) continue;
      const message = `\`${other.content.name.text}\` has the address ${bdf.text} too.`;
      const related = [
        {
          line: other.line,
          span: other.content.bdf.span,
          message: `\`${other.content.name.text}\` is here; \`${name.text}\` is the other.`,
        },
      ];
      yield { line: one.line, span: bdf.span, message, related };
    }
  },
};
