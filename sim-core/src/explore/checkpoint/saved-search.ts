/** A search between two of its steps as a snapshot, and back: how far it is, what it knows, and its states. */
import type { Model } from '../../engine/model.ts';
import type { Finality } from '../results/finality.ts';
import type { Found } from '../results/found.ts';
import type { Space } from '../space.ts';
import { CheckpointProblem, type ReadSnapshot, type Snapshot } from './checkpoint.ts';
import type { Position } from './position.ts';
import { damaged, type Knowledge, readKnowledge, type SavedKnowledge, saveKnowledge } from './saved-knowledge.ts';
import { numberingOf, saveStates } from './saved-states.ts';

export interface Saving {
  readonly model: Model;
  readonly space: Space;
  readonly finality: Finality;
  readonly found: Found;
  readonly at: Position;
}

export interface SavedSearch {
  readonly at: Position;
  readonly knowledge: Knowledge;
  readonly found: readonly number[];
  readonly stuck: ArrayLike<number>;
}

interface Data {
  readonly at: Position;
  readonly knowledge: SavedKnowledge;
  readonly found: readonly number[];
}

/** The states are read while the snapshot is written: the search must not continue before. */
export function saveSearch({ model, space, finality, found, at }: Saving): Snapshot {
  const { store } = space;
  const number = numberingOf(store);
  const knowledge = saveKnowledge(space.knowledge, model.world.wide);
  const data: Data = {
    at: { ...at, next: number(at.next), levelEnd: number(at.levelEnd), left: at.left.map(number) },
    knowledge: knowledge.data,
    found: found.save(number),
  };
  const open = Math.min(at.next, ...at.left);
  return {
    kind: 'search',
    data,
    arrays: { ...knowledge.arrays, stuck: finality.save(number), ...saveStates(store, number, open) },
  };
}

/** Throws a {@link CheckpointProblem} when it is a snapshot of something else. */
export function readSearch({ kind, data, arrays }: ReadSnapshot, model: Model): SavedSearch {
  if (kind !== 'search') throw new CheckpointProblem(`The checkpoint is of ${kind} runs, not of a search.`);
  const { at, knowledge, found } = data as Data;
  if (!arrays.stuck) throw damaged();
  return {
    at,
    found,
    stuck: arrays.stuck,
    knowledge: readKnowledge(knowledge, arrays, model.layout.size, model.world.wide),
  };
}
