/** Schedules: from `qemu*4 vcpu0 evict(x,cpu0)` to indices of moves, and back. */
import type { Model, Move, ScheduledMove } from '../../engine/model.ts';
import type { ScheduleItem } from '../ast.ts';
import { noStep, noSteps } from '../checks/no-steps.ts';
import { noMove, unknownMove } from '../checks/unknown-move.ts';
import type { Problems } from './problems.ts';

/** The name of a move as a schedule writes it. */
export function moveName(actor: string, alternative: number): string {
  return alternative === 0 ? actor : `${actor}/${alternative}`;
}

export function compileSchedule(
  items: readonly ScheduleItem[],
  moves: readonly Move[],
  line: number,
  problems: Problems,
): ScheduledMove[] {
  return items.flatMap((item) => {
    const args = item.args.length > 0 ? `(${item.args.map((a) => a.text).join(',')})` : '';
    const name = moveName(item.actor.text + args, item.alternative ?? 0);
    const move = moves.findIndex((m) => m.name === name);
    if (move < 0) {
      const { message } = noMove(
        name,
        moves.map((m) => m.name),
      );
      problems.report(unknownMove, line, item.span, message);
      return [];
    }
    if (item.count === 0) {
      problems.report(noSteps, line, item.span, noStep(`${name}*0`));
      return [];
    }
    return [{ move, count: item.count }];
  });
}

/** A list of moves as a `schedule` line, runs of one move written once; `schedule` alone for none, whatever a move is. */
export function scheduleText(model: Model, moves: readonly number[], granularity: 'micro' | 'statement'): string {
  const items: string[] = [];
  for (let i = 0; i < moves.length; ) {
    let end = i + 1;
    while (end < moves.length && moves[end] === moves[i]) end++;
    const name = model.moves[moves[i]!]!.name;
    items.push(end - i > 1 ? `${name}*${end - i}` : name);
    i = end;
  }
  return ['schedule', ...(granularity === 'micro' && items.length > 0 ? ['micro'] : []), ...items].join(' ');
}
