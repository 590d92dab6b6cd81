/** Which memory type the guest itself gives a page, and who of PAT and MTRRs decided it. */
import { memtypeName } from '../../memory/memtype.ts';
import type { VcpuId, VmId } from '../../state/ids.ts';
import type { History } from '../history.ts';

export interface GuestTypes {
  /** What its MTRRs say, what KVM reads in them, and what comes out with the guest's PAT. */
  readonly byMtrr: string;
  readonly byMtrrInKvm: string;
  readonly effective: string;
  /** Where the vCPU last wrote an MTRR; -1 when it never did. */
  readonly written: number;
}

/** Of a word's page, at an event of a vCPU; undefined when the actor is none. */
export function guestTypes(history: History, event: number, word: number): GuestTypes | undefined {
  const { kvm, topology } = history.model.world;
  const { mmu } = kvm;
  const vcpu = history.valueAt(kvm.actorVcpu.base + history.actorOf(event), event) - 1;
  if (vcpu < 0) return undefined;
  const vm = history.valueAt(kvm.vcpuVm.base + vcpu, event) - 1;
  const { page } = topology.words[word]!;
  const at = { state: history.stateAt(event) };
  const own = (slot: number): boolean =>
    [mmu.mtrr.defType, mmu.mtrr.base, mmu.mtrr.mask, mmu.mtrr.fixed].some(({ base, size }) => {
      const each = size / kvm.vcpuVm.size;
      return slot >= base + vcpu * each && slot < base + (vcpu + 1) * each;
    });
  return {
    byMtrr: memtypeName(mmu.mtrr.bareType(at, vcpu as VcpuId, page)) ?? '',
    byMtrrInKvm: memtypeName(mmu.mtrr.typeOf(at, vcpu as VcpuId, page)) ?? '',
    effective: memtypeName(mmu.guestType(at, vcpu as VcpuId, vm as VmId, page)) ?? '',
    written: history.lastBefore(event, own),
  };
}
