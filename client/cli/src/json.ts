/** JSON documents: their version and how they are written. */

import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Raised when a program that reads our JSON documents would have to change. New members do not raise it. */
export const FORMAT_VERSION = 3;

/** Indented, but lists of plain numbers and words in one line each: a trace has a million of them. */
export function jsonText(document: unknown): string {
  try {
    return JSON.stringify(document, undefined, 2).replace(PLAIN_LIST, inOneLine);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('The document is longer than any text can be; --max-steps makes the run shorter.', {
      code: 'document-too-long',
      exitCode: EXIT.limit,
    });
  }
}

function inOneLine(list: string): string {
  return `[${list.slice(1, -1).trim().replace(/\n\s*/g, ' ')}]`;
}

// Line breaks occur between values only: in strings they are written \\n.
const PLAIN = String.raw`(?:-?\d+|"[^"\\\n]*")`;
const PLAIN_LIST = new RegExp(String.raw`\[\n\s*${PLAIN}(?:,\n\s*${PLAIN})*\n\s*\]`, 'g');
