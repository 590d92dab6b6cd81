import { NONE } from '../../state/ids.ts';
import type { Monitor } from './monitors.ts';
import { believesCoherent, findDevice, onceForEachVm } from './vm-devices.ts';

export const belief: Monitor<'belief'> = {
  finding: 'belief',
  label: 'Wrong belief',
  doc: 'KVM believes that DMA is coherent, while a device of the VM can read and write past the caches through an entry that is mapped.',
  sources: [
    { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_update_coherency()' },
    { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' },
  ],
  derived: true,
  fails: 'never',
  stopsByDefault: false,
  operands: ['vm', 'device'],
  headline: (vm, device) => `KVM considers DMA of ${vm} coherent, while ${device} can read and write past the caches`,
  explainedBy: 'wrong-belief',
  needsVersions: false,
  memory: 'beliefWrong',
  listen: (world, report) =>
    onceForEachVm(world, 'beliefWrong', report, (machine, vm) =>
      believesCoherent(world, machine, vm) ? findDevice(world, machine, vm, 'bypasses') : NONE,
    ),
};
