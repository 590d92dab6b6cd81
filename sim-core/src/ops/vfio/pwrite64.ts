import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const pwrite64: Op = {
  name: 'pwrite64',
  kind: 'syscall',
  summary: 'Writes config space of a VFIO device, as a VMM does when its guest writes it.',
  doc: [
    'Enable No Snoop (bit 11 of Device Control, 0x0800) passes straight through to the device in every version: VFIO never forces it off. Devices with a backdoor could set it themselves anyway.',
    'Only Device Control is modelled, at `VFIO_PCI_CONFIG|PCI_EXP_DEVCTL`, and of it only bit 11. On a device with `no-snoop=off` the bit is hard-wired to 0.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/pci/vfio_pci_config.c vfio_exp_config_write()' },
    { document: 'PCIe', place: 'Base Specification, "Device Control Register"' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The buffer cannot be read, or the range ends past config space.' },
    { name: 'EINVAL', when: 'The device is not bound to an iommufd yet, or the file cannot be written.' },
  ],
  example: 'pwrite64(gpufd, [0x0800], 2, VFIO_PCI_CONFIG|PCI_EXP_DEVCTL) = 2',
  operands: [
    { name: 'fd', shapes: [{ kind: 'fd', of: ['device'] }], doc: 'The device.' },
    {
      name: 'buffer',
      shapes: [
        { kind: 'pointer', to: { kind: 'int' } },
        { kind: 'string', of: 'text' },
      ],
      doc: 'The value, as a number or as bytes.',
    },
    { name: 'count', shapes: [{ kind: 'int' }], doc: 'Bytes: 1 or 2.' },
    { name: 'offset', shapes: [{ kind: 'flags', constants: 'vfio-pci-offset' }], doc: 'Region and register.' },
  ],
  result: 'count',
  code: { kind: 'syscall', routine: (world) => world.vfio.config.pwrite },
};
