/**
 * Legacy device assignment (KVM_ASSIGN_PCI_DEVICE), up to v4.11: KVM itself attaches a PCI function to an IOMMU domain
 * of the VM in which all guest memory is mapped.
 *
 * The real thing decides about coherency once for each device that is assigned, from the domain's capability. v3.12 keeps
 * a flag that can only be set: a second device behind a unit without snoop control leaves it set (model finding). From
 * v3.13 on the state is a boolean compared both ways, and a non-coherent domain counts as one reason for non-coherent
 * DMA. Deassigning never asks again, in any version.
 * Left out: interrupts of assigned devices, sysfs permissions, the header type, the parameter that allows unsafe
 * interrupts.
 * Sources: linux virt/kvm/assigned-dev.c, virt/kvm/iommu.c (v3.12, v3.13, v4.2).
 */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, readable } from '../files/user-memory.ts';
import { E, type Errno, isErr } from '../kernel/errno.ts';
import {
  type DeviceId,
  type DomainId,
  type FileId,
  idAt,
  NONE,
  type None,
  type PageId,
  type VmId,
} from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import type { Noncoherent } from './noncoherent.ts';
import type { Vms } from './vm.ts';

export interface Assignment {
  /** Per VM: its IOMMU domain + 1 (`arch.iommu_domain`), or 0. */
  readonly domain: Field;
  /** Per VM: up to v3.12 KVM_IOMMU_CACHE_COHERENCY of `arch.iommu_flags`; then `arch.iommu_noncoherent`. */
  readonly coherencyFlag: Field;
  /** Per device: the VM that it is assigned to + 1. */
  readonly assignedTo: Field;
  readonly assign: Routine<[filp: FileId]>;
  readonly deassign: Routine<[filp: FileId]>;
  /** kvm_iommu_unmap_guest() and the end of all assignments. */
  readonly unmapGuest: Routine<[kvm: VmId]>;
  /** v3.12: there is a domain and it is not known to be coherent. */
  legacyNoncoherent(state: Int32Array, vm: VmId): boolean;
}

const ENABLE_IOMMU = 1;
/** Host drivers that leave the regions of a device to others while it is not open. */
const IDLE_DRIVERS: ReadonlySet<string> = new Set(['none', 'pci-stub', 'vfio-pci']);

