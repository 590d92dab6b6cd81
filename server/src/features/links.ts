import { contentsOfKind, includePath, type Span } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';

/** A stretch of a line that leads to another file. */
export interface FileLink {
  readonly line: number;
  readonly span: Span;
  readonly uri: string;
}

/** The paths of `include` lines, without their quotes, as far as there is such a file; addresses and commits of `source` lines. */
export function linksOf(snapshot: Snapshot): readonly FileLink[] {
  const { scenario, included } = snapshot;
  const files = contentsOfKind(scenario, 'include').flatMap(({ line, content: { text } }) => {
    const file = included.get(includePath('', text.value));
    const span = { start: text.span.start + 1, end: text.span.end - 1 };
    return file === undefined ? [] : [{ line, span, uri: file.uri }];
  });
  const sources = [...contentsOfKind(scenario, 'source'), ...contentsOfKind(scenario, 'doc')].flatMap(({ line }) =>
    sourceLinks(scenario.lines[line]?.text ?? '').map((link) => ({ ...link, line })),
  );
  return [...files, ...sources].sort((left, right) => left.line - right.line);
}

function sourceLinks(text: string): Omit<FileLink, 'line'>[] {
  return [...text.matchAll(/https?:\/\/[^\s"<>]+|(?<![\w/])[0-9a-f]{12,40}\b/g)].map((match) => ({
    span: { start: match.index, end: match.index + match[0].length },
    uri: match[0].startsWith('http') ? match[0] : `https://git.kernel.org/linus/${match[0]}`,
  }));
}
