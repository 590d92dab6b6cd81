/** kvm-vfio devices: their lists, what they have told KVM, who holds their lock. */
import type { FileId, GroupId, KvmDeviceId } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import { fileText } from './descriptors.ts';
import { counted, group, type Item, type Scope, those, yesNo } from './item.ts';
import { groupName, kvmDeviceName, vmName } from './objects.ts';
import { lockText } from './vm.ts';

export const kvmVfioScope: Scope = {
  name: 'kvm-vfio',
  unwrapsOne: true,
  items({ snapshot }) {
    const { dims, kvm } = snapshot.model.world;
    if (dims.kvmDevices === 0) return undefined;
    return () => {
      const devices = those<KvmDeviceId>(dims.kvmDevices, (device) => snapshot.read(kvm.deviceVm, device) !== 0);
      return devices.map((device) =>
        group(kvmDeviceName(snapshot, device), `of ${vmName(snapshot, snapshot.read(kvm.deviceVm, device) - 1)}`, () =>
          deviceItems(snapshot, device),
        ),
      );
    };
  },
};

function deviceItems(snapshot: Snapshot, device: KvmDeviceId): Item[] {
  const { kvmVfio, kvm } = snapshot.model.world;
  const entries = kvmVfio.listed(snapshot.machine, device);
  return [
    { name: 'noncoherent', value: yesNo(snapshot.read(kvmVfio.noncoherent, device)), type: 'what it has told KVM' },
    group('list', counted(entries.length, kvmVfio.holdsFiles ? 'file' : 'group'), () =>
      entries.map((entry, index) => ({ name: String(index), value: entryText(snapshot, entry) })),
    ),
    { name: 'kv->lock', value: lockText(snapshot, snapshot.read(kvmVfio.lock, device)) },
    { name: 'on kvm->devices', value: yesNo(snapshot.read(kvm.deviceListed, device)) },
  ];
}

function entryText(snapshot: Snapshot, entry: FileId | GroupId): string {
  const { kvmVfio } = snapshot.model.world;
  return kvmVfio.holdsFiles ? fileText(snapshot, entry as FileId) : groupName(snapshot, entry);
}
