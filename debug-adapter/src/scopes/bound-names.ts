/** Names that system calls bind: `vm = 5 (a VM)`. What a descriptor refers to can be opened, wherever its name is shown. */
import { type FileKind, type KvmDeviceId, NONE, type VmId } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { descriptorNames, fileKind, openFile } from './descriptors.ts';
import type { Format, Item } from './item.ts';
import { kvmVfioItems } from './kvm-vfio.ts';
import { containerItems, deviceItems, groupItems } from './vfio.ts';
import { coherencySummary, vcpuItems, vmItems } from './vm.ts';

/** In the order of the file; those that are not bound yet say so. */
export function boundNames(moment: Moment, format: Format): Item[] {
  return [...moment.model.names].map(([name, slot]) => boundName(moment, name, moment.state[slot]!, format));
}

export function boundName(moment: Moment, name: string, value: number, format: Format): Item {
  if (value < 0) return { name, value: 'not bound', evaluateName: name };
  const bindsDescriptor = descriptorNames(moment.model).has(name);
  const file = bindsDescriptor ? openFile(moment, moment.processOfName(name), value) : NONE;
  if (file === NONE) return { name, value: format.number(value), evaluateName: name };
  const what = fileKind(moment, file);
  const { files } = moment.model.world;
  const kind = files.kindOf(moment.machine, file);
  const inside = OBJECTS[kind];
  const object: number = files.objectOf(moment.machine, file);
  const more = kind === 'vm' ? `, ${coherencySummary(moment, object)}` : '';
  return {
    name,
    value: `${format.number(value)} (${what})${more}`,
    evaluateName: name,
    type: what,
    ...(inside && { children: (f: Format) => inside(moment, object, f), whole: kind !== 'vm' }),
  };
}

/** What is in the object of a file. */
const OBJECTS: Partial<Record<FileKind, (moment: Moment, object: number, format: Format) => readonly Item[]>> = {
  vm: (moment, vm, format) => vmItems(moment, vm as VmId, format),
  vcpu: vcpuItems,
  'kvm-vfio': (moment, device) => kvmVfioItems(moment, device as KvmDeviceId),
  container: containerItems,
  group: groupItems,
  device: deviceItems,
};
