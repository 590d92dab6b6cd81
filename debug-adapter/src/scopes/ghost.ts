/** The ghost: what the same guest was promised on bare metal. What the machine delivers is compared with it. */
import type { Moment } from '../moment.ts';
import { type Item, openableItem, type Scope } from './item.ts';
import { newestVersion } from './words.ts';

export const ghostScope: Scope = {
  name: 'Ghost (bare metal)',
  items({ moment }) {
    const { words } = moment.model.world.topology;
    if (words.length === 0) return undefined;
    return () =>
      words.map((word, index) =>
        openableItem(word.name, promiseText(moment, index), () => promiseItems(moment, index), {
          type: 'what the guest may rely on',
        }),
      );
  },
};

function promiseText(moment: Moment, word: number): string {
  const { ghost } = moment.model.world;
  const newest = newestVersion(moment, word);
  if (newest === 0) return 'not written yet';
  return ghost.deviceReadBound(moment.state, word, false) === newest
    ? 'the newest value must be in DRAM'
    : 'the newest value may still be in a cache';
}

function promiseItems(moment: Moment, word: number): Item[] {
  const { ghost, topology } = moment.model.world;
  const vcpus = topology.actors.filter((actor) => actor.kind === 'vcpu');
  const line = topology.words[word]?.line ?? 0;
  const dirty = moment.read(ghost.dirtyIn, line);
  const old = vcpus.filter((_, index) => moment.read(ghost.mayHoldOld, index * topology.words.length + word) !== 0);
  const newest = newestVersion(moment, word);
  return [
    {
      name: 'promised version',
      value: `${ghost.deviceReadBound(moment.state, word, false)} of ${newest} in DRAM, ${ghost.deviceReadBound(moment.state, word, true)} of ${newest} for a snooped access`,
      type: 'a read of an older version is a stale read',
    },
    {
      name: 'dirty in',
      value: dirty === 0 ? 'no cache' : (vcpus[dirty - 1]?.name ?? 'the host'),
      type: 'the vCPU whose cache may hold it modified',
    },
    { name: 'may hold an old copy', value: old.map((actor) => actor.name).join(', ') || 'none' },
    {
      name: "a device's write",
      value: moment.read(ghost.deviceWrite, word) === 0 ? 'none' : `version ${moment.read(ghost.deviceWrite, word)}`,
    },
  ];
}
