import type { Line, Span } from './ast.ts';

/** The code of a line without its indentation and comment. */
export function codeSpan(line: Line): Span {
  const text = line.comment === undefined ? line.text : line.text.slice(0, line.comment.start);
  const end = text.trimEnd().length;
  return { start: Math.min(end, text.length - text.trimStart().length), end };
}

/** `vcpu 0 cpu=0` of `vcpu 0 cpu=0 {`. */
export function blockTitle(line: Line): string {
  const { start, end } = codeSpan(line);
  const code = line.text.slice(start, end);
  return (code.endsWith('{') ? code.slice(0, -1) : code).trim().slice(0, 60);
}

export function firstWord(line: Line): Span {
  const match = /[~}]?[A-Za-z_]*/.exec(line.text.trimStart())!;
  const start = line.text.length - line.text.trimStart().length;
  return { start, end: start + match[0].length };
}

export function keyword(line: Line): string {
  const { start, end } = firstWord(line);
  return line.text.slice(start, end);
}

export function braceSpan(text: string): Span {
  const start = Math.max(0, text.indexOf('}'));
  return { start, end: Math.min(text.length, start + 1) };
}
