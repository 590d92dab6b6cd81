/** What kernel functions decide in a micro-step and no event shows, above all that something is not done. */
import type { Run, StepInfo } from '../engine/run.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import type { ObjectNames } from './object-names.ts';
import { objectName } from './slot-names.ts';
import type { Begun } from './step-text.ts';

interface Context {
  readonly run: Run;
  readonly names: ObjectNames;
  /** The state before the step. */
  readonly before: Int32Array;
  readonly begun: Begun;
  readonly step: StepInfo;
}

type Decision = (context: Context) => string | undefined;

const DECISIONS: Readonly<Record<string, Decision>> = {
  smp_call_function_many: skippedCpus,
  on_each_cpu_cond_mask: skippedCpus,
  kvm_emulate_wbinvd_noskip: (context) => (context.begun.step === 0 ? noncoherentText(context) : undefined),
  kvm_arch_vcpu_load(context) {
    const vm = vmOf(context);
    return isNoncoherent(context, vm) ? undefined : `${vmName(context, vm)} is coherent: the dirty mask stays as it is`;
  },
  kvm_vfio_update_coherency(context) {
    const { begun, before, run } = context;
    if (begun.routine.steps[begun.step]?.about !== 'compare with what KVM was told') return undefined;
    const found = local(context, 'noncoherent');
    const told = before[run.model.world.kvmVfio.noncoherent.base + local(context, 'dev')]!;
    const what = found === 0 ? 'coherent' : 'non-coherent';
    return found === told ? `${what} as KVM was told before: nothing to do` : `tells KVM: ${what} now`;
  },
};

/** What the function that a step begins in has decided in it, where that can be said. */
export function decisionOf(
  run: Run,
  names: ObjectNames,
  before: Int32Array,
  begun: Begun,
  step: StepInfo,
): string | undefined {
  return DECISIONS[begun.routine.name]?.({ run, names, before, begun, step });
}

function local({ begun, before }: Context, name: string): number {
  const index = begun.routine.locals.findIndex((one) => one.name === name);
  return begun.routine.locals[index]?.fromSlot(before[begun.locals + index]!) ?? 0;
}

function vmOf(context: Context): number {
  const { kvm } = context.run.model.world;
  return context.before[kvm.vcpuVm.base + local(context, 'vcpu')]! - 1;
}

function vmName({ run, names, step }: Context, vm: number): string {
  return objectName(run.model, names, 'vm', vm, step.firstEvent);
}

function isNoncoherent({ run, before }: Context, vm: number): boolean {
  return before[run.model.world.kvm.noncoherentDmaCount.base + vm]! > 0;
}

function noncoherentText(context: Context): string | undefined {
  const { kernel, kvm } = context.run.model.world;
  if (!kernel.profile.changes.has('noncoherent-dma-count')) return undefined;
  const vm = vmOf(context);
  const count = context.before[kvm.noncoherentDmaCount.base + vm]!;
  const name = vmName(context, vm);
  return count > 0
    ? `${name} is non-coherent (count ${count}): WBINVD is emulated`
    : `${name} is coherent: KVM skips the instruction`;
}

/** Which pCPUs of the mask are left out, and that none is left: `skips cpu0: it is the caller`. */
function skippedCpus(context: Context): string | undefined {
  const { before, run, step } = context;
  const { kernel, kvm, topology } = run.model.world;
  const vcpu = local(context, 'vcpu');
  const mask = before[kvm.wbinvdDirtyMask.base + vcpu]!;
  const caller = before[kvm.vcpuCpu.base + vcpu]! - 1;
  const from = local(context, 'cpu');
  const skips =
    caller >= from && (mask & (1 << caller)) !== 0 && !kernel.profile.changes.has('wbinvd-includes-local-cpu');
  let flushed = false;
  for (let event = step.firstEvent; event < step.endEvent; event++)
    flushed ||= run.log[event * EVENT_WIDTH] === NOTE.wbinvd;
  const left = Array.from({ length: topology.cpu.count }, (_, cpu) => cpu).filter(
    (cpu) => cpu >= from && (mask & (1 << cpu)) !== 0 && !(skips && cpu === caller),
  );
  const none =
    flushed || left.length > 0 ? '' : from === 0 ? 'no other pCPU is in the mask' : 'no pCPU of the mask is left';
  return (
    [skips ? `skips cpu${caller}: it is the caller` : '', none].filter((part) => part !== '').join('; ') || undefined
  );
}
