/** How instructions run that differ in one step only. */
import type { OpCode } from '../../engine/compile.ts';
import type { Task } from '../../engine/task.ts';
import type { World } from '../../world.ts';

/** CLFLUSH and its like; the page of the word must have a leaf, or the instruction faults first. */
export function onLine(name: 'clflush' | 'clflushopt' | 'clwb', about: string): OpCode {
  return {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const word = c.word(0);
      const routine = world.routines.define(
        name,
        `Intel SDM volume 2, "${name.toUpperCase()}"`,
        [],
        (r) =>
          r.step(about, (t) => {
            if (!world.cpu.enter(t) || !world.cpu.present(t, word)) return;
            if (world.cpu.flush(t, name, word)) t.return(0);
          }),
        'instruction',
      );
      return { routine, action: undefined };
    },
  };
}

/** An instruction without operands that is done in one step; `act` says whether it is over. */
export function inGuest(name: string, about: string, act: (world: World, task: Task) => boolean): OpCode {
  return {
    kind: 'action',
    compile({ world }) {
      const routine = world.routines.define(
        name,
        `Intel SDM volume 2, "${name.toUpperCase()}"`,
        [],
        (r) =>
          r.step(about, (t) => {
            if (!world.cpu.enter(t)) return;
            if (act(world, t)) t.return(0);
          }),
        'instruction',
      );
      return { routine, action: undefined };
    },
  };
}

/** WBINVD and WBNOINVD, which exit alike and are emulated alike. */
export function writingBack(name: 'wbinvd' | 'wbnoinvd'): OpCode {
  return {
    kind: 'action',
    compile({ world }) {
      const { cpu, ghost, kvm, topology } = world;
      const routine = world.routines.define(
        name,
        `Intel SDM volume 2, "${name.toUpperCase()}"`,
        [],
        (r) => {
          r.step('leave the guest, or write back and invalidate', (t) => {
            if (!cpu.enter(t)) return;
            if (name === 'wbinvd') ghost.wbinvdBegins(t.machine, cpu.ordinalOf(t));
            if (topology.cpu.wbinvdExit) {
              cpu.exit(t, 'WBINVD');
              t.call(kvm.emulateWbinvd, cpu.vcpuOf(t));
            } else cpu.wbinvdHere(t, name === 'wbnoinvd');
          });
          r.local((t) => {
            ghost[name](t.machine, cpu.ordinalOf(t));
            t.return(0);
          });
        },
        'instruction',
      );
      return { routine, action: undefined };
    },
  };
}
