import { type SemanticToken, semanticTokens, VOCABULARY } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

export interface ColouredWord extends SemanticToken {
  readonly line: number;
}

/** The coloured words of the lines [first, end), from left to right and top to bottom. */
export function* colouredWords(
  snapshot: Snapshot,
  first = 0,
  end = snapshot.scenario.lines.length,
): Generator<ColouredWord> {
  const { lines } = snapshot.scenario;
  for (let line = Math.max(0, first); line < Math.min(end, lines.length); line++) {
    const words = semanticTokens(lines[line]!, VOCABULARY);
    for (const { span, type, definition } of words) if (span.end > span.start) yield { line, span, type, definition };
  }
}
