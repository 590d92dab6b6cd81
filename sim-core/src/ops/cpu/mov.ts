import { CR0_CD } from '../../cpu/control.ts';
import type { ActionContext } from '../../engine/compile.ts';
import type { Routine } from '../../engine/routine.ts';
import type { Task } from '../../engine/task.ts';
import type { DeviceId } from '../../state/ids.ts';
import type { Op } from '../op.ts';

/** Loads, stores, MMIO and control registers: which one it is follows from the operands. */
export const mov: Op = {
  name: 'mov',
  kind: 'instruction',
  summary: 'Moves a value between a register, a word of memory, a device register or CR0.',
  doc: `\`mov [x], 1\` stores to a word with the effective memory type of its page; \`mov eax, [x]\` loads it. The first access to a page without a second-stage leaf exits with an EPT violation, and KVM chooses the memory type of the leaf at that moment.

\`mov [gpu.doorbell], 1\` writes a device register through its BAR (uncached, after earlier stores; with \`store-buffer=on\` CLFLUSHOPT and CLWB before it may take effect later, unless a fence is between); \`mov eax, [gpu.status]\` reads one, and what the device posted before is then in memory. \`mov cr0, 0x40000000\` sets CR0.CD.

Left out: sizes other than one word, addressing modes, flags.`,
  sources: [
    { document: 'Intel SDM', place: 'volume 2, "MOV"; volume 3, "Memory Cache Control"' },
    { document: 'linux', place: 'arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault()' },
  ],
  errnos: [],
  example: 'mov [x], 1',
  operands: [
    {
      name: 'destination',
      shapes: [{ kind: 'memory' }, { kind: 'mmio' }, { kind: 'register' }, { kind: 'system-register', names: ['cr0'] }],
      doc: 'Where the value goes.',
    },
    {
      name: 'source',
      shapes: [{ kind: 'immediate' }, { kind: 'register' }, { kind: 'memory' }, { kind: 'mmio' }],
      doc: 'The value.',
    },
  ],
  code: {
    kind: 'action',
    compile: (c) => ({ routine: routineOf(c), action: undefined }),
  },
};

/** Which of the instructions that are written `mov` it is. */
function routineOf(c: ActionContext): Routine<[]> {
  const [to, from] = c.statement.operands;
  if (c.name(0) === 'cr0') return controlRegister(c);
  if (to?.kind === 'memory') return to.member ? deviceWrite(c) : store(c);
  if (from?.kind === 'memory') return from.member ? deviceRead(c) : load(c);
  return move(c);
}

function controlRegister(c: ActionContext): Routine<[]> {
  const { cpu, routines } = c.world;
  const value = c.read(1);
  return routines.define(
    'mov cr0',
    'Intel SDM volume 2, "MOV - Move to/from Control Registers"',
    [],
    (r) =>
      r
        .step('exit; KVM takes over CR0.CD', (t) => {
          if (!cpu.enter(t)) return;
          cpu.exit(t, 'CR_ACCESS');
          cpu.writeCr0(t, (value(t) & CR0_CD) !== 0);
        })
        .local((t) => t.return(0)),
    'instruction',
  );
}

function deviceWrite(c: ActionContext): Routine<[]> {
  const { cpu } = c.world;
  const slot = c.mmio(0)!;
  const value = c.read(1);
  return inOneStep(c, 'BAR', 'write the device register', (t) => {
    if (!cpu.enter(t)) return;
    cpu.orderUncached(t);
    t.machine.put(slot, value(t));
    t.return(0);
  });
}

function deviceRead(c: ActionContext): Routine<[]> {
  const { cpu, pcie, topology } = c.world;
  const [, from] = c.statement.operands;
  const slot = c.mmio(1)!;
  const name = from?.kind === 'memory' ? from.name.text : undefined;
  const device = topology.devices.findIndex((d) => d.name === name) as DeviceId;
  const register = c.register(c.name(0) ?? c.problem(0, 'Expected a register.'));
  return inOneStep(c, 'BAR', 'read the device register', (t) => {
    if (!cpu.enter(t)) return;
    cpu.orderUncached(t);
    // The completion stays after what the device posted before it.
    pcie.pushPosted(t.machine, device);
    t.machine.put(register, t.machine.state[slot]!);
    t.return(0);
  });
}

function store(c: ActionContext): Routine<[]> {
  const { cpu } = c.world;
  const word = c.word(0);
  const value = c.read(1);
  return inOneStep(c, MANUAL, 'store', (t) => {
    if (!cpu.enter(t) || !cpu.present(t, word, true)) return;
    if (cpu.store(t, word, value(t))) t.return(0);
  });
}

function load(c: ActionContext): Routine<[]> {
  const { cpu } = c.world;
  const register = destination(c);
  const word = c.word(1);
  return inOneStep(c, MANUAL, 'load', (t) => {
    if (!cpu.enter(t) || !cpu.present(t, word)) return;
    t.machine.put(register, cpu.load(t, word));
    t.return(0);
  });
}

function move(c: ActionContext): Routine<[]> {
  const { cpu } = c.world;
  const register = destination(c);
  const value = c.read(1);
  return inOneStep(c, MANUAL, 'set the register', (t) => {
    if (!cpu.enter(t)) return;
    t.machine.put(register, value(t));
    t.return(0);
  });
}

const MANUAL = 'Intel SDM volume 2, "MOV"';

function destination(c: ActionContext): number {
  return c.register(c.name(0) ?? c.problem(0, 'Expected a register, a word or a device register.'));
}

function inOneStep(c: ActionContext, source: string, label: string, step: (t: Task) => void): Routine<[]> {
  return c.world.routines.define('mov', source, [], (r) => r.step(label, step), 'instruction');
}
