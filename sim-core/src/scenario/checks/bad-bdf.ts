import type { Check } from './check.ts';

const BDF = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i;
const WITHOUT_DOMAIN = /^[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i;

export const badBdf: Check = {
  code: 'bad-bdf',
  severity: 'error',
  doc: 'A PCI function is named by domain, bus, device and function: `0000:01:00.0`.',
  sources: ['PCIe Base Specification, Routing and Addressing Rules'],
  examples: {
    bad: `machine {
  device gpu 01:00
}
`,
    good: `machine {
  device gpu 0000:01:00.0
}
`,
  },
  of: ['device'],
  *line({ line: { content } }) {
    if (content.kind !== 'device' || BDF.test(content.bdf.text)) return;
    const { text, span } = content.bdf;
    const fixes = WITHOUT_DOMAIN.test(text)
      ? { fixes: [{ title: `Write \`0000:${text}\``, span: { start: span.start, end: span.start }, newText: '0000:' }] }
      : {};
    yield {
      span,
      message: `\`${text}\` is not a PCI address: expected domain:bus:device.function in hexadecimal, such as \`0000:01:00.0\`.`,
      ...fixes,
    };
  },
};
