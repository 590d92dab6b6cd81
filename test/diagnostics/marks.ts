/** Diagnostics as a scenario marks them, with carets below the place. */
import type { Diagnostic } from '../../sim-core/src/scenario/ast.ts';

export interface Mark {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
}

/** `//^^^ error code: part of the message`: the carets are below the place, the slashes anywhere before. */
export function marksOf(text: string): Mark[] {
  let line = -1;
  return text.split('\n').flatMap((content, index) => {
    const mark = /^(\s*\/\/\s*)(?:(\d+): )?(\^+) (error|warning|information|hint) ([a-z-]+): (.*)$/.exec(content);
    if (mark === null) {
      line = index;
      return [];
    }
    const [, before, column, carets, severity, code, message] = mark as unknown as [
      string,
      string,
      string | undefined,
      string,
      string,
      string,
      string,
    ];
    const start = column === undefined ? before.length : Number(column);
    return [{ line, start, end: start + carets.length, severity, code, message }];
  });
}

export function described(diagnostic: Diagnostic): string {
  const { line, span, severity, code, message } = diagnostic;
  return `line ${line + 1}, ${span.start}-${span.end}: ${severity} ${code}: ${message}`;
}

/** Takes out of the diagnostics the one that a mark means; false when there is none. */
export function takeMarked(left: Diagnostic[], mark: Mark): boolean {
  const found = left.findIndex(
    ({ line, span, severity, code, message }) =>
      line === mark.line &&
      span.start === mark.start &&
      span.end === mark.end &&
      severity === mark.severity &&
      code === mark.code &&
      message.includes(mark.message),
  );
  if (found >= 0) left.splice(found, 1);
  return found >= 0;
}
