import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const mfence: Op = {
  name: 'mfence',
  kind: 'instruction',
  summary: 'Orders all earlier loads and stores; drains the write-combining buffers.',
  doc: `The model has no store buffers and executes in order, so a fence only matters for write-combining stores.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "MFENCE"' }],
  errnos: [],
  example: 'mfence',
  operands: [],
  code: inGuest('mfence', 'drain the write-combining buffers', (world, t) => {
    world.cpu.serialize(t);
    return true;
  }),
};
