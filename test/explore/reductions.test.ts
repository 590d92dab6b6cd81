/**
 * The explorer against the plainest search that can be right: same verdicts, same outcomes, same findings at the same
 * distance, whatever reductions are on. Over every scenario of the gallery and over random small ones.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_REDUCTIONS, NO_REDUCTION, type Reductions } from '../../sim-core/src/explore/exploration.ts';
import { explore } from '../../sim-core/src/explore/explore.ts';
import type { Exploration } from '../../sim-core/src/explore/search.ts';
import { siteKey, sitesIn } from '../../sim-core/src/explore/sites.ts';
import {
  EVENT_WIDTH,
  elaborate,
  type Granularity,
  type Model,
  parse,
  profileNamed,
  Run,
} from '../../sim-core/src/index.ts';
import { plainSearch } from './plain-search.ts';
import { randomScenario } from './random-scenario.ts';
import { randomThreads } from './random-threads.ts';

const GALLERY = join(import.meta.dirname, '../../scenarios');
/** Larger spaces are for the benchmark. */
const MAX_STATES = 4_000;
const MAX_RANDOM_STATES = 700;

const SWITCHES = Object.keys(ALL_REDUCTIONS) as (keyof Reductions)[];
/** Few enough for slots to be packed together, and bundles to be made and divided, in small spaces too. */
const CONDENSE_FROM = 6;
const VARIANTS: readonly { name: string; reduction: Reductions; condenseFrom?: number }[] = [
  { name: 'all reductions', reduction: ALL_REDUCTIONS },
  { name: 'no reduction', reduction: NO_REDUCTION },
  { name: 'all reductions, slots together', reduction: ALL_REDUCTIONS, condenseFrom: CONDENSE_FROM },
  { name: 'no reduction, slots together', reduction: NO_REDUCTION, condenseFrom: CONDENSE_FROM },
  ...SWITCHES.map((key) => ({
    name: `${key} alone`,
    reduction: { ...NO_REDUCTION, [key]: true },
    condenseFrom: CONDENSE_FROM,
  })),
  ...SWITCHES.map((key) => ({
    name: `all but ${key}`,
    reduction: { ...ALL_REDUCTIONS, [key]: false },
    condenseFrom: CONDENSE_FROM,
  })),
];

