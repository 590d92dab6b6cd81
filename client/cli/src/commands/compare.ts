/** `snoopscope compare FILE LOG…`: what a real kernel answered, held against what the simulator says. */
import { counted, elaborate, type Model, type Profile, parse } from '@snoopscope/sim-core';
import {
  cProgram,
  type ObservedCalls,
  type ObservedHistogram,
  type ObservedKernel,
  oneLine,
  parseObserved,
  type SpinSearch,
} from '@snoopscope/sim-core/c';
import { MAX_MEGABYTES, MAX_SECONDS, MAX_STATES } from '../check-options.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { exploreModel } from '../explore-file.ts';
import { exploreRequestOf } from '../explore-options.ts';
import { statementsOf, titledOf } from '../export-c.ts';
import { Failure } from '../failure.ts';
import { FORMAT_VERSION } from '../json.ts';
import { askedProfile, ownProfile } from '../kernels.ts';
import { recordRun } from '../record-run.ts';
import { modelOf, readScenario, type ScenarioFile } from '../scenario-file.ts';
import { readInput } from '../text-file.ts';
import { straceResult } from '../trace.ts';
import { ANY_FILES, type Command, FORMAT, GRANULARITY, type Invocation, KERNEL, SCENARIO_FILES } from './command.ts';

export const compare: Command = {
  name: 'compare',
  summary: 'Compare what a real kernel answered with what the simulator says.',
  operands: 'FILE LOG…',
  minOperands: 2,
  maxOperands: Number.POSITIVE_INFINITY,
  operandOffers: [SCENARIO_FILES, ANY_FILES],
  description: [
    'LOG is what a program made by `export c` of the same FILE printed, or SPIN searching a model made by `export promela`. Of a program that follows a schedule, each call is compared with the same run in the simulator. Of a litmus program, each outcome is looked for among those that the explorer finds: one that was seen and is not predicted is an error, one that is predicted and was never seen is listed.',
    'Of a search with SPIN, outcomes and findings are compared, and one that is predicted and was not reached is an error, too, if SPIN visited every state.',
    'Micro-steps are the default granularity for litmus programs, as real threads interleave inside system calls. For SPIN it is the one that the model was made with.',
  ],
  options: [
    {
      ...KERNEL,
      doc: `${KERNEL.doc} The one that the program ran on. Default: the scenario's \`kernel\` line, else the newest.`,
    },
    { name: 'schedule', value: 'SCHEDULE', allowsEmpty: true, doc: 'The schedule that the program was made with.' },
    GRANULARITY,
    MAX_STATES,
    MAX_SECONDS,
    MAX_MEGABYTES,
    FORMAT,
  ],
  examples: [
    { line: 'compare --kernel v6.1 a.snoop a.tap', about: 'Call for call.' },
    { line: 'compare --kernel v6.1 race.snoop race.1.txt race.2.txt', about: 'Outcomes of several litmus runs.' },
  ],
  async run(call) {
    const [name, ...logs] = call.operands as [string, ...string[]];
    const results: Compared[] = [];
    for (const log of logs) results.push(await comparedWith(call, name, log));
    if (call.format === 'json') call.printJson({ format: FORMAT_VERSION, file: name, logs: results.map(documentOf) });
    else for (const result of results) printCompared(call, result);
    return worst(results.map(({ exitCode }) => exitCode));
  },
};

interface Compared {
  readonly log: string;
  readonly kernel: string;
  readonly kind: 'calls' | 'histogram' | 'spin';
  /** Calls, rounds, or final states. */
  readonly observed: number;
  readonly differences: readonly string[];
  readonly neverSeen: readonly string[];
  readonly remarks: readonly string[];
  readonly exitCode: ExitCode;
}

function documentOf({ exitCode: _, ...compared }: Compared): object {
  return compared;
}

