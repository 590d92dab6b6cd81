/**
 * The explorer against the plainest search that can be right: same verdicts, same outcomes, same findings at the same
 * distance, whatever reductions are on. Over every scenario of the gallery and over random small ones.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_REDUCTIONS, NO_REDUCTION, type Reductions } from '../../sim-core/src/explore/exploration.ts';
import { type Exploration, explore } from '../../sim-core/src/explore/search.ts';
import {
  elaborate,
  FINDINGS,
  type Granularity,
  type Model,
  NOTE,
  type Profile,
  parse,
  profileNamed,
  Run,
} from '../../sim-core/src/index.ts';
import { plainSearch } from './plain-search.ts';
import { randomScenario } from './random-scenario.ts';

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
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile) as Profile });
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
    const shortest = new Map(result.findings.map((f) => [f.finding, length(f.schedule)]));
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
  for (const { finding, schedule } of findings) {
    // A loop would go on for ever behind the schedule.
    const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
    run.runToEnd();
    expect(run.scheduleProblem, finding).toBeUndefined();
    const made = happenings(run, finding);
    expect(made, finding).toBeGreaterThan(0);
  }
  for (const { schedule, values } of outcomes) {
    const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
    const end = run.runToEnd();
    expect(run.scheduleProblem).toBeUndefined();
    expect(end.kind).not.toBe('limit');
    const all = new Map(model.conditions.flatMap((c) => c.terms.map((t) => [t.name, t] as const)));
    expect(terms.map((name) => all.get(name)?.text(all.get(name)?.read(run.executor.machine.state) as number))).toEqual(
      values,
    );
  }
}

function happenings(run: Run, finding: string): number {
  let count = 0;
  for (let event = 0; event < run.events; event++)
    if (run.log[event * 4] === NOTE.finding && FINDINGS[run.log[event * 4 + 1] as number] === finding) count++;
  return count;
}

describe('every scenario of the gallery', () => {
  const files = (readdirSync(GALLERY, { recursive: true }) as string[]).filter((name) => name.endsWith('.snoop'));
  it('is there', () => expect(files.length).toBeGreaterThan(4));
  it.each(files)(
    '%s',
    (file) => {
      const text = readFileSync(join(GALLERY, file), 'utf8');
      let compared = 0;
      for (const profile of ['v5.11', 'v6.12']) {
        for (const granularity of ['statement', 'micro'] as const)
          compared += compare(modelOf(text, profile), granularity, MAX_STATES);
      }
      expect(compared).toBeGreaterThan(0);
    },
    120_000,
  );
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
  }, 300_000);
});
