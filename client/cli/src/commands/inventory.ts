/** `snoopscope inventory`: a script for the host of a VM. */
import { EXIT } from '../exit-codes.ts';
import { INVENTORY_SCRIPT } from '../inventory-script.ts';
import type { Command } from './command.ts';

export const inventory: Command = {
  name: 'inventory',
  summary: 'Print a shell script that describes a machine to import and report.',
  operands: '',
  minOperands: 0,
  maxOperands: 0,
  description: [
    'The script runs on the host of a VM. It collects PCI devices with their IOMMU groups, drivers and Enable No Snoop, the capability registers of the IOMMU units, CPUs, kernel release and configuration, device nodes and module parameters. It needs a POSIX shell and coreutils, and uses lspci and dmesg where they are; it changes nothing.',
    'Its output has the kernel command line and lines of the kernel log as they are: read it before you pass it on.',
    '`import machine` makes a machine block from its output; `import` and `report` accept it next to logs.',
  ],
  options: [],
  examples: [
    {
      line: 'inventory > inventory.sh',
      about: 'Copy it to the host and run `sh inventory.sh > inventory.txt` as root.',
    },
  ],
  async run(call) {
    call.print(INVENTORY_SCRIPT.trimEnd());
    return EXIT.fine;
  },
};
