/** What each system call returns, in a plain run or in all orders that predictions tried: what inlay hints show. */
import {
  DIED,
  EVENT_WIDTH,
  errnoName,
  errnoText,
  type FailedCall,
  failedCall,
  failedCallText,
  type KernelGroup,
  type Model,
  ModelLimit,
  NOTE,
  ObjectNames,
  Run,
  type Span,
} from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { runnableOnce } from './elaboration.ts';

/** The result of a system call, after its line. */
export interface ResultHint {
  readonly line: number;
  readonly column: number;
  /** ` = 0`, ` = -EBUSY`. */
  readonly text: string;
  readonly markdown: string;
}

/** Micro-steps after which a prediction gives up: a scenario that loops for ever has no more to tell. */
const MAX_STEPS = 50_000;
/** Micro-steps between two moments at which the caller may stop. */
const STEPS_AT_A_TIME = 500;

/**
 * Reads them from the predictions of the snapshot's kernel, where these are known and complete. Otherwise runs the scenario
 * once, as the debugger would without choices made. A generator, so that the caller decides how long it runs: it yields
 * between portions of a few hundred micro-steps.
 */
export function* resultHints(
  snapshot: Snapshot,
  groups: readonly KernelGroup[] = [],
): Generator<unknown, readonly ResultHint[]> {
  const predicted = groups.find(({ profiles, observed }) => observed.whole && profiles.includes(snapshot.profile));
  if (predicted !== undefined)
    return [...predictedResults(predicted)].flatMap(([line, values]) => hintOf(snapshot, line, [...values], true));
  const { model, changed, missing } = yield* runnableOnce(snapshot);
  if (model === undefined) return [];
  const results = yield* resultsOf(model);
  return [...results].flatMap(([line, values]) => {
    if (changed.has(line)) return [];
    // Without the calls that were left out, descriptors have other numbers.
    const known = [...values].filter(([value]) => missing === 'nothing' || value <= 0);
    return known.length === 0 ? [] : hintOf(snapshot, line, known);
  });
}

/** By result: why the call failed, where it did. */
type Results = Map<number, FailedCall | undefined>;

/** In every order that was tried, the plain one first. */
function predictedResults({ observed: { model, results, failures } }: KernelGroup): Map<number, Results> {
  const found = new Map<number, Results>();
  for (const [id, seen] of results) {
    const node = model.nodes[id];
    if (node === undefined || node.place.file !== 0) continue;
    const values: Results = found.get(node.place.line) ?? new Map();
    for (const value of seen) if (!values.has(value)) values.set(value, failures.get(`${id} ${value}`));
    found.set(node.place.line, values);
  }
  return found;
}

function* resultsOf(model: Model): Generator<void, Map<number, Results>> {
  const run = new Run(model, { maxSteps: MAX_STEPS });
  const results = new Map<number, Results>();
  const names = new ObjectNames(run);
  let event = 0;
  for (let more = true; more; ) {
    more = portion(run);
    for (; event < run.events; event++) {
      const at = event * EVENT_WIDTH;
      if (run.log[at] !== NOTE.done) continue;
      const node = model.nodes[run.log[at + 2]!];
      if (node === undefined || node.place.file !== 0) continue;
      const values: Results = results.get(node.place.line) ?? new Map();
      const value = run.log[at + 3]!;
      if (!values.has(value)) values.set(value, failedCall(model, run.log, event, names));
      results.set(node.place.line, values);
    }
    yield;
  }
  return results;
}

/** False when the run is over, or when the model is too small for it: what ran so far is right all the same. */
function portion(run: Run): boolean {
  try {
    for (let step = 0; step < STEPS_AT_A_TIME; step++) if (!run.advance()) return false;
    return true;
  } catch (error) {
    if (error instanceof ModelLimit) return false;
    throw error;
  }
}

function hintOf(
  snapshot: Snapshot,
  line: number,
  values: readonly (readonly [number, FailedCall | undefined])[],
  inAllOrders = false,
): ResultHint[] {
  const subject = snapshot.scenario.lines[line];
  if (subject?.content.kind !== 'syscall') return [];
  const { result } = subject.content;
  const texts = values.map(([value]) => valueText(value));
  const reasons = values.flatMap(([, failed]) => (failed ? `\n\n${reasonText(failed)}` : [])).join('');
  const kernel = snapshot.profile.name;
  const decides =
    inAllOrders && values.length > 1 ? ' Which one depends on the interleaving, or on the round of a loop.' : '';
  const where = inAllOrders ? `on ${kernel}` : `in a plain run on ${kernel}`;
  if (result === undefined) {
    const span: Span = {
      start: 0,
      end: subject.text.slice(0, subject.comment?.start ?? subject.text.length).trimEnd().length,
    };
    const markdown = `What this call returns ${where}.${decides}${reasons}`;
    return [{ line, column: span.end, text: ` = ${texts.join(' | ')}`, markdown }];
  }
  const declared = result.errno === undefined ? (result.value ?? 0n).toString() : `-${result.errno}`;
  const others = texts.filter((text) => text !== declared);
  if (others.length === 0) return [];
  const markdown = `The scenario declares ${declared}; the call returns ${texts.join(' or ')} ${where}.${decides}${reasons}`;
  return [{ line, column: result.span.end, text: ` ≠ ${others.join(' | ')}`, markdown }];
}

/** `-EEXIST`: kvm_vfio_file_add() found …, with its source. */
function reasonText(failed: FailedCall): string {
  const sources = [...new Set(failed.checks.map(({ place }) => place.source))].join(', ');
  return `\`${errnoText(failed.value)}\`: ${failedCallText(failed)} (${sources}).`;
}

function valueText(value: number): string {
  if (value === DIED) return '?';
  if (value >= 0) return value.toString();
  try {
    return `-${errnoName(-value)}`;
  } catch {
    // Not an errno: a call may return any number.
    return value.toString();
  }
}
