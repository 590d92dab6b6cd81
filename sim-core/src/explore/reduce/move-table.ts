/** Which moves are whose, for the inner loop. */
import type { Model } from '../../engine/model.ts';
import type { Tables } from '../expander.ts';
import { SLEEPERS } from '../states/store.ts';
import type { Symmetry } from './symmetry.ts';

export type MoveTable = Pick<Tables, 'environmentFrom' | 'moves' | 'firstMove' | 'moveCount' | 'unnamed'>;

export function moveTable({ moves, world }: Model, symmetry: Symmetry | undefined): MoveTable {
  const { actors } = world.topology;
  // What must happen keeps a state from being final, as what an actor can do does.
  const environmentFrom = moves.findIndex((m) => m.kind === 'environment' && !m.inevitable);
  const named = (move: number): boolean => symmetry?.renamings.some((r) => r.moveTo[move] !== move) ?? false;
  return {
    environmentFrom: environmentFrom < 0 ? moves.length : environmentFrom,
    moves: moves.length,
    firstMove: Int32Array.from(actors, (_, actor) => moves.findIndex((m) => m.kind === 'actor' && m.actor === actor)),
    moveCount: Int32Array.from(
      actors,
      (_, actor) => moves.filter((m) => m.kind === 'actor' && m.actor === actor).length,
    ),
    unnamed: moves.slice(0, SLEEPERS).reduce((bits, _, move) => (named(move) ? bits : bits | (1 << move)), 0),
  };
}
