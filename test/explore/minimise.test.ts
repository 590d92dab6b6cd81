// Minimised schedules show the same, are never longer, and never change movers more often.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { siteKey, sitesIn } from '../../sim-core/src/explore/sites.ts';
import {
  EVENT_WIDTH,
  type ExplorationReport,
  type ExploredFinding,
  elaborate,
  explore,
  type Granularity,
  type Model,
  minimise,
  minimiseMoves,
  movesOf,
  NO_REDUCTION,
  parse,
  profileNamed,
  Run,
  reporting,
  type ScheduledMove,
  sample,
  scheduleOf,
  scheduleText,
  switchesOf,
  verdictOf,
} from '../../sim-core/src/index.ts';
import { randomScenario } from './random-scenario.ts';

const gallery = (name: string): string => readFileSync(join(import.meta.dirname, '../../scenarios', name), 'utf8');

function modelOf(text: string, profile: string): Model {
  const { model, diagnostics } = elaborate(parse(text), { profile: profileNamed(profile)! });
  if (!model) throw new Error(`${diagnostics[0]?.message} in\n${text}`);
  return model;
}

/** The first such finding of a run, with its subject and detail, and whether the schedule's last move makes it. */
function replayed(model: Model, schedule: readonly ScheduledMove[], granularity: Granularity, wanted: ExploredFinding) {
  const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
  const look = (): string | undefined => {
    const sites = [...sitesIn(model, run.log, 0, run.events * EVENT_WIDTH)].map(({ site }) => siteKey(site));
    return sites.find((site) => site === siteKey(wanted));
  };
  let before: string | undefined;
  while (run.followsSchedule) {
    before = look();
    run.advance();
  }
  expect(run.scheduleProblem).toBeUndefined();
  const after = look();
  // A deadlock is found where no actor can move any more.
  if (wanted.finding === 'deadlock') run.runToEnd();
  return { before, after, atEnd: look() };
}

function valuesOf(model: Model, schedule: readonly ScheduledMove[], granularity: Granularity): string[] {
  const run = new Run(model, { schedule, granularity, maxSteps: 5_000 });
  expect(run.runToEnd().kind).not.toBe('limit');
  expect(run.scheduleProblem).toBeUndefined();
  const { state } = run.executor.machine;
  return model.conditions.flatMap((c) => (c.applies ? c.terms.map((t) => `${t.name} ${t.text(t.read(state))}`) : []));
}

const threads = `machine {
  cpu intel count=2
  memory x = 0
  memory y = 0
}
setup {
  kvm = open("/dev/kvm", O_RDWR)
  vm  = ioctl(kvm, KVM_CREATE_VM, 0)
  v0  = ioctl(vm, KVM_CREATE_VCPU, 0)
  v1  = ioctl(vm, KVM_CREATE_VCPU, 1)
}
vcpu 0 cpu=0 {
  mov [x], 1
  mov ebx, 1
  mov ecx, 1
  mov eax, [y]
}
vcpu 1 cpu=1 {
  mov [y], 1
  mov ebx, 1
  mov ecx, 1
  mov eax, [x]
}
exists vcpu0.eax == 0 && vcpu1.eax == 1
`;

describe('a schedule that goes to and fro', () => {
  const model = modelOf(threads, 'v6.12');
  const fro = (names: string): number[] =>
    names.split(' ').map((name) => model.moves.findIndex((m) => m.name === name));

  test('is regrouped when the outcome stays', () => {
    const given = fro('vcpu0 vcpu0 vcpu1 vcpu0 vcpu0 vcpu1 vcpu1 vcpu1');
    const outcome = minimiseMoves(model, fro('vcpu0 vcpu0 vcpu0 vcpu0 vcpu1 vcpu1 vcpu1 vcpu1'), 'statement', {
      kind: 'outcome',
    });
    expect(scheduleText(model, outcome, 'statement')).toBe('schedule vcpu0*4 vcpu1*4');
    const both = minimiseMoves(model, given, 'statement', { kind: 'outcome' });
    expect(valuesOf(model, scheduleOf(both), 'statement')).toEqual(valuesOf(model, scheduleOf(given), 'statement'));
    expect(switchesOf(model, given)).toBe(3);
    // vcpu0 reads y = 1, and vcpu1 reads x = 1: one must come between the other's store and load.
    expect(switchesOf(model, both)).toBe(2);
  });

  test('is kept when a move of it is not possible', () => {
    const given = fro('vcpu0 vcpu1 vcpu0 vcpu0 vcpu0 vcpu0');
    expect(minimiseMoves(model, given, 'statement', { kind: 'outcome' })).toEqual(given);
  });
});