async function comparedWith(call: Invocation, name: string, log: string): Promise<Compared> {
  const observed = parseObserved(await readInput(call.io, log));
  if (!observed) {
    throw notAnObservation(
      log,
      'This is not the output of an exported program or model: it has neither a `TAP version` line nor a histogram.',
    );
  }
  switch (observed.kind) {
    case 'skipped':
      throw notAnObservation(
        log,
        `The program ended without an observation, so there is nothing to compare: ${observed.why}.`,
      );
    case 'cut':
      throw notAnObservation(log, `A part of the log is missing: ${observed.why}.`);
    case 'calls':
      return calls(call, name, log, observed);
    case 'histogram':
      return histogram(call, name, log, observed);
  }
}

function notAnObservation(log: string, message: string): Failure {
  return new Failure(message, { code: 'not-an-observation', file: log });
}

async function calls(call: Invocation, name: string, log: string, observed: ObservedCalls): Promise<Compared> {
  const { run, profile } = await recordRun(call, name);
  const statements = statementsOf(run);
  const { leftOut } = cProgram(run.model, statements, { file: name, title: '' });
  const out = new Set(leftOut.map(({ line, actor }) => `${line} ${actor}`));
  const { actors } = run.model.world.topology;
  const expected = statements.flatMap(({ actor, place, result, text }) =>
    place && result !== undefined && !out.has(`${place.line} ${actors[actor]?.name}`)
      ? [{ line: place.line + 1, actor: actors[actor]?.name ?? '', result, text }]
      : [],
  );
  const why = isMadeForOther(observed, profile)
    ? `the program was made for ${observed.madeFor}, and this is about ${profile.name}`
    : 'it is of another run';
  const differences = differencesOf(expected, observed.calls, why, profile);
  const { bailedOut, planned, tested } = observed;
  const isCut = bailedOut === undefined && tested < (planned ?? 1);
  return {
    log,
    kernel: profile.name,
    kind: 'calls',
    observed: observed.calls.length,
    differences,
    neverSeen: [],
    remarks: [
      ...otherKernel(call, observed, profile),
      ...(bailedOut === undefined ? [] : [`the program gave up: ${bailedOut}`]),
      ...(isCut ? [endsEarly(planned, tested)] : []),
    ],
    exitCode: differences.length > 0 || bailedOut !== undefined || isCut ? EXIT.failed : EXIT.fine,
  };
}

type ExpectedCall = ObservedCalls['calls'][number];

function differencesOf(
  expected: readonly ExpectedCall[],
  observed: readonly ExpectedCall[],
  whyOther: string,
  profile: Profile,
): string[] {
  const differences: string[] = [];
  for (const [index, call] of expected.entries()) {
    const at = `line ${call.line}, ${call.actor}: ${call.text}`;
    const real = observed[index];
    if (!real) return [...differences, `${at}: the log ends before it`];
    if (real.line !== call.line || real.actor !== call.actor || withoutSpaces(real) !== withoutSpaces(call))
      return [...differences, `${at}: the log has ${nameOf(real)} here; ${whyOther}`];
    if (real.result !== call.result)
      differences.push(
        `${at}: the kernel returned ${resultText(real.result)}, ${profile.name} returns ${straceResult(call.result)}`,
      );
  }
  const [more] = observed.slice(expected.length);
  return more
    ? [...differences, `the run has ended, and the log continues with ${nameOf(more)}; ${whyOther}`]
    : differences;
}

function nameOf({ line, actor, text }: ExpectedCall): string {
  return `line ${line}, ${actor}: ${text}`;
}

/** A scenario may be formatted after its program was made. */
function withoutSpaces({ text }: ExpectedCall): string {
  return text.replace(/\s+/g, '');
}

function endsEarly(planned: number | undefined, tested: number): string {
  return planned === undefined
    ? 'the log ends early: it has no plan of tests'
    : `the log ends early or lacks lines: its plan has ${counted(planned, 'test')}, and ${tested} ${tested === 1 ? 'has a result' : 'have results'}`;
}

