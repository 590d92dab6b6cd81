/** kvm-vfio devices: their lists, what they have told KVM, who holds their lock. */

import type { FileId, GroupId, KvmDeviceId } from '@snoopscope/sim-core';
import { counted } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { fileText } from './descriptors.ts';
import { type Item, indices, openableItem, type Scope, yesNo } from './item.ts';
import { groupName, kvmDeviceName, vmName } from './objects.ts';
import { lockText } from './vm.ts';

export const kvmVfioScope: Scope = {
  name: 'kvm-vfio',
  unwrapsOne: true,
  items({ moment }) {
    const { dims, kvm } = moment.model.world;
    if (dims.kvmDevices === 0) return undefined;
    return () => {
      const devices = indices<KvmDeviceId>(dims.kvmDevices, (device) => moment.read(kvm.deviceVm, device) !== 0);
      return devices.map((device) =>
        openableItem(kvmDeviceName(moment, device), `of ${vmName(moment, moment.read(kvm.deviceVm, device) - 1)}`, () =>
          kvmVfioItems(moment, device),
        ),
      );
    };
  },
};

export function kvmVfioItems(moment: Moment, device: KvmDeviceId): Item[] {
  const { kvmVfio, kvm } = moment.model.world;
  const entries = kvmVfio.listed(moment.machine, device);
  return [
    { name: 'noncoherent', value: yesNo(moment.read(kvmVfio.noncoherent, device)), type: 'what it has told KVM' },
    openableItem('list', counted(entries.length, kvmVfio.holdsFiles ? 'file' : 'group'), () =>
      entries.map((entry, index) => ({ name: String(index), value: entryText(moment, entry) })),
    ),
    { name: 'kv->lock', value: lockText(moment, moment.read(kvmVfio.lock, device)) },
    { name: 'on kvm->devices', value: yesNo(moment.read(kvm.deviceListed, device)) },
  ];
}

function entryText(moment: Moment, entry: FileId | GroupId): string {
  const { kvmVfio } = moment.model.world;
  return kvmVfio.holdsFiles ? fileText(moment, entry as FileId) : groupName(moment, entry);
}
