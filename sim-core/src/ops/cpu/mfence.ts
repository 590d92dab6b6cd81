import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const mfence: Op = {
  name: 'mfence',
  kind: 'instruction',
  summary: 'Orders all earlier loads and stores; drains the write-combining buffers.',
  doc: `Without \`store-buffer=on\` stores take effect in order, so it only matters for write-combining and non-temporal stores; with it, all that waits in the store buffer takes effect, CLFLUSHOPT and CLWB too.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "MFENCE"' }],
  errnos: [],
  example: 'mfence',
  operands: [],
  code: inGuest('mfence', 'drain the write-combining buffers', (world, t) => {
    world.cpu.serialize(t);
    return true;
  }),
};
