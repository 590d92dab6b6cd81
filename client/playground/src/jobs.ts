/** Long work of the worker: check, explore, compare kernels. In slices, so that a cancel is heard. */
import {
  checking,
  checkText,
  elaborate,
  grouping,
  kernelName,
  NEWEST,
  type ParsedScenario,
  PROFILES,
  type Profile,
  parse,
  passedOf,
  plainLine,
  profileNamed,
  type VerdictGroup,
  verdictLines,
} from '@snoopscope/sim-core';
import { exploredBy } from './exploring.ts';
import type { Job, KernelTable } from './messages.ts';
import { ended, type JobSurroundings, PAGE_LIMITS, progressTeller } from './pace.ts';

/** Sends progress and, last, the answer. What goes wrong is an answer too. */
export async function work(job: Job, around: JobSurroundings): Promise<void> {
  const scenario = parse(job.text);
  const includes = (path: string): ParsedScenario | undefined => {
    const text = around.read(path);
    return text === undefined ? undefined : parse(text);
  };
  const errors = [...scenario.diagnostics, ...checkText(scenario, { includes })].filter(
    ({ severity }) => severity === 'error',
  );
  if (errors.length === 0 && !scenario.blocks.some(({ actor }) => actor)) {
    around.send({ kind: 'broken', problems: ['It has nothing to run: no actor, such as `setup {` or `vcpu 0 {`.'] });
    return;
  }
  if (errors.length > 0) {
    around.send({ kind: 'broken', problems: errors.map(({ line, message }) => `line ${line + 1}: ${message}`) });
    return;
  }
  try {
    await (job.kind === 'explore'
      ? explored(job, scenario, includes, around)
      : judged(job, scenario, includes, around));
  } catch (error) {
    around.send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

type Includes = (path: string) => ParsedScenario | undefined;

async function judged(job: Job, scenario: ParsedScenario, includes: Includes, around: JobSurroundings): Promise<void> {
  const tell = progressTeller(around);
  const everywhere = job.kind === 'compare';
  const result = await ended(
    checking(scenario, {
      includes,
      ...(everywhere && { profiles: PROFILES.filter(({ mainline }) => mainline) }),
      explore: { ...PAGE_LIMITS, shouldStop: around.cancelled },
      interrupted: around.cancelled,
    }),
    around,
    tell,
  );
  if (!result) return;
  const problems = result.diagnostics.filter(({ severity }) => severity === 'error');
  if (problems.length > 0) {
    around.send({ kind: 'broken', problems: problems.map(({ line, message }) => `line ${line + 1}: ${message}`) });
    return;
  }
  const groups = await ended(grouping(result.kernels, around.cancelled), around);
  if (!groups) return;
  if (everywhere) around.send({ kind: 'compared', table: tableOf(groups) });
  else {
    const options = {
      left: result.left,
      limitText: () => 'A limit of the page was reached; the command has none of its own.',
    };
    around.send({
      kind: 'checked',
      lines: verdictLines(scenario, groups, options).map(plainLine),
      passed: passedOf(groups, result.left),
      skipped: groups[0]?.skipped !== undefined,
    });
  }
}

function tableOf(groups: readonly VerdictGroup[]): KernelTable {
  const texts = [...new Set(groups.flatMap(({ conditions }) => conditions.map(({ text }) => text)))];
  return {
    kernels: groups.map(({ name, kernels, passed }) => ({ name, oldest: kernels[0] ?? name, passed })),
    rows: texts.map((condition) => ({
      condition,
      cells: groups.map(({ conditions }) => {
        const found = conditions.find(({ text }) => text === condition);
        return found && { holds: found.holds, ...(found.schedule !== undefined && { schedule: found.schedule }) };
      }),
    })),
  };
}

async function explored(
  job: Job,
  scenario: ParsedScenario,
  includes: Includes,
  around: JobSurroundings,
): Promise<void> {
  const profile = profileOf(job, scenario);
  const { model, diagnostics } = elaborate(scenario, { profile, includes });
  if (!model) {
    around.send({ kind: 'broken', problems: diagnostics.map(({ line, message }) => `line ${line + 1}: ${message}`) });
    return;
  }
  await exploredBy(job.method ?? { kind: 'all' }, model, profile, around);
}

function profileOf({ kernel }: Job, scenario: ParsedScenario): Profile {
  return profileNamed(kernel ?? kernelName(scenario)) ?? NEWEST;
}
