/** Colours and line widths. A pipe gets neither, so that goldens and logs hold the plain text. */
import { styleText } from 'node:util';
import type { Output } from './io.ts';

/** What a piece of text is, not which colour it has. */
const STYLES = {
  heading: ['bold'],
  faint: ['gray'],
  good: ['green'],
  bad: ['red'],
  worst: ['bold', 'red'],
  caution: ['yellow'],
  name: ['cyan'],
} as const;

export type Style = keyof typeof STYLES;

export type Paint = (style: Style, text: string) => string;

export function paintFor(output: Output): Paint {
  if (!output.colours) return (_style, text) => text;
  return (style, text) => styleText([...STYLES[style]], text, { validateStream: false });
}

/** Wider lines are hard to read; narrower than 30 columns nothing can be laid out. */
const WIDEST = 120;
const NARROWEST = 30;
const PIPE = 100;

export function textColumns(output: Output): number {
  return Math.max(NARROWEST, Math.min(WIDEST, output.columns ?? PIPE));
}

/**
 * Breaks a text at spaces, for lines of `columns` columns. Lines after the first begin with `indent` spaces; of the first
 * one `used` columns are taken by what the caller puts there. A word longer than the line stays whole: a cut path or
 * schedule cannot be copied. A line break in the text stays one.
 */
export function wrap(text: string, columns: number, indent = 0, used = indent): string {
  const [first = '', ...others] = text.split('\n');
  return [
    wrapLine(first, columns, indent, used),
    ...others.map((line) => wrapLine(line, columns, indent, indent)),
  ].join(`\n${' '.repeat(indent)}`);
}

function wrapLine(text: string, columns: number, indent: number, used: number): string {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    const room = columns - (lines.length === 0 ? used : indent);
    if (line !== undefined && line.length + 1 + word.length > room) {
      lines.push(line.trimEnd());
      // Between columns there are two spaces, which begin no line.
      line = word === '' ? undefined : word;
    } else line = line === undefined ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}
