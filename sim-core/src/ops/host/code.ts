/** How host actions run that differ in one step only. */
import type { OpCode } from '../../engine/compile.ts';
import type { CpuId } from '../../state/ids.ts';
import type { Machine } from '../../state/machine.ts';
import type { World } from '../../world.ts';
import { cpuOption } from './options.ts';

/** What becomes of the line of a word in the cache of a pCPU. */
export function onCachedLine(
  name: 'evict' | 'prefetch',
  about: string,
  act: (world: World, machine: Machine, cpu: CpuId, line: number) => void,
): OpCode {
  return {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const line = world.topology.words[c.word(0)]!.line;
      const cpu = cpuOption(c);
      return hostAction(world, name, about, (machine) => act(world, machine, cpu, line));
    },
  };
}

/** What becomes of the page of a word. */
export function onPage(name: 'free' | 'give', act: (world: World, machine: Machine, page: number) => void): OpCode {
  return {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const page = world.topology.words[c.word(0)]?.page as number;
      return hostAction(world, name, `${name} the page`, (machine) => act(world, machine, page));
    },
  };
}

function hostAction(
  world: World,
  name: string,
  about: string,
  act: (machine: Machine) => void,
): ReturnType<Extract<OpCode, { kind: 'action' }>['compile']> {
  const routine = world.routines.define(
    name,
    'docs/language.md',
    [],
    (r) =>
      r.step(about, (t) => {
        act(t.machine);
        t.return(0);
      }),
    'host',
  );
  return { routine, action: undefined };
}
