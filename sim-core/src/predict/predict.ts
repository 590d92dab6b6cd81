/**
 * What the kernels that a scenario names will say to it, as diagnostics: declared results that none of them gives,
 * calls that fail, findings, waits that never end.
 *
 * `setup` is certain. What runs concurrently was tried in a number of interleavings; messages say so. A check tries all.
 */
import type { Diagnostic, ParsedScenario } from '../scenario/ast.ts';
import { blockOfLines } from '../scenario/blocks.ts';
import { limited } from '../scenario/parser.ts';
import { findingDiagnostics, registrationDiagnostics } from './findings.ts';
import { type KernelGroup, observingKernels, type PredictOptions, plainKernel } from './kernels.ts';
import { type Mended, mending } from './mended.ts';
import { limitDiagnostics, scheduleDiagnostics, waitingDiagnostics } from './never.ts';
import { refusedWriteDiagnostics } from './refused-writes.ts';
import { resultDiagnostics } from './results.ts';
import { declaredResult, failingCall } from './table.ts';
import { unmappingDiagnostics } from './unmapping.ts';
import { writtenNumberDiagnostics } from './written-numbers.ts';

/**
 * In slices of about a millisecond: between two the caller may give up. Lines with errors are left out, with what depends
 * on them; nothing for a scenario that cannot be executed even so.
 */
export function* predicting(
  parsed: ParsedScenario,
  options: PredictOptions = {},
): Generator<void, readonly Diagnostic[]> {
  const whole = yield* observingKernels(parsed, options);
  if (whole !== undefined) {
    options.observed?.(whole, true);
    return ordered(yield* diagnosticsOf(parsed, whole, options));
  }
  const mend = yield* options.mending?.() ?? mending(parsed, options.includes ?? (() => undefined));
  if (mend === undefined || mend.changed.size === 0) return [];
  yield;
  const { elaborated: _, ...others } = options;
  const groups = yield* observingKernels(mend.scenario, others);
  if (groups !== undefined) options.observed?.(groups, false);
  return groups === undefined ? [] : ordered(yield* diagnosticsOfMended(mend, groups, others));
}

function* diagnosticsOf(
  parsed: ParsedScenario,
  groups: readonly KernelGroup[],
  options: PredictOptions,
  numbers = true,
): Generator<void, readonly Diagnostic[]> {
  const found = [...(yield* resultDiagnostics(groups, numbers)), ...findingDiagnostics(groups)];
  if (numbers) found.push(...writtenNumberDiagnostics(groups));
  yield;
  found.push(...registrationDiagnostics(parsed, groups), ...(yield* unmappingDiagnostics(groups)));
  found.push(...waitingDiagnostics(parsed, groups), ...refusedWriteDiagnostics(groups));
  yield;
  found.push(...scheduleDiagnostics(parsed, groups, plainKernel(parsed, options.profile)), ...limitDiagnostics(groups));
  return found;
}

/** Of a scenario of which something was left out: what cannot come out otherwise once that is there. */
function* diagnosticsOfMended(
  { scenario, changed, missing }: Mended,
  groups: readonly KernelGroup[],
  options: PredictOptions,
): Generator<void, readonly Diagnostic[]> {
  const all = yield* diagnosticsOf(scenario, groups, options, missing === 'nothing');
  const blocks = blockOfLines(scenario);
  const certain = ({ code, line }: Diagnostic): boolean =>
    missing === 'nothing' || RESULTS.has(code) || (missing === 'later' && blocks[line]?.kind === 'setup');
  return all.flatMap((one) => {
    if (changed.has(one.line) || !certain(one)) return [];
    const fixes = one.fixes?.filter(({ edits }) => edits.every(({ line }) => !changed.has(line)));
    return [{ ...one, ...(fixes && { fixes }) }];
  });
}

const RESULTS: ReadonlySet<string> = new Set([declaredResult.code, failingCall.code]);

function ordered(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
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
