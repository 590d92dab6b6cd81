/** Inside a kernel function: which micro-step is next, the function's own variables, what it last got back. */
import { argumentItems } from './call-arguments.ts';
import { indices, type Scope } from './item.ts';
import { localItem, returnedText } from './local.ts';

const STEPS_ON = 'continues the step before';

export const kernelFrameScope: Scope = {
  name: 'Locals',
  presentationHint: 'locals',
  fleeting: true,
  items({ moment, actor, kernelFrame }) {
    const frames = kernelFrame === undefined ? [] : moment.frames(actor);
    const kernel = frames.filter(({ routine }) => routine.kind === 'kernel')[kernelFrame ?? -1];
    if (!kernel) return undefined;
    const { routine, step } = kernel;
    const index = frames.indexOf(kernel);
    const callee = frames[index + 1]?.routine.name;
    const { tasks } = moment.model;
    const [, depth = 1, slots = 1] = tasks.frames.dims;
    const base = (actor * depth + index) * slots + 1;
    return (format) => [
      { name: 'function', value: routine.name, type: routine.source },
      { name: 'next', value: callee ? `resumes when ${callee} returns` : routine.steps[step]?.about || STEPS_ON },
      ...indices(routine.locals.length).flatMap((at) => {
        const local = routine.locals[at];
        // Before its first use a local means nothing.
        if (!local || step < local.from) return [];
        return [localItem(moment, local, moment.read(tasks.frames, base + at), format)];
      }),
      // Those of the call belong to the function that user space has called.
      ...(kernelFrame === 0 ? argumentItems(moment, actor, format) : []),
      { name: 'last return', value: returnedText(moment.read(tasks.value, actor), format) },
    ];
  },
};
