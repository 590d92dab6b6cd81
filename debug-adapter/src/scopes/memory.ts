/** Memory: each word as DRAM holds it, where its newest value is, and what a CPU and each device would read now. */
import type { DeviceId } from '@snoopscope/sim-core';
import { memoryReference } from '../memory-view.ts';
import type { Moment } from '../moment.ts';
import { type Format, type Item, indices, openableItem, type Scope } from './item.ts';
import { coherentValue, deviceView, holders, newestVersion } from './words.ts';

export const memoryScope: Scope = {
  name: 'Memory',
  items({ moment }) {
    const { words } = moment.model.world.topology;
    if (words.length === 0) return undefined;
    return (format) => words.map((_, word) => wordItem(moment, word, format));
  },
};

/** `x: 1 in cpu0's cache (M); DRAM has 0 (stale)`. */
export function wordItem(moment: Moment, word: number, format: Format): Item {
  const name = moment.model.world.topology.words[word]?.name ?? String(word);
  const newest = newestVersion(moment, word);
  const all = holders(moment, word);
  const current = all.filter((holder) => holder.version === newest);
  const dram = all[0];
  const inDram = dram !== undefined && dram.version === newest;
  const value = inDram
    ? format.number(dram.value)
    : `${format.number(current[0]?.value ?? coherentValue(moment, word))}${current[0] ? ` in ${current[0].where}` : ' (its newest value is lost)'}; DRAM has ${format.number(dram?.value ?? 0)} (stale)`;
  return openableItem(name, value, (f) => viewItems(moment, word, f), {
    type: 'a word of memory',
    whole: true,
    evaluateName: `[${name}]`,
    memory: memoryReference('memory', moment.model.world.topology.words[word]?.address ?? 0n),
  });
}

function viewItems(moment: Moment, word: number, format: Format): Item[] {
  const { topology } = moment.model.world;
  const newest = newestVersion(moment, word);
  const at = topology.words[word]?.address ?? 0n;
  const places = holders(moment, word).map(
    (holder): Item => ({
      name: holder.where,
      value: `${format.number(holder.value)}${holder.version < newest ? ' (stale)' : ''}`,
      type: `version ${holder.version} of ${newest}`,
      ...(holder.view === undefined ? {} : { memory: memoryReference(holder.view, at) }),
    }),
  );
  const devices = indices<DeviceId>(topology.devices.length).map((device): Item => {
    const seen = deviceView(moment, device, word);
    const name = `${topology.devices[device]?.name} reads`;
    return {
      name,
      value: seen.value === undefined ? seen.how : `${format.number(seen.value)} (${seen.how})`,
      type: 'an MRd that asks for no snoop',
      memory: memoryReference(topology.devices[device]?.name ?? '', at),
    };
  });
  return [
    ...places,
    {
      name: 'a CPU reads',
      value: format.number(coherentValue(moment, word)),
      type: 'a cached load',
      memory: memoryReference('memory', at),
    },
    ...devices,
    {
      name: 'address',
      value: `0x${(topology.words[word]?.address ?? 0n).toString(16)}`,
      type: 'guest-physical address, IOVA and user address',
    },
  ];
}