function isMadeForOther({ madeFor }: ObservedKernel, profile: Profile): boolean {
  return madeFor !== undefined && madeFor !== profile.name;
}

/**
 * The program may have been made for another kernel than that of the comparison, and then follows another run. Without
 * `--kernel` the scenario says what to compare with, and the program may have run on something else.
 */
function otherKernel(call: Invocation, { kernel, madeFor }: ObservedKernel, profile: Profile): string[] {
  const asked = call.text('kernel');
  const ranOnOther = kernel !== undefined && asked === undefined && kernel !== profile.name;
  const said = [
    ...(isMadeForOther({ madeFor }, profile) ? [`was made for ${madeFor}`] : []),
    ...(ranOnOther ? [`ran on ${kernel}`] : []),
  ];
  if (said.length === 0) return [];
  const wanted = ranOnOther
    ? `export and compare it with --kernel ${kernel}`
    : `export it with --kernel ${asked ?? profile.name}`;
  return [`the program ${said.join(' and ')}, and this is about ${profile.name}: ${wanted}`];
}

/** Real kernels know errnos that the model has not. */
function resultText(value: number): string {
  try {
    return straceResult(value);
  } catch {
    return `-1 (errno ${-value})`;
  }
}

async function histogram(call: Invocation, name: string, log: string, observed: ObservedHistogram): Promise<Compared> {
  const own = await readScenario(call.io, name);
  refuseOtherTitles(own, log, observed.titles);
  const asked = call.text('kernel');
  const profile = asked === undefined ? ownProfile(own) : askedProfile(call, asked);
  refuseOtherNames(own, profile, log, observed.terms);
  const file = withTerms(own, observed.terms);
  const model = modelOf(file, profile);
  const predicted = await predictedOutcomes(call, model, profile, { log, terms: observed.terms });
  const seen = new Set(observed.outcomes.map(({ values }) => outcomeText(observed.terms, values)));
  const wrong = observed.outcomes.filter(({ values }) => !predicted.outcomes.has(outcomeText(observed.terms, values)));
  const neverSeen = [...predicted.outcomes].filter((outcome) => !seen.has(outcome));
  const differences = [
    ...wrong.map(
      ({ values, count }) => `${outcomeText(observed.terms, values)}: seen ${counted(count, 'time')}, not predicted`,
    ),
    ...(observed.spin ? differencesOfSpin(observed.spin, predicted.findings, neverSeen) : []),
  ];
  const open = predicted.limit === undefined ? EXIT.failed : EXIT.limit;
  return {
    log,
    kernel: profile.name,
    kind: observed.spin ? 'spin' : 'histogram',
    observed: observed.outcomes.reduce((sum, { count }) => sum + count, 0),
    differences,
    neverSeen: observed.spin?.exhaustive ? [] : neverSeen,
    remarks: [
      ...otherKernel(call, observed, profile),
      ...(predicted.limit === undefined ? [] : [`the exploration is not complete: ${predicted.limit}`]),
      ...(observed.unfinished > 0 ? [`${counted(observed.unfinished, 'round')} had no outcome to compare`] : []),
      ...(observed.spin?.notLearned ? ['SPIN came to what the model lacks: export it with a larger --max-states'] : []),
      ...(observed.spin && !observed.spin.exhaustive ? ['SPIN did not visit every state'] : []),
    ],
    exitCode: differences.length > 0 ? open : observed.spin?.notLearned ? EXIT.limit : EXIT.fine,
  };
}

function differencesOfSpin(
  { exhaustive, notLearned, findings }: SpinSearch,
  predicted: ReadonlySet<string>,
  neverSeen: readonly string[],
): string[] {
  const complete = exhaustive && !notLearned;
  return [
    ...findings.filter((finding) => !predicted.has(finding)).map((finding) => `${finding}: found, not predicted`),
    ...(complete ? neverSeen.map((outcome) => `${outcome}: predicted, not reached`) : []),
    ...[...predicted]
      .filter((finding) => complete && !findings.includes(finding))
      .map((finding) => `${finding}: predicted, not found`),
  ];
}

