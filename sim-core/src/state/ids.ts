/**
 * Which object of a kind: an index, with its kind in the type, so that a group is never passed where a device is meant;
 * and addresses, with their address space. When the program runs they are plain numbers. Code that counts objects makes
 * ids with a cast: `0 as VmId`.
 */

declare const kind: unique symbol;

/** A number that means an object of one kind. */
export type Id<Kind extends string> = number & { readonly [kind]: Kind };

/** Index into `topology.devices`. */
export type DeviceId = Id<'device'>;
/** Index into `topology.groups`; not the number in `/dev/vfio/N`. */
export type GroupId = Id<'group'>;
/** Index into `topology.pages`. */
export type PageId = Id<'page'>;
/** A physical CPU. */
export type CpuId = Id<'cpu'>;
/** An open file. */
export type FileId = Id<'file'>;
export type VmId = Id<'vm'>;
/** A vCPU object of KVM; not the id that user space gives it. */
export type VcpuId = Id<'vcpu'>;
/** A device of the device control API: a kvm-vfio device. */
export type KvmDeviceId = Id<'kvmDevice'>;
/** A TCE table of a VM on POWER. */
export type TceTableId = Id<'tceTable'>;
export type ContainerId = Id<'container'>;
/** An IOMMU domain. */
export type DomainId = Id<'domain'>;
/** An open iommufd: its context. */
export type IommufdId = Id<'iommufd'>;
/** An I/O address space of an iommufd; not the number that user space sees. */
export type IoasId = Id<'ioas'>;

/** An address that a device uses, before the IOMMU translates it. */
export type Iova = bigint & { readonly [kind]: 'iova' };
/** A virtual address of user space on the host: of the memory that backs a mapping. */
export type Hva = bigint & { readonly [kind]: 'hva' };

/** In place of an id: there is no such object. Slots that may hold none store ids one higher, and 0 for none. */
export const NONE = -1;
export type None = typeof NONE;

/** The object that a slot of a field refers to. */
export function idAt<T extends Id<string>>(
  machine: { readonly state: Int32Array },
  field: { readonly base: number },
  index: number,
): T | None {
  return (machine.state[field.base + index]! - 1) as T | None;
}

/** The same where the slot is known to refer to one. */
export function knownId<T extends Id<string>>(
  machine: { readonly state: Int32Array },
  field: { readonly base: number },
  index: number,
): T {
  return idAt<T>(machine, field, index) as T;
}
