/** VFIO: groups with their container, users and VM; containers with their driver; devices and who has them open. */
import type { Moment } from '../moment.ts';
import { group, type Item, indices, numberItem, type Scope } from './item.ts';
import { containerName, deviceName, groupName, vmOrNone } from './objects.ts';

export const vfioScope: Scope = {
  name: 'VFIO',
  items({ moment }) {
    const { dims, topology, vfio } = moment.model.world;
    if (topology.groups.length === 0) return undefined;
    return () => [
      ...topology.groups.map((_, index) => groupItem(moment, index)),
      ...indices(dims.containers, (container) => moment.read(vfio.state.containerReferences, container) > 0).map(
        (container) => containerItem(moment, container),
      ),
      ...topology.devices.map((_, device) => deviceItem(moment, device)),
    ];
  },
};

function groupItem(moment: Moment, index: number): Item {
  const { topology, vfio } = moment.model.world;
  const container = moment.read(vfio.groupContainer, index) - 1;
  return group(
    groupName(moment, index),
    container < 0 ? 'no container' : `in ${containerName(moment, container)}`,
    (format) => [
      { name: 'container', value: container < 0 ? 'none' : containerName(moment, container) },
      numberItem('container_users', moment.read(vfio.containerUsers, index), format),
      { name: 'open', value: moment.read(vfio.groupFile, index) === 0 ? 'no' : 'yes' },
      {
        name: 'kvm',
        value: vmOrNone(moment, moment.read(vfio.groupKvm, index)),
        type: 'the VM that VFIO was told',
      },
      {
        name: 'devices',
        value: (topology.groups[index]?.devices ?? []).map((device) => topology.devices[device]?.name).join(', '),
      },
    ],
  );
}

function containerItem(moment: Moment, container: number): Item {
  const { state } = moment.model.world.vfio;
  const driver = state.containerDriver.values?.[moment.read(state.containerDriver, container)] ?? 'none';
  return group(containerName(moment, container), driver, (format) => [
    { name: 'IOMMU driver', value: driver },
    numberItem('references', moment.read(state.containerReferences, container), format),
  ]);
}

function deviceItem(moment: Moment, device: number): Item {
  const { vfio } = moment.model.world;
  const driver = vfio.drivers[moment.read(vfio.deviceDriver, device)] ?? 'none';
  const open = moment.read(vfio.deviceOpenCount, device);
  return group(deviceName(moment, device), `${driver}${open > 0 ? ', open' : ''}`, (format) => [
    { name: 'driver', value: driver },
    numberItem('open_count', open, format),
    { name: 'kvm', value: vmOrNone(moment, moment.read(vfio.deviceKvm, device)) },
  ]);
}