export function createAssignment(
  base: WorldBase,
  world: () => World,
  vms: () => Vms,
  noncoherent: () => Noncoherent,
): Assignment {
  const { layout, topology, dims, kernel, routines } = base;
  const counts = kernel.has('noncoherent-dma-count');
  const domain = layout.field('vmIommuDomain', [dims.vms]);
  const coherencyFlag = layout.field(counts ? 'vmIommuNoncoherent' : 'vmIommuCacheCoherency', [dims.vms]);
  const labels = [topology.devices.map((d) => d.name)];
  const assignedTo = layout.field('assignedTo', [topology.devices.length], { labels });
  const assignedId = layout.field('assignedId', [topology.devices.length], { labels, internal: true });
  const read = (m: Machine, slot: number): number => m.state[slot]!;
  const domainOf = (m: Machine, vm: VmId): DomainId | None => idAt<DomainId>(m, domain, vm);
  /** The domain of a VM that is known to have one. */
  const ownDomain = (m: Machine, vm: VmId): DomainId => domainOf(m, vm) as DomainId;
  const vmOfFile = (t: Task, filp: Local<FileId>): VmId => world().files.objectOf(t.machine, filp.of(t));
  const pages = topology.pages.map((_, page) => page as PageId);
  const devices = topology.devices.map((_, device) => device as DeviceId);

  const mapMemslots = routines.define('kvm_iommu_map_memslots', 'arch/x86/kvm/iommu.c', ['kvm: vm'], (r, kvm) => {
    if (counts) {
      r.local((t) => {
        if (read(t.machine, coherencyFlag.base + kvm.of(t)) !== 0) t.call(noncoherent().register, kvm.of(t));
      });
    }
    r.step('map all guest memory', (t) => {
      const { iommu } = world();
      const own = ownDomain(t.machine, kvm.of(t));
      const cache = (read(t.machine, coherencyFlag.base + kvm.of(t)) !== 0) !== counts;
      t.machine.put(iommu.domainCoherent.base + own, cache ? 1 : 0);
      for (const page of pages) iommu.map(t.machine, own, page, page, iommu.bits.read | iommu.bits.write);
      t.return(0);
    });
  });

  const unmapMemslots = routines.define('kvm_iommu_unmap_memslots', 'arch/x86/kvm/iommu.c', ['kvm: vm'], (r, kvm) => {
    r.step('unmap all guest memory', (t) => {
      for (const page of pages) world().iommu.unmap(t.machine, ownDomain(t.machine, kvm.of(t)), page);
      if (counts && read(t.machine, coherencyFlag.base + kvm.of(t)) !== 0) t.call(noncoherent().unregister, kvm.of(t));
    });
    r.local((t) => t.return(0));
  });

  const refuse = base.refusals.add({
    sameId: [E.EXIST, 'an assigned device with id {} in the VM', 'number'],
    noDevice: [E.INVAL, 'no PCI device at that segment, bus and devfn'],
    hostDriver: [E.BUSY, '{} bound to a driver of the host', 'device'],
    assigned: [E.BUSY, '{} already assigned to a VM', 'device'],
    opened: [E.BUSY, '{} open through VFIO', 'device'],
    notEnabled: [E.INVAL, 'flags without KVM_DEV_ASSIGN_ENABLE_IOMMU ({x})', 'number'],
    noIommu: [E.NODEV, 'no IOMMU before {}', 'device'],
    noRemapping: [E.PERM, 'no interrupt remapping in the IOMMU of {}', 'device'],
    notAssigned: [E.INVAL, 'no assigned device with id {} in the VM', 'number'],
  });

  /** The device of the VM that user space gave an id, or undefined. */
  const assignedAs = (m: Machine, vm: VmId, id: number): DeviceId | undefined =>
    devices.find((d) => idAt<VmId>(m, assignedTo, d) === vm && read(m, assignedId.base + d) === id);

  /** What is asked before the domain is looked at: -errno, or the device. */
  function find(t: Task, vm: VmId): DeviceId | Errno {
    const { machine } = t;
    const arg = argument(t, 2);
    const id = field32(t, arg, 'assigned_dev_id');
    if (assignedAs(machine, vm, id) !== undefined) return refuse.sameId(machine, id);
    const device = devices.find((d) => topology.devices[d]?.bdf === bdfText(t));
    if (device === undefined) return refuse.noDevice(machine);
    const { vfio } = world();
    const driver = vfio.drivers[read(machine, vfio.deviceDriver.base + device)] ?? 'none';
    if (!IDLE_DRIVERS.has(driver)) return refuse.hostDriver(machine, device);
    if (read(machine, assignedTo.base + device) !== 0) return refuse.assigned(machine, device);
    return read(machine, vfio.deviceOpenCount.base + device) !== 0 ? refuse.opened(machine, device) : device;
  }

  const assign = routines.define(
    'kvm_vm_ioctl_assign_device',
    'arch/x86/kvm/assigned-dev.c',
    ['filp: file'],
    (r, filp) => {
      const match = r.variable('match: device?', NONE);
      const kvm = r.variable('kvm: vm');
      const ret = r.variable('r: result');
      const unlock = r.label();
      const assigned = r.label();
      const lockOf = (t: Task): number => vms().lock.base + vmOfFile(t, filp);
      const fail = (t: Task, errno: number): void => {
        ret.set(t, errno);
        t.goto(unlock);
      };
      r.step('copy the argument', (t) => {
        const arg = argument(t, 2);
        if (!readable(arg)) return t.return(world().files.refuse.unreadable(t.machine));
        const flags = field32(t, arg, 'flags');
        if ((flags & ENABLE_IOMMU) === 0) return t.return(refuse.notEnabled(t.machine, flags));
        kvm.set(t, vmOfFile(t, filp));
      });
      r.lock('kvm->lock', lockOf);
      r.local((t) => {
        const device = find(t, kvm.of(t));
        if (isErr(device)) return fail(t, device);
        const unit = topology.devices[device]?.iommu ?? -1;
        // linux: virt/kvm/iommu.c kvm_iommu_map_guest(): the bus has no IOMMU.
        if (unit < 0) return fail(t, refuse.noIommu(t.machine, device));
        const { iommu } = world();
        if (!iommu.remapsInterrupts(unit)) return fail(t, refuse.noRemapping(t.machine, device));
        match.set(t, device);
        if (domainOf(t.machine, kvm.of(t)) !== NONE) return;
        const own = iommu.alloc(t.machine, dims.containers + kvm.of(t), unit);
        t.machine.put(domain.base + kvm.of(t), own + 1);
        t.call(mapMemslots, kvm.of(t));
      });
      // linux: virt/kvm/iommu.c kvm_assign_device()
      const changed = r.variable(counts ? 'noncoherent: truth' : 'iommu_flags: truth');
      r.step('attach the device and ask the domain about coherency', (t) => {
        const { machine } = t;
        const { iommu } = world();
        const vm = kvm.of(t);
        const device = match.known(t);
        const errno = iommu.attach(machine, ownDomain(machine, vm), device);
        if (errno < 0) return fail(t, errno);
        machine.put(assignedTo.base + device, vm + 1);
        machine.put(assignedId.base + device, field32(t, argument(t, 2), 'assigned_dev_id'));
        const coherent = iommu.cacheCoherencyCapability(machine, ownDomain(machine, vm));
        const old = read(machine, coherencyFlag.base + vm);
        const now = (counts ? !coherent : old !== 0 || coherent) ? 1 : 0;
        changed.set(t, now);
        if (now === old) return t.goto(assigned);
        return t.call(unmapMemslots, vm);
      });
      r.local((t) => {
        t.machine.put(coherencyFlag.base + kvm.of(t), changed.of(t));
        t.call(mapMemslots, kvm.of(t));
      });
      r.at(assigned);
      r.at(unlock).unlock('kvm->lock', lockOf);
      r.local((t) => t.return(ret.of(t)));
    },
  );

  const deassign = routines.define(
    'kvm_vm_ioctl_deassign_dev',
    'arch/x86/kvm/assigned-dev.c',
    ['filp: file'],
    (r, filp) => {
      const ret = r.variable('r: result');
      const lockOf = (t: Task): number => vms().lock.base + vmOfFile(t, filp);
      r.step('copy the argument', (t) => {
        if (!readable(argument(t, 2))) t.return(world().files.refuse.unreadable(t.machine));
      });
      r.lock('kvm->lock', lockOf);
      r.local((t) => {
        const { machine } = t;
        const id = field32(t, argument(t, 2), 'assigned_dev_id');
        const device = assignedAs(machine, vmOfFile(t, filp), id);
        if (device === undefined) ret.set(t, refuse.notAssigned(machine, id));
        else drop(machine, device);
      });
      r.unlock('kvm->lock', lockOf);
      r.local((t) => t.return(ret.of(t)));
    },
  );

  function drop(m: Machine, device: DeviceId): void {
    world().iommu.detach(m, device);
    m.put(assignedTo.base + device, 0);
    m.put(assignedId.base + device, 0);
  }

  const unmapGuest = routines.define('kvm_iommu_unmap_guest', 'arch/x86/kvm/iommu.c', ['kvm: vm'], (r, kvm) => {
    r.local((t) => {
      const vm = kvm.of(t);
      if (domainOf(t.machine, vm) === NONE) return t.return(0);
      for (const d of devices) if (idAt<VmId>(t.machine, assignedTo, d) === vm) drop(t.machine, d);
      t.call(unmapMemslots, vm);
    });
    r.local((t) => {
      const vm = kvm.of(t);
      world().iommu.free(t.machine, ownDomain(t.machine, vm));
      t.machine.put(domain.base + vm, 0);
      t.machine.put(coherencyFlag.base + vm, 0);
      t.return(0);
    });
  });

  return {
    domain,
    coherencyFlag,
    assignedTo,
    assign,
    deassign,
    unmapGuest,
    legacyNoncoherent: (state, vm) => state[domain.base + vm] !== 0 && state[coherencyFlag.base + vm] === 0,
  };
}

/** `0000:01:00.0` from segment, bus, and device and function. */
function bdfText(t: Task): string {
  const arg = argument(t, 2);
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const devfn = field32(t, arg, 'devfn');
  return `${hex(field32(t, arg, 'segnr'), 4)}:${hex(field32(t, arg, 'busnr'), 2)}:${hex(devfn >> 3, 2)}.${devfn & 7}`;
}
