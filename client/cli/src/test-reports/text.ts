import { printVerdict } from '../check-text.ts';
import type { Invocation } from '../commands/command.ts';
import { refusalText } from '../failure-report.ts';
import { type Style, wrap } from '../paint.ts';
import { markOf, type Report, type TestMark, testSummary } from './test-report.ts';

const STYLE_OF: Readonly<Record<TestMark, Style>> = {
  passed: 'good',
  failed: 'bad',
  open: 'caution',
  skipped: 'faint',
};

/** The column after the longest mark. */
const INDENT = 8;

/** For people: a line for each file that passed, all that is known about one that did not. */
export function textReport(call: Invocation): Report {
  return {
    each(outcome) {
      const mark = markOf(outcome);
      const word = call.paint(STYLE_OF[mark], mark.padEnd(7));
      if (outcome.kind === 'broken') {
        call.print(`${word} ${outcome.file}`);
        call.remark(refusalText(outcome.failure, call.io.stderr));
      } else if (outcome.kind === 'skipped') {
        call.print(`${word} ${wrap(`${outcome.file} (${outcome.reason})`, call.width, INDENT)}`);
      } else if (mark === 'passed') {
        const kernels = outcome.verdict.groups.map(({ name }) => name).join(', ');
        const line = wrap(`${outcome.file} ${kernels}`, call.width, INDENT);
        const { length } = outcome.file;
        call.print(`${word} ${line.slice(0, length)}${call.paint('faint', line.slice(length))}`);
      } else {
        call.print(word.trimEnd());
        printVerdict(call, outcome.verdict, false);
      }
    },
    end(outcomes) {
      call.print(testSummary(outcomes));
    },
  };
}
