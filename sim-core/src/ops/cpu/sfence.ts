import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const sfence: Op = {
  name: 'sfence',
  kind: 'instruction',
  summary: 'Orders all earlier stores; drains the write-combining buffers.',
  doc: `The model has no store buffers and executes in order, so a fence only matters for write-combining stores.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "SFENCE"' }],
  errnos: [],
  example: 'sfence',
  operands: [],
  code: inGuest('sfence', 'drain the write-combining buffers', (world, t) => world.cpu.storeFence(t)),
};
