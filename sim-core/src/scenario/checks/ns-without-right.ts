import { blockOfLines, contentsOfKind } from '../blocks.ts';
import type { Check } from './check.ts';

export const nsWithoutRight: Check = {
  code: 'ns-without-right',
  severity: 'warning',
  doc: '`ns` on a TLP from a device that cannot ask for No Snoop: its Enable No Snoop bit is off, so the TLP is sent without the attribute.',
  sources: ['PCIe Base Specification, No Snoop Attribute'],
  examples: {
    bad: `machine {
  device nic 0000:01:00.0
  memory x = 0
}
device nic {
  r0 = MRd x ns
}
`,
    good: `machine {
  device nic 0000:01:00.0 no-snoop=on
  memory x = 0
}
device nic {
  r0 = MRd x ns
}
`,
  },
  *scenario({ scenario }) {
    const devices = contentsOfKind(scenario, 'device');
    const blocks = blockOfLines(scenario);
    for (const { line, content } of contentsOfKind(scenario, 'action')) {
      const ns = content.attributes.find(({ text }) => text === 'ns');
      const block = blocks[line];
      if (ns === undefined || block?.kind !== 'device') continue;
      const name = block.actor?.name?.text;
      const device = devices.find((one) => one.content.name.text === name);
      if (device === undefined) continue;
      const option = (key: string) => device.content.options.find((one) => one.key.text === key);
      const noSnoop = option('no-snoop');
      if (noSnoop?.value.text === 'on' || option('backdoor')?.value.text === 'on') continue;
      const { text } = scenario.lines[device.line]!;
      const end = text.slice(0, scenario.lines[device.line]!.comment?.start ?? text.length).trimEnd().length;
      const fix =
        noSnoop === undefined
          ? { span: { start: end, end }, newText: ' no-snoop=on' }
          : { span: noSnoop.value.span, newText: 'on' };
      yield {
        line,
        span: ns.span,
        message: `\`ns\` has no effect: \`${name}\` cannot ask for No Snoop (no-snoop is off).`,
        fixes: [
          { title: `Let \`${name}\` ask for No Snoop`, meaning: 'changed', edits: [{ line: device.line, ...fix }] },
          {
            title: 'Remove `ns`',
            edits: [{ line, span: { start: ns.span.start - 1, end: ns.span.end }, newText: '' }],
          },
        ],
        related: [{ line: device.line, span: device.content.name.span, message: `\`${name}\` is declared here.` }],
      };
    }
  },
};
