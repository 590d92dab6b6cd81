/**
 * What the kernels that a scenario names will say to it, as diagnostics: declared results that none of them gives,
 * calls that fail, findings, waits that never end.
 *
 * `setup` is certain. What runs concurrently was tried in a number of interleavings; messages say so. A check tries all.
 */
import type { Diagnostic, ParsedScenario } from '../scenario/ast.ts';
import { limited } from '../scenario/parser.ts';
import { findingDiagnostics, registrationDiagnostics } from './findings.ts';
import { observingKernels, type PredictOptions, plainKernel } from './kernels.ts';
import { limitDiagnostics, scheduleDiagnostics, waitingDiagnostics } from './never.ts';
import { resultDiagnostics } from './results.ts';
import { unmappingDiagnostics } from './unmapping.ts';

/**
 * In slices of about a millisecond: between two the caller may give up. Nothing for a scenario that cannot be executed.
 */
export function* predicting(
  parsed: ParsedScenario,
  options: PredictOptions = {},
): Generator<void, readonly Diagnostic[]> {
  const groups = yield* observingKernels(parsed, options);
  if (groups === undefined) return [];
  const diagnostics = [
    ...resultDiagnostics(groups),
    ...findingDiagnostics(groups),
    ...registrationDiagnostics(parsed, groups),
    ...unmappingDiagnostics(groups),
    ...waitingDiagnostics(parsed, groups),
    ...scheduleDiagnostics(parsed, groups, plainKernel(parsed, options.profile)),
    ...limitDiagnostics(groups),
  ];
  return limited(distinct(diagnostics).sort((a, b) => a.line - b.line || a.span.start - b.span.start));
}

/** A procedure that is called twice says the same once, with both calls. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const known = new Map<string, Diagnostic>();
  for (const one of diagnostics) {
    const key = `${one.line}:${one.span.start}:${one.code}:${one.message}`;
    const same = known.get(key);
    if (same === undefined) known.set(key, one);
    else known.set(key, { ...same, related: [...(same.related ?? []), ...(one.related ?? [])] });
  }
  return [...known.values()];
}
