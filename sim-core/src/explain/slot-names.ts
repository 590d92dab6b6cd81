/** Slots of the state by the names that the kernel, the vendors and the debugger's scopes have for them. */
import type { Model } from '../engine/model.ts';
import type { FileKind } from '../files/kinds.ts';
import { IOPTE } from '../iommu/iopte.ts';
import { LEAF, leafType } from '../kvm/mmu.ts';
import { memtypeName } from '../memory/memtype.ts';
import { overrideBitName, type Topology } from '../topology.ts';
import { vcpuName } from './event-text.ts';
import type { ObjectNames } from './object-names.ts';

/** What the first index of a field counts. */
type Owner = FileKind | 'page of a VM' | 'page of a domain' | 'cache line' | 'domain' | 'register';

interface FieldName {
  readonly field: string;
  /** `kvm->lock`. */
  readonly name: string;
  readonly of: Owner;
  readonly value?: 'lock' | 'mask' | 'flag' | 'leaf' | 'iopte' | 'vm' | 'container' | 'domain';
}

/** Locks of KVM and VFIO, as the kernel writes them where they are taken. */
export const LOCKS: readonly FieldName[] = [
  { field: 'kvmLock', name: 'kvm->lock', of: 'vm', value: 'lock' },
  { field: 'slotsLock', name: 'kvm->slots_lock', of: 'vm', value: 'lock' },
  { field: 'kvmVfioLock', name: 'kv->lock', of: 'kvm-vfio', value: 'lock' },
  { field: 'groupLock', name: 'group->group_lock', of: 'group', value: 'lock' },
  { field: 'kvmRefLock', name: 'group->kvm_ref_lock', of: 'group', value: 'lock' },
  { field: 'containerLock', name: 'container->group_lock', of: 'container', value: 'lock' },
  { field: 'type1Lock', name: 'iommu->lock', of: 'container', value: 'lock' },
  { field: 'devSetLock', name: 'dev_set->lock', of: 'device', value: 'lock' },
];

const FIELDS: ReadonlyMap<string, FieldName> = new Map(
  [
    ...LOCKS,
    { field: 'noncoherentDmaCount', name: 'noncoherent_dma_count', of: 'vm' },
    { field: 'assignedDeviceCount', name: 'assigned_device_count', of: 'vm' },
    { field: 'vmReferences', name: 'references', of: 'vm' },
    { field: 'vmIommuNoncoherent', name: 'iommu_noncoherent', of: 'vm', value: 'flag' },
    { field: 'disabledQuirks', name: 'disabled_quirks', of: 'vm' },
    { field: 'leaf', name: 'leaf', of: 'page of a VM', value: 'leaf' },
    { field: 'wbinvdDirtyMask', name: 'wbinvd_dirty_mask', of: 'vcpu', value: 'mask' },
    { field: 'vcpuPinned', name: 'preemption disabled', of: 'vcpu', value: 'flag' },
    { field: 'cacheDisable', name: 'CR0.CD', of: 'vcpu' },
    { field: 'patMsr', name: 'IA32_PAT', of: 'vcpu' },
    { field: 'mtrrDefType', name: 'IA32_MTRR_DEF_TYPE', of: 'vcpu' },
    { field: 'kvmVfioNoncoherent', name: 'noncoherent', of: 'kvm-vfio', value: 'flag' },
    { field: 'kvmDeviceListed', name: 'on kvm->devices', of: 'kvm-vfio', value: 'flag' },
    { field: 'groupContainer', name: 'container', of: 'group', value: 'container' },
    { field: 'containerUsers', name: 'container_users', of: 'group' },
    { field: 'groupKvm', name: 'kvm', of: 'group', value: 'vm' },
    { field: 'deviceKvm', name: 'kvm', of: 'device', value: 'vm' },
    { field: 'deviceOpenCount', name: 'open_count', of: 'device' },
    { field: 'deviceDomain', name: 'domain', of: 'device', value: 'domain' },
    { field: 'devicePgsnp', name: 'PGSNP', of: 'device', value: 'flag' },
    { field: 'enableNoSnoop', name: 'Enable No Snoop', of: 'device', value: 'flag' },
    { field: 'iopte', name: 'iopte', of: 'page of a domain', value: 'iopte' },
    { field: 'domainCoherent', name: 'enforced', of: 'domain', value: 'flag' },
    { field: 'containerReferences', name: 'references', of: 'container' },
    { field: 'containerDriver', name: 'IOMMU driver', of: 'container' },
    { field: 'lineState', name: 'cache', of: 'cache line' },
  ].map((one) => [one.field, one as FieldName]),
);

