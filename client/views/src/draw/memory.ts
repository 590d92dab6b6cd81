/** Memory drawn: a row for each word, a column for each place. */
import { counted, type MemoryCell, type MemoryPicture, viewText } from '@snoopscope/sim-core';
import { CHARACTER, type Drawing, fitted, group, line, rect, type Shape, text } from './shape.ts';

const ROW = 24;
const NAME = 150;
const LEAST_COLUMN = 96;

export function drawMemory(memory: MemoryPicture, width: number): Drawing {
  const { columns, pages, position } = memory;
  const cells = Math.max(1, columns.length);
  const column = Math.max(LEAST_COLUMN, (width - NAME - 8) / cells);
  const shapes: Shape[] = [
    text(8, 16, 'word', 'dim'),
    ...columns.flatMap(({ name }, i) => fitted(NAME + i * column + 6, 16, column - 8, name, 'strong')),
  ];
  let y = ROW;
  for (const page of pages) {
    shapes.push(line(0, y, NAME + cells * column, y, 'rule'));
    shapes.push(...fitted(8, y + 15, NAME - 10, `page ${page.address}`, 'dim'));
    shapes.push(...entryShapes(page, y, column, cells));
    y += ROW * Math.max(1, Math.ceil(page.entries.length / Math.max(1, Math.floor((cells * column) / ENTRY))));
    for (const { words } of page.lines) {
      const top = y;
      for (const { name, cells: held } of words) {
        shapes.push(...fitted(20, y + 16, NAME - 24, name, 'strong'));
        for (const [i, cell] of held.entries()) {
          const where = `${name}, ${columns[i]?.name}`;
          shapes.push(cellShape(cell, where, NAME + i * column, y, column));
        }
        y += ROW;
      }
      // Words of one line share its state: a bracket holds them together.
      if (words.length > 1) shapes.push(line(12, top + 3, 12, y - 3, 'edge'));
    }
  }
  return {
    width: Math.max(width, NAME + cells * column),
    height: y + 4,
    label: `Memory after ${counted(position, 'step')}`,
    shapes,
  };
}

/** Pixels of an entry of a page table. */
const ENTRY = 320;

function entryShapes({ entries }: MemoryPicture['pages'][number], top: number, column: number, cells: number): Shape[] {
  const inRow = Math.max(1, Math.floor((cells * column) / ENTRY));
  return entries.map(({ name, cell }, i) => {
    const x = NAME + (i % inRow) * ENTRY;
    const y = top + Math.floor(i / inRow) * ROW;
    const what = `${name}: ${viewText(cell)}`;
    return choice(
      [
        rect(x, y + 3, ENTRY - 8, ROW - 6, `value${cell.changed ? ' changed' : ''}`),
        ...fitted(x + 6, y + 16, ENTRY - 18, what, ''),
      ],
      what,
      cell,
    );
  });
}

function cellShape(cell: MemoryCell, where: string, x: number, y: number, width: number): Shape {
  const look = [
    'value',
    ...(cell.stale ? ['stale'] : []),
    ...(cell.changed ? ['changed'] : []),
    ...(cell.letter && 'MESN'.includes(cell.letter) ? ['held'] : []),
  ];
  const what = [cell.letter, cell.text].filter(Boolean).join(' ');
  const remarks = [...(cell.stale ? ['stale'] : []), ...(cell.changed ? ['changed'] : [])].join(', ');
  const long = `${what}${remarks ? ` (${remarks})` : ''}`;
  const room = width - 16;
  return choice(
    [
      rect(x + 2, y + 2, width - 6, ROW - 4, look.join(' ')),
      ...fitted(x + 8, y + 16, room, long.length * CHARACTER <= room ? long : what, ''),
    ],
    `${where}: ${viewText(cell)}${cell.changed ? ', changed' : ''}`,
    cell,
  );
}

/** What somebody has written leads to where it was written. */
function choice(shapes: readonly Shape[], label: string, { written }: MemoryCell): Shape {
  if (!written) return group(shapes, {}, { label });
  return group(
    shapes,
    { class: 'choice' },
    {
      label: `${label}; written by ${written.by}`,
      intent: { kind: 'goToEvent', event: written.event },
    },
  );
}
