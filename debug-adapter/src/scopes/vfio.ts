/** VFIO: groups with their container, users and VM; containers with their driver; devices and who has them open. */
import type { Snapshot } from '../snapshot.ts';
import { group, type Item, numberItem, type Scope, those } from './item.ts';
import { containerName, deviceName, groupName, vmOrNone } from './objects.ts';

export const vfioScope: Scope = {
  name: 'VFIO',
  items({ snapshot }) {
    const { dims, topology, vfio } = snapshot.model.world;
    if (topology.groups.length === 0) return undefined;
    return () => [
      ...topology.groups.map((_, index) => groupItem(snapshot, index)),
      ...those(dims.containers, (container) => snapshot.read(vfio.state.containerReferences, container) > 0).map(
        (container) => containerItem(snapshot, container),
      ),
      ...topology.devices.map((_, device) => deviceItem(snapshot, device)),
    ];
  },
};

function groupItem(snapshot: Snapshot, index: number): Item {
  const { topology, vfio } = snapshot.model.world;
  const container = snapshot.read(vfio.groupContainer, index) - 1;
  return group(
    groupName(snapshot, index),
    container < 0 ? 'no container' : `in ${containerName(snapshot, container)}`,
    (format) => [
      { name: 'container', value: container < 0 ? 'none' : containerName(snapshot, container) },
      numberItem('container_users', snapshot.read(vfio.containerUsers, index), format),
      { name: 'open', value: snapshot.read(vfio.groupFile, index) === 0 ? 'no' : 'yes' },
      {
        name: 'kvm',
        value: vmOrNone(snapshot, snapshot.read(vfio.groupKvm, index)),
        type: 'the VM that VFIO was told',
      },
      {
        name: 'devices',
        value: (topology.groups[index]?.devices ?? []).map((device) => topology.devices[device]?.name).join(', '),
      },
    ],
  );
}

function containerItem(snapshot: Snapshot, container: number): Item {
  const { state } = snapshot.model.world.vfio;
  const driver = state.containerDriver.values?.[snapshot.read(state.containerDriver, container)] ?? 'none';
  return group(containerName(snapshot, container), driver, (format) => [
    { name: 'IOMMU driver', value: driver },
    numberItem('references', snapshot.read(state.containerReferences, container), format),
  ]);
}

function deviceItem(snapshot: Snapshot, device: number): Item {
  const { vfio } = snapshot.model.world;
  const driver = vfio.drivers[snapshot.read(vfio.deviceDriver, device)] ?? 'none';
  const open = snapshot.read(vfio.deviceOpenCount, device);
  return group(deviceName(snapshot, device), `${driver}${open > 0 ? ', open' : ''}`, (format) => [
    { name: 'driver', value: driver },
    numberItem('open_count', open, format),
    { name: 'kvm', value: vmOrNone(snapshot, snapshot.read(vfio.deviceKvm, device)) },
  ]);
}
