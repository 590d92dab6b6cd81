import { contentsOfKind, includePath, type Span } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

/** A stretch of a line that leads to another file. */
export interface FileLink {
  readonly line: number;
  readonly span: Span;
  readonly uri: string;
}

/** The paths of `include` lines, without their quotes, as far as there is such a file. */
export function linksOf({ scenario, included }: Snapshot): readonly FileLink[] {
  return contentsOfKind(scenario, 'include').flatMap(({ line, content: { text } }) => {
    const file = included.get(includePath('', text.value));
    const span = { start: text.span.start + 1, end: text.span.end - 1 };
    return file === undefined ? [] : [{ line, span, uri: file.uri }];
  });
}
