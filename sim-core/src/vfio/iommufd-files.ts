/** The ioctls of an iommufd: its own objects, and what it answers as if it were a VFIO container. */
import type { Local, Routine } from '../engine/routine.ts';
import type { Task } from '../engine/task.ts';
import { argument, field32, field64, readable, writeField } from '../files/user-memory.ts';
import { IOMMUFD_OBJECT, type Iommufd } from '../iommu/iommufd.ts';
import { E, isErr } from '../kernel/errno.ts';
import { ModelLimit } from '../limits.ts';
import type { DeviceId, FileId, Hva, IoasId, IommufdId, Iova } from '../state/ids.ts';
import type { World, WorldBase } from '../world.ts';

export interface IommufdFiles {
  readonly open: Routine<[filp: FileId, ictx: IommufdId]>;
  readonly release: Routine<[filp: FileId, ictx: IommufdId]>;
  readonly ioasAlloc: Routine<[filp: FileId]>;
  readonly ioasMap: Routine<[filp: FileId]>;
  readonly ioasUnmap: Routine<[filp: FileId]>;
  readonly hwptAlloc: Routine<[filp: FileId]>;
  readonly destroy: Routine<[filp: FileId]>;
  /** The VFIO container calls on an iommufd. */
  readonly checkExtension: Routine<[filp: FileId]>;
  readonly getApiVersion: Routine<[filp: FileId]>;
  readonly setIommu: Routine<[filp: FileId]>;
  readonly getInfo: Routine<[filp: FileId]>;
  readonly mapDma: Routine<[filp: FileId]>;
  readonly unmapDma: Routine<[filp: FileId]>;
}

/** An ioctl of an iommufd. */
type Call = Routine<[filp: FileId]>;

const TYPE1 = 1;
const TYPE1V2 = 3;
const DMA_CC = 4;
const UNMAP_ALL_EXTENSION = 9;
const FIXED_IOVA = 1;
const WRITEABLE = 2;
const READABLE = 4;
const MAP_READ_WRITE = 3;
const HWPT_ALLOC_BYTES = 24;
const UNMAP_ALL = 2;
const EVERYTHING = 1n << 64n;
const MAIN = 'drivers/iommu/iommufd/main.c';
const IOAS = 'drivers/iommu/iommufd/ioas.c';
const HW_PAGETABLE = 'drivers/iommu/iommufd/hw_pagetable.c';
/** IOMMU_HWPT_ALLOC_PASID */
const ALLOC_PASID = 8;
const COMPAT = 'drivers/iommu/iommufd/vfio_compat.c';

