/** Every op, one line each. Everything that knows ops reads this table. */

import type { Request } from '../files/files.ts';
import type { Expr } from '../scenario/ast.ts';
import type { World } from '../world.ts';
import { clflush } from './cpu/clflush.ts';
import { clflushopt } from './cpu/clflushopt.ts';
import { clwb } from './cpu/clwb.ts';
import { hlt } from './cpu/hlt.ts';
import { inPort } from './cpu/in.ts';
import { invd } from './cpu/invd.ts';
import { lfence } from './cpu/lfence.ts';
import { mfence } from './cpu/mfence.ts';
import { mov } from './cpu/mov.ts';
import { movnti } from './cpu/movnti.ts';
import { outPort } from './cpu/out.ts';
import { pat } from './cpu/pat.ts';
import { sfence } from './cpu/sfence.ts';
import { wbinvd } from './cpu/wbinvd.ts';
import { wbnoinvd } from './cpu/wbnoinvd.ts';
import { wrmsr } from './cpu/wrmsr.ts';
import { close } from './files/close.ts';
import { dup } from './files/dup.ts';
import { epollCreate1 } from './files/epoll.ts';
import { eventfd2 } from './files/eventfd.ts';
import { exit } from './files/exit.ts';
import { ioctl } from './files/ioctl.ts';
import { memfdCreate } from './files/memfd.ts';
import { open } from './files/open.ts';
import { openat } from './files/openat.ts';
import { pidfdGetfd } from './files/pidfd-getfd.ts';
import { schedSetaffinity } from './files/sched-setaffinity.ts';
import { socket } from './files/socket.ts';
import { bind } from './host/bind.ts';
import { drain } from './host/drain.ts';
import { evict } from './host/evict.ts';
import { freePage } from './host/free.ts';
import { givePage } from './host/give.ts';
import { migrateOp } from './host/migrate.ts';
import { hostMov } from './host/mov.ts';
import { prefetch } from './host/prefetch.ts';
import { unbind } from './host/unbind.ts';
import { zeroPage } from './host/zero.ts';
import { INERT } from './inert.ts';
import { iommuDestroy } from './iommufd/destroy.ts';
import { iommuHwptAlloc } from './iommufd/hwpt-alloc.ts';
import { iommuIoasAlloc } from './iommufd/ioas-alloc.ts';
import { iommuIoasMap } from './iommufd/ioas-map.ts';
import { iommuIoasUnmap } from './iommufd/ioas-unmap.ts';
import { assignPciDevice } from './kvm/assign-pci-device.ts';
import { checkExtension } from './kvm/check-extension.ts';
import { createDevice } from './kvm/create-device.ts';
import { createSpaprTce, createSpaprTce64 } from './kvm/create-spapr-tce.ts';
import { createVcpu } from './kvm/create-vcpu.ts';
import { createVm } from './kvm/create-vm.ts';
import { deassignPciDevice } from './kvm/deassign-pci-device.ts';
import { enableCap } from './kvm/enable-cap.ts';
import { getDeviceAttr } from './kvm/get-device-attr.ts';
import { getMsrs } from './kvm/get-msrs.ts';
import { getRegs } from './kvm/get-regs.ts';
import { getSregs } from './kvm/get-sregs.ts';
import { getSregs2 } from './kvm/get-sregs2.ts';
import { hasDeviceAttr } from './kvm/has-device-attr.ts';
import { kvmRun } from './kvm/run.ts';
import { setDeviceAttr } from './kvm/set-device-attr.ts';
import { setMsrs } from './kvm/set-msrs.ts';
import { setRegs } from './kvm/set-regs.ts';
import { setSregs } from './kvm/set-sregs.ts';
import { setSregs2 } from './kvm/set-sregs2.ts';
import { setUserMemoryRegion } from './kvm/set-user-memory-region.ts';
import { setUserMemoryRegion2 } from './kvm/set-user-memory-region2.ts';
import type { Op, OpKind } from './op.ts';
import { cfgWr } from './pcie/cfgwr.ts';
import { deviceMov } from './pcie/mov.ts';
import { mrd } from './pcie/mrd.ts';
import { msi } from './pcie/msi.ts';
import { mwr } from './pcie/mwr.ts';
import { vfioCheckExtension } from './vfio/check-extension.ts';
import { vfioDeviceAttachIommufdPt } from './vfio/device-attach-iommufd-pt.ts';
import { vfioDeviceBindIommufd } from './vfio/device-bind-iommufd.ts';
import { vfioDeviceDetachIommufdPt } from './vfio/device-detach-iommufd-pt.ts';
import { vfioDeviceGetInfo } from './vfio/device-get-info.ts';
import { vfioGetApiVersion } from './vfio/get-api-version.ts';
import { vfioGroupGetDeviceFd } from './vfio/group-get-device-fd.ts';
import { vfioGroupGetStatus } from './vfio/group-get-status.ts';
import { vfioGroupSetContainer } from './vfio/group-set-container.ts';
import { vfioGroupUnsetContainer } from './vfio/group-unset-container.ts';
import { vfioIommuGetInfo } from './vfio/iommu-get-info.ts';
import { vfioIommuMapDma } from './vfio/iommu-map-dma.ts';
import { vfioIommuUnmapDma } from './vfio/iommu-unmap-dma.ts';
import { pread64 } from './vfio/pread64.ts';
import { pwrite64 } from './vfio/pwrite64.ts';
import { vfioSetIommu } from './vfio/set-iommu.ts';

