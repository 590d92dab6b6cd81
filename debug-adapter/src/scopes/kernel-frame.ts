/** Inside a kernel function: which micro-step is next, the function's own variables as numbers, what it last got back. */
import { numberItem, type Scope, those } from './item.ts';

/** Locals that a routine has; see engine/task.ts. */
const LOCALS = 6;

export const kernelFrameScope: Scope = {
  name: 'Kernel function',
  presentationHint: 'locals',
  items({ snapshot, actor, kernelFrame }) {
    const frames = kernelFrame === undefined ? [] : snapshot.frames(actor);
    const kernel = frames.filter(({ routine }) => routine.kind === 'kernel')[kernelFrame ?? -1];
    if (!kernel) return undefined;
    const index = frames.indexOf(kernel);
    const { tasks } = snapshot.model;
    const [, depth = 1, slots = 1] = tasks.frames.dims;
    const base = (actor * depth + index) * slots + 1;
    return (format) => [
      { name: 'function', value: kernel.routine.name, type: kernel.routine.source },
      { name: 'next', value: kernel.routine.steps[kernel.step]?.about || 'goes on with the step before' },
      ...those(Math.min(LOCALS, slots - 1)).map((local) =>
        numberItem(`local ${local}`, snapshot.read(tasks.frames, base + local), format),
      ),
      numberItem('last return', snapshot.read(tasks.value, actor), format),
    ];
  },
};
