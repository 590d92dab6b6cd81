import type { Invocation } from '../commands/command.ts';
import type { TestOutcome } from '../commands/test.ts';
import { markOf, type Report, reasonsOf } from './test-report.ts';

/** JUnit's words: a failure is a test that was made and failed, an error one that could not be made to its end. */
type Element = 'failure' | 'error' | 'skipped';

/** JUnit XML, as continuous integration servers read it: one suite, one case for each file. No times: same input, same bytes. */
export function junitReport(call: Invocation): Report {
  return {
    each() {
      // The counts come before the cases, so everything is printed at the end.
    },
    end(outcomes) {
      const count = (element: Element): number => outcomes.filter((one) => elementOf(one) === element).length;
      const counts = `tests="${outcomes.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
      call.print('<?xml version="1.0" encoding="UTF-8"?>');
      call.print(`<testsuites ${counts}>`);
      call.print(`  <testsuite name="snoopscope" ${counts}>`);
      for (const outcome of outcomes) {
        const open = `    <testcase classname="snoopscope" name="${escaped(outcome.file)}"`;
        const element = elementOf(outcome);
        const reasons = reasonsOf(outcome);
        if (!element) call.print(`${open}/>`);
        else {
          const message = escaped(reasons[0] ?? element);
          call.print(`${open}>`);
          call.print(`      <${element} message="${message}">${escaped(reasons.join('\n'))}</${element}>`);
          call.print('    </testcase>');
        }
      }
      call.print('  </testsuite>');
      call.print('</testsuites>');
    },
  };
}

function elementOf(outcome: TestOutcome): Element | undefined {
  if (outcome.kind === 'broken') return 'error';
  const mark = markOf(outcome);
  return ({ passed: undefined, failed: 'failure', open: 'error', skipped: 'skipped' } as const)[mark];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

function escaped(text: string): string {
  // XML 1.0 has no way to write other control characters.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it replaces.
  return text.replace(/[\u0000-\u0009\u000b-\u001f]/g, '\u{fffd}').replace(/[&<>"\n]/g, (c) => ENTITIES[c]!);
}
