/** Why a run got no further, in words. */
import { counted } from '../counted.ts';
import type { End, Run } from '../engine/run.ts';

/** Who still waits at the end of a run, where, and why if the reason is a common one. */
export function stuckText(run: Run, end: Extract<End, { kind: 'stuck' }>): string {
  const { model, executor } = run;
  const waiting = end.waiting.map((actor) => {
    const node = model.nodes[executor.machine.state[model.tasks.node.base + actor]!];
    return `${model.world.topology.actors[actor]?.name} (line ${(node?.place.line ?? 0) + 1})`;
  });
  const what = end.deadlock ? 'Deadlock' : 'No actor can make progress';
  const still = `${what} after ${counted(run.steps, 'micro-step')}: ${waiting.join(', ')} still wait${waiting.length === 1 ? 's' : ''}.`;
  return [still, ...end.waiting.flatMap((actor) => neverMade(run, actor))].join(' ');
}

/** The commonest reason why a vCPU never moves. */
function neverMade({ model, executor }: Run, actor: number): string[] {
  const { kvm, topology } = model.world;
  const { kind, name, subject, vmName } = topology.actors[actor] ?? {};
  if (kind !== 'vcpu' || executor.machine.state[kvm.actorVcpu.base + actor] !== 0) return [];
  const vm = vmName === undefined ? '' : ` of ${vmName}`;
  return [`${name} does not exist: no KVM_CREATE_VCPU made vCPU ${subject}${vm}.`];
}
