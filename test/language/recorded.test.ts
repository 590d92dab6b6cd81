// What a scenario of a real machine needs: descriptors with the numbers of the log, and one order that counts.
import { expect, test } from 'vitest';
import { Run } from '../../sim-core/src/engine/run.ts';
import { findingText } from '../../sim-core/src/explain/event-text.ts';
import { checkScenario } from '../../sim-core/src/judge/check.ts';
import { profileNamed } from '../../sim-core/src/kernel/profiles.ts';
import { checkText } from '../../sim-core/src/scenario/checks/run-checks.ts';
import { elaborate } from '../../sim-core/src/scenario/elaborate.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { EVENT_WIDTH } from '../../sim-core/src/state/event.ts';
import { NOTE } from '../../sim-core/src/state/machine.ts';

const profile = profileNamed('v6.1')!;

/** The names after a run, and what was found. */
function ran(text: string): { value: (name: string) => number; found: string[] } {
  const { model, diagnostics } = elaborate(parse(text), { profile });
  expect(diagnostics).toEqual([]);
  const run = new Run(model!);
  run.runToEnd();
  const found: string[] = [];
  for (let at = 0; at < run.events * EVENT_WIDTH; at += EVENT_WIDTH) {
    if (run.log[at] !== NOTE.finding) continue;
    found.push(findingText(model!, run.log[at + 1]!, run.log[at + 2]!, run.log[at + 3]!));
  }
  return { value: (name) => run.executor.machine.state[model!.names.get(name)!]!, found };
}

const setup = (...lines: string[]): string => `machine {\n  cpu intel\n}\nsetup {\n${lines.join('\n')}\n}\n`;

test('a declared descriptor is the one that the call gets', () => {
  const { value, found } = ran(
    setup(
      'kvm = open("/dev/kvm", O_RDWR) = 9',
      'vm = ioctl(kvm, KVM_CREATE_VM, 0) = 10',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=15}) = 0',
      'close(15) = 0',
      'other = open("/dev/kvm", O_RDWR)',
      'again = open("/dev/kvm", O_RDWR) = 9',
    ),
  );
  expect(['kvm', 'vm', 'dev', 'other'].map(value)).toEqual([9, 10, 15, 3]);
  // 9 is taken: the kernel does not give it, and the name is what the call got.
  expect(value('again')).toBe(4);
  expect(found).toEqual(['unexpected-result: line 10 returned 4, declared is 9']);
});

test('a number that a structure declares and that is taken is found, too', () => {
  const { value, found } = ran(
    setup(
      'kvm = open("/dev/kvm", O_RDWR) = 15',
      'vm = ioctl(kvm, KVM_CREATE_VM, 0) = 10',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=15}) = 0',
    ),
  );
  expect(value('dev')).toBe(3);
  expect(found).toEqual(['unexpected-result: line 7 returned 3, declared is dev=15']);
});

test('a number beyond every table of descriptors is a plain result', () => {
  const { value, found } = ran(setup('kvm = open("/dev/kvm", O_RDWR) = 1048575'));
  expect(value('kvm')).toBe(3);
  expect(found).toEqual(['unexpected-result: line 5 returned 3, declared is 1048575']);
});

const RACE = `machine {
  cpu intel count=2
}
thread a {
  kvm = open("/dev/kvm", O_RDWR) = 5
  close(kvm) = 0
}
thread b {
  dup(5) = 6
}
`;

test('with `only` the schedule is the one execution that is judged', () => {
  const judged = (schedule: string) => {
    const { kernels, diagnostics } = checkScenario(parse(RACE + schedule), { profiles: [profile] });
    expect(diagnostics).toEqual([]);
    return kernels[0]!;
  };
  expect(judged('schedule a b a\n').passed).toBe(false);
  expect(judged('schedule only a b a\n')).toMatchObject({ passed: true, exploration: { complete: true, finals: 1 } });
  expect(judged('schedule only a\nschedule only b a\n').passed).toBe(true);
  const wrong = judged('schedule only b a*2\n');
  expect(wrong).toMatchObject({ passed: false, unexpected: ['unexpected-result'] });
});

test('a schedule that nobody can follow is said to be one', () => {
  const { kernels } = checkScenario(parse(`${RACE}schedule only a*3 b\n`), { profiles: [profile] });
  expect(kernels[0]).toMatchObject({
    passed: undefined,
    exploration: {
      limit: {
        kind: 'model',
        message: expect.stringContaining('`a*3`, is possible only 2 times on v6.1: a has finished. Possible there: b.'),
      },
    },
  });
});

test('conditions are judged over the one execution', () => {
  const conditions = 'schedule only a b a\nexists a.err == 0\n~exists a.err == 9\nexists b.err == 9\n';
  const { kernels } = checkScenario(parse(RACE + conditions), { profiles: [profile] });
  expect(kernels[0]!.conditions.map(({ holds }) => holds)).toEqual([true, true, false]);
});

test('schedule lines that begin with other words contradict each other', () => {
  const found = checkText(parse(`${RACE}schedule only a\nschedule b\n`));
  expect(found).toMatchObject([{ code: 'duplicate-block', line: 11 }]);
});
