// What a routine declares: parameters and variables by name, and calls that are typed by them.

import { elaborate, PROFILES, parse } from '@snoopscope/sim-core';
import { describe, expect, it } from 'vitest';
import { FRAME_LOCALS, RoutineTable } from '../../sim-core/src/engine/routine.ts';
import { Task, taskFields } from '../../sim-core/src/engine/task.ts';
import { type DeviceId, type GroupId, NONE, type VmId } from '../../sim-core/src/state/ids.ts';
import { LayoutBuilder } from '../../sim-core/src/state/layout.ts';
import { Machine } from '../../sim-core/src/state/machine.ts';
import type { Kernel } from '../../sim-core/src/world.ts';

/** Routines of a test, and a task that runs one to its end. */
function bench() {
  const layout = new LayoutBuilder();
  const fields = taskFields(layout, ['setup']);
  const machine = new Machine(layout.build());
  const kernel: Pick<Kernel, 'listener'> = { listener: undefined };
  const routines = new RoutineTable(undefined, kernel);
  const task = new Task(machine, 0, fields, routines.routines);
  const run = (begin: Parameters<Task['begin']>[0]): number => {
    task.begin(begin);
    while (!task.finished) task.runStep();
    return task.value;
  };
  return { kernel, routines, run };
}

describe('locals', () => {
  it('hold what the caller passes and what a step sets', () => {
    const { routines, run } = bench();
    const callee = routines.define('callee', 'test', ['group: group', 'by: number'], (r, group, by) => {
      const sum = r.variable('sum: number', 0);
      r.step('add', (t) => sum.set(t, group.of(t) + by.of(t)));
      r.local((t) => t.return(sum.of(t)));
    });
    const caller = routines.define('caller', 'test', [], (r) => {
      r.step('call', (t) => t.call(callee, 3 as GroupId, 4));
      r.local((t) => t.return(t.value));
    });
    expect(run(caller)).toBe(7);
  });

  it('can be none: passed, set, and before they are set', () => {
    const { routines, run } = bench();
    const seen: number[] = [];
    const callee = routines.define('callee', 'test', ['kvm: vm?'], (r, kvm) => {
      const group = r.variable('group: group?', NONE);
      r.step('look', (t) => {
        seen.push(kvm.of(t), group.of(t));
        group.set(t, 0 as GroupId);
      });
      r.local((t) => {
        seen.push(group.known(t));
        group.set(t, NONE);
      });
      r.local((t) => t.return(group.of(t)));
    });
    const caller = (vm: VmId | typeof NONE) =>
      routines.define('caller', 'test', [], (r) => {
        r.step('call', (t) => t.call(callee, vm));
        r.local((t) => t.return(t.value));
      });
    expect([run(caller(0 as VmId)), run(caller(NONE))]).toEqual([NONE, NONE]);
    expect(seen).toEqual([0, NONE, 0, NONE, NONE, 0]);
  });

  it('say from which step they are shown', () => {
    const { routines } = bench();
    const { locals } = routines.define('shown', 'test', ['dev: device'], (r) => {
      r.variable('ret: result', 0);
      r.step('first', () => {});
      r.variable('kvm: vm?');
      r.variable('count: number', 0);
    });
    expect(locals.map(({ name, kind, optional, from }) => [name, kind, optional, from])).toEqual([
      ['dev', 'device', false, 0],
      ['ret', 'result', false, 0],
      ['kvm', 'vm', true, 2],
      ['count', 'number', false, 1],
    ]);
  });

  it('are at most as many as a frame has room for', () => {
    const { routines } = bench();
    const declare = (count: number) => () =>
      routines.define('many', 'test', [], (r) => {
        for (let i = 0; i < count; i++) r.variable('one: number');
      }).locals;
    expect(declare(FRAME_LOCALS)).not.toThrow();
    expect(declare(FRAME_LOCALS + 1)).toThrow('one: number: more than 6 locals');
  });
});

it('calls take ids of the right kind, in order, and all of them', () => {
  const { routines } = bench();
  const bind = routines.define('bind', 'test', ['dev: device', 'group: group', 'kvm: vm?'], (r) =>
    r.step('end', (t) => t.return(0)),
  );
  const [device, group] = [1 as DeviceId, 2 as GroupId];
  const calls = (t: Task): void => {
    t.call(bind, device, group, NONE);
    // @ts-expect-error: the group is in the device's place.
    t.call(bind, group, device, NONE);
    // @ts-expect-error: a plain number names no object.
    t.call(bind, 1, group, NONE);
    // @ts-expect-error: the VM is missing.
    t.call(bind, device, group);
    // @ts-expect-error: the device may not be none.
    t.call(bind, NONE, group, NONE);
  };
  // Never run: the compiler is the judge, and fails where an expected error is not one.
  void calls;
  expect(bind.parameters.map((p) => p.name)).toEqual(['dev', 'group', 'kvm']);
});

describe('steps', () => {
  it('are written when somebody looks at them, and once', () => {
    const { routines, run } = bench();
    let written = 0;
    const routine = routines.define('late', 'test', [], (r) => {
      written++;
      r.step('end', (t) => t.return(0));
    });
    expect(written).toBe(0);
    run(routine);
    run(routine);
    expect([written, routine.steps.length]).toEqual([1, 1]);
  });

  it('tell every run what they have asked of the kernel, also one for which they were there already', () => {
    const { kernel, routines, run } = bench();
    const routine = routines.define('asks', 'test', [], (r) => {
      kernel.listener?.('file-identity');
      r.step('end', (t) => t.return(0));
    });
    const heard: string[] = [];
    for (let round = 0; round < 2; round++) {
      kernel.listener = (change) => heard.push(change);
      run(routine);
      kernel.listener = undefined;
      run(routine);
    }
    expect(heard).toEqual(['file-identity', 'file-identity']);
  });

  it.each(['intel', 'amd', 'power', 'arm64'])('are all that is declared late, on %s', (vendor) => {
    for (const profile of PROFILES) {
      const { model } = elaborate(parse(`machine {\n  cpu ${vendor}\n}\n`), { profile });
      const { layout, refusals, routines } = model!.world;
      const sizes = () => [layout.build().size, refusals.refusals.length, routines.routines.length];
      const before = sizes();
      for (const { name, steps } of routines.routines) expect(steps.length, name).toBeGreaterThan(0);
      expect(sizes()).toEqual(before);
    }
  });
});
