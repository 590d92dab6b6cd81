import type { ParsedScenario, Span, Word } from '../ast.ts';
import { contentsOfKind } from '../blocks.ts';

/** A word that names a kernel. */
export interface KernelWord {
  readonly line: number;
  readonly text: string;
  readonly span: Span;
}

/** The names of kernels in a scenario, in the order of the text: of its `kernel` line, and of the ranges of its conditions. */
export function* kernelNames(scenario: ParsedScenario): Generator<KernelWord> {
  for (const { line, content } of contentsOfKind(scenario, 'kernel')) yield at(line, content.version);
  for (const { line, content } of contentsOfKind(scenario, 'condition')) {
    for (const { from, to } of content.on) {
      if (from) yield at(line, from);
      if (to && to !== from) yield at(line, to);
    }
  }
}

function at(line: number, { text, span }: Word): KernelWord {
  return { line, text, span };
}
