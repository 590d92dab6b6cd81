/** KVM: VMs, vCPUs, device control, non-coherent accounting. INTERFACE; the part's author completes it. */
import type { Routine } from '../engine/task.ts';
import type { Field } from '../state/layout.ts';
import type { World, WorldBase } from '../world.ts';

export interface Kvm {
  /** Per VM: references; 0 when it does not exist. */
  readonly vmReferences: Field;
  /** Per VM: `arch.noncoherent_dma_count`. */
  readonly noncoherentDmaCount: Field;
  /** Per VM: number of times leaf entries were zapped (saturates at 255), for conditions; written only when asked for. */
  readonly zaps: Field;
  /** Per VM and page: EPT/NPT leaf: 0 when not present, else 1 + memory type (E.1 encoding) + 8 when IPAT is set. */
  readonly leaf: Field;
  /** Per vCPU object: its VM + 1, or 0 when it does not exist. */
  readonly vcpuVm: Field;
  /** Per vCPU object: the id passed to KVM_CREATE_VCPU. */
  readonly vcpuId: Field;
  /** Per vCPU object: pCPU it is loaded on or was last loaded on, + 1; 0 before its first vcpu_load. */
  readonly vcpuCpu: Field;
  /** Per vCPU object: `wbinvd_dirty_mask`, one bit a pCPU. */
  readonly wbinvdDirtyMask: Field;
  /** Per actor: the vCPU object it executes + 1, or 0 while there is none. */
  readonly actorVcpu: Field;
  /** kvm_arch_register_noncoherent_dma(vm). Local 0: the VM. */
  readonly registerNoncoherentDma: Routine;
  readonly unregisterNoncoherentDma: Routine;
  /** kvm_arch_vcpu_load(vcpu, cpu), the part that matters here. Locals 0, 1: vCPU object, pCPU. */
  readonly vcpuLoad: Routine;
  /** kvm_emulate_wbinvd(vcpu). Local 0: vCPU object. */
  readonly emulateWbinvd: Routine;
}

export declare function createKvm(base: WorldBase, world: () => World): Kvm;
