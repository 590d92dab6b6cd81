/** JSON documents: their version and how they are written. */

/** Raised when a program that reads our JSON documents would have to change. New members do not raise it. */
export const FORMAT_VERSION = 1;

/** Indented, but lists of plain numbers and words in one line each: a trace has a million of them. */
export function jsonText(document: unknown): string {
  return JSON.stringify(document, undefined, 2).replace(PLAIN_LIST, (list) =>
    list.replace(/\n\s*/g, ' ').replace(/^\[ | \]$/g, (end) => end.trim()),
  );
}

// Line breaks stand between values only: in strings they are written \\n.
const PLAIN = String.raw`(?:-?\d+|"[^"\\\n]*")`;
const PLAIN_LIST = new RegExp(String.raw`\[\n\s*${PLAIN}(?:,\n\s*${PLAIN})*\n\s*\]`, 'g');
