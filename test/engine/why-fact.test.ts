// Every fact that a condition can ask says why it has its value, at every end of a gallery run.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  EXIT_REASONS,
  elaborate,
  FACTS,
  type FactParam,
  type Model,
  parse,
  profilesNamed,
  Run,
  whyFact,
  whyText,
} from '@snoopscope/sim-core';
import { describe, expect, it } from 'vitest';
import { modelOf } from './models.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What can be in the place of a parameter. */
function argumentsFor({ world, names }: Model, { kind }: FactParam): readonly string[] {
  const { topology } = world;
  switch (kind) {
    case 'vm':
      return [...names.keys()].filter((name) => /^vm/.test(name));
    case 'vcpu':
      return topology.actors.flatMap((actor) => (actor.kind === 'vcpu' ? actor.name : []));
    case 'cpu':
      return Array.from({ length: topology.cpu.count }, (_, cpu) => `cpu${cpu}`);
    case 'word':
      return topology.words.map(({ name }) => name);
    case 'group':
      return topology.groups.map(({ number }) => String(number));
    case 'exit':
      return EXIT_REASONS;
  }
}

/** `ept(vm, x)`, `ept(vm, y)`, …: every question that a model allows. */
function questionsOf(model: Model): string[] {
  return FACTS.flatMap(({ name, params }) => {
    const lists = params.map((param) => argumentsFor(model, param));
    const all = lists.reduce<string[][]>((made, list) => made.flatMap((one) => list.map((arg) => [...one, arg])), [[]]);
    return all.map((args) => `${name}(${args.join(', ')})`);
  });
}

