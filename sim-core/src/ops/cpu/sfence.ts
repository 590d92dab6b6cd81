import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const sfence: Op = {
  name: 'sfence',
  kind: 'instruction',
  summary: 'Orders all earlier stores; drains the write-combining buffers.',
  doc: `Without \`store-buffer=on\` stores take effect in order, so it only matters for write-combining and non-temporal stores; with it, stores, CLFLUSHOPT and CLWB before it take effect before those after it.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "SFENCE"' }],
  errnos: [],
  example: 'sfence',
  operands: [],
  code: inGuest('sfence', 'drain the write-combining buffers', (world, t) => world.cpu.storeFence(t)),
};
