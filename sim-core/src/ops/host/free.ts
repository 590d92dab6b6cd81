import type { Op } from '../op.ts';
import { onPage } from './code.ts';

export const freePage: Op = {
  name: 'free',
  kind: 'host',
  summary: 'The page of a word comes back from the VM to the host.',
  doc: 'From here on the host must see what the guest and its devices left in the page.',
  sources: [
    {
      document: 'linux',
      place: 'mm/page_alloc.c; patch series of May 2024, "Enforce CPU cache flush for non-coherent device assignment"',
    },
  ],
  errnos: [],
  example: 'free x',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the page.' }],
  options: [],
  code: onPage('free', ({ ghost }, machine, page) => ghost.free(machine, page)),
};
