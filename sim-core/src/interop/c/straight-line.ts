/** An actor's program as a list of statements, for programs that let it run freely. */
import type { Model } from '../../engine/model.ts';
import type { Place } from '../../engine/program.ts';
import { NotAProgram } from './not-a-program.ts';

/** A compiler still takes a function of so many calls. */
const MOST_STATEMENTS = 2000;

/** Places of the statements in order, `repeat` written out. Throws {@link NotAProgram} for `choose` and `loop`. */
export function programOf({ layout, tasks, nodes, world }: Model, actor: number): readonly Place[] {
  const places: Place[] = [];
  const begun = new Map<number, number>();
  let at = layout.initial[tasks.node.base + actor]!;
  for (;;) {
    const node = nodes[at];
    if (!node || node.kind === 'end') return places;
    const where = `${world.topology.actors[actor]?.name}, line ${node.place.line + 1}`;
    if (node.kind === 'choose')
      throw new NotAProgram(`${where}: a litmus program has no choices; write a scenario for each alternative.`);
    if (node.kind === 'repeat') {
      const rounds = begun.get(node.id) ?? 0;
      begun.set(node.id, rounds < node.count ? rounds + 1 : 0);
      at = rounds < node.count ? node.body : node.next;
      continue;
    }
    if (places.push(node.place) > MOST_STATEMENTS)
      throw new NotAProgram(`${where}: more than ${MOST_STATEMENTS} statements, or a loop without end.`);
    at = node.next;
  }
}
