import type { Op } from '../op.ts';
import { inGuest } from './code.ts';

export const lfence: Op = {
  name: 'lfence',
  kind: 'instruction',
  summary: 'Orders all earlier loads.',
  doc: `Loads are executed in order here, so it orders nothing. It does not drain write-combining buffers.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "LFENCE"' }],
  errnos: [],
  example: 'lfence',
  operands: [],
  code: inGuest('lfence', 'nothing that the model has', () => true),
};
