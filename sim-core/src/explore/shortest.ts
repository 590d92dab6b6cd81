/**
 * Counterexamples as short and as calm as they can be: the fewest moves, and among those few changes of the actor.
 *
 * Persistent sets keep every verdict but not every shortest way, so what a search with them has found is looked for
 * again without them, no deeper than it is known to be.
 */
import { Executor } from '../engine/executor.ts';
import type { Granularity, Model, ScheduledMove } from '../engine/model.ts';
import { EVENT_WIDTH, FINDINGS, type Finding } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { type Exploration, type ExploreOptions, movesOf, scheduleOf } from './exploration.ts';
import { Search } from './search.ts';
import { runSetup } from './start.ts';

/** States that the second search may store. */
const MAX_STATES = 2_000_000;

/** What a schedule is to lead to. */
export type Target = { readonly kind: 'finding'; readonly finding: Finding } | { readonly kind: 'condition'; readonly index: number };

/**
 * A shortest schedule to a target that an exploration has reached, with few context switches. `shortest` is false when
 * a limit kept it from being proved.
 */
export function shortestSchedule(model: Model, exploration: Exploration, target: Target, options: ExploreOptions = {}): { schedule: ScheduledMove[]; shortest: boolean } | undefined {
  const found = wayTo(exploration, target);
  if (!found) return undefined;
  const { granularity } = exploration;
  const better = found.shortest ? found : search(model, exploration, target, options, movesOf(found.schedule).length);
  const best = better ?? found;
  const moves = calm(model, granularity, movesOf(best.schedule), target);
  return { schedule: scheduleOf(moves), shortest: best.shortest };
}

function wayTo(exploration: Exploration, target: Target): { schedule: readonly ScheduledMove[]; shortest: boolean } | undefined {
  if (target.kind === 'finding') return exploration.findings.find((f) => f.finding === target.finding);
  const condition = exploration.conditions[target.index];
  return condition?.witness && { schedule: condition.witness, shortest: condition.shortest ?? false };
}

function search(model: Model, exploration: Exploration, target: Target, options: ExploreOptions, length: number): ReturnType<typeof wayTo> {
  const findings = Object.fromEntries(
    FINDINGS.map((finding) => [finding, target.kind === 'finding' && target.finding === finding ? 'stop' : 'ignore'] as const),
  );
  const second = new Search(model, {
    ...options,
    granularity: exploration.granularity,
    maxStates: MAX_STATES,
    maxDepth: length + 1,
    findings,
    reduction: { ...exploration.reductions, partialOrder: false },
  });
  while (second.step(4096)) if (options.shouldStop?.(second.progress())) second.stop({ kind: 'stopped' });
  const again = second.result();
  const way = wayTo(again, target);
  const looked = again.complete || again.limit?.kind === 'depth' || again.limit?.kind === 'finding';
  return way && looked ? { schedule: way.schedule, shortest: true } : undefined;
}

/**
 * Fewer changes of the actor on the same number of moves: blocks of one actor are moved next to others of the same
 * actor as long as the schedule still leads to the target.
 */
export function calm(model: Model, granularity: Granularity, moves: readonly number[], target: Target): number[] {
  let best = [...moves];
  if (!reaches(model, granularity, best, target)) return best;
  for (let better = true; better; ) {
    better = false;
    for (const candidate of calmer(model, best)) {
      if (switches(model, candidate) >= switches(model, best) || !reaches(model, granularity, candidate, target)) continue;
      best = candidate;
      better = true;
      break;
    }
  }
  return best;
}

/** Each block of one actor, moved next to an earlier or a later block of the same. */
function* calmer(model: Model, moves: readonly number[]): Generator<number[]> {
  const blocks: number[][] = [];
  for (const move of moves) {
    const last = blocks.at(-1);
    if (last && actorOf(model, last[0] as number) === actorOf(model, move)) last.push(move);
    else blocks.push([move]);
  }
  for (let from = 0; from < blocks.length; from++) {
    const block = blocks[from] as number[];
    for (let to = 0; to < blocks.length; to++) {
      if (to === from || actorOf(model, block[0] as number) !== actorOf(model, blocks[to]?.[0] as number)) continue;
      const rest = blocks.filter((_, i) => i !== from);
      const place = to < from ? to + 1 : to - 1;
      // Behind the earlier block, or before the later one.
      yield [...rest.slice(0, place), block, ...rest.slice(place)].flat();
    }
  }
}

function actorOf(model: Model, move: number): number {
  const made = model.moves[move];
  return made?.kind === 'actor' ? made.actor : -1 - move;
}

function switches(model: Model, moves: readonly number[]): number {
  return moves.filter((move, i) => i > 0 && actorOf(model, move) !== actorOf(model, moves[i - 1] as number)).length;
}

/** Are all moves possible, and does the last one make the finding, or lead to a final state that decides the condition? */
function reaches(model: Model, granularity: Granularity, moves: readonly number[], target: Target): boolean {
  const executor = new Executor(model);
  runSetup(executor);
  const { machine } = executor;
  let mark = 0;
  for (const move of moves) {
    mark = machine.length;
    if (!executor.move(move, granularity)) return false;
  }
  if (target.kind === 'condition') return decides(model, executor, target.index);
  // A deadlock is found when nobody can move any more, by no move.
  if (target.finding === 'deadlock') return model.moves.every((m, i) => m.kind !== 'actor' || !executor.enabled(i));
  const wanted = FINDINGS.indexOf(target.finding);
  for (let at = moves.length === 0 ? 0 : mark; at < machine.length; at += EVENT_WIDTH) {
    if (machine.log[at] === NOTE.finding && machine.log[at + 1] === wanted) return true;
  }
  return false;
}

function decides(model: Model, executor: Executor, index: number): boolean {
  const condition = model.conditions[index];
  if (!condition || model.moves.some((m, i) => m.kind === 'actor' && executor.enabled(i))) return false;
  return condition.holds(executor.machine.state) !== (condition.quantifier === 'forall');
}
