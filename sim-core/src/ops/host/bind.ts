import type { Op } from '../op.ts';
import { deviceOperand } from './options.ts';

export const bind: Op = {
  name: 'bind',
  kind: 'host',
  summary: 'A host driver binds to a PCI function.',
  doc: `What writing to the driver's \`bind\` file in sysfs does. A driver that uses DMA for the host makes the IOMMU group of the function not viable (up to v5.18), or is refused while user space owns the group's DMA (v5.19 and later).`,
  sources: [
    { document: 'linux', place: 'drivers/base/bus.c bind_store(), drivers/vfio/vfio.c vfio_dev_viable()' },
    { document: 'linux', place: 'drivers/iommu/iommu.c iommu_device_use_default_domain()' },
  ],
  errnos: [],
  example: 'bind 0000:01:00.1 driver=snd_hda_intel',
  operands: [
    {
      name: 'function',
      shapes: [{ kind: 'bdf' }, { kind: 'device' }],
      doc: 'The PCI function, by address or by the name of its device.',
    },
  ],
  options: [{ name: 'driver', doc: 'The name of the driver.', values: 'name', required: true }],
  code: {
    kind: 'action',
    compile(c) {
      const { vfio, routines } = c.world;
      const device = deviceOperand(c);
      const driver = vfio.driverNamed(c.option('driver') ?? c.problem(-1, 'Say which driver: driver=vfio-pci.'));
      return {
        routine: routines.define(
          'bind',
          'drivers/base/bus.c',
          [],
          (r) => r.local((t) => t.call(vfio.bindDriver, device, driver)).local((t) => t.return(t.value)),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
