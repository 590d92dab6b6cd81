/**
 * A scenario as a row of pieces of a few hundred lines. A piece does not know where in the file it is, so what was
 * found out about it stays right while lines above it come and go. After an edit all pieces but the one that it touched
 * are the same objects as before: a pass over all lines looks at one piece again.
 */
import type { Line, LineContent, ParsedScenario } from './ast.ts';
import { Notes, remembered } from './remembered.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface Piece {
  readonly lines: readonly Line[];
  /** For each line the one that opens the block around it; undefined at the top level. */
  readonly openers: readonly (Line | undefined)[];
}

export interface PlacedPiece {
  readonly start: number;
  readonly piece: Piece;
}

/** The pieces from top to bottom; together they are all lines. */
export const piecesOf = remembered(cut);

/** Makes a function of a piece and a vocabulary remember its value for as long as the piece is in use. */
export function rememberedByWords<Value extends {}>(
  make: (piece: Piece, vocabulary: Vocabulary) => Value,
): (piece: Piece, vocabulary: Vocabulary) => Value {
  const functions = new WeakMap<Vocabulary, (piece: Piece) => Value>();
  return (piece, vocabulary) => {
    let ofPiece = functions.get(vocabulary);
    if (ofPiece === undefined) {
      ofPiece = remembered((one) => make(one, vocabulary));
      functions.set(vocabulary, ofPiece);
    }
    return ofPiece(piece);
  };
}

/** Where in a piece the lines of each kind are. */
export const indicesByKind = remembered((piece: Piece): ReadonlyMap<LineContent['kind'], readonly number[]> => {
  const byKind = new Map<LineContent['kind'], number[]>();
  piece.lines.forEach(({ content: { kind } }, index) => {
    const indices = byKind.get(kind);
    if (indices === undefined) byKind.set(kind, [index]);
    else indices.push(index);
  });
  return byKind;
});

function cut(scenario: ParsedScenario): readonly PlacedPiece[] {
  const row: PlacedPiece[] = [];
  const { lines } = scenario;
  const openers = openersOf(scenario);
  for (let start = 0; start < lines.length; ) {
    const known = pieceAt.get(lines[start]!);
    const piece = known !== undefined && standsAt(known, start, lines, openers) ? known : cutOne(start, lines, openers);
    row.push({ start, piece });
    start += piece.lines.length;
  }
  return row;
}

function openersOf({ lines, blocks }: ParsedScenario): (Line | undefined)[] {
  const openers = new Array<Line | undefined>(lines.length).fill(undefined);
  for (const { line, endLine } of blocks) openers.fill(lines[line], line, endLine + 1);
  return openers;
}

/** Whether a piece that begins with the line at `start` is what is there now. */
function standsAt(
  piece: Piece,
  start: number,
  lines: readonly Line[],
  openers: readonly (Line | undefined)[],
): boolean {
  for (let index = 0; index < piece.lines.length; index++) {
    if (lines[start + index] !== piece.lines[index] || openers[start + index] !== piece.openers[index]) return false;
  }
  return true;
}

/** A new piece, up to where one that is known already begins. */
function cutOne(start: number, lines: readonly Line[], openers: readonly (Line | undefined)[]): Piece {
  const end = start + lengthOfPiece(start, lines);
  const piece = { lines: lines.slice(start, end), openers: openers.slice(start, end) };
  pieceAt.set(lines[start]!, piece);
  return piece;
}

/** A short piece absorbs the next one, a long one is halved: the pieces further down stay what they are. */
function lengthOfPiece(start: number, lines: readonly Line[]): number {
  const most = Math.min(2 * MOST_LINES, lines.length - start);
  let length = Math.min(FEWEST_LINES, most);
  while (length < most && pieceAt.get(lines[start + length]!) === undefined) length++;
  if (length <= MOST_LINES) return length;
  return length === 2 * MOST_LINES ? MOST_LINES : length >> 1;
}

/** What an edit costs grows with the length of a piece, what it costs to put them together with their number. */
const MOST_LINES = 256;
const FEWEST_LINES = 64;
/** By its first line. */
const pieceAt = new Notes<Line, Piece>();
