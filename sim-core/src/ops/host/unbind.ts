import type { Op } from '../op.ts';
import { deviceOperand } from './options.ts';

export const unbind: Op = {
  name: 'unbind',
  kind: 'host',
  summary: 'A PCI function loses its host driver.',
  doc: `What writing to the driver's \`unbind\` file in sysfs does. A VFIO driver waits until the device is not open any more.`,
  sources: [
    {
      document: 'linux',
      place: 'drivers/base/bus.c unbind_store(), drivers/vfio/vfio_main.c vfio_unregister_group_dev()',
    },
  ],
  errnos: [],
  example: 'unbind 0000:01:00.1',
  operands: [
    {
      name: 'function',
      shapes: [{ kind: 'bdf' }, { kind: 'device' }],
      doc: 'The PCI function, by address or by the name of its device.',
    },
  ],
  code: {
    kind: 'action',
    compile(c) {
      const { vfio, routines } = c.world;
      const device = deviceOperand(c);
      return {
        routine: routines.define(
          'unbind',
          'drivers/base/bus.c',
          [],
          (r) => r.local((t) => t.call(vfio.unbindDriver, device)).local((t) => t.return(t.value)),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
