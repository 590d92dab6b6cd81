import type { Op } from '../op.ts';
import { writingBack } from './code.ts';

export const wbinvd: Op = {
  name: 'wbinvd',
  kind: 'instruction',
  summary: 'Writes back and invalidates the caches of the executing CPU.',
  doc: `On bare metal the executing CPU writes back every modified line and empties its caches. In a guest it exits (exit reason 54, SVM intercept 0x89) and KVM decides: without non-coherent DMA nothing happens; with it, every pCPU of the vCPU's \`wbinvd_dirty_mask\` executes WBINVD. Up to v5.11 the pCPU that runs the handler was left out.

A CPU without WBINVD exiting (\`wbinvd-exit=off\`) executes it in the guest, on the pCPU that the vCPU happens to be on.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "WBINVD"' },
    { document: 'linux', place: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()' },
  ],
  errnos: [],
  example: 'wbinvd',
  operands: [],
  code: writingBack('wbinvd'),
};
