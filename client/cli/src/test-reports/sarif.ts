import { type CheckFailure, checkByCode, failuresOf, failureText, monitorByName } from '@snoopscope/sim-core';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { limitText } from '../check-text.ts';
import type { Invocation } from '../commands/command.ts';
import type { TestOutcome } from '../commands/test.ts';
import { EXIT } from '../exit-codes.ts';
import { VERSION } from '../version.ts';
import type { Report } from './test-report.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const HOME = 'https://github.com/snoopscope/snoopscope';

/** SARIF 2.1.0: one result for each failure, as code scanning services and editors read it. */
export function sarifReport(call: Invocation): Report {
  return {
    each() {
      // One document holds everything, so it is printed at the end.
    },
    end(outcomes) {
      call.printJson(logOf(outcomes));
    },
  };
}

function logOf(outcomes: readonly TestOutcome[]): Log {
  const objections = outcomes.flatMap(objectionsOf);
  const rules = [...new Set(objections.map(({ rule }) => rule))].sort();
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'snoopscope', version: VERSION, informationUri: HOME, rules: rules.map(ruleOf) },
        },
        columnKind: 'utf16CodeUnits',
        // Failed checks are results; what could not be judged is not.
        invocations: [{ executionSuccessful: isJudged(outcomes, objections) }],
        results: objections.map((objection) => resultOf(objection, rules)),
      },
    ],
  };
}

/** What one result says. */
interface Objection {
  readonly rule: string;
  readonly level: 'error' | 'warning';
  readonly file: string;
  /** Both counting from 1. */
  readonly line: number;
  readonly column?: number;
  readonly endColumn?: number;
  readonly text: string;
  readonly properties?: object;
}

function objectionsOf(outcome: TestOutcome): Objection[] {
  const { file } = outcome;
  switch (outcome.kind) {
    case 'skipped':
      return [];
    case 'broken': {
      const { diagnostics, message, exitCode, code } = outcome.failure;
      const level = exitCode === EXIT.limit ? 'warning' : 'error';
      if (diagnostics.length === 0) return [{ rule: code, level, file, line: 1, text: message }];
      return diagnostics.map(({ code: rule, severity, line, span, message: text }) => ({
        rule,
        level: severity === 'error' ? 'error' : 'warning',
        file,
        line: line + 1,
        column: span.start + 1,
        endColumn: span.end + 1,
        text,
      }));
    }
    case 'checked':
      return failuresOf(outcome.verdict.groups, limitText).map((failure) => ofFailure(file, failure));
  }
}

function ofFailure(file: string, failure: CheckFailure): Objection {
  const { kind, finding, line = 0, kernels, explored, schedule } = failure;
  return {
    rule: kind === 'finding' ? (finding ?? kind) : kind,
    level: kind === 'open' ? 'warning' : 'error',
    file,
    line: line + 1,
    text: failureText(failure),
    properties: { kernels, explored, ...(schedule !== undefined && { schedule }) },
  };
}

const OWN_RULES: Readonly<Record<string, string>> = {
  condition: 'A condition does not hold on a kernel that it is for.',
  open: 'A limit was reached before the answer was known.',
};

function ruleOf(id: string): ReportingDescriptor {
  const text = OWN_RULES[id] ?? monitorByName.get(id)?.doc ?? checkByCode.get(id)?.doc ?? 'The file cannot be checked.';
  return { id, shortDescription: { text } };
}

function resultOf(
  { rule, level, file, line, column, endColumn, text, properties }: Objection,
  rules: string[],
): Result {
  const region = {
    startLine: line,
    ...(column !== undefined && { startColumn: column }),
    // The end of an empty region is its beginning.
    ...(endColumn !== undefined && { endColumn }),
  };
  return {
    ruleId: rule,
    ruleIndex: rules.indexOf(rule),
    level,
    message: { text },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region } }],
    ...(properties && { properties }),
  };
}

/** Relative paths stay relative: services know the root of the checkout. */
function uriOf(file: string): string {
  const path = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${path}` : path.replace(/^([A-Za-z])%3A/, 'file:///$1:');
}

/** Everything was judged, whatever came out. */
function isJudged(outcomes: readonly TestOutcome[], objections: readonly Objection[]): boolean {
  return outcomes.every(({ kind }) => kind !== 'broken') && objections.every(({ level }) => level !== 'warning');
}
