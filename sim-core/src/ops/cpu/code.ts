/** How instructions run that differ only in what they do to one line, or to the write-combining buffers. */
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

/** An instruction without operands that never exits. */
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
