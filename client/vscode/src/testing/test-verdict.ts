// What a verdict says about one test.
import type { CheckFailure, JudgedCondition, VerdictGroup } from '@snoopscope/sim-core';
import type { JudgedReply } from '../check-worker.ts';

/** What a test asks for: a condition or everything else of a scenario, on some kernels or on all that were judged. */
export interface TestQuestion {
  /** Undefined for what belongs to the scenario as a whole: declared results and findings. */
  readonly condition: number | undefined;
  readonly kernels?: readonly string[];
}

export interface TestVerdict {
  readonly outcome: 'passed' | 'failed' | 'open';
  readonly failures: readonly CheckFailure[];
}

/** Undefined when nothing was judged that the test asks for. */
export function testVerdict({ groups, failures }: JudgedReply, asked: TestQuestion): TestVerdict | undefined {
  const { condition } = asked;
  const own = groups.filter((group) => isAskedFor(group, asked));
  if (own.length === 0) return undefined;
  const names = new Set(own.map(({ name }) => name));
  const mine = failures.filter((failure) => failure.condition === condition && names.has(failure.kernels));
  // What a limit leaves open leaves every condition of the kernel open that is not decided, and says so itself.
  const decided = mine.filter(({ kind }) => kind !== 'open');
  const outcome = decided.length > 0 ? 'failed' : mine.length > 0 ? 'open' : 'passed';
  return { outcome, failures: mine };
}

/** A schedule that shows or refutes a condition, and the kernel that it is for. */
export interface Shown {
  readonly kernel: string;
  readonly schedule: string;
  readonly finding?: string;
  /** At which of the steps that make it; the first when left out. */
  readonly nth?: number;
}

/** What a debugger shows for a test: its counterexample, else its example. */
export function shownBy(reply: JudgedReply, asked: TestQuestion): Shown | undefined {
  const failure = testVerdict(reply, asked)?.failures.find(({ schedule }) => schedule !== undefined);
  if (failure) return shownByFailure(failure);
  for (const group of reply.groups.filter((each) => isAskedFor(each, asked))) {
    const { schedule, finding } = conditionIn(group, asked.condition) ?? {};
    if (schedule !== undefined) return { kernel: group.explored, schedule, ...(finding && { finding }) };
  }
  return undefined;
}

export function shownByFailure({ explored, schedule, finding, nth }: CheckFailure): Shown | undefined {
  if (schedule === undefined) return undefined;
  return { kernel: explored, schedule, ...(finding && { finding }), ...(nth && { nth }) };
}

function isAskedFor(group: VerdictGroup, { condition, kernels }: TestQuestion): boolean {
  if (condition !== undefined && !conditionIn(group, condition)) return false;
  return kernels === undefined || group.kernels.some((name) => kernels.includes(name));
}

function conditionIn({ conditions }: VerdictGroup, index: number | undefined): JudgedCondition | undefined {
  return conditions.find((condition) => condition.index === index);
}
