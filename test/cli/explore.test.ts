// What `explore` finds can be replayed: by `run --schedule`, and pasted into the file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, snoopscope } from './command.ts';

const race = 'test/cli/scenarios/race.snoop';

interface Document {
  readonly passed: boolean | null;
  readonly conditions: readonly {
    readonly holds: boolean | null;
    readonly schedule?: string;
    readonly seed?: number;
  }[];
  readonly outcomes: readonly {
    readonly values: readonly string[];
    readonly finals: number;
    readonly schedule: string;
    readonly seed?: number;
  }[];
  readonly findings: readonly { finding: string; text: string; line: number; schedule: string; shortest: boolean }[];
}

interface Told {
  readonly findings: readonly { readonly finding: string; readonly text: string; readonly line?: number }[];
  readonly trace: readonly { readonly line?: number; readonly happenings: readonly { readonly text: string }[] }[];
  readonly conditions: readonly { readonly holds: boolean }[];
}

async function json<Shape>(words: readonly string[], stdin?: string): Promise<Shape> {
  const { stdout, stderr } = await snoopscope([...words, '--format', 'json'], stdin === undefined ? {} : { stdin });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Shape;
}

/** Without the schedule that the file has, and with another. */
function withSchedule(text: string, schedule: string): string {
  return `${text.replace(/^schedule .*$/m, '')}\n${schedule}\n`;
}

describe.each([
  ['H-2', 'scenarios/wbinvd/local-cpu-not-flushed.snoop', 'v5.11'],
  ['H-13', 'scenarios/wbinvd/migrated-after-flush-lost-cpu.snoop', 'v6.12'],
] as const)('the counterexample of %s', (_, file, kernel) => {
  describe.each(['statement', 'micro'] as const)('between %ss', (granularity) => {
    const explored = json<Document>(['explore', '--kernel', kernel, '--granularity', granularity, file]);
    const found = async () => {
      const finding = (await explored).findings.find((one) => one.finding === 'stale-read');
      if (!finding) throw new Error('there is no stale read');
      return finding;
    };
    const same = async (told: Told): Promise<void> => {
      const { text, line } = await found();
      expect(told.findings).toContainEqual(expect.objectContaining({ finding: 'stale-read', text, line }));
      const entry = told.trace.find(({ happenings }) => happenings.some((h) => h.text === text));
      expect(entry?.line).toBe(line);
    };

    test('is as short as any', async () => {
      const { shortest, schedule } = await found();
      expect(shortest).toBe(true);
      expect(schedule.startsWith(granularity === 'micro' ? 'schedule micro ' : 'schedule ')).toBe(true);
    });

    test('is replayed by run --schedule', async () => {
      const { schedule } = await found();
      await same(await json<Told>(['run', '--kernel', kernel, '--schedule', schedule, file]));
    });

    test('is replayed by the file that it was pasted into', async () => {
      const text = readFileSync(path.join(root, file), 'utf8');
      const { schedule } = await found();
      await same(await json<Told>(['run', '--kernel', kernel, '-'], withSchedule(text, schedule)));
    });
  });
});

test('each outcome and each witness is what its schedule leads to', async () => {
  const { outcomes, conditions } = await json<Document>(['explore', race]);
  expect(outcomes.map(({ values }) => values)).toEqual([['1'], ['2']]);
  for (const { values, schedule } of outcomes) {
    const run = await json<{ values: Record<string, number> }>(['run', '--schedule', schedule, race]);
    expect(run.values['vcpu1.eax']).toBe(Number(values[0]));
  }
  const refuted = conditions[1]?.schedule ?? '';
  const { conditions: inRun } = await json<Told>(['run', '--schedule', refuted, race]);
  expect(inRun[1]).toMatchObject({ decides: 'refuted' });
});

test('reductions change no verdict, no outcome and no length of a counterexample', async () => {
  const file = 'scenarios/wbinvd/migrated-after-flush-lost-cpu.snoop';
  const essence = ({ passed, conditions, outcomes, findings }: Document) => ({
    passed,
    conditions: conditions.map(({ holds }) => holds),
    outcomes: outcomes.map(({ values }) => values),
    findings: findings.map(({ finding, text }) => [finding, text]),
  });
  const all = essence(await json<Document>(['explore', file]));
  for (const option of [['--no-reduction'], ['--without', 'partial-order,symmetry'], ['--without', 'versions']])
    expect(essence(await json<Document>(['explore', ...option, file]))).toEqual(all);
});

test('the shares of random runs are put together to all of them', async () => {
  const random = ['explore', '--random', '200', '--seed', '5', race];
  const whole = await json<Document>(random);
  const shares: Document[] = [];
  for (const share of ['1/2', '2/2']) shares.push(await json<Document>([...random, '--shard', share]));
  const count = (document: Document) => document.outcomes.map(({ values, finals }) => [values, finals]);
  const sum = count(whole).map(([values], i) => [values, shares.reduce((n, s) => n + (s.outcomes[i]?.finals ?? 0), 0)]);
  expect(sum).toEqual(count(whole));
});

test('the estimate of a small space is the space', async () => {
  const { estimate } = await json<{ estimate: { states: { atLeast: number } } }>(['explore', '--estimate', race]);
  const { states } = await json<{ states: number }>(['explore', '--no-reduction', race]);
  expect(Math.round(estimate.states.atLeast)).toBe(states);
});

describe('a terminal', () => {
  test('Ctrl-C gives what is known', async () => {
    const interrupt = AbortSignal.abort();
    const words = ['explore', '--no-reduction', 'scenarios/wbinvd/migrated-after-flush-lost-cpu.snoop'];
    const { stdout, exitCode } = await snoopscope(words, { interrupt });
    expect(stdout).toContain('states');
    expect([0, 130]).toContain(exitCode);
  });
});

