/** What a cell of a timeline says: how much there is in some steps of a lane. */
import { counted, type Lane, MARK_KINDS } from '@snoopscope/sim-core';

export function cellLabel(
  { name }: Lane,
  { from, end, statements, marks, kinds }: NonNullable<Lane['cells']>[number],
): string {
  const which = kinds.length > 0 ? ` (${kinds.map((kind) => MARK_KINDS[kind].label).join(', ')})` : '';
  return `${name}, steps ${from} to ${end - 1}: ${counted(statements, 'statement')}, ${counted(marks, 'mark')}${which}`;
}
