import type { Op } from '../op.ts';
import { onPage } from './code.ts';

export const givePage: Op = {
  name: 'give',
  kind: 'host',
  summary: 'The host gives the page of a word to the VM.',
  doc: 'From here on the guest and its devices may use the page. What they must not see is anything older than the host’s last write to it.',
  sources: [
    {
      document: 'linux',
      place: 'mm/page_alloc.c; patch series of May 2024, "Enforce CPU cache flush for non-coherent device assignment"',
    },
  ],
  errnos: [],
  example: 'give x',
  operands: [{ name: 'word', shapes: [{ kind: 'word' }], doc: 'A word of the page.' }],
  options: [],
  code: onPage('give', ({ ghost }, machine, page) => ghost.give(machine, page)),
};
