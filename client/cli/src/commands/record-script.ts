/** `snoopscope record-script`: a bpftrace program that logs exactly what `import` needs. */
import { EXIT } from '../exit-codes.ts';
import { RECORD_SCRIPT } from '../record-script.ts';
import type { Command } from './command.ts';

export const recordScript: Command = {
  name: 'record-script',
  summary: 'Print a bpftrace program that records a VMM exactly.',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  description: [
    'The program runs on the host of a VM, as root. It logs calls of VFIO, KVM and iommufd with the structures that they were given, registrations of non-coherent DMA, WBINVD exits, the CPUs that execute WBINVD, and the memory types of EPT leaves, as lines of JSON that `import` and `report` take. Nothing of them has to be assumed, as with strace.',
    'It needs bpftrace 0.17 or later, a kernel with BTF and syscall tracepoints, and KVM loaded. Where something is missing bpftrace names it and does not start. KVM_RUN and exits other than WBINVD are not logged, so a guest hardly notices.',
  ],
  options: [],
  examples: [
    {
      line: 'record-script > record.bt',
      about: 'Run `bpftrace record.bt > run.jsonl` on the host, start the VMM, and press Ctrl-C at the end.',
    },
    { line: 'import run.jsonl > run.snoop', about: 'The scenario of what was recorded.' },
  ],
  async run(call) {
    call.print(RECORD_SCRIPT.trimEnd());
    return EXIT.fine;
  },
};
