/** Objects of the kernel in a sentence: as the scenario calls them, and by number only where it has no name for them. */
import type { Model } from '../engine/model.ts';
import type { LocalKind } from '../engine/routine.ts';
import { FILE_KINDS } from '../files/kinds.ts';
import { NONE } from '../state/ids.ts';
import type { ObjectNames } from './object-names.ts';

/** An object of a kind as it was at an event of the run that `names` are of. */
export function objectText(model: Model, kind: LocalKind, object: number, event: number, names?: ObjectNames): string {
  return object === NONE && kind !== 'number' ? 'none' : TEXTS[kind](model, object, event, names);
}

type Text = (model: Model, object: number, event: number, names?: ObjectNames) => string;

const plain: Text = (_model, object) => String(object);

const TEXTS: Readonly<Record<LocalKind, Text>> = {
  number: plain,
  truth: plain,
  result: plain,
  zapReason: plain,
  file: (_model, file, event, names) => {
    const open = names?.fileAtEvent(file, event);
    if (!open) return 'the file';
    return open.name === undefined ? FILE_KINDS[open.kind] : `${open.name} (${FILE_KINDS[open.kind]})`;
  },
  vm: (_model, vm, event, names) => names?.atEvent('vm', vm, event) ?? `VM ${vm}`,
  vcpu: (_model, vcpu, event, names) => names?.atEvent('vcpu', vcpu, event) ?? `vCPU ${vcpu}`,
  kvmDevice: (_model, device, event, names) => names?.atEvent('kvm-vfio', device, event) ?? `kvm-vfio device ${device}`,
  tceTable: (_model, table, event, names) => names?.atEvent('spapr-tce', table, event) ?? `TCE table ${table}`,
  container: (_model, container, event, names) =>
    names?.atEvent('container', container, event) ?? `container ${container}`,
  iommufd: (_model, context, event, names) => names?.atEvent('iommufd', context, event) ?? `iommufd ${context}`,
  group: ({ world }, group) => `group ${world.topology.groups[group]?.number ?? group}`,
  device: ({ world }, device) => world.topology.devices[device]?.name ?? `device ${device}`,
  domain: (_model, domain) => `domain ${domain}`,
  ioas: () => 'the IOAS',
  cpu: (_model, cpu) => `cpu${cpu}`,
  page: ({ world }, page) => `the page of ${world.topology.pages[page]?.name ?? page}`,
  driver: ({ world }, driver) => world.vfio.drivers[driver] ?? 'no driver',
  iommuDriver: ({ world }, driver) => world.vfio.state.containerDriver.values?.[driver] ?? 'no driver',
};
