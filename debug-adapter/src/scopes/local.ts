/** The locals of kernel functions as a person reads them: names of objects, errnos, not numbers of slots. */
import { errnoName, type FileId, type Local, type LocalKind, NONE, ZAP_REASONS } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { fileText } from './descriptors.ts';
import { type Format, type Item, yesNo } from './item.ts';
import {
  containerName,
  deviceName,
  groupName,
  iommufdName,
  kvmDeviceName,
  pageName,
  vcpuNow,
  vmName,
} from './objects.ts';

/** `stored` is what the local's slot holds. */
export function localItem(moment: Moment, local: Local, stored: number, format: Format): Item {
  const value = local.fromSlot(stored);
  const text = local.optional && value === NONE ? 'none' : TEXTS[local.kind](moment, value, format);
  return { name: local.name, value: text, type: TYPES[local.kind] };
}

/** What a function returned: a value, or `-EBUSY`. */
export function returnedText(value: number, format: Format): string {
  return value < 0 ? `-${errnoName(-value)}` : format.number(value);
}

type Text = (moment: Moment, value: number, format: Format) => string;

const TEXTS: Readonly<Record<LocalKind, Text>> = {
  number: (_, value, format) => format.number(value),
  truth: (_, value) => yesNo(value),
  result: (_, value, format) => returnedText(value, format),
  zapReason: (_, value) => ZAP_REASONS[value] ?? String(value),
  file: (moment, value) => fileText(moment, value as FileId),
  vm: vmName,
  vcpu: vcpuNow,
  kvmDevice: kvmDeviceName,
  tceTable: (_, value) => `TCE table ${value}`,
  container: containerName,
  group: groupName,
  device: deviceName,
  domain: (_, value) => `domain ${value}`,
  ioas: (_, value) => `I/O address space ${value}`,
  iommufd: iommufdName,
  cpu: (_, value) => `cpu${value}`,
  page: (moment, value) => `the page of ${pageName(moment, value)}`,
  driver: (moment, value) => moment.model.world.vfio.drivers[value] ?? 'none',
  iommuDriver: (moment, value) => moment.model.world.vfio.state.containerDriver.values?.[value] ?? 'none',
};

const TYPES: Readonly<Record<LocalKind, string>> = {
  number: 'a number',
  truth: 'a truth value',
  result: 'a result: negative is an errno',
  zapReason: 'why leaves are zapped',
  file: 'an open file',
  vm: 'a VM',
  vcpu: 'a vCPU',
  kvmDevice: 'a kvm-vfio device',
  tceTable: 'a TCE table',
  container: 'a VFIO container',
  group: 'a VFIO group',
  device: 'a PCI device',
  domain: 'an IOMMU domain',
  ioas: 'an I/O address space',
  iommufd: 'an iommufd',
  cpu: 'a physical CPU',
  page: 'a page of guest memory',
  driver: 'a driver of the host',
  iommuDriver: 'the IOMMU driver of a container',
};
