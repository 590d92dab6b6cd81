/**
 * Positions as the client counts them. Inside the server a column counts UTF-16 code units; a client that negotiates bytes
 * (`utf-8`) or code points (`utf-32`) has its messages converted where they come in and go out, and nowhere else.
 */
import type { Position } from 'vscode-languageserver';
import type { ColouredWord } from './features/tokens.ts';
import type { Snapshot } from './snapshot.ts';

/** The text of a line as it is in the server; undefined for lines and files that it does not know. */
export type LineOf = (uri: string, line: number) => string | undefined;

/** Converts what is said with one client. */
export interface Positions {
  /** As the protocol names it. */
  readonly encoding: string;
  /** What the client said, with columns in UTF-16. `uri`: the document of positions that name none themselves. */
  incoming<Value>(value: Value, uri: string, lineOf: LineOf): Value;
  /** What the client is told, with columns in its own units. */
  outgoing<Value>(value: Value, uri: string, lineOf: LineOf): Value;
  /** Coloured words, whose places are packed into numbers before they go out. */
  words(words: Iterable<ColouredWord>, { scenario }: Snapshot): Iterable<ColouredWord>;
}

/** The first of the client's encodings that is known; undefined for UTF-16, which needs no conversion. */
export function positionsFor(offered: unknown): Positions | undefined {
  const first = Array.isArray(offered) ? offered.find((name) => name === UTF_16 || units.has(name)) : undefined;
  const unitsOf = units.get(first);
  if (unitsOf === undefined) return undefined;
  const column = (text: string, utf16: number): number => measured(text, utf16, one, unitsOf);
  return {
    encoding: first,
    incoming: (value, uri, lineOf) =>
      converted(value, uri, lineOf, (text, theirs) => measured(text, theirs, unitsOf, one)),
    outgoing: (value, uri, lineOf) => converted(value, uri, lineOf, column),
    *words(words, { scenario }) {
      for (const { span, ...word } of words) {
        const { text } = scenario.lines[word.line]!;
        yield { ...word, span: { start: column(text, span.start), end: column(text, span.end) } };
      }
    },
  };
}

const UTF_16 = 'utf-16';

/** How many units a character, given as a string of one code point, takes. */
type Units = (character: string) => number;

const one: Units = (character) => character.length;

const units: ReadonlyMap<unknown, Units> = new Map([
  ['utf-8', bytesOf],
  ['utf-32', () => 1],
]);

/** A surrogate alone is sent as U+FFFD, which takes three bytes. */
function bytesOf(character: string): number {
  const code = character.codePointAt(0)!;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/** The place of a column in other units. The middle of a character is its beginning; columns beyond the line stay as far beyond. */
function measured(text: string, column: number, from: Units, to: Units): number {
  let [read, answer] = [0, 0];
  for (const character of text) {
    const width = from(character);
    if (read + width > column) return answer;
    read += width;
    answer += to(character);
  }
  return answer + (column - read);
}

type Column = (text: string, column: number) => number;

/** Every position inside a value, each in the document that the objects around it name. */
function converted<Value>(value: Value, uri: string, lineOf: LineOf, column: Column): Value {
  const inside = (part: unknown, of: string): unknown => {
    if (Array.isArray(part)) return part.map((item) => inside(item, of));
    if (typeof part !== 'object' || part === null) return part;
    if (isPosition(part)) {
      const text = lineOf(of, part.line);
      return text === undefined ? part : { ...part, character: column(text, part.character) };
    }
    const around = documentOf(part) ?? of;
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => [key, key === 'changes' ? byDocument(item) : inside(item, around)]),
    );
  };
  const byDocument = (edits: unknown): unknown =>
    typeof edits !== 'object' || edits === null
      ? edits
      : Object.fromEntries(Object.entries(edits).map(([of, list]) => [of, inside(list, of)]));
  return inside(value, uri) as Value;
}

function isPosition(value: object): value is Position {
  const { line, character } = value as Partial<Position>;
  return typeof line === 'number' && typeof character === 'number';
}

/** `{ uri, range }`, `{ textDocument: { uri }, edits }`, and an incoming call, whose ranges are in the caller. */
function documentOf(value: object): string | undefined {
  const { uri, textDocument, from } = value as Readonly<Record<string, unknown>>;
  if (typeof uri === 'string') return uri;
  for (const inner of [textDocument, from])
    if (typeof inner === 'object' && inner !== null && 'uri' in inner && typeof inner.uri === 'string')
      return inner.uri;
  return undefined;
}
