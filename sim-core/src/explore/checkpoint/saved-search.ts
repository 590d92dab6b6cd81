/** A search between two of its steps as a checkpoint, and back: how far it is, what it knows, and its states. */
import type { Model } from '../../engine/model.ts';
import type { Finality } from '../results/finality.ts';
import type { Found } from '../results/found.ts';
import type { FindingSite, Sites } from '../sites.ts';
import type { Space } from '../space.ts';
import { type CheckpointData, CheckpointProblem, type ReadCheckpoint } from './checkpoint.ts';
import { damaged, type Knowledge, readKnowledge, type SavedKnowledge, saveKnowledge } from './saved-knowledge.ts';
import { numberingOf, saveStates } from './saved-states.ts';
import type { SearchProgress } from './search-progress.ts';

export interface Saving {
  readonly model: Model;
  readonly space: Space;
  readonly finality: Finality;
  readonly found: Found;
  readonly at: SearchProgress;
}

export interface SavedSearch {
  readonly at: SearchProgress;
  readonly knowledge: Knowledge;
  readonly found: readonly number[];
  readonly stuck: ArrayLike<number>;
}

interface Data {
  readonly at: SearchProgress;
  readonly knowledge: SavedKnowledge;
  readonly sites: readonly FindingSite[];
  readonly found: readonly number[];
}

/** The states are read while the checkpoint is written: the search must not continue before. */
export function saveSearch({ model, space, finality, found, at }: Saving): CheckpointData {
  const { store } = space;
  const number = numberingOf(store);
  const knowledge = saveKnowledge(space.knowledge, model.world.wide);
  const data: Data = {
    at: { ...at, next: number(at.next), levelEnd: number(at.levelEnd), left: at.left.map(number) },
    knowledge: knowledge.data,
    sites: found.sites.all,
    found: found.save(number),
  };
  const open = Math.min(at.next, ...at.left);
  return {
    kind: 'search',
    data,
    arrays: { ...knowledge.arrays, stuck: finality.save(number), ...saveStates(store, number, open) },
  };
}

/** Gives `sites` their numbers back. Throws a {@link CheckpointProblem} when it is a checkpoint of something else. */
export function readSearch({ kind, data, arrays }: ReadCheckpoint, model: Model, sites: Sites): SavedSearch {
  if (kind !== 'search') throw new CheckpointProblem(`The checkpoint is of ${kind} runs, not of a search.`);
  const { at, knowledge, sites: saved, found } = data as Data;
  if (!arrays.stuck) throw damaged();
  sites.restore(saved);
  return {
    at,
    found,
    stuck: arrays.stuck,
    knowledge: readKnowledge(knowledge, arrays, model.layout.size, model.world.wide),
  };
}