export function createIommufdFiles(base: WorldBase, world: () => World, iommufd: Iommufd): IommufdFiles {
  const { kernel, routines } = base;
  const refuse = base.refusals.add({
    size: [E.INVAL, 'size {}, which is too small', 'number'],
    argsz: [E.INVAL, 'argsz {}, which is too small', 'number'],
    unknownFlags: [E.INVAL, 'flags that it does not know ({x})', 'number'],
    flags: [E.OPNOTSUPP, 'flags that it does not know ({x})', 'number'],
    noAccess: [E.INVAL, 'neither IOMMU_IOAS_MAP_READABLE nor IOMMU_IOAS_MAP_WRITEABLE'],
    empty: [E.INVAL, 'a length of 0'],
    wrapsAround: [E.OVERFLOW, 'a range that wraps around the end of the addresses'],
    noHwptAlloc: [E.NOTTY, 'no such request for an iommufd: this kernel has no IOMMU_HWPT_ALLOC'],
    noObject: [E.INVAL, 'no object with id {}', 'number'],
    notDevice: [E.NOENT, 'no bound device under id {}', 'number'],
    notIoas: [E.INVAL, 'no IOAS under id {}', 'number'],
    type: [E.INVAL, 'IOMMU type {}, and only types 1 and 3 are offered', 'number'],
    allIsNotZero: [E.INVAL, 'VFIO_DMA_UNMAP_FLAG_ALL together with an address or a size'],
  });
  const contextOf = (t: Task, filp: Local<FileId>): IommufdId => world().files.objectOf(t.machine, filp.of(t));

  /** One call in one step: iommufd's own locks are never held over anything that waits. */
  const call = (name: string, source: string, work: (t: Task, context: IommufdId) => number): Call =>
    routines.define(name, source, ['filp: file'], (r, filp) =>
      r.step('ask the iommufd', (t) => t.return(work(t, contextOf(t, filp)))),
    );

  /** An ioctl whose structure begins with its size. */
  const sized = (name: string, source: string, bytes: number, work: (t: Task, context: IommufdId) => number): Call =>
    call(name, source, (t, context) => {
      if (!readable(argument(t, 2))) return world().files.refuse.unreadable(t.machine);
      const size = field32(t, argument(t, 2), 'size');
      return size < bytes ? refuse.size(t.machine, size) : work(t, context);
    });

  /** A VFIO ioctl with a structure, answered by the compatibility IOAS: its index, or the errno of not having one. */
  const compat = (
    name: string,
    bytes: number,
    flags: number,
    work: (t: Task, ioas: IoasId, context: IommufdId) => number,
  ): Call =>
    call(name, COMPAT, (t, context) => {
      const arg = argument(t, 2);
      if (!readable(arg)) return world().files.refuse.unreadable(t.machine);
      const argsz = field32(t, arg, 'argsz');
      if (argsz < bytes) return refuse.argsz(t.machine, argsz);
      const unknown = field32(t, arg, 'flags') & ~flags;
      if (unknown !== 0) return refuse.unknownFlags(t.machine, unknown);
      const id = iommufd.compatIoasId(t.machine, context);
      return isErr(id) ? id : work(t, iommufd.ioasById(t.machine, context, id) as IoasId, context);
    });

  const unmapped = (t: Task, bytes: bigint, field: string): number => {
    if (bytes < 0n) return Number(bytes);
    writeField(t, argument(t, 2), field, Number(bytes));
    return 0;
  };

  return {
    open: routines.define('iommufd_fops_open', MAIN, ['filp: file', 'ictx: iommufd'], (r, filp) =>
      r.step('make an iommufd', (t) => {
        t.machine.put(world().files.object.base + filp.of(t), iommufd.open(t.machine));
        t.return(0);
      }),
    ),
    release: routines.define('iommufd_fops_release', MAIN, ['filp: file', 'ictx: iommufd'], (r, _filp, ictx) =>
      r.step('destroy all objects', (t) => {
        iommufd.release(t.machine, ictx.of(t));
        t.return(0);
      }),
    ),

    ioasAlloc: sized('iommufd_ioas_alloc_ioctl', IOAS, 12, (t, context) => {
      const flags = field32(t, argument(t, 2), 'flags');
      if (flags !== 0) return refuse.flags(t.machine, flags);
      writeField(t, argument(t, 2), 'out_ioas_id', iommufd.allocateIoas(t.machine, context));
      return 0;
    }),

    ioasMap: sized('iommufd_ioas_map', IOAS, 40, (t, context) => {
      const arg = argument(t, 2);
      const flags = field32(t, arg, 'flags');
      const unknown = flags & ~(FIXED_IOVA | WRITEABLE | READABLE);
      if (unknown !== 0) return refuse.flags(t.machine, unknown);
      if ((flags & (WRITEABLE | READABLE)) === 0) return refuse.noAccess(t.machine);
      const ioas = iommufd.ioasById(t.machine, context, field32(t, arg, 'ioas_id'));
      if (isErr(ioas)) return ioas;
      if ((flags & FIXED_IOVA) === 0) {
        throw new ModelLimit(
          'IOMMU_IOAS_MAP without IOMMU_IOAS_MAP_FIXED_IOVA is not modelled: the kernel would choose the IOVA; name one',
        );
      }
      const access = ((flags & READABLE) !== 0 ? 1 : 0) | ((flags & WRITEABLE) !== 0 ? 2 : 0);
      const mapping = {
        iova: field64<Iova>(t, arg, 'iova'),
        vaddr: field64<Hva>(t, arg, 'user_va'),
        size: field64(t, arg, 'length'),
        access,
      };
      return iommufd.map(t.machine, ioas, mapping);
    }),

    ioasUnmap: sized('iommufd_ioas_unmap', IOAS, 24, (t, context) => {
      const arg = argument(t, 2);
      const ioas = iommufd.ioasById(t.machine, context, field32(t, arg, 'ioas_id'));
      if (isErr(ioas)) return ioas;
      const [iova, length] = [field64<Iova>(t, arg, 'iova'), field64(t, arg, 'length')];
      const all = iova === 0n && length === EVERYTHING - 1n;
      if (!all && length === 0n) return refuse.empty(t.machine);
      if (!all && iova + length - 1n >= EVERYTHING) return refuse.wrapsAround(t.machine);
      return unmapped(t, iommufd.unmap(t.machine, ioas, iova, all ? EVERYTHING : length, false), 'length');
    }),

    hwptAlloc: routines.define('iommufd_hwpt_alloc', HW_PAGETABLE, ['filp: file'], (r, filp) => {
      r.step('find device and address space', (t) => {
        const { machine: m } = t;
        const arg = argument(t, 2);
        if (!kernel.has('hwpt-alloc')) return t.return(refuse.noHwptAlloc(m));
        if (!readable(arg)) return t.return(world().files.refuse.unreadable(m));
        const size = field32(t, arg, 'size');
        if (size < HWPT_ALLOC_BYTES) return t.return(refuse.size(m, size));
        const flags = field32(t, arg, 'flags');
        const known = flags === 0 || (flags === ALLOC_PASID && kernel.has('hwpt-alloc-pasid'));
        if (!known) return t.return(refuse.flags(m, flags));
        const [deviceId, ioasId] = [field32(t, arg, 'dev_id'), field32(t, arg, 'pt_id')];
        const device = iommufd.objects.at(m, contextOf(t, filp), deviceId);
        const ioas = iommufd.objects.at(m, contextOf(t, filp), ioasId);
        if (device.kind !== IOMMUFD_OBJECT.device) return t.return(refuse.notDevice(m, deviceId));
        if (ioas.kind === IOMMUFD_OBJECT.none) return t.return(refuse.noObject(m, ioasId));
        if (ioas.kind !== IOMMUFD_OBJECT.ioas) return t.return(refuse.notIoas(m, ioasId));
        t.call(iommufd.hwpts.allocate, device.index as DeviceId, ioas.index as IoasId, flags === 0 ? 0 : 1);
      });
      r.local((t) => {
        if (t.value > 0) writeField(t, argument(t, 2), 'out_hwpt_id', t.value);
        t.return(Math.min(t.value, 0));
      });
    }),

    destroy: sized('iommufd_destroy', MAIN, 8, (t, context) =>
      iommufd.destroy(t.machine, context, field32(t, argument(t, 2), 'id')),
    ),

    getApiVersion: call('iommufd_vfio_ioctl', COMPAT, () => 0),

    checkExtension: call('iommufd_vfio_check_extension', COMPAT, (t, context) => {
      const extension = argument(t, 2).int(t);
      if (extension === DMA_CC) return iommufd.compatCoherent(t.machine, context);
      return extension === TYPE1 || extension === TYPE1V2 || extension === UNMAP_ALL_EXTENSION ? 1 : 0;
    }),

    setIommu: call('iommufd_vfio_set_iommu', COMPAT, (t, context) => {
      const type = argument(t, 2).int(t);
      if (type !== TYPE1 && type !== TYPE1V2) return refuse.type(t.machine, type);
      const id = iommufd.compatIoasId(t.machine, context);
      if (isErr(id)) return id;
      return type === TYPE1 ? iommufd.cutMappings(t.machine, context) : 0;
    }),

    getInfo: compat('iommufd_vfio_iommu_get_info', 16, 3, (t) => {
      writeField(t, argument(t, 2), 'flags', 3);
      writeField(t, argument(t, 2), 'iova_pgsizes', 0x1000);
      return 0;
    }),

    mapDma: compat('iommufd_vfio_map_dma', 32, MAP_READ_WRITE, (t, ioas) => {
      const arg = argument(t, 2);
      const access = field32(t, arg, 'flags') & MAP_READ_WRITE;
      const mapping = {
        iova: field64<Iova>(t, arg, 'iova'),
        vaddr: field64<Hva>(t, arg, 'vaddr'),
        size: field64(t, arg, 'size'),
        access,
      };
      return iommufd.map(t.machine, ioas, mapping);
    }),

    unmapDma: compat('iommufd_vfio_unmap_dma', 24, UNMAP_ALL, (t, ioas, context) => {
      const arg = argument(t, 2);
      const [iova, size] = [field64<Iova>(t, arg, 'iova'), field64(t, arg, 'size')];
      const all = (field32(t, arg, 'flags') & UNMAP_ALL) !== 0;
      if (all && (iova !== 0n || size !== 0n)) return refuse.allIsNotZero(t.machine);
      const cut = !all && t.machine.state[iommufd.cutsMappings.base + context] !== 0;
      return unmapped(t, iommufd.unmap(t.machine, ioas, iova, all ? EVERYTHING : size, cut), 'size');
    }),
  };
}
