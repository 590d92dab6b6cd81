/** VFIO: groups with their container, users and VM; containers with their driver; devices and who has them open. */
import type { Moment } from '../moment.ts';
import { type Format, type Item, indices, numberItem, openableItem, type Scope } from './item.ts';
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
  const container = moment.read(moment.model.world.vfio.groupContainer, index) - 1;
  return openableItem(
    groupName(moment, index),
    container < 0 ? 'no container' : `in ${containerName(moment, container)}`,
    (format) => groupItems(moment, index, format),
  );
}

export function groupItems(moment: Moment, index: number, format: Format): Item[] {
  const { topology, vfio } = moment.model.world;
  const container = moment.read(vfio.groupContainer, index) - 1;
  return [
    { name: 'container', value: container < 0 ? 'none' : containerName(moment, container) },
    numberItem('container_users', moment.read(vfio.containerUsers, index), format, {
      type: 'who keeps the group in its container: open devices, kvm-vfio',
    }),
    { name: 'open', value: moment.read(vfio.groupFile, index) === 0 ? 'no' : 'yes' },
    { name: 'kvm', value: vmOrNone(moment, moment.read(vfio.groupKvm, index)), type: 'the VM that VFIO was given' },
    {
      name: 'devices',
      value: (topology.groups[index]?.devices ?? []).map((device) => topology.devices[device]?.name).join(', '),
    },
  ];
}

function containerItem(moment: Moment, container: number): Item {
  return openableItem(containerName(moment, container), driverOf(moment, container), (format) =>
    containerItems(moment, container, format),
  );
}

function driverOf(moment: Moment, container: number): string {
  const { state } = moment.model.world.vfio;
  return state.containerDriver.values?.[moment.read(state.containerDriver, container)] ?? 'none';
}

export function containerItems(moment: Moment, container: number, format: Format): Item[] {
  const { iommu, topology, vfio } = moment.model.world;
  const groups = indices(topology.groups.length, (index) => moment.read(vfio.groupContainer, index) === container + 1);
  const domains = iommu.domainsOf(moment.machine, container);
  return [
    { name: 'IOMMU driver', value: driverOf(moment, container) },
    numberItem('references', moment.read(vfio.state.containerReferences, container), format, {
      type: 'the open file, and the groups in it',
    }),
    { name: 'groups', value: groups.map((index) => groupName(moment, index)).join(', ') || 'none' },
    { name: 'domains', value: domains.map((domain) => `domain ${domain}`).join(', ') || 'none' },
  ];
}

function deviceItem(moment: Moment, device: number): Item {
  const { vfio } = moment.model.world;
  const open = moment.read(vfio.deviceOpenCount, device);
  const driver = vfio.drivers[moment.read(vfio.deviceDriver, device)] ?? 'none';
  return openableItem(deviceName(moment, device), `${driver}${open > 0 ? ', open' : ''}`, (format) =>
    deviceItems(moment, device, format),
  );
}

export function deviceItems(moment: Moment, device: number, format: Format): Item[] {
  const { pcie, topology, vfio } = moment.model.world;
  const noSnoop = topology.devices[device]?.noSnoop === true;
  return [
    { name: 'driver', value: vfio.drivers[moment.read(vfio.deviceDriver, device)] ?? 'none' },
    numberItem('open_count', moment.read(vfio.deviceOpenCount, device), format),
    { name: 'kvm', value: vmOrNone(moment, moment.read(vfio.deviceKvm, device)) },
    {
      name: 'Enable No Snoop',
      value: moment.read(pcie.enableNoSnoop, device) !== 0 ? 'set' : noSnoop ? 'clear' : 'clear, and cannot be set',
      type: 'Device Control, bit 11',
    },
  ];
}