/** A scenario without a title has that of its file, which may have another name by now. */
function refuseOtherTitles(file: ScenarioFile, log: string, titles: readonly string[]): void {
  const own = titledOf(file);
  const other = own === undefined ? undefined : titles.find((title) => title.trim() !== oneLine(own));
  if (other !== undefined)
    throw notAnObservation(log, `The log is of the scenario "${other}", and ${file.name} is "${oneLine(own ?? '')}".`);
}

function refuseOtherNames(file: ScenarioFile, profile: Profile, log: string, terms: readonly string[]): void {
  modelOf(file, profile);
  for (const term of terms) {
    const { parsed, includes } = withTerms(file, [term]);
    if (!elaborate(parsed, { profile, includes }).model) throw ofAnotherScenario(log, term);
  }
}

function ofAnotherScenario(log: string, term: string): Failure {
  return notAnObservation(log, `The scenario has no ${term}, which the log has: the log is of another scenario.`);
}

/** The scenario with a condition that mentions everything that was observed: the explorer's outcomes are over conditions. */
function withTerms(file: ScenarioFile, terms: readonly string[]): ScenarioFile {
  if (terms.length === 0) return file;
  const text = `${file.text.trimEnd()}\n\nexists ${terms.map((term) => `${term} == 0`).join(' || ')}\n`;
  return { ...file, text, parsed: parse(text, undefined, file.named) };
}

interface Predicted {
  readonly outcomes: ReadonlySet<string>;
  /** As a search with SPIN prints them; those of the setup, which no model has, are left out. */
  readonly findings: ReadonlySet<string>;
  readonly limit: string | undefined;
}

async function predictedOutcomes(
  call: Invocation,
  model: Model,
  profile: Profile,
  { log, terms }: { log: string; terms: readonly string[] },
): Promise<Predicted> {
  const request = exploreRequestOf({
    ...call,
    text: (option) => (option === 'granularity' ? granularityOf(call) : call.text(option)),
  });
  const { report, exploration } = await exploreModel(model, profile, request, call.io.interrupt, {
    onProgress: ({ states }) => call.status(`${counted(states, 'state')}`),
  });
  const columns = terms.map((term) => report.terms.indexOf(term));
  const missing = terms[columns.indexOf(-1)];
  if (missing !== undefined) throw ofAnotherScenario(log, missing);
  const outcomes = new Set(
    report.outcomes.map(({ values }) =>
      outcomeText(
        terms,
        columns.map((column) => values[column] ?? ''),
      ),
    ),
  );
  const made = exploration.findings.filter(({ schedule }) => schedule.length > 0);
  const findings = new Set(
    made.map(({ finding, place }) => (place ? `${finding} line ${place.line + 1}` : finding)).sort(),
  );
  return { outcomes, findings, limit: report.complete ? undefined : (report.limit?.kind ?? 'it was stopped') };
}

function granularityOf(call: Invocation): string {
  return call.text('granularity') ?? 'micro';
}

function outcomeText(terms: readonly string[], values: readonly string[]): string {
  return terms.map((term, i) => `${term}=${values[i]}`).join(' ');
}

const UNITS = { calls: 'call', histogram: 'round', spin: 'final state' } as const;

function printCompared(
  call: Invocation,
  { log, kernel, kind, observed, differences, neverSeen, remarks }: Compared,
): void {
  const what = counted(observed, UNITS[kind]);
  const count = differences.length === 0 ? 'no difference' : counted(differences.length, 'difference');
  call.print(`${call.paint('heading', log)}: ${what} against ${kernel}, ${count}`);
  for (const difference of differences) call.print(`  ${difference}`);
  for (const outcome of neverSeen) call.print(`  predicted, never seen: ${outcome}`);
  for (const remark of remarks) call.print(`  ${remark}`);
}
