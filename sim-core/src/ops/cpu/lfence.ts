import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const lfence: Op = {
  name: 'lfence',
  kind: 'instruction',
  summary: 'Orders all earlier loads.',
  doc: `The model has no store buffers and executes in order, so a fence only matters for write-combining stores.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "LFENCE"' }],
  errnos: [],
  example: 'lfence',
  operands: [],
  code: inGuest('lfence', 'nothing that the model has', () => true),
};
