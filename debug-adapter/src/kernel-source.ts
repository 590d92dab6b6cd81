/**
 * The kernel's source files as the model has them: read-only documents with one line per micro-step, in our own words.
 * A frame of a kernel function points into one, so that stepping through the kernel has lines to show.
 */
import type { AnyRoutine, Model } from '@snoopscope/sim-core';

export interface KernelSource {
  /** `virt/kvm/vfio.c`. */
  readonly name: string;
  readonly text: string;
  /** The 0-based line of a micro-step of a routine. */
  lineOf(routine: AnyRoutine, step: number): number;
}

/** In the order in which the model defines their first function; the index + 1 is the protocol's source reference. */
export function kernelSources(model: Model): readonly KernelSource[] {
  const kernel = model.world.routines.routines.filter(({ kind }) => kind === 'kernel');
  const names = [...new Set(kernel.map(({ source }) => source))];
  return names.map((name) =>
    document(
      model,
      name,
      kernel.filter((routine) => routine.source === name),
    ),
  );
}

function document(model: Model, name: string, routines: readonly AnyRoutine[]): KernelSource {
  const lines = [
    `${name} on ${model.world.kernel.profile.name}, as Snoopscope models it: one line per micro-step, between which others may run.`,
    '',
  ];
  const lineOfStep = new Map<number, readonly number[]>();
  for (const routine of routines) {
    const header = lines.push(`${routine.name}()`) - 1;
    let last = header;
    const ofRoutine = routine.steps.map((step) => {
      if (!step.local) last = lines.push(`    ${step.about}`) - 1;
      return last;
    });
    lineOfStep.set(routine.id, [...ofRoutine, last]);
    lines.push('');
  }
  return {
    name,
    text: lines.join('\n'),
    lineOf: (routine, step) => {
      const ofRoutine = lineOfStep.get(routine.id) ?? [];
      return ofRoutine[Math.min(step, ofRoutine.length - 1)] ?? 0;
    },
  };
}