export const OPS: readonly Op[] = [
  // system calls
  open,
  openat,
  close,
  dup,
  ioctl,
  exit,
  eventfd2,
  epollCreate1,
  socket,
  memfdCreate,
  pidfdGetfd,
  schedSetaffinity,
  pread64,
  pwrite64,
  // KVM
  createVm,
  createVcpu,
  createDevice,
  createSpaprTce,
  createSpaprTce64,
  setDeviceAttr,
  hasDeviceAttr,
  getDeviceAttr,
  checkExtension,
  enableCap,
  setUserMemoryRegion,
  setUserMemoryRegion2,
  kvmRun,
  getRegs,
  setRegs,
  getSregs,
  setSregs,
  getSregs2,
  setSregs2,
  getMsrs,
  setMsrs,
  assignPciDevice,
  deassignPciDevice,
  // VFIO
  vfioGetApiVersion,
  vfioCheckExtension,
  vfioSetIommu,
  vfioGroupGetStatus,
  vfioGroupSetContainer,
  vfioGroupUnsetContainer,
  vfioGroupGetDeviceFd,
  vfioIommuGetInfo,
  vfioIommuMapDma,
  vfioIommuUnmapDma,
  vfioDeviceGetInfo,
  vfioDeviceBindIommufd,
  vfioDeviceAttachIommufdPt,
  vfioDeviceDetachIommufdPt,
  // iommufd
  iommuIoasAlloc,
  iommuIoasMap,
  iommuIoasUnmap,
  iommuHwptAlloc,
  iommuDestroy,
  // calls that touch nothing here
  ...INERT,
  // instructions
  mov,
  movnti,
  wbinvd,
  wbnoinvd,
  invd,
  clflush,
  clflushopt,
  clwb,
  mfence,
  sfence,
  lfence,
  pat,
  wrmsr,
  inPort,
  outPort,
  hlt,
  // TLPs
  mrd,
  mwr,
  cfgWr,
  msi,
  deviceMov,
  // the host
  migrateOp,
  evict,
  prefetch,
  drain,
  hostMov,
  bind,
  unbind,
  zeroPage,
  givePage,
  freePage,
];

const byKindAndName: ReadonlyMap<string, Op> = new Map(OPS.map((op) => [`${op.kind} ${op.name}`, op]));

/** The op of a name in a notation, or undefined. */
export function opNamed(kind: OpKind, name: string): Op | undefined {
  return byKindAndName.get(`${kind} ${name}`);
}

/** Requests of ioctl(2) in the order of the table; a request's index is what compiled statements hold. */
export const IOCTLS: readonly Op[] = OPS.filter((op) => op.kind === 'ioctl');
const requestIndex: ReadonlyMap<string, number> = new Map(IOCTLS.map((op, index) => [op.name, index]));

/** The request in the second place of an ioctl, by name. */
export function requestOf(expr: Expr | undefined): { readonly index: number; readonly op: Op } | undefined {
  if (expr?.kind !== 'name') return undefined;
  const index = requestIndex.get(expr.name);
  return index === undefined ? undefined : { index, op: IOCTLS[index]! };
}

/** What ioctl(2) dispatches to in one world. */
export function requests(world: World): Request[] {
  return IOCTLS.map((op) => ({ name: op.name, routines: op.code.kind === 'ioctl' ? op.code.routines(world) : {} }));
}
