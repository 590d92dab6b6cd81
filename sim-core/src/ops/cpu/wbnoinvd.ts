import type { Op } from '../op.ts';
import { writingBack } from './code.ts';

export const wbnoinvd: Op = {
  name: 'wbnoinvd',
  kind: 'instruction',
  summary: 'Writes back the caches of the executing CPU and keeps the lines.',
  doc: `Shares the encoding of WBINVD with an F3 prefix and takes the same exit; KVM performs a full WBINVD for it. The recordings show WBNOINVD as a WBINVD exit.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "WBNOINVD"' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd()' },
  ],
  errnos: [],
  example: 'wbnoinvd',
  operands: [],
  code: writingBack('wbnoinvd'),
};
