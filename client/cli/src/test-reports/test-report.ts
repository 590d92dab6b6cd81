/** What a format of `test` prints: something after each file, something at the end. */
import { failuresOf } from '@snoopscope/sim-core';
import { limitText } from '../check-text.ts';
import type { TestOutcome } from '../commands/test.ts';
import { EXIT } from '../exit-codes.ts';

export interface Report {
  readonly each: (outcome: TestOutcome) => void;
  readonly end: (outcomes: readonly TestOutcome[]) => void;
}

export type TestMark = 'passed' | 'failed' | 'open' | 'skipped';

/** A file counts as one test. What cannot be read or parsed has failed; what a limit kept open is neither. */
export function markOf(outcome: TestOutcome): TestMark {
  switch (outcome.kind) {
    case 'checked':
      return outcome.verdict.passed === undefined ? 'open' : outcome.verdict.passed ? 'passed' : 'failed';
    case 'broken':
      return outcome.failure.exitCode === EXIT.limit ? 'open' : 'failed';
    case 'skipped':
      return 'skipped';
  }
}

export function countMarked(outcomes: readonly TestOutcome[], mark: TestMark): number {
  return outcomes.filter((outcome) => markOf(outcome) === mark).length;
}

/** `5 passed, 1 failed`; what there is none of is not mentioned, except these two. */
export function testSummary(outcomes: readonly TestOutcome[]): string {
  const always: readonly TestMark[] = ['passed', 'failed'];
  const marks: readonly TestMark[] = ['passed', 'failed', 'open', 'skipped'];
  return marks
    .filter((mark) => always.includes(mark) || countMarked(outcomes, mark) > 0)
    .map((mark) => `${countMarked(outcomes, mark)} ${mark}`)
    .join(', ');
}

/** Why a file did not pass, a line each; empty when it did. */
export function reasonsOf(outcome: TestOutcome): string[] {
  switch (outcome.kind) {
    case 'skipped':
      return [outcome.reason];
    case 'broken': {
      const { failure, file } = outcome;
      if (failure.diagnostics.length === 0) return [failure.message];
      return failure.diagnostics.map((d) => `${file}:${d.line + 1}:${d.span.start + 1}: ${d.message} [${d.code}]`);
    }
    case 'checked':
      return failuresOf(outcome.verdict.groups, limitText).map(({ line, headline, details }) => {
        const place = line === undefined ? '' : `line ${line + 1}: `;
        return `${place}${[headline, details.join(' ')].filter((text) => text !== '').join(': ')}`;
      });
  }
}
