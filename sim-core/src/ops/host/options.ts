/** Options that several host actions share. */
import type { ActionContext } from '../../engine/compile.ts';
import type { CpuId, DeviceId } from '../../state/ids.ts';

/** The pCPU of `cpu=N`, which must be there. */
export function cpuOption(context: ActionContext): CpuId {
  const text = context.option('cpu');
  const count = context.world.topology.cpu.count;
  if (text === undefined) return context.problem(-1, `Say on which CPU: cpu=0 to cpu=${count - 1}.`);
  const cpu = Number(text);
  if (!(cpu >= 0 && cpu < count))
    return context.problem(-1, `The machine has no cpu ${text}: it has 0 to ${count - 1}.`);
  return cpu as CpuId;
}

/** The device that the first operand names, by PCI address or by name. */
export function deviceOperand(context: ActionContext): DeviceId {
  const name = context.name(0) ?? context.problem(0, 'Expected a PCI address (0000:01:00.1) or the name of a device.');
  const { devices } = context.world.topology;
  const device = devices.findIndex((d) => d.bdf === name || d.name === name);
  if (device >= 0) return device as DeviceId;
  return context.problem(
    0,
    `The machine has no function ${name}: it has ${devices.map((d) => d.bdf).join(', ') || 'none'}.`,
  );
}
