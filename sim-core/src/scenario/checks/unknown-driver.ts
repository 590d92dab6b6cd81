import { editDistance } from '../suggest.ts';
import { type Check, replacing } from './check.ts';

const VFIO_DRIVER = 'vfio-pci';
/** As many slips in the name still mean vfio-pci; any other driver of the host may be called anything. */
const MOST_SLIPS = 2;

export const unknownDriver: Check = {
  code: 'unknown-driver',
  severity: 'warning',
  doc: 'The name of the driver is nearly `vfio-pci`. Any other name is a driver of the host, which keeps the group from being passed through.',
  sources: ['linux: drivers/vfio/pci/vfio_pci.c'],
  examples: {
    bad: `machine {
  device nic 0000:01:00.0 group=26 driver=vfio_pci
}
`,
    good: `machine {
  device nic 0000:01:00.0 group=26 driver=vfio-pci
}
`,
  },
  of: ['device'],
  *line({ line: { content } }) {
    if (content.kind !== 'device') return;
    for (const { key, value } of content.options) {
      if (key.text !== 'driver' || value.text === VFIO_DRIVER) continue;
      if (editDistance(value.text.toLowerCase(), VFIO_DRIVER, MOST_SLIPS + 1) > MOST_SLIPS) continue;
      const message = `\`${value.text}\` is a driver of the host; did you mean \`${VFIO_DRIVER}\`?`;
      yield { span: value.span, message, ...replacing(value.span, VFIO_DRIVER) };
    }
  },
};
