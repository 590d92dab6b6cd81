import type { Line } from './ast.ts';
import { rememberedByWords } from './pieces.ts';
import { type NamedWord, namesOf, vcpuActorName } from './roles.ts';
import type { TextPlace } from './symbols.ts';

/** What a piece says about one symbol, with lines counted from the top of the piece. */
export interface PieceSymbol {
  /** Of an open one, its bare name. */
  readonly id: string;
  readonly definitions: readonly TextPlace[];
  readonly references: readonly TextPlace[];
}

export interface PieceSymbols {
  readonly known: readonly PieceSymbol[];
  /** Arguments of `call`: which space they are of depends on what the rest of the scenario defines. */
  readonly open: readonly PieceSymbol[];
}

/** The names in a piece. */
export const symbolsOfPiece = rememberedByWords((piece, vocabulary): PieceSymbols => {
  const known = new Map<string, MutableSymbol>();
  const open = new Map<string, MutableSymbol>();
  piece.lines.forEach((text, line) => {
    for (const word of namesOf(text, vocabulary)) {
      const { id, isOpen } = symbolIn(word, piece.openers[line]);
      const symbols = isOpen ? open : known;
      let symbol = symbols.get(id);
      if (symbol === undefined) {
        symbol = { id, definitions: [], references: [] };
        symbols.set(id, symbol);
      }
      (word.symbol.definition ? symbol.definitions : symbol.references).push({ line, span: word.span });
    }
  });
  return { known: [...known.values()], open: [...open.values()] };
});

interface MutableSymbol extends PieceSymbol {
  readonly definitions: TextPlace[];
  readonly references: TextPlace[];
}

/** Which symbol a word is in the block that a line opens; an open one is known by its name alone. */
export function symbolIn(word: NamedWord, opener: Line | undefined): { readonly id: string; readonly isOpen: boolean } {
  const { space, name, owner, id, definition } = word.symbol;
  const parameter = owner === undefined ? parameterId(opener, name) : undefined;
  if (parameter !== undefined) return { id: parameter, isOpen: false };
  if (space === 'register') return { id: `register:${owner ?? ownerOf(opener)}.${name}`, isOpen: false };
  if (space !== 'any') return { id, isOpen: false };
  // A parameter of a procedure that is not a block because of a brace defines a name of nothing else.
  return definition ? { id: `name:${name}`, isOpen: false } : { id: name, isOpen: true };
}

function parameterId(opener: Line | undefined, name: string): string | undefined {
  if (opener?.content.kind !== 'proc-open') return undefined;
  const { name: proc, params } = opener.content;
  return params.some((param) => param.text === name) ? `parameter:${proc.text}(${name})` : undefined;
}

/** Whose registers a block uses. */
function ownerOf(opener: Line | undefined): string {
  if (opener?.content.kind === 'proc-open') return `${opener.content.name.text}()`;
  if (opener?.content.kind !== 'actor-open') return '';
  const { actor } = opener.content;
  return actor.kind === 'vcpu' ? vcpuActorName(actor) : (actor.name?.text ?? actor.kind);
}
