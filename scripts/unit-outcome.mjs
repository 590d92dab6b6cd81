// What a run of vitest came to, from its JSON report and from what it printed: the report says about a file whose process
// crashed only that its tests are pending.
import path from 'node:path';

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*m`, 'g');
/** How vitest tells that a process of its own ended in the middle of a file. */
const ENDED =
  /Worker exited unexpectedly(?: with (?:signal (\S+)|(?:exit )?code (\d+)))?.*? while running test files? (.+)$/gm;
/** How V8 and Node begin to tell why they abort; `# Fatal error in , line 0` says less than the line after it. */
const REASON =
  /^# ?(?:Check failed|Debug check failed|unreachable|unimplemented|Allocation failed).*$|^FATAL ERROR: .*$|^.*AddressSanitizer.*$/gm;

/**
 * @param testResults of vitest's JSON report
 * @param log what vitest printed
 * @returns {{ passed: number, failed: number, retried: string[], skipped: { title: string, reason: string }[], failures: string[] }}
 *   `retried` has a line for each test that passed only when it ran again; `failures` has a line for each test that failed, and for each file that did not finish.
 */
export function unitOutcome(testResults, log, root) {
  const outcome = { passed: 0, failed: 0, retried: [], skipped: [], failures: [] };
  const text = log.replaceAll(ANSI, '');
  const { ends, unreached } = crashesOf(text, testResults);
  const reasons = [...new Set([...text.matchAll(REASON)].map(([line]) => line.replace(/^# ?/, '')))];
  for (const file of testResults) {
    const name = path.relative(root, file.name);
    const failed = [];
    let notRun = 0;
    for (const { status, fullName, meta, failureMessages } of file.assertionResults) {
      if (status === 'passed') {
        outcome.passed++;
        // A test that passes has errors only of an earlier run of it.
        if (failureMessages?.length > 0) outcome.retried.push(failedLine(`${name} ${fullName}`, failureMessages[0]));
      } else if (status === 'failed') failed.push(failedLine(`${name} ${fullName}`, failureMessages?.[0]));
      // What was not skipped on purpose was not reached.
      else if (status === 'pending') notRun++;
      else outcome.skipped.push({ title: fullName, reason: meta?.reason ?? 'its test gives no reason' });
    }
    if (ends.has(file.name) || notRun > 0) {
      outcome.failures.push(crashText(name, ends.get(file.name), reasons, notRun));
      notRun = Math.max(notRun, 1);
    } else if (file.status === 'failed' && failed.length === 0) {
      failed.push(failedLine(`${name} did not load`, file.message));
    }
    outcome.failures.push(...failed);
    outcome.failed += failed.length + notRun;
  }
  for (const file of unreached) {
    outcome.failures.push(`${path.relative(root, file)} did not run: its process had crashed`);
    outcome.failed++;
  }
  return outcome;
}

/**
 * Files share processes. `ends` has the file in which each process crashed, with the signal or exit code; `unreached` are
 * the files that it had not reported yet.
 */
function crashesOf(text, testResults) {
  const ends = new Map();
  const unreached = new Set();
  const reported = new Map(testResults.map((file) => [file.name, file]));
  for (const [, signal, code, list] of text.matchAll(ENDED)) {
    const files = list.split(', ').map((file) => file.trim());
    for (const file of files) if (!reported.has(file)) unreached.add(file);
    const begun = files.filter((file) => reported.has(file));
    // When all of them are finished, it crashed between two files.
    const where = begun.find((file) => !cameToItsEnd(reported.get(file))) ?? begun.at(-1);
    if (where !== undefined) ends.set(where, signal ?? code);
  }
  return { ends, unreached };
}

function cameToItsEnd({ status, assertionResults }) {
  const statuses = assertionResults.map((test) => test.status);
  return !statuses.includes('pending') && (status === 'passed' || statuses.includes('failed'));
}

/** One line: what failed, and the first line of how. */
export function failedLine(title, error) {
  const [first] = (error ?? '').replaceAll(ANSI, '').trim().split('\n');
  return first ? `${title}: ${first}` : title;
}

function crashText(file, how, reasons, notRun) {
  const ended = how === undefined ? 'did not finish' : `crashed with ${/^\d+$/.test(how) ? `exit code ${how}` : how}`;
  const why = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
  const left = notRun > 0 ? ` (${notRun} ${notRun === 1 ? 'test' : 'tests'} of it did not run)` : '';
  return `${file} ${ended}${why}${left}`;
}
