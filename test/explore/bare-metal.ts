/**
 * A scenario whose guest runs on bare metal: its own memory types count, WBINVD acts where the vCPU is, and no vCPU
 * changes its CPU. Everything else is the same machine, so whatever a monitor objects to there is the monitor's fault.
 */
import { elaborate, type Model, parse, profileNamed } from '../../sim-core/src/index.ts';

/** Lines that only a host executes, and the schedule, which names them. */
const HOST = /^\s*(?:allow migrate\b|migrate\s|schedule\b)/;

/** The scenario as it is: in a VM. */
export function inVm(text: string, profile: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

export function onBareMetal(text: string, profile: string): Model {
  const native = text
    .split('\n')
    .filter((line) => !HOST.test(line))
    .map((line) => (/^\s*cpu (?:intel|amd)\b/.test(line) ? nativeCpu(line) : line))
    .join('\n');
  const model = inVm(native, profile);
  const { cpu, memory } = model.world;
  const typesOf = cpu.typesOf.bind(cpu);
  Object.assign(cpu, {
    typesOf: (...args: Parameters<typeof typesOf>) => {
      const { guestType } = typesOf(...args);
      return { type: guestType, guestType };
    },
    // Nothing exits. What would have to executes: INVD discards, and serializes like all privileged instructions.
    exit: (...[task, reason]: Parameters<typeof cpu.exit>) => {
      if (reason !== 'INVD') return;
      cpu.serialize(task);
      memory.invalidateCpu(task.machine, cpu.cpuOf(task));
    },
  });
  return model;
}

function nativeCpu(line: string): string {
  return `${line.replace(/\bamd\b/, 'intel').replace(/ wbinvd-exit=\w+/, '')} wbinvd-exit=off`;
}
