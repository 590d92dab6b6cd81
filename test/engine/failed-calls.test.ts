// Every failed call says which check decided, in which function, and what it looked at.
import { globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  DIED,
  EVENT_WIDTH,
  elaborate,
  failedCall,
  failedCallText,
  type Model,
  ModelLimit,
  NOTE,
  ObjectNames,
  parse,
  parseRecording,
  profileNamed,
  profilesNamed,
  Run,
  recordingScenario,
  why,
  whyFailed,
  whyText,
} from '@snoopscope/sim-core';
import { describe, expect, it } from 'vitest';
import { RefusalTable } from '../../sim-core/src/engine/refusal.ts';
import { RoutineTable } from '../../sim-core/src/engine/routine.ts';
import { Task, taskFields } from '../../sim-core/src/engine/task.ts';
import { E } from '../../sim-core/src/kernel/errno.ts';
import type { GroupId } from '../../sim-core/src/state/ids.ts';
import { LayoutBuilder } from '../../sim-core/src/state/layout.ts';
import { Machine } from '../../sim-core/src/state/machine.ts';
import { modelOf } from './models.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Failed calls of a plain run: their reasons, and how many have none. */
function failuresOf(model: Model): { reasons: string[]; silent: number } {
  const run = new Run(model, { maxSteps: 20_000 });
  try {
    run.runToEnd();
  } catch (error) {
    if (!(error instanceof ModelLimit)) throw error;
  }
  const names = new ObjectNames(run);
  const reasons: string[] = [];
  let silent = 0;
  for (let event = 0; event < run.events; event++) {
    const value = run.log[event * EVENT_WIDTH + 3]!;
    if (run.log[event * EVENT_WIDTH] !== NOTE.done || value >= 0 || value === DIED) continue;
    const failed = failedCall(model, run.log, event, names);
    if (failed) reasons.push(failedCallText(failed));
    else silent++;
  }
  return { reasons, silent };
}

function failuresOnAllKernels(text: string): { reasons: string[]; silent: number } {
  const parsed = parse(text);
  const all = profilesNamed(parsed).map((profile) => {
    const { model } = elaborate(parsed, { profile });
    return model ? failuresOf(model) : { reasons: [], silent: 0 };
  });
  return { reasons: all.flatMap(({ reasons }) => reasons), silent: all.reduce((sum, { silent }) => sum + silent, 0) };
}

describe('why', () => {
  it('says why a descriptor that a call uses was never opened', () => {
    const text = readFileSync(path.join(root, 'scenarios/vfio/incoherent-iommu-is-refused.snoop'), 'utf8');
    const run = new Run(modelOf(text, 'v6.1'));
    run.runToEnd();
    const answers = Array.from({ length: run.events }, (_, event) => whyFailed(run, event)).filter(Boolean);
    expect(answers.map((answer) => whyText(answer!))).toEqual([
      [expect.stringMatching(/^-ENOENT/), expect.any(String)],
      [
        '-EBADF: ioctl() found no open file under descriptor -1',
        expect.stringMatching(/^1\. group is -1 since -E\w+: \w+\(\) found .* \(setup, line 17\)\.$/),
        expect.stringContaining('2. ioctl() found no open file under descriptor -1'),
      ],
    ]);
  });

  it('says that the quirk of CR0.CD made a leaf write-back', () => {
    const text = readFileSync(
      path.join(root, 'scenarios/memory-type/cache-disable-quirk-forces-write-back.snoop'),
      'utf8',
    );
    const run = new Run(modelOf(text, 'v6.6'));
    run.runToEnd();
    const found = Array.from({ length: run.events }, (_, event) => event).find(
      (event) => run.log[event * EVENT_WIDTH] === NOTE.finding,
    );
    const lines = whyText(why(run, found ?? expect.fail())).join('\n');
    expect(lines).toMatch(
      /with non-coherent DMA registered\.\n4\. The guest has set CR0\.CD .*KVM_X86_QUIRK_CD_NW_CLEARED/,
    );
    expect(lines).not.toContain('leaves the leaves');
  });
});

describe('every call that fails has a reason', () => {
  it('in the gallery and the coverage scenarios, on every kernel that they name', () => {
    const files = globSync(['scenarios/**/*.snoop', 'test/coverage/*.snoop'], { cwd: root });
    const all = files.map((file) => ({ file, ...failuresOnAllKernels(readFileSync(path.join(root, file), 'utf8')) }));
    expect(all.filter(({ silent }) => silent > 0).map(({ file }) => file)).toEqual([]);
    const reasons = new Set(all.flatMap((one) => one.reasons));
    expect(reasons.size).toBeGreaterThan(100);
    // No placeholder is left, and nothing that cannot be read aloud.
    expect(
      [...reasons].filter(
        (text) => !/^\w[\w. ]*\(\) found [\w{0x].+[\w)]$/.test(text) || /\{|undefined|NaN/.test(text),
      ),
    ).toEqual([]);
  });

  it('in recordings of real kernels', () => {
    const folder = path.join(root, 'test/conformance/recordings');
    let reasons = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'))) {
      const { header, sequences } = parseRecording(gunzipSync(readFileSync(path.join(folder, file))).toString('utf8'));
      for (const sequence of sequences.filter((_, i) => i % 40 === 0)) {
        const text = recordingScenario(header, sequence);
        const kernel = /^kernel (\S+)$/m.exec(text)?.[1] ?? '';
        const profile = profileNamed(kernel);
        const { model } = profile ? elaborate(parse(text), { profile }) : {};
        if (!model) continue;
        const failures = failuresOf(model);
        expect(failures.silent, `${file}: ${sequence.id}`).toBe(0);
        reasons += failures.reasons.length;
      }
    }
    expect(reasons).toBeGreaterThan(500);
  });
});

