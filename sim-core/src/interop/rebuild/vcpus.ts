/**
 * WBINVD exits as instructions of vCPUs, with the migrations that lead to the pCPUs on which KVM ran WBINVD.
 *
 * A log of exits shows where a vCPU was at each WBINVD and which pCPUs were flushed for it, not how it came there: the
 * fewest migrations that give the same dirty mask are assumed.
 */
import type { GuestAction, WbinvdExit } from './evidence.ts';
import type { Assumptions, RebuiltStep } from './step.ts';

export class VcpuSteps {
  readonly #assumptions: Assumptions;
  readonly #file: number;
  /** By vCPU: where it is, and on which pCPUs it was loaded since the mask was cleared. */
  readonly #at = new Map<number, { cpu: number; mask: Set<number>; entered: boolean }>();
  /** By vCPU: the pCPU that its block begins on. */
  readonly starts = new Map<number, number>();

  constructor(assumptions: Assumptions, file: number) {
    this.#assumptions = assumptions;
    this.#file = file;
  }

  /** The step of another instruction. It changes no dirty mask, so where the vCPU was at it is not followed. */
  action({ line, time, cpu, text }: GuestAction, vcpu: number, vm: string): RebuiltStep {
    if (!this.starts.has(vcpu)) {
      this.starts.set(vcpu, cpu);
      this.#at.set(vcpu, { cpu, mask: new Set(), entered: true });
    }
    const actor = { kind: 'vcpu', id: vcpu, vm } as const;
    return { actor, text, line, file: this.#file, ...(time !== undefined && { time }) };
  }

  /** The steps of one exit. */
  steps(exit: WbinvdExit, vcpu: number, vm: string, name: string): RebuiltStep[] {
    const actor = { kind: 'vcpu', id: vcpu, vm } as const;
    const { line, time, cpu, flushed } = exit;
    const place = this.#at.get(vcpu) ?? { cpu, mask: new Set<number>(), entered: false };
    this.#at.set(vcpu, place);
    if (!this.starts.has(vcpu)) this.starts.set(vcpu, cpu);
    const steps: RebuiltStep[] = [];
    const step = (text: string, note?: string): void =>
      void steps.push({
        actor: text.startsWith('migrate') ? { kind: 'host' } : actor,
        text,
        line: note === undefined ? line : 0,
        file: this.#file,
        ...(note !== undefined && { note }),
        ...(note === undefined && time !== undefined && { time }),
      });
    const migrate = (to: number): void => {
      this.#assumptions.add(
        'How a vCPU came to the pCPUs that were flushed for it is not in the log: the fewest migrations that lead there.',
        line,
      );
      step(`migrate ${name} cpu=${to}`, 'assumed');
      place.cpu = to;
      // The mask remembers only what is loaded while there is non-coherent DMA.
      if (flushed.length > 0) place.mask.add(to);
    };
    const visits = flushed.filter((other) => other !== cpu && !place.mask.has(other));
    if (!place.entered && visits.length > 0) step('mfence', 'the guest ran before its first WBINVD');
    place.entered = true;
    // A vCPU that is loaded again where it is counts again.
    for (const other of visits) migrate(other);
    if (place.cpu !== cpu) migrate(cpu);
    step('wbinvd');
    if (flushed.length > 0) place.mask.clear();
    return steps;
  }
}
