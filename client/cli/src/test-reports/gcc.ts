import { compilerLine, failuresOf } from '@snoopscope/sim-core';
import { limitText } from '../check-text.ts';
import type { Invocation } from '../commands/command.ts';
import type { TestOutcome } from '../commands/test.ts';
import { EXIT } from '../exit-codes.ts';
import { type Report, testSummary } from './test-report.ts';

/**
 * `FILE:LINE: error: TEXT`, as compilers print it: what editors and continuous integration servers know how to find in an
 * output. `$snoopscope` is VS Code's matcher for it.
 */
export function gccReport(call: Invocation): Report {
  return {
    each(outcome) {
      for (const line of linesOf(outcome)) call.print(line);
    },
    end(outcomes) {
      call.print(testSummary(outcomes));
    },
  };
}

function linesOf(outcome: TestOutcome): string[] {
  const { file } = outcome;
  switch (outcome.kind) {
    case 'skipped':
      return [];
    case 'broken': {
      const { diagnostics, message, exitCode } = outcome.failure;
      if (diagnostics.length === 0) return [`${file}:1: ${exitCode === EXIT.limit ? 'warning' : 'error'}: ${message}`];
      return diagnostics.map(
        ({ line, span, severity, message: text, code }) =>
          `${file}:${line + 1}:${span.start + 1}: ${severity}: ${text} [${code}]`,
      );
    }
    case 'checked':
      return failuresOf(outcome.verdict.groups, limitText).map((failure) => compilerLine(file, failure));
  }
}
