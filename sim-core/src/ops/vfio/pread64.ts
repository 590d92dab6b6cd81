import { BAD_DESCRIPTOR } from '../errnos.ts';
import type { Op } from '../op.ts';

export const pread64: Op = {
  name: 'pread64',
  kind: 'syscall',
  summary: 'Reads config space of a VFIO device.',
  doc: [
    'A device descriptor shows its regions one after another; config space begins at `VFIO_PCI_CONFIG`. Only Device Control is modelled, at `PCI_EXP_DEVCTL`, and of it only bit 11, Enable No Snoop: other bits read as 0.',
    'The value read is bound with `{value=>name}`. A read of the device pushes the writes that it posted to memory.',
  ].join('\n\n'),
  sources: [
    { document: 'linux', place: 'drivers/vfio/pci/vfio_pci_config.c vfio_pci_config_rw()' },
    { document: 'PCIe', place: 'Base Specification, "Device Control Register", "Transaction Ordering"' },
  ],
  errnos: [
    BAD_DESCRIPTOR,
    { name: 'EFAULT', when: 'The buffer cannot be written, or the range ends past config space.' },
    { name: 'EINVAL', when: 'The device is not bound to an iommufd yet, or the file cannot be read.' },
  ],
  example: 'pread64(gpufd, {value=>control}, 2, VFIO_PCI_CONFIG|PCI_EXP_DEVCTL) = 2',
  operands: [
    { name: 'fd', shapes: [{ kind: 'fd', of: ['device'] }], doc: 'The device.' },
    { name: 'buffer', shapes: [{ kind: 'struct', struct: 'config_value' }], doc: 'Where the value goes.' },
    { name: 'count', shapes: [{ kind: 'int' }], doc: 'Bytes: 1 or 2.' },
    { name: 'offset', shapes: [{ kind: 'flags', constants: 'vfio-pci-offset' }], doc: 'Region and register.' },
  ],
  result: 'count',
  code: { kind: 'syscall', routine: (world) => world.vfio.config.pread },
};
