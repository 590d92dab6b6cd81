/** Requests of KVM, of groups and of containers, as statements: which arguments they must have had. */

import type { Open } from './descriptors.ts';
import type { KeptCall } from './kept.ts';
import { countOne, type Process } from './process.ts';

/** The function of a group when nothing says which: the first of the first bus behind a root port. */
export const PLACEHOLDER = '0000:01:00.0';

export function rebuildVm(p: Process, kept: KeptCall, open: Open): undefined {
  const made = p.made(kept, `ioctl(${open.name}, KVM_CREATE_VM, 0)`, 'vm', 'vm', {});
  if (made !== undefined) p.vms.push({ name: made, vcpus: [] });
}

export function rebuildVcpu(p: Process, kept: KeptCall, open: Open): undefined {
  const id = Number(kept.call.args[1] ?? 0) || 0;
  const made = p.made(kept, `ioctl(${open.name}, KVM_CREATE_VCPU, ${id})`, 'vcpu', `vcpu${id}`, {
    vcpu: id,
    of: open.name,
  });
  if (made !== undefined) p.vms.find((vm) => vm.name === open.name)?.vcpus.push(id);
}

export function rebuildDevice(p: Process, kept: KeptCall, open: Open): undefined {
  const line = kept.line;
  const type = kept.known?.type;
  if (type !== undefined && type !== KVM_DEV_TYPE_VFIO) {
    p.leave(kept, 'KVM_CREATE_DEVICE', 'other devices than kvm-vfio are not modelled');
    return;
  }
  if (kept.call.result?.errno !== undefined) {
    p.step(kept, `ioctl(${open.name}, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, flags=0})`, undefined, {
      anchor: 'create-device',
    });
    return;
  }
  const name = p.files.fresh('dev');
  if (type === undefined)
    p.assumptions.add('KVM_CREATE_DEVICE makes the kvm-vfio device: the log shows a pointer.', line, 'coherency');
  p.pending = { index: p.steps.length, line };
  p.step(kept, `ioctl(${open.name}, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>${name}, flags=0})`, undefined, {
    anchor: 'create-device',
  });
  // Where the log never shows the number, the name is all that is needed.
  p.files.set(-1 - p.steps.length, { kind: 'kvm-vfio', name, line, added: false, attached: undefined });
}

const KVM_DEV_TYPE_VFIO = 4;

export function setAttribute(p: Process, kept: KeptCall, open: Open): undefined {
  if (open.kind !== 'kvm-vfio') {
    p.leave(kept, 'KVM_SET_DEVICE_ATTR', 'attributes of other devices are not modelled');
    return;
  }
  const { errno } = kept.call.result ?? {};
  const files = [...p.files.of('group'), ...p.files.of('device').filter(({ group }) => group === undefined)];
  const fresh = files.find(({ added }) => !added);
  const known = kept.known?.attr;
  const adds = known ? known === 'add' : errno === 'EEXIST' || (errno !== 'ENOENT' && fresh !== undefined);
  const shown =
    kept.known?.target === undefined ? undefined : files.find((file) => file === p.files.get(kept.known?.target ?? -1));
  const target = shown ?? (adds ? (errno === 'EEXIST' ? files.find(({ added }) => added) : fresh) : leaving(p, files));
  if (!target) {
    p.leave(kept, 'KVM_SET_DEVICE_ATTR', 'the log shows no group or device that it could be about');
    return;
  }
  if (!known)
    p.assumptions.add(
      'KVM_SET_DEVICE_ATTR adds a group or device that is open and was not added, else it removes one: the log shows a pointer.',
      kept.line,
      'coherency',
    );
  if (!adds) beforeRemoval(p, kept, target);
  const [group, attr] =
    target.kind === 'group' ? ['KVM_DEV_VFIO_GROUP', 'KVM_DEV_VFIO_GROUP'] : ['KVM_DEV_VFIO_FILE', 'KVM_DEV_VFIO_FILE'];
  p.step(
    kept,
    `ioctl(${open.name}, KVM_SET_DEVICE_ATTR, {group=${group}, attr=${attr}_${adds ? 'ADD' : 'DEL'}, addr=[${target.name}]})`,
    undefined,
    { anchor: 'set-attr' },
  );
  if (errno === undefined) target.added = adds;
}

/** What is removed: the one whose devices are already closed, else the one that was added last. */
function leaving(p: Process, files: readonly Open[]): Open | undefined {
  const added = files.filter((file) => file.added);
  const used = new Set(p.files.of('device').map(({ group }) => group));
  return added.find(({ group }) => group !== undefined && !used.has(group)) ?? added[0];
}

