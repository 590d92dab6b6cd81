/** Is what was read really a result? Files are cut, edited, and made by other programs. */
import { isRecord } from '@snoopscope/sim-core';

/** One file of the documents of `check` and `test`. */
export function isSuiteFile(value: unknown): boolean {
  if (!isRecord(value) || typeof value.file !== 'string') return false;
  return typeof value.skipped === 'string' || typeof value.passed === 'boolean' || value.passed === null;
}

/** What `explore --random` says about its runs. */
export function isRandomResult(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const numbers = ['seed', 'runs', 'maxSteps', 'done', 'unfinished', 'moves', 'longest'];
  return (
    numbers.every((name) => typeof value[name] === 'number') &&
    isListOf(value.terms, (term) => typeof term === 'string') &&
    isListOf(value.outcomes, (one) => isShown(one) && Array.isArray(one.values) && Array.isArray(one.truth)) &&
    isListOf(value.findings, (one) => isShown(one) && isSite(one)) &&
    isListOf(value.modelLimits, (one) => isShown(one) && typeof one.message === 'string') &&
    isListOf(value.conditions, (one) => isRecord(one) && (one.first === undefined || isWitness(one.first)))
  );
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry);
}

/** Something that some runs showed. */
function isShown(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value.runs === 'number' && isWitness(value.first);
}

function isSite({ finding, subject, detail, place }: Record<string, unknown>): boolean {
  const numbers = typeof subject === 'number' && typeof detail === 'number';
  return typeof finding === 'string' && numbers && (place === undefined || isPlace(place));
}

function isPlace(value: unknown): boolean {
  if (!isRecord(value) || typeof value.file !== 'number' || typeof value.line !== 'number') return false;
  return isListOf(
    value.calls,
    (call) => isRecord(call) && typeof call.file === 'number' && typeof call.line === 'number',
  );
}

function isWitness(value: unknown): boolean {
  if (!isRecord(value) || typeof value.run !== 'number' || typeof value.seed !== 'number') return false;
  return isListOf(
    value.schedule,
    (item) => isRecord(item) && typeof item.move === 'number' && typeof item.count === 'number',
  );
}
