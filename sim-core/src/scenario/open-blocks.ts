import type { Block, BlockItem, BlockKind, LineContent } from './ast.ts';

/** An open block. */
export interface OpenBlock {
  readonly line: number;
  /** How the lines inside are read. */
  readonly block: BlockKind;
  /** Absent for blocks inside a block. */
  readonly header?: LineContent;
  readonly control?: 'choose' | 'loop' | 'repeat' | 'unknown';
  readonly count: number;
  items: BlockItem[];
  readonly alternatives: BlockItem[][];
  /** The line that opened it is missing, and was reported. */
  readonly orphan?: true;
  /** Lines of `}` in the middle of the block by its indentation. */
  readonly midway: number[];
}

/** The item of a line that opens nothing. All scenarios share them: one edit would otherwise remake thousands. */
export function lineItem(line: number): BlockItem {
  while (lineItems.length <= line) lineItems.push({ kind: 'line', line: lineItems.length });
  return lineItems[line]!;
}

const lineItems: BlockItem[] = [];

export function startAlternative(open: OpenBlock): void {
  open.items = [];
  open.alternatives.push(open.items);
}

/** The block that an open one becomes; undefined for blocks inside a block. */
export function finishedBlock(open: OpenBlock, endLine: number): Block | undefined {
  const { header, line, items } = open;
  switch (header?.kind) {
    case 'machine-open':
      return { kind: 'machine', line, endLine, items };
    case 'actor-open':
      return { kind: header.actor.kind, actor: header.actor, line, endLine, items };
    case 'proc-open':
      return { kind: 'proc', proc: { name: header.name, params: header.params }, line, endLine, items };
    case 'broken':
      return header.opens === undefined || header.opens === 'control' || header.opens === 'file'
        ? undefined
        : { kind: header.opens, line, endLine, items };
    default:
      return undefined;
  }
}

export function finishedItem(open: OpenBlock, endLine: number): BlockItem | undefined {
  const { control, line, items } = open;
  switch (control) {
    case 'choose':
      return { kind: 'choose', line, endLine, alternatives: open.alternatives };
    case 'loop':
      return { kind: 'loop', line, endLine, body: items };
    case 'repeat':
      return { kind: 'repeat', line, endLine, count: open.count, body: items };
    default:
      return undefined;
  }
}

export function blockKind(content: LineContent): BlockKind {
  if (content.kind === 'actor-open') return content.actor.kind;
  return content.kind === 'machine-open' ? 'machine' : 'proc';
}
