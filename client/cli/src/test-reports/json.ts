import { failureDocument, verdictDocument } from '../check-json.ts';
import type { Invocation } from '../commands/command.ts';
import { FORMAT_VERSION } from '../json.ts';
import { VERSION } from '../version.ts';
import { countMarked, type Report } from './test-report.ts';

/** One document with what `check --format json` says about each file, and the counts. */
export function jsonReport(call: Invocation): Report {
  return {
    each() {
      // One document holds everything, so it is printed at the end.
    },
    end(outcomes) {
      call.printJson({
        format: FORMAT_VERSION,
        passed: countMarked(outcomes, 'passed'),
        failed: countMarked(outcomes, 'failed'),
        open: countMarked(outcomes, 'open'),
        skipped: countMarked(outcomes, 'skipped'),
        asked: asked(call),
        files: outcomes.map((outcome) => {
          if (outcome.kind === 'checked') return verdictDocument(outcome.verdict);
          if (outcome.kind === 'skipped') return { file: outcome.file, skipped: outcome.reason };
          return failureDocument(outcome.file, outcome.failure);
        }),
      });
    },
  };
}

/** What decides the verdicts besides the files: shares are only put together when it is the same. */
function asked(call: Invocation): object {
  const options = ['kernel', 'granularity', 'max-states', 'max-seconds'];
  const given = options.flatMap((name) => (call.text(name) === undefined ? [] : [[name, call.text(name)]]));
  const shard = call.text('shard');
  return { version: VERSION, options: Object.fromEntries(given), ...(shard !== undefined && { shard }) };
}
