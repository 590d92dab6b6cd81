import { EVENT_WIDTH, Executor, type Model, Run } from '@snoopscope/sim-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guest, modelOf } from './models.ts';

const body = `  mov [x], 1
  wbinvd
  choose {
    mov [y], 2
  } or {
    mov eax, [x]
    clflush [x]
  }
  repeat 3 {
    mov [z], 3
  }`;
const device = `device gpu {
  r0 = MRd x ns
  MWr y, 7 ns
  MWr x, 8
}
host {
  migrate vcpu0 cpu=1
  evict x cpu=1
}
`;
const model: Model = modelOf(`${guest(body, '  allow evict\n  allow migrate vcpu0 max=2')}${device}`, 'v6.6');

/** Makes moves as a list of numbers says, each taken among those possible; returns the moves made. */
function makeMoves(run: Run, choices: readonly number[]): number[] {
  const made: number[] = [];
  for (const choice of choices) {
    const possible = model.moves.map((_, i) => i).filter((i) => run.executor.enabled(i));
    if (possible.length === 0) break;
    const move = possible[choice % possible.length]!;
    run.make(move);
    made.push(move);
  }
  return made;
}

const anyChoices = fc.array(fc.nat(1000), { minLength: 1, maxLength: 120 });

describe('a recorded run', () => {
  test('gives at every position, going back, the state that going forward gave', () => {
    fc.assert(
      fc.property(anyChoices, (choices) => {
        const run = new Run(model);
        makeMoves(run, choices);
        const cursor = run.cursor();
        const forward = Array.from({ length: run.steps + 1 }, (_, position) => {
          cursor.seek(position);
          return Int32Array.from(cursor.state);
        });
        expect(cursor.state).toEqual(run.executor.machine.state);
        for (let position = run.steps; position >= 0; position--) {
          cursor.seek(position);
          expect(cursor.state).toEqual(forward[position]);
        }
        expect(cursor.state).toEqual(model.layout.initial);
      }),
      { numRuns: 60 },
    );
  });

  test('a cursor jumps anywhere to the state that walking there gives', () => {
    fc.assert(
      fc.property(anyChoices, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (choices, jumps) => {
        const run = new Run(model);
        makeMoves(run, choices);
        const jumping = run.cursor();
        for (const jump of jumps) {
          const position = jump % (run.steps + 1);
          jumping.seek(position);
          const walking = run.cursor();
          walking.seek(position);
          expect(jumping.state).toEqual(walking.state);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('of a prefix of the moves is a prefix of the trace, byte for byte', () => {
    fc.assert(
      fc.property(anyChoices, fc.nat(), (choices, cut) => {
        const whole = new Run(model);
        const moves = makeMoves(whole, choices);
        const prefix = new Run(model);
        for (const move of moves.slice(0, cut % (moves.length + 1))) prefix.make(move);
        const length = prefix.events * EVENT_WIDTH;
        expect(prefix.log.subarray(0, length)).toEqual(whole.log.subarray(0, length));
      }),
      { numRuns: 60 },
    );
  });

  test('twice gives the same bytes', () => {
    const [one, two] = [new Run(model), new Run(model)];
    one.runToEnd();
    two.runToEnd();
    expect(one.events).toBeGreaterThan(100);
    expect(one.log.subarray(0, one.events * EVENT_WIDTH)).toEqual(two.log.subarray(0, two.events * EVENT_WIDTH));
  });

  test('stops at the named limit and can be walked back', () => {
    const run = new Run(modelOf(guest('  loop {\n    mov [x], 1\n  }'), 'v6.6'), { maxSteps: 500 });
    expect(run.runToEnd()).toEqual({ kind: 'limit', limit: 'steps', at: 500 });
    const cursor = run.cursor();
    cursor.seek(500);
    cursor.seek(0);
    expect(cursor.state).toEqual(run.model.layout.initial);
  });
});

describe('an executor', () => {
  test('that refuses a move has changed nothing', () => {
    fc.assert(
      fc.property(anyChoices, (choices) => {
        const run = new Run(model);
        makeMoves(run, choices);
        const { machine } = run.executor;
        const [before, length] = [Int32Array.from(machine.state), machine.length];
        for (let move = 0; move < model.moves.length; move++) {
          if (run.executor.enabled(move)) continue;
          expect(run.executor.move(move, 'statement')).toBe(false);
          expect(machine.state).toEqual(before);
          expect(machine.length).toBe(length);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('undoes a move by rewinding its log', () => {
    const executor = new Executor(model);
    const before = Int32Array.from(executor.machine.state);
    expect(executor.move(0, 'statement')).toBe(true);
    expect(executor.machine.state).not.toEqual(before);
    executor.machine.rewind(0);
    expect(executor.machine.state).toEqual(before);
  });
});