/** QEMU closes a device before it removes its group; a log that leaves devices out shows only what follows. */
function beforeRemoval(p: Process, kept: KeptCall, target: Open): undefined {
  const shown = p.steps.some(({ text }) => /^close\((?:gpu|device)/.test(text));
  if (shown || target.kind !== 'group') return;
  for (const device of p.files.of('device').filter(({ group }) => group === target.group)) {
    p.assumptions.add(
      'A device is closed before its group is removed, as QEMU does: the log leaves calls on devices out.',
      kept.line,
    );
    p.inferClose(kept, device);
  }
}

export function setContainer(p: Process, kept: KeptCall, open: Open): undefined {
  const container = named(p, kept, 'container') ?? p.files.of('container')[0];
  if (!container) return p.leave(kept, 'VFIO_GROUP_SET_CONTAINER', 'the log shows no open container');
  if (kept.known?.target === undefined && p.files.of('container').length > 1)
    p.assumptions.add('VFIO_GROUP_SET_CONTAINER takes the container that was opened last.', kept.line, 'coherency');
  p.step(kept, `ioctl(${open.name}, VFIO_GROUP_SET_CONTAINER, [${container.name}])`);
  if (kept.call.result?.errno === undefined) open.attached = container.name;
}

/** The file whose descriptor the structure of the call names. */
export function named(p: Process, { known }: KeptCall, kind: Open['kind']): Open | undefined {
  const open = known?.target === undefined ? undefined : p.files.get(known.target);
  return open?.kind === kind ? open : undefined;
}

export function unsetContainer(p: Process, kept: KeptCall, open: Open): undefined {
  const busy = p.files.of('device').filter(({ group }) => group === open.group);
  if (kept.call.result?.value === 0 && busy.length > 0) {
    p.assumptions.add(
      'A group can only leave its container once its devices are closed: they were, though the log does not show it.',
      kept.line,
    );
    for (const device of busy) p.inferClose(kept, device);
  }
  p.step(kept, `ioctl(${open.name}, VFIO_GROUP_UNSET_CONTAINER)`);
  if (kept.call.result?.errno === undefined) open.attached = undefined;
}

export function getDevice(p: Process, kept: KeptCall, open: Open): undefined {
  const shown = /^"([\w:.-]+)"$/.exec(kept.call.args[1] ?? '')?.[1];
  const use = p.groups.get(open.group ?? '');
  const device = shown ?? [...(use?.devices ?? [])][0] ?? PLACEHOLDER;
  use?.devices.add(device);
  if (shown === undefined)
    p.assumptions.add(`The device of group ${open.group} is ${device}: ${whySo(p, open.group, device)}.`, kept.line);
  p.made(kept, `ioctl(${open.name}, VFIO_GROUP_GET_DEVICE_FD, "${device}")`, 'device', 'device', {
    device,
    ...(open.group !== undefined && { group: open.group }),
  });
}

function whySo(p: Process, group: string | undefined, device: string): string {
  if (p.options.devicesOf(group ?? '').includes(device))
    return 'the files about the machine, or its links in sysfs, say so';
  return device === PLACEHOLDER
    ? 'no log and no file about the machine says which'
    : 'the process looked it up in sysfs';
}

export function mapDma(p: Process, kept: KeptCall, open: Open): undefined {
  const { errno } = kept.call.result ?? {};
  const { iova, size, vaddr } = p.mappings.map(open.name, errno !== undefined, kept.known);
  unknownRange(p, kept);
  p.step(kept, `ioctl(${open.name}, VFIO_IOMMU_MAP_DMA, {vaddr=${vaddr}, iova=${iova}, size=${size}})`);
}

export function unmapDma(p: Process, kept: KeptCall, open: Open): undefined {
  const { iova, size } = p.mappings.unmap(open.name, kept.call.result?.errno === 'ENOENT', kept.known);
  unknownRange(p, kept);
  p.step(kept, `ioctl(${open.name}, VFIO_IOMMU_UNMAP_DMA, {iova=${iova}, size=${size}})`);
}

export function unknownRange(p: Process, kept: KeptCall): undefined {
  if (kept.known?.iova === undefined)
    p.assumptions.add(
      'Ranges of mappings are assumed, one after the other, and unmapped in the order in which they were mapped: the log shows pointers.',
      kept.line,
    );
}

export function memoryRegion(p: Process, kept: KeptCall, open: Open): undefined {
  const shown = kept.call.args[1] ?? '';
  const fields =
    /^\{slot=(\d+), flags=([\w|]+), guest_phys_addr=(\w+), memory_size=(\w+), userspace_addr=(\w+)\}$/.exec(shown);
  if (!fields || !p.options.all) return countOne(p.inert, 'KVM_SET_USER_MEMORY_REGION', kept.line);
  const [, slot, flags = '', gpa, size, address] = fields;
  const bits = flags.includes('READONLY') ? 2 : flags.includes('DIRTY') ? 1 : 0;
  return p.step(
    kept,
    `ioctl(${open.name}, KVM_SET_USER_MEMORY_REGION, {slot=${slot}, flags=${bits}, guest_phys_addr=${gpa}, memory_size=${size}, userspace_addr=${address}})`,
  );
}
