/** `snoopscope test PATH…`: checks whole folders and counts. */
import path from 'node:path';
import { type Coverage, CoverageObserver } from '@snoopscope/sim-core';
import { type CheckRequest, checkFile, type FileVerdict } from '../check-file.ts';
import { CHECK_OPTIONS, checkRequestOf } from '../check-options.ts';
import { COVERAGES, type CoverageRequest, coverageRequestOf, reportCoverage } from '../coverage-reports/table.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { shardOf } from '../explore-options.ts';
import type { Failure } from '../failure.ts';
import { asFailure } from '../failure-report.ts';
import type { Io } from '../io.ts';
import { readScenario, type ScenarioFile } from '../scenario-file.ts';
import { scenarioPaths } from '../scenario-paths.ts';
import { REPORTS } from '../test-reports/table.ts';
import { watching } from '../watching.ts';
import { ANY_FILES, type Command, type Invocation, SCENARIO_FILES } from './command.ts';

/** What became of one file. */
export type TestOutcome =
  | { readonly kind: 'checked'; readonly file: string; readonly verdict: FileVerdict }
  | { readonly kind: 'broken'; readonly file: string; readonly failure: Failure }
  /** Nothing in it can be checked; `reason` says why. */
  | { readonly kind: 'skipped'; readonly file: string; readonly reason: string };

export const test: Command = {
  name: 'test',
  summary: 'Check every scenario in files and folders, and count how many pass.',
  operands: 'PATH…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  operandOffers: [SCENARIO_FILES],
  description: [
    'Checks each named .snoop file and those in or below each named folder, as `check` does. A file passes if all its conditions hold on all kernels they name and every system call returns what is declared.',
    'A file without actors and conditions only has procedures for others to include; it is counted as skipped.',
  ],
  options: [
    ...CHECK_OPTIONS,
    {
      name: 'shard',
      value: 'I/N',
      doc: 'Check share I of N of the files; `snoopscope merge` combines the JSON results.',
    },
    {
      name: 'format',
      value: 'FORMAT',
      choices: Object.keys(REPORTS),
      doc: 'Output format: text for people, one JSON document, JUnit XML, the Test Anything Protocol, SARIF 2.1.0, or a line for each failure as gcc prints errors. Default: text.',
    },
    { name: 'watch', doc: 'Check files again when they change, until Ctrl-C.' },
    {
      name: 'coverage',
      value: 'FORMAT',
      choices: Object.keys(COVERAGES),
      doc: 'Report what no interleaving executes: statements, alternatives of `choose`, results of calls, micro-steps of kernel functions, kernel changes.',
    },
    {
      name: 'coverage-file',
      value: 'FILE',
      doc: 'Write the coverage to FILE. Default: print it after the results, if both are text.',
      offers: ANY_FILES,
    },
  ],
  examples: [
    { line: 'test scenarios', about: 'The gallery.' },
    { line: 'test --format junit scenarios', about: 'The same, for a CI server.' },
    { line: 'test --coverage lcov --coverage-file lcov.info scenarios', about: 'What they execute, for genhtml.' },
  ],
  async run(call) {
    const request = checkRequestOf(call);
    const wanted = coverageRequestOf(call);
    const { shard = 0, shards = 1 } = shardOf(call.text('shard'));
    const ownOf = (paths: readonly string[]): string[] => paths.filter((_, i) => i % shards === shard);
    const paths = ownOf(scenarioPaths(call.io, call.operands));
    if (call.flag('watch')) return watching(call, { paths, ownOf }, (some) => testAll(call, some, request, wanted));
    return (await testAll(call, paths, request, wanted)).exitCode;
  },
};

/** What checking some files came to. */
export interface TestedFiles {
  readonly exitCode: ExitCode;
  /** File → the files that it includes, absolute. */
  readonly includes: ReadonlyMap<string, ReadonlySet<string>>;
}

async function testAll(
  call: Invocation,
  paths: readonly string[],
  request: CheckRequest,
  wanted: CoverageRequest | undefined,
): Promise<TestedFiles> {
  const report = REPORTS[call.format as keyof typeof REPORTS](call);
  const outcomes: TestOutcome[] = [];
  const coverages = new Map<string, Coverage>();
  const includes = new Map<string, ReadonlySet<string>>();
  for (const [at, name] of paths.entries()) {
    const progress = (text: string): void => call.status(`${at + 1} of ${paths.length}: ${text}`);
    const coverage = new CoverageObserver();
    const outcome = await testOne(
      name,
      async () => {
        const { file, included } = noting(call.io, await readScenario(call.io, name));
        includes.set(name, included);
        return file;
      },
      (file) => checkFile(file, { ...request, progress, ...(wanted && { coverage }) }),
    );
    if (outcome.kind === 'checked') coverages.set(name, coverage.result());
    outcomes.push(outcome);
    report.each(outcome);
    if (call.io.interrupt.aborted) break;
  }
  report.end(outcomes);
  if (wanted) await reportCoverage(call, wanted, coverages);
  const left = outcomes.length < paths.length;
  return { exitCode: worst([...outcomes.map(exitCodeOf), ...(left ? [EXIT.interrupted] : [])]), includes };
}

/** The same file; `included` grows by what is read for it. */
function noting({ workingDirectory }: Io, file: ScenarioFile): { file: ScenarioFile; included: Set<string> } {
  const included = new Set<string>();
  const folder = path.dirname(path.resolve(workingDirectory, file.name));
  const includes = (name: string): ReturnType<ScenarioFile['includes']> => {
    included.add(path.resolve(folder, name));
    return file.includes(name);
  };
  return { file: { ...file, includes }, included };
}

async function testOne(
  path: string,
  read: () => Promise<ScenarioFile>,
  judge: (file: ScenarioFile) => Promise<FileVerdict>,
): Promise<TestOutcome> {
  try {
    const file = await read();
    const verdict = await judge(file);
    const reason = verdict.groups[0]?.skipped;
    if (reason !== undefined) return { kind: 'skipped', file: path, reason };
    return { kind: 'checked', file: path, verdict };
  } catch (error) {
    return { kind: 'broken', file: path, failure: asFailure(error, path) };
  }
}

function exitCodeOf(outcome: TestOutcome): ExitCode {
  switch (outcome.kind) {
    case 'checked':
      return outcome.verdict.exitCode;
    case 'broken':
      return outcome.failure.exitCode;
    case 'skipped':
      return 0;
  }
}
