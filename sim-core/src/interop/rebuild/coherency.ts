/** Whether the VM of a log was non-coherent and since which call, as sentences; or what the answer hangs on. */
import type { Cause } from './causes.ts';
import type { LogOutcome } from './compare.ts';
import type { Imported } from './kernel-choice.ts';
import type { Rebuilt } from './rebuild.ts';
import type { Assumption } from './step.ts';

export interface CoherencyReport {
  readonly sentences: readonly string[];
  /** What the sentences hang on and no file says. */
  readonly assumptions: readonly Assumption[];
}

export function coherencyOf(rebuilt: Rebuilt, result: Imported, causes: readonly Cause[]): CoherencyReport {
  const { outcome, text, otherwise } = result;
  const lines = text.split('\n');
  const seen = rebuilt.evidence?.hasFunctions === true;
  const claims = (sentences: readonly string[]): CoherencyReport => ({
    sentences,
    assumptions: seen ? [] : rebuilt.assumptions.all.filter(({ about }) => about === 'coherency'),
  });
  const without = (sentence: string): CoherencyReport => ({ sentences: [sentence], assumptions: [] });
  if (!outcome.model) return without('Whether the VM was non-coherent is not known: the calls of the log do not run.');
  const changes = changeSentences(outcome, lines);
  const asEither = otherwise === undefined || changesText(otherwise.outcome) === changesText(outcome);
  if (seen || asEither) {
    if (changes.length > 0)
      return claims([
        ...changes,
        ...(seen ? [] : ['This follows from the calls on this machine; a log of the kernel would show it.']),
      ]);
    if (!seen && !addsDevice(rebuilt)) return without('The logs show no device registered with KVM.');
    return claims([
      `The VM was never non-coherent: ${seen ? 'the kernel registered no' : 'on this machine, the calls of the log register no'} non-coherent DMA. Its WBINVDs are skipped.`,
    ]);
  }
  if (neverRan(rebuilt, causes)) return without('The VM never ran, and no device stayed registered with KVM.');
  return claims([
    `Whether the VM was non-coherent is not known: no file says whether ${otherwise.units.join(' and ')} can enforce snooping (snoop control).`,
    `With snoop control, ${verdictOf(outcome, lines)}`,
    `Without it, ${verdictOf(otherwise.outcome, lines)}`,
  ]);
}

/** What the VM does first, for a sentence that begins with a condition. */
function verdictOf({ changes }: LogOutcome, lines: readonly string[]): string {
  const first = changes.find(({ count }) => count > 0);
  return first === undefined
    ? 'the VM stays coherent, and its WBINVDs are skipped.'
    : `the VM becomes non-coherent${whereText(first.line, lines)}`;
}

function changeSentences({ changes, registrations }: LogOutcome, lines: readonly string[]): string[] {
  const sentences: string[] = [];
  for (const [i, { count, line }] of changes.entries()) {
    const before = i === 0 ? 0 : registrations[i - 1]!;
    const where = whereText(line, lines);
    if (before === 0 && count > 0) sentences.push(`The VM became non-coherent${where}`);
    else if (count === 0) sentences.push(`It became coherent again${where}`);
  }
  if (registrations.length > 0 && registrations.at(-1) !== 0)
    sentences.push('It is non-coherent to the end of the log.');
  return sentences;
}

function changesText({ changes }: LogOutcome): string {
  return changes.map(({ count, line }) => `${line}:${count}`).join();
}

function whereText(line: number | undefined, lines: readonly string[]): string {
  return line === undefined ? '.' : `: ${statementOf(lines[line] ?? '')}`;
}

/** A statement of the scenario for those who know the log alone: with its line there, or that none shows it. */
function statementOf(line: string): string {
  const [, call = '', note] = /^\s*(.*?)(?:\s*\/\/ (.*))?$/.exec(line) ?? [];
  if (note === undefined) return call;
  return `${call} (${/^\d/.test(note) ? 'log' : 'inferred,'} ${note})`;
}

function addsDevice({ steps }: Rebuilt): boolean {
  return steps.some(({ text, result }) => /KVM_DEV_VFIO_(?:GROUP|FILE)_ADD/.test(text) && !result?.startsWith('-'));
}

/** Did the start fail before any vCPU ran? Filters of a tracer can hide KVM_RUN, so its absence alone does not tell. */
function neverRan({ runs, deeds, steps }: Rebuilt, causes: readonly Cause[]): boolean {
  const ended = steps.some(({ text }) => text === 'exit(0)');
  return ended && causes.length > 0 && runs.count === 0 && !deeds?.some(({ kind }) => kind === 'wbinvd');
}