describe('random runs', () => {
  const random = ['explore', '--random', '200', '--seed', '5', '--pct', '2', '--granularity', 'micro', race];

  test('name the call that makes a run again which decided a condition, and it does', async () => {
    const { stdout } = await snoopscope(random);
    const [, again] = /^ +snoopscope (explore .*)$/m.exec(stdout) ?? [];
    expect(again).toMatch(/^explore \S+race\.snoop --random 1 --seed \d+ --granularity micro --pct 2$/);
    const once = await snoopscope(again!);
    const decided = /^ {2}(FAILS|holds) .*$/m.exec(stdout)?.[0];
    expect(decided).toBeDefined();
    expect(once.stdout).toContain(decided);
    expect(once.exitCode).toBe(1);
  });

  test('have the seed in JSON', async () => {
    const { conditions, outcomes } = await json<Document>(random);
    expect(conditions.filter(({ seed }) => seed !== undefined)).not.toEqual([]);
    expect(outcomes.every(({ seed }) => seed !== undefined && seed >= 5 && seed < 205)).toBe(true);
  });

  test.each(['4294967296', '-1', '1.5', '1e3', 'x', '99999999999999999999'])('--seed %s is refused', async (seed) => {
    const { exitCode, stderr } = await snoopscope(['explore', '--random', '3', `--seed=${seed}`, race]);
    expect(stderr).toContain(`--seed takes a whole number from 0 to 4294967295, found \`${seed}\``);
    expect(exitCode).toBe(2);
  });

  test.each(['0', '4294967295', '4_294_967_295'])('--seed %s is taken', async (seed) => {
    expect((await snoopscope(['explore', '--random', '3', '--seed', seed, race])).stderr).toBe('');
  });
});

test('runs that are cut off are reported, with the way out', async () => {
  const { stdout } = await snoopscope(`explore --random 20 --max-depth 1 ${race}`);
  expect(stdout.replace(/\s+/g, ' ')).toContain('0 ended, 20 were cut off after 1 move (--max-depth)');
});

test('what needs no move needs no schedule, between micro-steps either', async () => {
  const file = 'scenarios/iommu/smmu-claims-snooping-it-cannot-force.snoop';
  const { outcomes } = await json<Document>(['explore', '--granularity', 'micro', file]);
  expect(outcomes.map(({ schedule }) => schedule)).toEqual(['schedule']);
  const { stdout } = await snoopscope(['explore', '--granularity', 'micro', file]);
  expect(stdout).toContain('whatever the schedule');
});

describe('--max-switches', () => {
  interface Bounded {
    readonly complete: boolean;
    readonly passed: boolean | null;
    readonly limit?: { readonly kind: string; readonly message: string };
    readonly switches: { readonly asked: number; readonly completed: number };
  }

  test('is a bound that the result names, and proves nothing beyond it', async () => {
    const bounded = await json<Bounded>(['explore', '--max-switches', '0', race]);
    expect(bounded).toMatchObject({
      complete: false,
      switches: { asked: 0, completed: 0 },
      limit: { kind: 'switches' },
    });
    const { stdout } = await snoopscope(['explore', '--max-switches', '0', race]);
    expect(stdout).toContain('with at most 0 switches');
    expect(stdout).toContain('nothing is proved about');
    expect(stdout).toContain('--max-switches raises the bound');
  });

  test('that nothing lies beyond is not a bound', async () => {
    const [bounded, all] = await Promise.all([
      json<Bounded>(['explore', '--max-switches', '50', race]),
      json<Bounded>(['explore', race]),
    ]);
    expect(bounded.complete).toBe(true);
    expect(bounded.limit).toBeUndefined();
    expect(bounded.passed).toBe(all.passed);
  });

  test.each(['--random 10', '--estimate', '--max-depth 3', '--fingerprint', '--workers 2'])(
    'is refused beside %s',
    async (option) => {
      const { stderr, exitCode } = await snoopscope(['explore', '--max-switches', '2', ...option.split(' '), race]);
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain('do not go together');
    },
  );

  test('takes whole numbers from 0 on', async () => {
    const { stderr } = await snoopscope(['explore', '--max-switches', 'two', race]);
    expect(stderr).toContain('--max-switches takes a whole number from 0 to 1000, found `two`');
  });
});

test('a search that meets a limit looks at executions with few switches, and says how to get further', async () => {
  const scenario = `machine {
  cpu intel count=3 self-snoop=on
  memory x y z = 0 0 0
  allow evict
  allow prefetch
  allow migrate
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm = ioctl(kvm, KVM_CREATE_VM, 0)
  vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)
  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  mov [x], 1
  mov [y], 1
  mov eax, [z]
}
vcpu 1 cpu=1 {
  mov [z], 1
  mov eax, [y]
  mov ebx, [x]
}
exists vcpu0.eax == 1 && vcpu1.eax == 0
exists vcpu0.eax == 1
`;
  const words = ['explore', '--max-states', '2000', '-'];
  const { stdout } = await snoopscope(words, { stdin: scenario });
  expect(stdout).toMatch(/holds {2}exists vcpu0\.eax == 1 \(line/);
  expect(stdout).toContain('with at most');
  expect(stdout).toMatch(/To\s+get\s+further:\s+--max-switches\s+\d/);
  expect(stdout).toMatch(/leads\s+to\s+\d+\s+%\s+of\s+the\s+states/);
  const { complete, limit, switches } = await json<{
    readonly complete: boolean;
    readonly limit: { readonly kind: string };
    readonly switches: { readonly completed: number };
  }>(words, scenario);
  expect(complete).toBe(false);
  expect(limit.kind).toBe('states');
  expect(switches.completed).toBeGreaterThanOrEqual(0);
});
