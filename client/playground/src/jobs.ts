/** Long work of the worker: check, explore, compare kernels. In slices, so that a cancel is heard. */
import {
  checking,
  checkText,
  elaborate,
  exploringGraph,
  grouping,
  kernelName,
  type Model,
  NEWEST,
  outcomesPicture,
  type ParsedScenario,
  PROFILES,
  type Profile,
  type Progress,
  parse,
  passedOf,
  plainLine,
  profileNamed,
  reporting,
  Search,
  type VerdictGroup,
  verdictLines,
  verdictOf,
} from '@snoopscope/sim-core';
import type { Job, JobAnswer, KernelTable } from './messages.ts';

const SLICE_MS = 20;
const PROGRESS_MS = 200;
/** For a page: more is for the command. */
const LIMITS = { maxStates: 500_000, maxBytes: 256 * 1024 * 1024 };
const SEARCH_MOVES = 2000;

export interface JobSurroundings {
  readonly send: (answer: JobAnswer) => void;
  readonly cancelled: () => boolean;
  /** The text of a file beside the scenario. */
  readonly read: (path: string) => string | undefined;
}

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
  const result = await toItsEnd(
    checking(scenario, {
      includes,
      ...(everywhere && { profiles: PROFILES.filter(({ mainline }) => mainline) }),
      explore: { ...LIMITS, shouldStop: around.cancelled },
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
  const groups = await toItsEnd(grouping(result.kernels, around.cancelled), around);
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
  const exploration = await searched(model, around);
  if (!exploration) return;
  const report = await toItsEnd(
    reporting(verdictOf(model, profile, exploration), { ...LIMITS, shouldStop: around.cancelled }),
    around,
  );
  if (!report) return;
  const graph = await toItsEnd(exploringGraph(model, report.granularity), around);
  around.send({ kind: 'explored', picture: outcomesPicture(report, graph ?? 'too large') });
}

async function searched(model: Model, around: JobSurroundings) {
  const search = new Search(model, LIMITS);
  const tell = progressTeller(around);
  for (;;) {
    const until = performance.now() + SLICE_MS;
    let more = true;
    while (more && performance.now() < until) more = search.step(SEARCH_MOVES);
    if (!more) return search.result();
    tell(search.progress());
    await pause();
    if (around.cancelled()) return undefined;
  }
}

function profileOf({ kernel }: Job, scenario: ParsedScenario): Profile {
  return profileNamed(kernel ?? kernelName(scenario)) ?? NEWEST;
}

/** Undefined when it was cancelled. */
async function toItsEnd<Step, Result>(
  slices: Generator<Step, Result>,
  { cancelled }: JobSurroundings,
  onStep: (step: Step) => void = () => {},
): Promise<Result | undefined> {
  let until = performance.now() + SLICE_MS;
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    onStep(value);
    if (performance.now() < until) continue;
    await pause();
    if (cancelled()) return undefined;
    until = performance.now() + SLICE_MS;
  }
}

function progressTeller({ send }: JobSurroundings): (progress: Progress) => void {
  let told = performance.now();
  return ({ states }) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    send({ kind: 'progress', text: `${states.toLocaleString('en-US')} states` });
  };
}

/** Messages come in between. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
