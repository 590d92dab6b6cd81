/** The ghost: what the same guest was promised on bare metal. What the machine delivers is compared with it. */
import type { Snapshot } from '../snapshot.ts';
import { group, type Item, type Scope } from './item.ts';
import { newestVersion } from './words.ts';

export const ghostScope: Scope = {
  name: 'Ghost (bare metal)',
  items({ snapshot }) {
    const { words } = snapshot.model.world.topology;
    if (words.length === 0) return undefined;
    return () =>
      words.map((word, index) =>
        group(word.name, promiseText(snapshot, index), () => promiseItems(snapshot, index), {
          type: 'what the guest may rely on',
        }),
      );
  },
};

function promiseText(snapshot: Snapshot, word: number): string {
  const { ghost } = snapshot.model.world;
  const newest = newestVersion(snapshot, word);
  if (newest === 0) return 'not written yet';
  return ghost.deviceReadBound(snapshot.state, word, false) === newest
    ? 'the newest value must be in DRAM'
    : 'the newest value may still be in a cache';
}

function promiseItems(snapshot: Snapshot, word: number): Item[] {
  const { ghost, topology } = snapshot.model.world;
  const vcpus = topology.actors.filter((actor) => actor.kind === 'vcpu');
  const line = topology.words[word]?.line ?? 0;
  const dirty = snapshot.read(ghost.dirtyIn, line);
  const old = vcpus.filter((_, index) => snapshot.read(ghost.mayHoldOld, index * topology.words.length + word) !== 0);
  const newest = newestVersion(snapshot, word);
  return [
    {
      name: 'promised version',
      value: `${ghost.deviceReadBound(snapshot.state, word, false)} of ${newest} in DRAM, ${ghost.deviceReadBound(snapshot.state, word, true)} of ${newest} for a snooped access`,
      type: 'a read of an older version is a stale read',
    },
    {
      name: 'dirty in',
      value: dirty === 0 ? 'no cache' : (vcpus[dirty - 1]?.name ?? 'the host'),
      type: 'the vCPU whose cache may hold it modified',
    },
    { name: 'may hold an old copy', value: old.map((actor) => actor.name).join(', ') || 'nobody' },
    {
      name: "a device's write",
      value:
        snapshot.read(ghost.deviceWrite, word) === 0 ? 'none' : `version ${snapshot.read(ghost.deviceWrite, word)}`,
    },
  ];
}
