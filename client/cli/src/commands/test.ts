/** `snoopscope test PATH…`: checks whole folders and counts. */
import { checkFile, type FileVerdict } from '../check-file.ts';
import { CHECK_OPTIONS, checkRequestOf } from '../check-options.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { shardOf } from '../explore-options.ts';
import type { Failure } from '../failure.ts';
import { asFailure } from '../failure-report.ts';
import { readScenario, type ScenarioFile } from '../scenario-file.ts';
import { scenarioPaths } from '../scenario-paths.ts';
import { REPORTS } from '../test-reports/table.ts';
import { type Command, SCENARIO_FILES } from './command.ts';

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
    'A file without actors only has procedures for others to include; it is counted as skipped.',
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
      doc: 'Output format: text for people, one JSON document, JUnit XML, or the Test Anything Protocol. Default: text.',
    },
  ],
  examples: [
    { line: 'test scenarios', about: 'The gallery.' },
    { line: 'test --format junit scenarios', about: 'The same, for a CI server.' },
  ],
  async run(call) {
    const request = checkRequestOf(call);
    const { shard = 0, shards = 1 } = shardOf(call.text('shard'));
    const paths = scenarioPaths(call.io, call.operands).filter((_, i) => i % shards === shard);
    const report = REPORTS[call.format as keyof typeof REPORTS](call);
    const outcomes: TestOutcome[] = [];
    for (const [at, path] of paths.entries()) {
      const progress = (text: string): void => call.status(`${at + 1} of ${paths.length}: ${text}`);
      const outcome = await testOne(
        path,
        () => readScenario(call.io, path),
        (file) => checkFile(file, { ...request, progress }),
      );
      outcomes.push(outcome);
      report.each(outcome);
      if (call.io.interrupt.aborted) break;
    }
    report.end(outcomes);
    const left = outcomes.length < paths.length;
    return worst([...outcomes.map(exitCodeOf), ...(left ? [EXIT.interrupted] : [])]);
  },
};

async function testOne(
  path: string,
  read: () => Promise<ScenarioFile>,
  judge: (file: ScenarioFile) => Promise<FileVerdict>,
): Promise<TestOutcome> {
  try {
    const file = await read();
    if (!file.parsed.blocks.some((block) => block.actor)) {
      return { kind: 'skipped', file: path, reason: 'it has no actors' };
    }
    return { kind: 'checked', file: path, verdict: await judge(file) };
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
