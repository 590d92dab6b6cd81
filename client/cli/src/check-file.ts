/** Checking one scenario file, and what came out of it, in the shape that all formats print. */
import {
  type CheckOptions,
  type CheckResult,
  type ConditionVerdict,
  checking,
  EVENT_WIDTH,
  type ExploredFinding,
  type ExploreLimit,
  FINDINGS,
  type Finding,
  findingText,
  type Granularity,
  type KernelVerdict,
  minimising,
  movesOf,
  NOTE,
  type Profile,
  Run,
  type ScheduledMove,
  scheduleText,
} from '@snoopscope/sim-core';
import { counted } from './check-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { pause } from './io.ts';
import { endText } from './run-outcome.ts';
import { brokenScenario, type ScenarioFile } from './scenario-file.ts';
import { withPauses } from './with-pauses.ts';

export interface CheckRequest {
  readonly profiles?: readonly Profile[];
  readonly explore: NonNullable<CheckOptions['explore']>;
  /** Seconds of exploration of one kernel, if limited. */
  readonly maxSeconds?: number;
  readonly interrupt: AbortSignal;
  /** Told after each slice of work how far the exploration is. */
  readonly progress?: (text: string) => void;
}

export interface FileVerdict {
  readonly file: ScenarioFile;
  /** Kernels that come to the same, oldest first. */
  readonly groups: readonly VerdictGroup[];
  /** Kernels that it did not come to because the user pressed Ctrl-C. */
  readonly left: readonly Profile[];
  /** Undefined while a limit keeps it open. */
  readonly passed: boolean | undefined;
  readonly exitCode: ExitCode;
}

/** Consecutive kernels with the same verdicts. */
export interface VerdictGroup {
  readonly profiles: readonly Profile[];
  /** `v3.13..v5.11`. */
  readonly name: string;
  readonly passed: boolean | undefined;
  /** The kernel whose exploration is shown. */
  readonly kernel: Profile;
  /** How many kernels of the group were explored: those that may differ. */
  readonly explorations: number;
  /** States of all of them. */
  readonly states: number;
  /** Final states of the kernel shown; conditions are about these. */
  readonly finals: number;
  readonly granularity: Granularity;
  /** One execution was judged, that of the file's `schedule only`. */
  readonly oneOrder: boolean;
  readonly complete: boolean;
  readonly limit?: ExploreLimit;
  readonly conditions: readonly JudgedCondition[];
  readonly findings: readonly JudgedFinding[];
  /** Set when a plain run gets stuck: who waits, and why. */
  readonly waiting?: string;
}

export interface JudgedCondition extends ConditionVerdict {
  readonly positive: number;
  readonly negative: number;
  /** A `schedule` line that leads to a final state which shows or refutes the condition. */
  readonly schedule?: string;
}

/** A finding that nobody expected, and the way to it. */
export interface JudgedFinding {
  readonly finding: string;
  readonly text: string;
  /** 1-based line of the scenario at which it occurs; absent for lines of included files and for the environment. */
  readonly line?: number;
  /** Who makes it. */
  readonly actor?: string;
  readonly schedule: string;
}

/** Checks over all interleavings. What is wrong with the text is a Failure. */
export async function checkFile(file: ScenarioFile, request: CheckRequest): Promise<FileVerdict> {
  const { diagnostics, kernels, left } = await inSlices(file, request);
  if (diagnostics.length > 0) throw brokenScenario(file, diagnostics);
  const groups: VerdictGroup[] = [];
  for (const verdicts of grouped(kernels)) groups.push(await groupOf(verdicts, request.interrupt));
  const all = left.length === 0 && groups.every((g) => g.passed);
  const passed = groups.some((g) => g.passed === false) ? false : all ? true : undefined;
  return { file, groups, left, passed, exitCode: exitCodeOf(passed, request.interrupt) };
}

async function inSlices(file: ScenarioFile, request: CheckRequest): Promise<CheckResult> {
  const { profiles, explore, maxSeconds, interrupt } = request;
  let began = performance.now();
  const late = (): boolean => maxSeconds !== undefined && performance.now() - began > maxSeconds * 1000;
  const slices = checking(file.parsed, {
    includes: file.includes,
    ...(profiles && { profiles }),
    explore: { ...explore, shouldStop: () => interrupt.aborted || late() },
    interrupted: () => interrupt.aborted,
  });
  let seen = 0;
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    // Fewer states than before: the search of the next kernel has begun.
    if (value.states < seen) began = performance.now();
    seen = value.states;
    request.progress?.(`${counted(value.states, 'state')}, frontier ${value.frontier}, ${file.name}`);
    await pause();
  }
}

function exitCodeOf(passed: boolean | undefined, interrupt: AbortSignal): ExitCode {
  if (passed === false) return EXIT.failed;
  if (passed) return EXIT.fine;
  return interrupt.aborted ? EXIT.interrupted : EXIT.limit;
}

/** Neighbours in the list of kernels that came to the same verdicts. */
function grouped(kernels: readonly KernelVerdict[]): KernelVerdict[][] {
  const groups: KernelVerdict[][] = [];
  for (const verdict of kernels) {
    const last = groups.at(-1)?.at(-1);
    if (last && last.profile.mainline === verdict.profile.mainline && sameVerdict(last, verdict))
      groups.at(-1)?.push(verdict);
    else groups.push([verdict]);
  }
  return groups;
}

