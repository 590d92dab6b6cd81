/** How many of each object a scenario can have at once: counted from the statements that make them. */
import { requestOf } from '../../ops/table.ts';
import type { Topology } from '../../topology.ts';
import type { Dims } from '../../world.ts';
import type { BlockItem, Syscall } from '../ast.ts';
import { declaredDescriptor } from '../declared.ts';
import { remembered } from '../remembered.ts';
import type { Procedure, ScenarioSource } from './scenario-sources.ts';

/** Objects beyond the count for statements in loops, which may run again before they free what they made. */
const LOOP_FACTOR = 3;
const STANDARD_STREAMS = 3;

const TCE_TABLES = ['KVM_CREATE_SPAPR_TCE', 'KVM_CREATE_SPAPR_TCE_64'];

/** What statements may make at most. */
interface Tally {
  /** Times that calls of a name (or ioctls of a request) may run, loops weighed. */
  readonly calls: Map<string, number>;
  /** The largest declared number of a descriptor. */
  largest: number;
}

/** Cost: linear in the statements as written, however often procedures are called. */
export function countDims(
  bodies: readonly Body[],
  sources: readonly ScenarioSource[],
  procedures: ReadonlyMap<string, Procedure>,
  topology: Topology,
): Dims {
  return dimsFor(tallyOf(bodies, sources, procedures), topology);
}

interface Body {
  readonly items: readonly BlockItem[];
  readonly file: number;
}

function tallyOf(
  bodies: readonly Body[],
  sources: readonly ScenarioSource[],
  procedures: ReadonlyMap<string, Procedure>,
): Tally {
  const tally: Tally = { calls: new Map(), largest: 0 };
  /** Of each procedure, outside loops and inside them. */
  const known = new Map<string, Tally>();
  for (const { items, file } of bodies) walk(tally, items, file, 1);
  return tally;

  function walk(into: Tally, items: readonly BlockItem[], file: number, weight: number): void {
    for (const item of items) {
      switch (item.kind) {
        case 'line':
          line(into, file, item.line, weight);
          break;
        case 'choose':
          for (const alternative of item.alternatives) walk(into, alternative, file, weight);
          break;
        case 'loop':
        case 'repeat':
          walk(into, item.body, file, Math.max(weight, LOOP_FACTOR));
          break;
      }
    }
  }

  function line(into: Tally, file: number, index: number, weight: number): void {
    const content = sources[file]?.parsed.lines[index]?.content;
    if (content?.kind === 'call') {
      const procedure = procedures.get(content.name.text);
      if (!procedure) return;
      const made = procedureTally(procedure, weight);
      into.largest = Math.max(into.largest, made.largest);
      for (const [name, times] of made.calls) add(into, name, times);
    } else if (content?.kind === 'syscall') {
      const { name, descriptor } = counted(content);
      into.largest = Math.max(into.largest, descriptor);
      add(into, name, weight);
    }
  }

  function procedureTally(procedure: Procedure, weight: number): Tally {
    const key = `${procedure.name}*${weight}`;
    const before = known.get(key);
    if (before) return before;
    const made: Tally = { calls: new Map(), largest: 0 };
    // What calls itself is refused elsewhere; here it finds what it has made so far.
    known.set(key, made);
    walk(made, procedure.block.items, procedure.file, weight);
    return made;
  }
}

function dimsFor(tally: Tally, topology: Topology): Dims {
  const count = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + (tally.calls.get(name) ?? 0), 0);
  const containers = count('open container');
  const iommufds = count('open iommufd');
  const opens = count('open') + containers + iommufds;
  const objects = count(
    'KVM_CREATE_VM',
    'KVM_CREATE_VCPU',
    'KVM_CREATE_DEVICE',
    ...TCE_TABLES,
    'VFIO_GROUP_GET_DEVICE_FD',
    'KVM_GET_STATS_FD',
  );
  const others = count('eventfd', 'eventfd2', 'epoll_create', 'epoll_create1', 'socket', 'memfd_create');
  const files = opens + objects + others + STANDARD_STREAMS;
  const units = topology.groups.length + topology.devices.length;
  return {
    fds: Math.max(
      STANDARD_STREAMS + opens + objects + others + count('dup', 'dup2', 'dup3', 'fcntl', 'pidfd_getfd'),
      tally.largest + 1,
    ),
    files,
    vms: Math.max(1, count('KVM_CREATE_VM')),
    vcpus: Math.max(1, count('KVM_CREATE_VCPU')),
    memorySlots: count('KVM_SET_USER_MEMORY_REGION', 'KVM_SET_USER_MEMORY_REGION2'),
    tceTables: count(...TCE_TABLES),
    kvmDevices: Math.max(1, count('KVM_CREATE_DEVICE')),
    kvmVfioEntries: Math.max(1, count('KVM_SET_DEVICE_ATTR')),
    containers: Math.max(1, containers),
    iommufds: Math.max(1, iommufds),
    ioas: Math.max(1, count('IOMMU_IOAS_ALLOC') + iommufds),
    domains: Math.max(
      1,
      units + count('VFIO_SET_IOMMU', 'VFIO_GROUP_SET_CONTAINER', 'VFIO_DEVICE_ATTACH_IOMMUFD_PT', 'IOMMU_HWPT_ALLOC'),
    ),
    mappings: Math.max(1, count('VFIO_IOMMU_MAP_DMA', 'IOMMU_IOAS_MAP')),
  };
}

/** What a call counts as, and the descriptor that it declares. */
const counted = remembered((call: Syscall): { readonly name: string; readonly descriptor: number } => ({
  name: nameOf(call),
  descriptor: declaredDescriptor(call).descriptor ?? 0,
}));

function add({ calls }: Tally, name: string, times: number): void {
  calls.set(name, (calls.get(name) ?? 0) + times);
}

/** What an `open` makes beside a file, where its path says so. */
const OPENED: Readonly<Record<string, string>> = {
  '/dev/vfio/vfio': 'open container',
  '/dev/iommu': 'open iommufd',
};
const PATH: Readonly<Record<string, number>> = { open: 0, openat: 1 };

function nameOf({ call, args }: Syscall): string {
  if (call.text === 'ioctl') return requestOf(args[1])?.op.name ?? 'ioctl';
  const path = PATH[call.text];
  if (path === undefined) return call.text;
  const named = args[path];
  // No other kind of argument is a path to anything.
  return (named?.kind === 'string' ? OPENED[named.value] : undefined) ?? 'open';
}
