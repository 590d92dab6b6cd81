/** Failures for programs and for people, and the Failure that any other error is. */
import { ModelLimit, type Profile, predicting } from '@snoopscope/sim-core';
import type { Invocation } from './commands/command.ts';
import { diagnosticsText, notesText } from './diagnostics.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { Output } from './io.ts';
import { paintFor, textColumns, wrap } from './paint.ts';
import type { ScenarioFile } from './scenario-file.ts';
import { withPauses } from './with-pauses.ts';

/** What a Failure looks like to a program. Also inside the documents of commands that take several files. */
export function errorDocument(failure: Failure): { readonly error: object } {
  const { code, message, file, diagnostics } = failure;
  return {
    error: {
      code,
      message,
      ...(file !== undefined && { file }),
      ...(diagnostics.length > 0 && {
        diagnostics: diagnostics.map((d) => ({
          code: d.code,
          severity: d.severity,
          message: d.message,
          line: d.line + 1,
          column: d.span.start + 1,
          endColumn: d.span.end + 1,
        })),
      }),
    },
  };
}

/** A Failure for people: its diagnostics where there are any, else one line. */
export function refusalText(failure: Failure, output: Output): string {
  const paint = paintFor(output);
  const width = textColumns(output);
  const { file, diagnostics, text, code, message } = failure;
  if (file !== undefined && diagnostics.length > 0) return diagnosticsText(file, text, diagnostics, paint, width);
  const name = `${file ?? 'snoopscope'}:`;
  const lines = wrap(`${name} error: ${message} [${code}]`, width, 2, 0);
  // Where the place fills the line, the word for the severity begins the next one.
  const [first, ...rest] = lines.slice(name.length).split('error:');
  return `${paint('heading', name)}${first}${paint('worst', 'error:')}${rest.join('error:')}`;
}

/** Every error becomes a Failure. What nobody foresaw is a bug of ours, and says so without a stack trace. */
export function asFailure(error: unknown, file?: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ModelLimit) {
    return new Failure(error.message, {
      code: 'model-limit',
      exitCode: EXIT.limit,
      ...(file !== undefined && { file }),
    });
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const where = error instanceof Error ? /^\s*at (.*)$/m.exec(error.stack ?? '')?.[1] : undefined;
  const place = where ? ` (at ${where.replace(/\(.*[\\/]/, '(')})` : '';
  const message = `This is a bug of Snoopscope, not of your file: ${what}${place}. Please report it with the scenario, the call and the output of \`snoopscope --version\`.`;
  return new Failure(message, { code: 'internal-error', ...(file !== undefined && { file }) });
}

/** Warnings and notes go to stderr; in JSON they are left out, as they change no verdict. */
export function remarkWarnings(call: Invocation, { name, text, warnings, notes }: ScenarioFile): void {
  if (call.format === 'json') return;
  const { stderr } = call.io;
  const paint = paintFor(stderr);
  if (warnings.length > 0) call.remark(diagnosticsText(name, text, warnings, paint, textColumns(stderr)));
  if (notes.length > 0) call.remark(notesText(name, notes, paint));
}

/** What the check itself reports, as verdicts with a schedule. */
const TOLD_BY_VERDICTS: ReadonlySet<string> = new Set([
  'declared-result',
  'impossible-schedule',
  'model-limit',
  'predicted-finding',
]);

/** Warnings that come from running the scenario and that change no verdict: calls that fail without saying so, above all. */
export async function remarkPredicted(
  call: Invocation,
  { name, text, parsed, includes }: ScenarioFile,
  profiles: readonly Profile[] | undefined,
): Promise<void> {
  const found = await withPauses(predicting(parsed, { includes, ...(profiles && { profiles }) }));
  const warnings = found.filter(({ severity, code }) => severity === 'warning' && !TOLD_BY_VERDICTS.has(code));
  const { stderr } = call.io;
  if (warnings.length > 0) call.remark(diagnosticsText(name, text, warnings, paintFor(stderr), textColumns(stderr)));
}