function sameVerdict(a: KernelVerdict, b: KernelVerdict): boolean {
  const key = ({ passed, conditions, unexpected }: KernelVerdict): string =>
    JSON.stringify([passed, conditions.map(({ index, holds }) => [index, holds]), unexpected]);
  return key(a) === key(b);
}

async function groupOf(verdicts: readonly KernelVerdict[], interrupt: AbortSignal): Promise<VerdictGroup> {
  const shown = verdicts[0] as KernelVerdict;
  const shorter = await withPauses(minimising(shown.model, shown.exploration, () => interrupt.aborted));
  const first = { ...shown, exploration: shorter };
  const { exploration, passed, unexpected, judgedAs } = first;
  const profiles = verdicts.map(({ profile }) => profile);
  const explored = verdicts.filter(({ judgedAs }, i) => verdicts.findIndex((v) => v.judgedAs === judgedAs) === i);
  return {
    profiles,
    name: nameOf(profiles),
    passed,
    kernel: judgedAs,
    explorations: explored.length,
    states: explored.reduce((sum, verdict) => sum + verdict.exploration.states, 0),
    finals: exploration.finals,
    granularity: exploration.granularity,
    oneOrder: first.model.onlySchedule,
    complete: verdicts.every((verdict) => verdict.exploration.complete),
    ...(exploration.limit && { limit: exploration.limit }),
    conditions: first.conditions.map((condition) => judgedCondition(first, condition)),
    findings: exploration.findings
      .filter(({ finding }) => unexpected.includes(finding))
      .flatMap((f) => judgedFindings(first, f)),
    ...(interrupt.aborted ? {} : waitingNote(first)),
  };
}

function waitingNote(verdict: KernelVerdict): { waiting?: string } {
  const waiting = waitingIn(verdict);
  return waiting === undefined ? {} : { waiting };
}

/** Releases are a range; kernels that are none have no order that people know. */
export function nameOf(profiles: readonly Profile[]): string {
  const names = profiles.map(({ name }) => name);
  if (names.length > 1 && profiles[0]?.mainline) return `${names[0]}..${names.at(-1)}`;
  return names.join(', ');
}

function judgedCondition(verdict: KernelVerdict, condition: ConditionVerdict): JudgedCondition {
  const explored = verdict.exploration.conditions[condition.index];
  return {
    ...condition,
    positive: explored?.positive ?? 0,
    negative: explored?.negative ?? 0,
    ...(explored?.witness && { schedule: lineOf(verdict, explored.witness) }),
  };
}

function lineOf({ model, exploration }: KernelVerdict, schedule: readonly ScheduledMove[]): string {
  return scheduleText(model, movesOf(schedule), exploration.granularity);
}

/**
 * Replays the way to the finding, to say what exactly was found, and where. The search keeps the shortest way to each
 * kind; a declared result is wrong at one line or at several, so that run continues to its end and tells each line.
 */
function judgedFindings(verdict: KernelVerdict, { finding, schedule }: ExploredFinding): JudgedFinding[] {
  const { model, exploration } = verdict;
  const run = new Run(model, { schedule, granularity: exploration.granularity, maxSteps: REPLAY_STEPS });
  const line = lineOf(verdict, schedule);
  const found = new Map<string, JudgedFinding>();
  let looked = 0;
  for (let goesOn = true; goesOn && (found.size === 0 || finding === 'unexpected-result'); ) {
    goesOn = run.advance();
    for (; looked < run.events; looked++) {
      const one = findingAt(run, looked, finding);
      if (one && !found.has(one.text)) found.set(one.text, { ...one, schedule: line });
    }
  }
  return found.size > 0 ? [...found.values()] : [{ finding, text: finding, schedule: line }];
}

/** Micro-steps after which a replay stops looking for further wrong results. */
const REPLAY_STEPS = 20_000;

function findingAt(run: Run, event: number, wanted: Finding): Omit<JudgedFinding, 'schedule'> | undefined {
  const { log, model } = run;
  const at = event * EVENT_WIDTH;
  const index = log[at + 1] as number;
  if (log[at] !== NOTE.finding || FINDINGS[index] !== wanted) return undefined;
  const { actor, node } = run.step(run.stepOfEvent(event));
  const place = actor < 0 ? undefined : model.nodes[node]?.place;
  const name = model.world.topology.actors[actor]?.name;
  return {
    finding: wanted,
    text: findingText(model, index, log[at + 2] as number, log[at + 3] as number),
    ...(place?.file === 0 && { line: place.line + 1 }),
    ...(name !== undefined && { actor: name }),
  };
}

/** In a plain run somebody never ends: worth a word, because conditions about nothing hold easily. */
function waitingIn({ model }: KernelVerdict): string | undefined {
  const run = new Run(model, { maxSteps: REPLAY_STEPS });
  const end = run.runToEnd();
  return end.kind === 'stuck' && !end.deadlock ? endText({ end, run }) : undefined;
}
