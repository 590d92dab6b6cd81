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
import type { Routine, Task } from '../engine/task.ts';
import { argument, field32, readable } from '../files/user-memory.ts';
import { E } from '../kernel/errno.ts';
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
  readonly assign: Routine;
  readonly deassign: Routine;
  /** kvm_iommu_unmap_guest() and the end of all assignments. Local 0: VM. */
  readonly unmapGuest: Routine;
  /** v3.12: there is a domain and it is not known to be coherent. */
  legacyNoncoherent(state: Int32Array, vm: number): boolean;
}

const ENABLE_IOMMU = 1;
/** Host drivers that leave the regions of a device to others while nobody has it open. */
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
  const read = (m: Machine, slot: number): number => m.state[slot] as number;
  const domainOf = (m: Machine, vm: number): number => read(m, domain.base + vm) - 1;
  const vmOfFile = (t: Task): number => world().files.objectOf(t.machine, t.get(0));
  const lockOf = (t: Task): number => vms().lock.base + vmOfFile(t);
  const pages = topology.pages.map((_, page) => page);

  const mapMemslots = routines.define('kvm_iommu_map_memslots', 'virt/kvm/iommu.c', (r) => {
    r.takes('kvm: vm');
    if (counts) {
      r.local((t) => {
        if (read(t.machine, coherencyFlag.base + t.get(0)) !== 0) t.call(noncoherent().register, t.get(0));
      });
    }
    r.step('map all guest memory', (t) => {
      const { iommu } = world();
      const own = domainOf(t.machine, t.get(0));
      const cache = (read(t.machine, coherencyFlag.base + t.get(0)) !== 0) !== counts;
      t.machine.put(iommu.domainCoherent.base + own, cache ? 1 : 0);
      for (const page of pages) iommu.map(t.machine, own, page, page, iommu.bits.read | iommu.bits.write);
      t.return(0);
    });
  });

  const unmapMemslots = routines.define('kvm_iommu_unmap_memslots', 'virt/kvm/iommu.c', (r) => {
    r.takes('kvm: vm');
    r.step('unmap all guest memory', (t) => {
      for (const page of pages) world().iommu.unmap(t.machine, domainOf(t.machine, t.get(0)), page);
      if (counts && read(t.machine, coherencyFlag.base + t.get(0)) !== 0) t.call(noncoherent().unregister, t.get(0));
    });
    r.local((t) => t.return(0));
  });

  /** What stands before the domain is looked at: -errno, or the device. */
  function find(t: Task, vm: number): number {
    const { machine } = t;
    const arg = argument(t, 2);
    const id = field32(t, arg, 'assigned_dev_id');
    const taken = topology.devices.some(
      (_, d) => read(machine, assignedTo.base + d) === vm + 1 && read(machine, assignedId.base + d) === id,
    );
    if (taken) return E.EXIST;
    const device = topology.devices.findIndex((d) => d.bdf === bdfText(t));
    if (device < 0) return E.INVAL;
    const { vfio } = world();
    const driver = vfio.drivers[read(machine, vfio.deviceDriver.base + device)] ?? 'none';
    const busy =
      !IDLE_DRIVERS.has(driver) ||
      read(machine, assignedTo.base + device) !== 0 ||
      read(machine, vfio.deviceOpenCount.base + device) !== 0;
    return busy ? E.BUSY : device;
  }

  const assign = routines.define('kvm_vm_ioctl_assign_device', 'virt/kvm/assigned-dev.c', (r) => {
    r.takes('filp: file', 'match: device?');
    const unlock = r.label();
    const assigned = r.label();
    const fail = (t: Task, errno: number): void => {
      t.set(3, errno);
      t.goto(unlock);
    };
    r.step('copy the argument', (t) => {
      const arg = argument(t, 2);
      if (!readable(arg)) return t.return(E.FAULT);
      if ((field32(t, arg, 'flags') & ENABLE_IOMMU) === 0) return t.return(E.INVAL);
      t.set(2, vmOfFile(t));
    })
      .keeps(2, 'kvm: vm')
      .keeps(3, 'r: result');
    r.lock('kvm->lock', lockOf);
    r.local((t) => {
      const device = find(t, t.get(2));
      if (device < 0) return fail(t, device);
      const unit = topology.devices[device]?.iommu ?? -1;
      // linux: virt/kvm/iommu.c kvm_iommu_map_guest(): the bus has no IOMMU.
      if (unit < 0) return fail(t, E.NODEV);
      const { iommu } = world();
      if (!iommu.remapsInterrupts(unit)) return fail(t, E.PERM);
      t.set(1, device + 1);
      if (domainOf(t.machine, t.get(2)) >= 0) return;
      const own = iommu.alloc(t.machine, dims.containers + t.get(2), unit);
      t.machine.put(domain.base + t.get(2), own + 1);
      t.call(mapMemslots, t.get(2));
    });
    // linux: virt/kvm/iommu.c kvm_assign_device()
    r.step('attach the device and ask the domain about coherency', (t) => {
      const { machine } = t;
      const { iommu } = world();
      const vm = t.get(2);
      const device = t.get(1) - 1;
      const errno = iommu.attach(machine, domainOf(machine, vm), device);
      if (errno < 0) return fail(t, errno);
      machine.put(assignedTo.base + device, vm + 1);
      machine.put(assignedId.base + device, field32(t, argument(t, 2), 'assigned_dev_id'));
      const coherent = iommu.cacheCoherencyCapability(machine, domainOf(machine, vm));
      const old = read(machine, coherencyFlag.base + vm);
      const now = counts ? Number(!coherent) : old | Number(coherent);
      t.set(4, now);
      if (now === old) return t.goto(assigned);
      return t.call(unmapMemslots, vm);
    }).keeps(4, counts ? 'noncoherent: truth' : 'iommu_flags: truth');
    r.local((t) => {
      t.machine.put(coherencyFlag.base + t.get(2), t.get(4));
      t.call(mapMemslots, t.get(2));
    });
    r.at(assigned);
    r.at(unlock).unlock('kvm->lock', lockOf);
    r.local((t) => t.return(t.get(3)));
  });

  const deassign = routines.define('kvm_vm_ioctl_deassign_dev', 'virt/kvm/assigned-dev.c', (r) => {
    r.takes('filp: file');
    r.step('copy the argument', (t) => {
      if (!readable(argument(t, 2))) t.return(E.FAULT);
    }).keeps(3, 'r: result');
    r.lock('kvm->lock', lockOf);
    r.local((t) => {
      const { machine } = t;
      const vm = vmOfFile(t);
      const id = field32(t, argument(t, 2), 'assigned_dev_id');
      const device = topology.devices.findIndex(
        (_, d) => read(machine, assignedTo.base + d) === vm + 1 && read(machine, assignedId.base + d) === id,
      );
      if (device < 0) t.set(3, E.INVAL);
      else drop(machine, device);
    });
    r.unlock('kvm->lock', lockOf);
    r.local((t) => t.return(t.get(3)));
  });

  function drop(m: Machine, device: number): void {
    world().iommu.detach(m, device);
    m.put(assignedTo.base + device, 0);
    m.put(assignedId.base + device, 0);
  }

  const unmapGuest = routines.define('kvm_iommu_unmap_guest', 'virt/kvm/iommu.c', (r) => {
    r.takes('kvm: vm');
    r.local((t) => {
      const vm = t.get(0);
      if (domainOf(t.machine, vm) < 0) return t.return(0);
      topology.devices.forEach((_, d) => {
        if (read(t.machine, assignedTo.base + d) === vm + 1) drop(t.machine, d);
      });
      t.call(unmapMemslots, vm);
    });
    r.local((t) => {
      const vm = t.get(0);
      world().iommu.free(t.machine, domainOf(t.machine, vm));
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