function modelOf(text: string, profile: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

/** How many findings and outcomes were compared, so that a test can tell that it compared any. */
function compare(model: Model, granularity: Granularity, maxStates: number): number {
  const plain = plainSearch(model, granularity, maxStates);
  if (!plain) return 0;
  for (const { name, reduction, ...options } of VARIANTS) {
    // However few states there are: otherwise small spaces would never see persistent sets and dead slots.
    const result = explore(model, { granularity, reduction, lookAheadFrom: 0, ...options });
    expect(result.complete, name).toBe(true);
    expect(
      result.conditions.map((c) => c.holds),
      name,
    ).toEqual(plain.holds);
    expect(result.outcomes.map((o) => o.values.join(' ')).sort(), name).toEqual(plain.outcomes);
    // Every finding at every line, of every word and by every device: not only each kind.
    const shortest = new Map(result.findings.map((f) => [siteKey(f), length(f.schedule)]));
    if (reduction.partialOrder) expect([...shortest.keys()].sort(), name).toEqual([...plain.findings.keys()].sort());
    else expect(Object.fromEntries(shortest), name).toEqual(Object.fromEntries(plain.findings));
    if (!Object.values(reduction).some(Boolean)) {
      expect([result.states, result.transitions, result.finals], name).toEqual([
        plain.states,
        plain.transitions,
        plain.finals,
      ]);
    }
    // Sleep sets save moves and not one state.
    if (name === 'sleepSets alone') expect([result.states, result.finals], name).toEqual([plain.states, plain.finals]);
    expect(result.transitions, name).toBeLessThanOrEqual(plain.transitions);
    expect(result.states, name).toBeLessThanOrEqual(plain.states);
    replay(model, result);
  }
  return plain.findings.size + plain.outcomes.length;
}

function length(schedule: readonly { count: number }[]): number {
  return schedule.reduce((sum, { count }) => sum + count, 0);
}

/** Every schedule that the explorer gives leads a recorded run to what it promises. */
function replay(model: Model, { findings, granularity, outcomes, terms }: Exploration): void {
  for (const found of findings) {
    const { finding, schedule } = found;
    // A loop would run for ever after the schedule.
    const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
    run.runToEnd();
    expect(run.scheduleProblem, finding).toBeUndefined();
    const made = [...sitesIn(model, run.log, 0, run.events * EVENT_WIDTH)].map(({ site }) => siteKey(site));
    expect(made, finding).toContain(siteKey(found));
  }
  for (const { schedule, values } of outcomes) {
    const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
    const end = run.runToEnd();
    expect(run.scheduleProblem).toBeUndefined();
    expect(end.kind).not.toBe('limit');
    const all = new Map(model.conditions.flatMap((c) => c.terms.map((t) => [t.name, t] as const)));
    expect(terms.map((name) => all.get(name)!.text(all.get(name)!.read(run.executor.machine.state)))).toEqual(values);
  }
}

describe('every scenario of the gallery', () => {
  const files = (readdirSync(GALLERY, { recursive: true }) as string[]).filter((name) => name.endsWith('.snoop'));
  it('is there', () => expect(files.length).toBeGreaterThan(4));
  it.each(files)('%s', (file) => {
    const text = readFileSync(join(GALLERY, file), 'utf8');
    let compared = 0;
    for (const profile of ['v5.11', 'v6.12']) {
      for (const granularity of ['statement', 'micro'] as const)
        compared += compare(modelOf(text, profile), granularity, MAX_STATES);
    }
    expect(compared).toBeGreaterThan(0);
  });
});

it('more moves than a sleep set has bits', () => {
  const words = Array.from({ length: 20 }, (_, i) => `w${i}`);
  const model = modelOf(
    [
      'machine {',
      'cpu intel count=2',
      ...words.map((word) => `memory ${word} = 0`),
      `allow evict ${words.join(' ')}`,
      '}',
      'setup {',
      'kvm = open("/dev/kvm", O_RDWR)',
      'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
      'vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)',
      'vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)',
      '}',
      // The last words are evicted by moves 31 and beyond.
      'vcpu 0 cpu=0 {\nmov [w14], 1\nmov [w15], 2\nmov eax, [w19]\n}',
      'vcpu 1 cpu=1 {\nmov [w19], 1\nmov eax, [w14]\n}',
      'exists vcpu0.eax == 0 && vcpu1.eax == 0',
      '',
    ].join('\n'),
    'v6.12',
  );
  expect(model.moves.length).toBeGreaterThan(32);
  expect(compare(model, 'statement', MAX_STATES)).toBeGreaterThan(0);
});

describe('random small scenarios', () => {
  it('have the same verdicts and outcomes with every reduction and without', () => {
    let compared = 0;
    fc.assert(
      fc.property(randomScenario, fc.constantFrom('statement', 'micro'), (text, granularity) => {
        if (compare(modelOf(text, 'v5.11'), granularity, MAX_RANDOM_STATES) > 0) compared++;
      }),
      { numRuns: Number(process.env.EXPLORE_RUNS ?? 60), interruptAfterTimeLimit: 120_000 },
    );
    expect(compared).toBeGreaterThan(20);
  }, 3_600_000);
});

describe('random threads that share descriptors and objects', () => {
  it('have the same verdicts and outcomes with reductions and without', () => {
    let compared = 0;
    fc.assert(
      fc.property(randomThreads, fc.constantFrom('v5.11', 'debian-6.1.192', 'v6.12'), (text, profile) => {
        const model = modelOf(text, profile);
        const plain = explore(model, { granularity: 'micro', reduction: NO_REDUCTION, maxStates: MAX_STATES });
        if (!plain.complete) return;
        for (const key of ['none', 'partialOrder', 'deadState'] as const) {
          const reduction = { ...ALL_REDUCTIONS, ...(key !== 'none' && { [key]: false }) };
          const reduced = explore(model, { granularity: 'micro', reduction, lookAheadFrom: 0 });
          expect(answers(reduced), `all but ${key}`).toEqual(answers(plain));
          replay(model, reduced);
          compared++;
        }
      }),
      { numRuns: Number(process.env.EXPLORE_RUNS ?? 40), seed: Number(process.env.EXPLORE_SEED ?? 1) },
    );
    expect(compared).toBeGreaterThan(60);
  }, 3_600_000);
});

/** What must not depend on reductions. */
function answers({ complete, conditions, outcomes, findings }: Exploration): object {
  return {
    complete,
    holds: conditions.map((c) => c.holds),
    outcomes: outcomes.map((o) => o.values.join(' ')).sort(),
    findings: findings.map(siteKey).sort(),
  };
}

it('reductions that look ahead are given up when hardly two states have their actors at the same locations', () => {
  const model = modelOf(
    [
      'machine {',
      'iommu dmar0 vt-d',
      'device gpu 0000:01:00.0 iommu=dmar0 group=26',
      '}',
      'setup {',
      'group = open("/dev/vfio/26", O_RDWR)',
      'kvm = open("/dev/kvm", O_RDWR)',
      'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0})',
      '}',
      ...['a', 'b', 'c', 'd', 'e'].map(
        (name) =>
          `thread ${name} {\nr${name} = ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group]})\nd${name} = dup(dev)\n}`,
      ),
      'exists da == 8 && a.err == 17',
      '',
    ].join('\n'),
    'v6.12',
  );
  const plain = explore(model, { granularity: 'micro', reduction: NO_REDUCTION });
  const reduced = explore(model, { granularity: 'micro' });
  expect(plain.states).toBeGreaterThan(8192);
  expect(plain.dropped).toEqual([]);
  expect(reduced.dropped).toEqual([
    { reduction: 'partialOrder', why: 'wasted' },
    { reduction: 'deadState', why: 'wasted' },
  ]);
  expect(reduced.reductions).toMatchObject({ partialOrder: false, deadState: false, sleepSets: true });
  expect(answers(reduced)).toEqual(answers(plain));
});

it('a state that only a wrong pruning made may fail the machine, and the search starts over', () => {
  const model = modelOf(
    `
machine {
cpu intel count=2
iommu dmar0 vt-d snoop-control=off
device gpu 0000:01:00.0 iommu=dmar0 group=26 no-snoop=on
device nic 0000:02:00.0 iommu=dmar0 group=27 no-snoop=on
memory x = 0
memory y = 0
allow evict x
}
setup {
container = open("/dev/vfio/vfio", O_RDWR)
g = open("/dev/vfio/26", O_RDWR)
ioctl(g, VFIO_GROUP_SET_CONTAINER, [container]) = 0
ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) = 0
ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&x, iova=&x, size=PAGE}) = 0
k = open("/dev/kvm", O_RDWR)
f = ioctl(k, KVM_CHECK_EXTENSION, KVM_CAP_DEVICE_CTRL) = 1
vm = ioctl(k, KVM_CREATE_VM, 0)
ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev, flags=0}) = 0
ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[g]}) = 0
gpu = ioctl(g, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0")
dd = dup(dev)
h = open("/dev/vfio/27", O_RDWR)
vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
}
vcpu 0 cpu=0 {
mov [x], 1
wbinvd
}
thread a {
close(vm)
ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&y, iova=&y, size=PAGE})
}
thread b {
choose {
ioctl(container, VFIO_IOMMU_UNMAP_DMA, {iova=&x, size=PAGE})
} or {
ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&y, iova=&y, size=PAGE})
}
}

exists dd == 1 || h == 1
exists noncoherent(vm) == 0
~exists deadlock
forall g >= 0 && h >= 0
`,
    'debian-6.1.192',
  );
  const plain = explore(model, { granularity: 'micro', reduction: NO_REDUCTION });
  expect(plain.complete).toBe(true);
  expect(answers(explore(model, { granularity: 'micro', lookAheadFrom: 0 }))).toEqual(answers(plain));
});
