import { NONE } from '../../state/ids.ts';
import type { Monitor } from './monitors.ts';
import { findDevice, onceForEachVm } from './vm-devices.ts';

export const beliefCost: Monitor<'belief-cost'> = {
  finding: 'belief-cost',
  label: 'Costly belief',
  doc: 'KVM counts non-coherent DMA, so WBINVD and guest memory types cost time, while every device of the VM is snooped whatever it asks for.',
  sources: [
    { document: 'linux', place: 'virt/kvm/vfio.c kvm_vfio_update_coherency()' },
    { document: 'Intel VT-d', place: 'Architecture Specification, "Snoop Behavior"' },
  ],
  derived: true,
  fails: 'never',
  stopsByDefault: false,
  operands: ['vm', 'device'],
  headline: (vm, device) => `KVM counts non-coherent DMA of ${vm}, while ${device}, like every open device, is snooped`,
  explainedBy: 'costly-belief',
  needsVersions: false,
  memory: 'beliefCostly',
  listen: (world, report) =>
    onceForEachVm(world, 'beliefCostly', report, (machine, vm) => {
      if (!world.kvm.hasNoncoherentDma(machine, vm) || findDevice(world, machine, vm, 'bypasses') !== NONE) return NONE;
      return findDevice(world, machine, vm, 'snooped');
    }),
};