/** An object as the scenario calls it when an event happens. */
export function objectName(
  model: Model,
  names: ObjectNames | undefined,
  kind: Owner,
  index: number,
  event: number,
): string {
  const { topology } = model.world;
  switch (kind) {
    case 'group':
      return `group ${topology.groups[index]?.number ?? index}`;
    case 'device':
      return topology.devices[index]?.name ?? `device ${index}`;
    case 'vcpu':
      return vcpuName(model, index);
    case 'domain':
      return `domain ${index}`;
    case 'page of a VM':
    case 'page of a domain': {
      const { pages, words } = topology;
      const page = pages[index % pages.length]?.words.map((word) => words[word]?.name).join(', ');
      const owner = kind === 'page of a VM' ? 'vm' : 'domain';
      return `${page} in ${objectName(model, names, owner, Math.trunc(index / pages.length), event)}`;
    }
    default:
      return names?.atEvent(kind as FileKind, index, event) ?? `${kind === 'vm' ? 'VM' : kind} ${index}`;
  }
}

/** `noncoherent_dma_count of vm: 0 → 1`; undefined for slots that people have no name for. */
export function changeText(
  model: Model,
  names: ObjectNames | undefined,
  event: number,
  slot: number,
  old: number,
  now: number,
): string | undefined {
  const field = model.layout.fieldOf(slot);
  const index = slot - field.base;
  const known = FIELDS.get(field.name);
  if (!known) return boundOrRegister(model, slot, old, now);
  if (known.value === 'lock') return lockChange(model, names, known, index, event, old, now);
  if (field.name === 'lineState')
    return model.layout
      .slotName(slot)
      .replace(/^lineState\[(.*)\]\[(.*)\]$/, `$1's cache: $2 ${field.values?.[old]} → ${field.values?.[now]}`);
  const value = (raw: number): string => field.values?.[raw] ?? valueText(model, names, known, raw, event);
  return `${known.name} of ${objectName(model, names, known.of, index, event)}: ${value(old)} → ${value(now)}`;
}

/** `RW, SNP set`: what an I/O page table entry permits, and what it does to No Snoop where one can. */
export function iopteText(topology: Topology, entry: number): string {
  if (entry === 0) return 'not present';
  const access = `${(entry & IOPTE.read) !== 0 ? 'R' : ''}${(entry & IOPTE.write) !== 0 ? 'W' : ''}`;
  const bit = overrideBitName(topology);
  return bit === undefined ? access : `${access}, ${bit} ${(entry & IOPTE.snoop) !== 0 ? 'set' : 'clear'}`;
}

function lockChange(
  model: Model,
  names: ObjectNames | undefined,
  known: FieldName,
  index: number,
  event: number,
  old: number,
  now: number,
): string {
  const lock = `${known.name} of ${objectName(model, names, known.of, index, event)}`;
  const who = model.world.topology.actors[(now || old) - 1]?.name ?? 'somebody';
  return now === 0 ? `${who} drops ${lock}` : `${who} takes ${lock}`;
}

function boundOrRegister(model: Model, slot: number, old: number, now: number): string | undefined {
  const change = `${old} → ${now}`;
  for (const [name, own] of model.names) if (own === slot) return old < 0 ? `${name} = ${now}` : `${name}: ${change}`;
  for (const [actor, registers] of model.registers.entries()) {
    for (const [name, own] of registers)
      if (own === slot) return `${model.world.topology.actors[actor]?.name}.${name}: ${change}`;
  }
  const { devices } = model.world.topology;
  for (const [device, { name, registers }] of devices.entries()) {
    const register = registers.find((one) => model.world.pcie.registerSlot(device, one) === slot);
    if (register !== undefined) return `${name}.${register}: ${change}`;
  }
  return undefined;
}

function valueText(
  model: Model,
  names: ObjectNames | undefined,
  { value }: FieldName,
  raw: number,
  event: number,
): string {
  switch (value) {
    case 'flag':
      return raw === 0 ? 'no' : 'yes';
    case 'mask': {
      const cpus = Array.from({ length: model.world.topology.cpu.count }, (_, cpu) => cpu);
      return (
        cpus
          .filter((cpu) => (raw & (1 << cpu)) !== 0)
          .map((cpu) => `cpu${cpu}`)
          .join(', ') || 'empty'
      );
    }
    case 'leaf':
      if ((raw & LEAF.present) === 0) return 'not present';
      return `${memtypeName(leafType(raw))}${(raw & LEAF.ipat) !== 0 ? ', IPAT' : ''}`;
    case 'iopte':
      return iopteText(model.world.topology, raw);
    case 'vm':
    case 'container':
      return raw === 0 ? 'none' : objectName(model, names, value, raw - 1, event);
    case 'domain':
      return raw === 0 ? 'none' : `domain ${raw - 1}`;
    default:
      return String(raw);
  }
}