describe('the reason of a failed call', () => {
  const vfio = (body: string): string => `scenario "failing"
machine {
  cpu intel count=1
  iommu dmar0 vt-d snoop-control=on
  device gpu 0000:01:00.0 group=26 iommu=dmar0 driver=vfio-pci
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
${body}
}
`;
  const reasonOf = (body: string, kernel: string): string | undefined =>
    failuresOf(modelOf(vfio(body), kernel)).reasons.at(-1);

  it.each([
    [
      'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=1, attr=1, addr=[group]})',
      'v5.11',
      'vfio_group_get_external_user() found no container of group 26',
    ],
    [
      'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=1, attr=1, addr=[vm]})',
      'v6.6',
      'kvm_vfio_file_add() found vm (a VM), which VFIO does not know as a file of its own',
    ],
    [
      'ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)',
      'v6.6',
      'vfio_ioctl_set_iommu() found no group in container',
    ],
    ['ioctl(vm, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)', 'v6.6', 'ioctl() found no such request for vm (a VM)'],
    ['ioctl(77, KVM_CREATE_VM, 0)', 'v6.6', 'ioctl() found no open file under descriptor 77'],
    ['close(77)', 'v6.6', 'close() found no open file under descriptor 77'],
    [
      'ioctl(group, VFIO_GROUP_SET_CONTAINER, 5)',
      'v6.6',
      'vfio_group_ioctl_set_container() found nothing readable at the address of the argument',
    ],
    [
      'ioctl(dev, KVM_GET_DEVICE_ATTR, {group=1, attr=1})',
      'v6.6',
      'kvm_device_ioctl() found no operation of the device for this request',
    ],
    ['open("/dev/vfio/27", O_RDWR)', 'v6.6', 'open() found nothing at that path'],
  ])('%s on %s: %s', (call, kernel, text) => {
    expect(reasonOf(`  ${call}`, kernel)).toBe(text);
  });

  it('is the deepest check where callers hand the errno up, and they are named', () => {
    const model = modelOf(vfio('  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=1, attr=1, addr=[group]})'), 'v5.11');
    const run = new Run(model);
    run.runToEnd();
    const done = Array.from({ length: run.events }, (_, event) => event).findLast(
      (event) => run.log[event * EVENT_WIDTH] === NOTE.done,
    );
    const failed = failedCall(model, run.log, done!);
    expect(failed?.checks.map(({ place }) => place)).toEqual([
      { name: 'vfio_group_get_external_user', source: 'drivers/vfio/vfio.c' },
    ]);
    expect(failed?.through.map(({ name }) => name)).toEqual([
      'kvm_vfio_set_group',
      'kvm_vfio_set_attr',
      'kvm_device_ioctl',
      'ioctl',
    ]);
  });

  it('is not in the state: a call that fails in two ways with one errno leaves the same state', () => {
    const state = (call: string): number[] => {
      const run = new Run(modelOf(vfio(`  failed = ${call}`), 'v6.6'));
      run.runToEnd();
      return [...run.executor.machine.state];
    };
    const region = (rest: string): string =>
      `ioctl(vm, KVM_SET_USER_MEMORY_REGION, {slot=0, guest_phys_addr=0, ${rest}})`;
    const unknownFlag = state(region('flags=8, memory_size=PAGE, userspace_addr=0'));
    const nothingToDelete = state(region('flags=0, memory_size=0, userspace_addr=0'));
    expect(unknownFlag).toEqual(nothingToDelete);
  });
});

/** What represents in a model an errno that a caller turns into its own: no kernel function here does it. */
describe('an errno that is translated on the way', () => {
  it('names both checks', () => {
    const layout = new LayoutBuilder();
    const fields = taskFields(layout, ['setup']);
    const machine = new Machine(layout.build());
    const routines = new RoutineTable();
    const refusals = new RefusalTable();
    const refuse = refusals.add({
      inner: [E.NOENT, 'no mapping of {}', 'group'],
      outer: [E.INVAL, 'no way to continue'],
    });
    const inner = routines.define('find_mapping', 'a.c', [], (r) =>
      r.step('look', (t) => t.return(refuse.inner(t.machine, 3 as GroupId))),
    );
    const outer = routines.define('do_work', 'b.c', [], (r) => {
      r.step('call', (t) => t.call(inner));
      r.local((t) => t.return(t.value < 0 ? refuse.outer(t.machine) : 0));
    });
    const task = new Task(machine, 0, fields, routines.routines);
    machine.note(NOTE.step, 0, 0, 0);
    task.begin(outer);
    while (!task.finished) task.runStep();
    machine.note(NOTE.done, 0, 0, task.value);
    const model = { world: { refusals, routines, topology: { groups: [] } } } as unknown as Model;
    const failed = failedCall(model, machine.log, machine.events - 1);
    expect(failed && failedCallText(failed)).toBe(
      'find_mapping() found no mapping of group 3 (-ENOENT), which became -EINVAL: do_work() found no way to continue',
    );
  });
});
