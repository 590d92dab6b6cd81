import type { Invocation } from '../commands/command.ts';
import type { TestOutcome } from '../commands/test.ts';
import { markOf, type Report, reasonsOf, testSummary } from './test-report.ts';

/** The Test Anything Protocol, version 14, each file as soon as it is checked. */
export function tapReport(call: Invocation): Report {
  let number = 0;
  return {
    each(outcome) {
      number++;
      if (number === 1) call.print('TAP version 14');
      call.print(pointOf(outcome, number));
      if (outcome.kind !== 'skipped') for (const reason of reasonsOf(outcome)) call.print(`# ${reason}`);
    },
    end(outcomes) {
      call.print(`1..${number}`);
      call.print(`# ${testSummary(outcomes)}`);
    },
  };
}

function pointOf(outcome: TestOutcome, number: number): string {
  const name = outcome.file.replaceAll('\\', '\\\\').replaceAll('#', '\\#');
  switch (markOf(outcome)) {
    case 'passed':
      return `ok ${number} - ${name}`;
    case 'skipped':
      return `ok ${number} - ${name} # SKIP ${reasonsOf(outcome).join(' ')}`;
    case 'failed':
    case 'open':
      return `not ok ${number} - ${name}`;
  }
}
