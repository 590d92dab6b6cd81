/** The host's scheduler: a vCPU changes its pCPU. */
import { type CpuId, idAt, NONE, type VcpuId } from '../state/ids.ts';
import type { Machine } from '../state/machine.ts';
import type { World } from '../world.ts';

/** The host's scheduler moves a loaded vCPU to another pCPU. False when there is nothing to move, or it is pinned. */
export function migrate(world: World, machine: Machine, actor: number, cpu: CpuId): boolean {
  const { kvm } = world;
  const vcpu = idAt<VcpuId>(machine, kvm.actorVcpu, actor);
  if (vcpu === NONE) return false;
  const from = idAt<CpuId>(machine, kvm.vcpuCpu, vcpu);
  const entered = machine.state[kvm.vcpus.entered.base + vcpu] !== 0;
  if (!entered || from === NONE || from === cpu || machine.state[kvm.wbinvd.pinned.base + vcpu] !== 0) return false;
  drain(world, machine, from);
  kvm.wbinvd.load(machine, vcpu, cpu);
  return true;
}

/**
 * The host's scheduler takes a vCPU off its pCPU and loads it on one, which may be the same. A vCPU that has not run yet is
 * loaded there for the first time. False when there is no vCPU yet, or it is pinned.
 */
export function reload(world: World, machine: Machine, actor: number, cpu: CpuId): boolean {
  const { kvm } = world;
  const vcpu = idAt<VcpuId>(machine, kvm.actorVcpu, actor);
  if (vcpu === NONE || machine.state[kvm.wbinvd.pinned.base + vcpu] !== 0) return false;
  const from = idAt<CpuId>(machine, kvm.vcpuCpu, vcpu);
  if (from !== NONE) drain(world, machine, from);
  machine.put(kvm.vcpus.entered.base + vcpu, 1);
  kvm.wbinvd.load(machine, vcpu, cpu);
  return true;
}

/** The interrupt that takes a vCPU off its pCPU is a serializing exit: its buffers drain. */
function drain(world: World, machine: Machine, cpu: CpuId): void {
  world.cpu.storeBuffers.drain(machine, cpu);
  world.memory.drain(machine, cpu);
}
