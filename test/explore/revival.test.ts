/** Whether a random run is over: what is told apart is enough, against all states that the environment makes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Revival } from '../../sim-core/src/explore/random/revival.ts';
import { Walker } from '../../sim-core/src/explore/random/walker.ts';
import { elaborate, type Model, parse, profileNamed, randomRuns } from '../../sim-core/src/index.ts';
import { randomScenario } from './random-scenario.ts';

const MAX_STATES = 3000;

function modelOf(text: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed('v6.12')! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

/** Does nobody move again, whatever the environment does? Undefined when that takes too many states. */
function isFinal(walker: Walker): boolean | undefined {
  const { machine } = walker.executor;
  const first = machine.state.slice();
  const states = new Map([[first.join(), first]]);
  for (const state of states.values()) {
    machine.state.set(state);
    if (walker.isLively()) return false;
    if (states.size > MAX_STATES) return undefined;
    for (const move of walker.idle) {
      if (!walker.make(move)) continue;
      const then = machine.state.join();
      if (!states.has(then)) states.set(then, machine.state.slice());
      machine.rewind(0);
    }
  }
  machine.state.set(first);
  machine.length = 0;
  return true;
}

describe('the end of a random run', () => {
  it('is where no state that the environment makes lets anybody move', () => {
    const seen = { final: 0, revived: 0 };
    fc.assert(
      fc.property(
        randomScenario.filter((text) => !text.includes('loop {')),
        (text) => {
          const walker = new Walker(modelOf(text), 'statement');
          if (walker.setupLimit !== undefined) return;
          walker.begin();
          for (let moves = 0; moves < 200; moves++) if (!walker.lively.some((move) => walker.make(move))) break;
          if (walker.isLively()) return;
          const { state } = walker.executor.machine;
          const revival = new Revival(modelOf(text), 'statement', walker.lively, walker.idle);
          const answer = revival.isFinal(state.slice());
          const expected = isFinal(walker);
          if (expected === undefined) return;
          expect(answer).toBe(expected);
          seen[expected ? 'final' : 'revived']++;
        },
      ),
      { numRuns: Number(process.env.EXPLORE_RUNS ?? 150), seed: Number(process.env.EXPLORE_SEED ?? 2) },
    );
    expect(seen.final).toBeGreaterThan(20);
    expect(seen.revived).toBeGreaterThan(1);
  });

  it('is seen among thousands of states that differ in nothing that lets anybody move', () => {
    const model = modelOf(
      [
        'machine {',
        'cpu intel count=3 self-snoop=off',
        'memory x = 0\nmemory y = 0\nmemory z = 0',
        'allow evict',
        'allow prefetch',
        '}',
        'setup {',
        'kvm = open("/dev/kvm", O_RDWR)',
        'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
        'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
        '}',
        'vcpu 0 cpu=0 {\nmov [x], 1\nmov eax, [y]\n}',
        'exists vcpu0.eax == 0',
        '',
      ].join('\n'),
    );
    const result = randomRuns(model, { runs: 20, seed: 1 });
    expect(result.unfinished).toBe(0);
    expect(result.conditions[0]?.holds).toBe(true);
    expect(result.longest).toBeLessThan(200);
  });
});
