/** The formats of `test`, one line each; the first is the default. */
import type { Invocation } from '../commands/command.ts';
import { gccReport } from './gcc.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { sarifReport } from './sarif.ts';
import { tapReport } from './tap.ts';
import type { Report } from './test-report.ts';
import { textReport } from './text.ts';

export const REPORTS = {
  text: textReport,
  json: jsonReport,
  junit: junitReport,
  tap: tapReport,
  sarif: sarifReport,
  gcc: gccReport,
} as const satisfies Readonly<Record<string, (call: Invocation) => Report>>;
