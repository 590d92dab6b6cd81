import type { Invocation } from '../commands/command.ts';
import { countMarked, markOf, type Report, reasonsOf } from './test-report.ts';

/** JUnit XML, as continuous integration servers read it: one suite, one case for each file. No times: same input, same bytes. */
export function junitReport(call: Invocation): Report {
  return {
    each() {
      // The counts come before the cases, so everything is printed at the end.
    },
    end(outcomes) {
      const counts = `tests="${outcomes.length}" failures="${countMarked(outcomes, 'failed')}" errors="${countMarked(outcomes, 'open')}" skipped="${countMarked(outcomes, 'skipped')}"`;
      call.print('<?xml version="1.0" encoding="UTF-8"?>');
      call.print(`<testsuites ${counts}>`);
      call.print(`  <testsuite name="snoopscope" ${counts}>`);
      for (const outcome of outcomes) {
        const open = `    <testcase classname="snoopscope" name="${escaped(outcome.file)}"`;
        const mark = markOf(outcome);
        const reasons = reasonsOf(outcome);
        const element = { passed: undefined, failed: 'failure', open: 'error', skipped: 'skipped' }[mark];
        if (!element) call.print(`${open}/>`);
        else {
          const message = escaped(reasons[0] ?? mark);
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
