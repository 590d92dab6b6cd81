/** Options that several host actions share. */
import type { ActionContext } from '../../engine/compile.ts';

/** The pCPU of `cpu=N`, which must be there. */
export function cpuOption(context: ActionContext): number {
  const text = context.option('cpu');
  const count = context.world.topology.cpu.count;
  if (text === undefined) return context.problem(-1, `Say on which CPU: cpu=0 to cpu=${count - 1}.`);
  const cpu = Number(text);
  if (!(cpu >= 0 && cpu < count)) return context.problem(-1, `The machine has no cpu ${text}: it has 0 to ${count - 1}.`);
  return cpu;
}