test('moves that a finding does not need are left out', () => {
  const text = gallery('wbinvd/local-cpu-not-flushed.snoop')
    .replace('vcpu0 = ioctl(vm, KVM_CREATE_VCPU, 0)', '$&\n  vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)')
    .replace('device gpu {', 'vcpu 1 cpu=1 {\n  mov ebx, 1\n  mov ecx, 1\n}\n\n$&');
  const model = modelOf(text, 'v5.11');
  const given = ['vcpu1', 'vcpu0', 'vcpu1', 'vcpu0', 'vcpu0', 'gpu', 'gpu'].map((name) =>
    model.moves.findIndex((m) => m.name === name),
  );
  const [site] = explore(model, { granularity: 'statement' }).findings.filter((f) => f.finding === 'stale-read');
  const short = minimiseMoves(model, given, 'statement', { kind: 'finding', site: site! });
  expect(scheduleText(model, short, 'statement')).toBe('schedule vcpu0*3 gpu*2');
});

test('random scenarios: the same end, never longer, never more changes of movers', () => {
  let compared = 0;
  let better = 0;
  fc.assert(
    fc.property(randomScenario, fc.constantFrom('statement' as const, 'micro' as const), (text, granularity) => {
      const model = modelOf(text, 'v5.11');
      const found = explore(model, { granularity, maxStates: 700, reduction: NO_REDUCTION });
      const short = minimise(model, found);
      for (const [i, wanted] of short.findings.entries()) {
        const { finding, schedule } = wanted;
        const given = found.findings[i]?.schedule ?? [];
        const [old, now] = [movesOf(given), movesOf(schedule)];
        expect(now.length).toBeLessThanOrEqual(old.length);
        expect(switchesOf(model, now)).toBeLessThanOrEqual(switchesOf(model, old));
        const was = replayed(model, given, granularity, wanted);
        const is = replayed(model, schedule, granularity, wanted);
        expect(is.atEnd, text).toBe(was.atEnd);
        if (finding !== 'deadlock' && now.length > 0) expect([is.before, is.after]).toEqual([undefined, was.after]);
        compared++;
        if (now.length < old.length || switchesOf(model, now) < switchesOf(model, old)) better++;
      }
      for (const [i, { schedule }] of short.outcomes.entries()) {
        const given = found.outcomes[i]?.schedule ?? [];
        expect(movesOf(schedule).length).toBeLessThanOrEqual(movesOf(given).length);
        expect(switchesOf(model, movesOf(schedule))).toBeLessThanOrEqual(switchesOf(model, movesOf(given)));
        if (!found.complete) continue;
        expect(valuesOf(model, schedule, granularity), text).toEqual(valuesOf(model, given, granularity));
        compared++;
        if (switchesOf(model, movesOf(schedule)) < switchesOf(model, movesOf(given))) better++;
      }
    }),
    { numRuns: Number(process.env.EXPLORE_RUNS ?? 300) },
  );
  expect(compared).toBeGreaterThan(20);
  expect(better).toBeGreaterThan(0);
}, 300_000);

test('a caller that does not want to wait is asked between slices, and has a report as far as it is', () => {
  const model = modelOf(readFileSync(join(import.meta.dirname, '../bench/explore/T1m.snoop'), 'utf8'), 'v6.12');
  // Random ways are long, and much of them is not needed.
  const found = sample(model, { runs: 10, seed: 7 });
  const verdict = verdictOf(model, profileNamed('v6.12')!, found);
  const slicesUntil = (shouldStop: (slices: number) => boolean): { slices: number; report: ExplorationReport } => {
    let slices = 0;
    const work = reporting(verdict, { shouldStop: () => shouldStop(slices) });
    for (;;) {
      const { done, value } = work.next();
      if (done) return { slices, report: value };
      slices++;
    }
  };
  const whole = slicesUntil(() => false);
  expect(whole.slices).toBeGreaterThan(3);
  const stopped = slicesUntil((slices) => slices > 0);
  expect(stopped.slices).toBe(1);
  const shown = ({ findings }: ExplorationReport) => findings.map(({ finding, text }) => [finding, text]);
  expect(shown(stopped.report)).toEqual(shown(whole.report));
});
