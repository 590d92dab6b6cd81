import type { CpuId } from '../../state/ids.ts';
import type { Op } from '../op.ts';

export const hostMov: Op = {
  name: 'mov',
  kind: 'host',
  summary: "The host's own CPU access to a word: write-back and coherent.",
  doc: `\`mov [x], 0 cpu=1\` stores, \`mov r0, [x] cpu=1\` loads, through the cache of that pCPU, as the host kernel or the VMM does.`,
  sources: [{ document: 'Intel SDM', place: 'volume 2, "MOV"' }],
  errnos: [],
  example: 'mov [x], 0 cpu=1',
  operands: [
    { name: 'destination', shapes: [{ kind: 'memory' }, { kind: 'register' }], doc: 'Where the value goes.' },
    { name: 'source', shapes: [{ kind: 'immediate' }, { kind: 'register' }, { kind: 'memory' }], doc: 'The value.' },
  ],
  options: [{ name: 'cpu', doc: 'The pCPU; that of the block when left out.', values: 'cpu' }],
  code: {
    kind: 'action',
    compile(c) {
      const { world } = c;
      const cpu = Number(c.option('cpu') ?? Math.max(world.topology.actors[c.actor]?.cpu ?? 0, 0)) as CpuId;
      const store = c.statement.operands[0]?.kind === 'memory';
      const word = c.word(store ? 0 : 1);
      const value = store ? c.read(1) : undefined;
      const register = store ? -1 : c.register(c.name(0) ?? c.problem(0, 'Expected a word or a register.'));
      return {
        routine: world.routines.define(
          'mov',
          'docs/language.md',
          [],
          (r) =>
            r.step('access memory', (t) => {
              if (value) world.cpu.hostStore(t.machine, cpu, word, value(t));
              else t.machine.put(register, world.cpu.hostLoad(t.machine, cpu, word));
              t.return(0);
            }),
          'host',
        ),
        action: undefined,
      };
    },
  },
};
