/** How many of each object a scenario can have at once: counted from the statements that make them. */
import { requestOf } from '../../ops/table.ts';
import type { Topology } from '../../topology.ts';
import type { Dims } from '../../world.ts';
import type { Item, Syscall } from '../ast.ts';
import { declaredDescriptor } from '../declared.ts';
import type { Procedure, Source } from './sources.ts';

/** Objects beyond the count for statements in loops, which may run again before they free what they made. */
const LOOP_FACTOR = 3;
const STANDARD_STREAMS = 3;

interface Tally {
  /** Times that calls of a name (or ioctls of a request) may run, loops weighed. */
  readonly calls: Map<string, number>;
  /** The largest declared number of a descriptor. */
  largest: number;
}

export function countDims(
  bodies: readonly { readonly items: readonly Item[]; readonly file: number }[],
  sources: readonly Source[],
  procedures: ReadonlyMap<string, Procedure>,
  topology: Topology,
): Dims {
  const tally: Tally = { calls: new Map(), largest: 0 };
  for (const { items, file } of bodies) walk(items, file, 1, 0);

  function walk(items: readonly Item[], file: number, weight: number, depth: number): void {
    for (const item of items) {
      switch (item.kind) {
        case 'line':
          line(file, item.line, weight, depth);
          break;
        case 'choose':
          for (const alternative of item.alternatives) walk(alternative, file, weight, depth);
          break;
        case 'loop':
        case 'repeat':
          walk(item.body, file, Math.max(weight, LOOP_FACTOR), depth);
          break;
      }
    }
  }

  function line(file: number, index: number, weight: number, depth: number): void {
    const content = sources[file]?.parsed.lines[index]?.content;
    if (content?.kind === 'call' && depth < 64) {
      const procedure = procedures.get(content.name.text);
      if (procedure) walk(procedure.block.items, procedure.file, weight, depth + 1);
    } else if (content?.kind === 'syscall') {
      const name = nameOf(content);
      tally.largest = Math.max(tally.largest, declaredDescriptor(content).descriptor ?? 0);
      tally.calls.set(name, (tally.calls.get(name) ?? 0) + weight);
    }
  }

  const count = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + (tally.calls.get(name) ?? 0), 0);
  const opens = count('open', 'openat');
  const objects = count(
    'KVM_CREATE_VM',
    'KVM_CREATE_VCPU',
    'KVM_CREATE_DEVICE',
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
    kvmDevices: Math.max(1, count('KVM_CREATE_DEVICE')),
    kvmVfioEntries: Math.max(1, count('KVM_SET_DEVICE_ATTR')),
    containers: Math.max(1, opens),
    iommufds: Math.max(1, opens),
    ioas: Math.max(1, count('IOMMU_IOAS_ALLOC') + opens),
    domains: Math.max(
      1,
      units + count('VFIO_SET_IOMMU', 'VFIO_GROUP_SET_CONTAINER', 'VFIO_DEVICE_ATTACH_IOMMUFD_PT', 'IOMMU_HWPT_ALLOC'),
    ),
    mappings: Math.max(1, count('VFIO_IOMMU_MAP_DMA', 'IOMMU_IOAS_MAP')),
  };
}

function nameOf(call: Syscall): string {
  if (call.call.text !== 'ioctl') return call.call.text;
  return requestOf(call.args[1])?.op.name ?? 'ioctl';
}