describe('every fact', () => {
  it('explains itself in every plain run of the gallery, on the oldest and the newest kernel', () => {
    const asked = new Set<string>();
    const wrong: string[] = [];
    for (const file of globSync('scenarios/**/*.snoop', { cwd: root })) {
      const parsed = parse(readFileSync(path.join(root, file), 'utf8'));
      const profiles = profilesNamed(parsed);
      for (const profile of new Set([profiles[0]!, profiles.at(-1)!])) {
        const { model } = elaborate(parsed, { profile });
        if (!model) continue;
        const run = new Run(model, { maxSteps: 5_000 });
        run.runToEnd();
        for (const question of questionsOf(model)) {
          const answer = whyFact(run, question, run.steps);
          asked.add(question.replace(/\(.*/, ''));
          const text = 'problem' in answer ? answer.problem : whyText(answer).join('\n');
          const bad = 'problem' in answer || answer.links.length === 0 || /undefined|NaN|\?/.test(text);
          if (bad || !/^[^\n]+ is [\w-]+\n1\. /.test(text))
            wrong.push(`${file} on ${profile.name}: ${question}: ${text}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect([...asked].sort()).toEqual(FACTS.map(({ name }) => name).sort());
  });

  it.each([
    [
      'caches/unfenced-movnti-lands-late',
      'v6.12',
      'cache(cpu0, x)',
      /I → E \(vcpu0 on cpu0 loads x: 1 \(WB\), vcpu0, line 34\)/,
    ],
    [
      'kvm-vfio/second-group-removed-stays-noncoherent',
      'v6.1',
      'noncoherent(vm)',
      /KVM asks only when .* added or deleted: the count stays\.\n.*dmar0 is cache coherent/,
    ],
    [
      'kvm-vfio/second-group-removed-stays-noncoherent',
      'v5.17',
      'noncoherent(vm)',
      /dmar0 is not cache coherent: dmar1 has no snoop control, and v5\.17 wants it of every VT-d unit of the machine/,
    ],
    [
      'legacy-assignment/coherent-flag-sticks',
      'v3.12',
      'noncoherent(vm)',
      /set KVM_IOMMU_CACHE_COHERENCY, and no device .* clears it/,
    ],
  ])('in %s on %s of %s says what decides', (file, kernel, question, wanted) => {
    const run = new Run(modelOf(readFileSync(path.join(root, `scenarios/${file}.snoop`), 'utf8'), kernel));
    run.runToEnd();
    const answer = whyFact(run, question, run.steps);
    expect('problem' in answer ? answer.problem : whyText(answer).join('\n')).toMatch(wanted);
  });

  it('explains the state at the moment that is asked about', () => {
    const text = readFileSync(path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8');
    const run = new Run(modelOf(text, 'v5.12'));
    run.runToEnd();
    const at = (position: number): string => {
      const answer = whyFact(run, 'flushes(cpu0)', position);
      return 'problem' in answer ? answer.problem : whyText(answer).join('\n');
    };
    expect(at(0)).toBe('flushes(cpu0) is 0\n1. No vCPU has executed WBINVD up to here, and nothing else flushes cpu0.');
    expect(at(run.steps)).toBe('flushes(cpu0) is 1\n1. cpu0 executes WBINVD for vcpu0 (vcpu0, line 36).');
  });

  it('is all that can be asked', () => {
    const run = new Run(
      modelOf(readFileSync(path.join(root, 'scenarios/wbinvd/local-cpu-not-flushed.snoop'), 'utf8'), 'v5.12'),
    );
    run.runToEnd();
    expect(whyFact(run, 'gpu.r0 == 0', run.steps)).toEqual({
      problem: expect.stringContaining(
        '`gpu.r0 == 0` is not a fact, and only facts and findings can be explained. Facts are noncoherent,',
      ),
    });
    expect(whyFact(run, 'flushes(cpu9)', run.steps)).toHaveProperty('problem');
    expect(whyFact(run, 'flushes(', run.steps)).toHaveProperty('problem');
  });
});

describe('why', () => {
  const machine = (body: string, options = 'self-snoop=off'): string => `scenario "types"
machine {
  cpu intel count=2 ${options}
  iommu dmar0 vt-d snoop-control=off
  device gpu 0000:01:00.0 group=26 iommu=dmar0 driver=vfio-pci no-snoop=on
  memory x = 0
}
setup {
  container = open("/dev/vfio/vfio", O_RDWR)
  group = open("/dev/vfio/26", O_RDWR)
  ioctl(group, VFIO_GROUP_SET_CONTAINER, [container])
  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})
  ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]})
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 {
${body}
}
`;
  const answer = (text: string, kernel: string, question: string): string[] => {
    const run = new Run(modelOf(text, kernel));
    run.runToEnd();
    const found = whyFact(run, question, run.steps);
    return 'problem' in found ? [found.problem] : whyText(found);
  };

  it('a leaf is UC: the MTRR that the guest wrote', () => {
    const lines = answer(machine('  wrmsr IA32_MTRR_DEF_TYPE, 0x800\n  mov [x], 1'), 'v6.1', 'ept(vm, x)');
    expect(lines[0]).toBe('ept(vm, x) is UC');
    expect(lines.join('\n')).toContain("The guest's MTRRs decide about x: UC.");
    expect(lines.join('\n')).toContain('IA32_MTRR_DEF_TYPE was written (vcpu0, line 20).');
  });

  it('a VM is non-coherent: who registered, and which unit cannot', () => {
    const lines = answer(machine('  mov [x], 1'), 'v6.6', 'noncoherent(vm)').join('\n');
    expect(lines).toMatch(
      /^noncoherent\(vm\) is 1\n1\. setup changes the count from 0 to 1 \(setup, line 16\): ioctl\(\) → /,
    );
    expect(lines).toContain('dmar0, the IOMMU of gpu, cannot force its DMA to be coherent: it has no snoop control.');
  });

  it('a VM is coherent although a device is there: the registration failed, and which check did it', () => {
    const text = machine('  mov [x], 1').replace('  ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU)\n', '');
    expect(answer(text, 'v5.11', 'noncoherent(vm)').join('\n')).toContain(
      'Registering with the VM failed with -EINVAL: vfio_group_get_external_user() found no IOMMU driver in the container of group 26 (setup, line 15)',
    );
  });

  it('cpu1 was not flushed: it is not in the dirty mask', () => {
    expect(answer(machine('  mov [x], 1\n  wbinvd'), 'v6.1', 'flushes(cpu1)').join('\n')).toContain(
      "vcpu0's WBINVD (vcpu0, line 21) runs on cpu0 only: cpu1 is not in its dirty mask: it never ran there.",
    );
  });
});
