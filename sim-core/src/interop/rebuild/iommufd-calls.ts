/** Requests of an iommufd and of the devices bound to it, as statements. */
import type { Open } from './descriptors.ts';
import { named, unknownRange } from './group-calls.ts';
import type { KeptCall } from './kept.ts';
import { type Process, remove } from './process.ts';

export function bindIommufd(p: Process, kept: KeptCall, open: Open): undefined {
  const iommufd = named(p, kept, 'iommufd') ?? p.files.of('iommufd')[0];
  if (!iommufd) return p.leave(kept, 'VFIO_DEVICE_BIND_IOMMUFD', 'the log shows no open iommufd');
  const devid = p.files.fresh(`${open.name}_id`);
  p.step(
    kept,
    `ioctl(${open.name}, VFIO_DEVICE_BIND_IOMMUFD, {argsz=16, flags=0, iommufd=${iommufd.name}, out_devid=>${devid}})`,
  );
  if (kept.call.result?.errno === undefined) open.attached = devid;
}

export function iommufdObject(p: Process, kept: KeptCall, open: Open, name: string): undefined {
  const kind = name === 'IOMMU_IOAS_ALLOC' ? 'ioas' : 'hwpt';
  const bound = p.files.of('device').find(({ attached }) => attached !== undefined)?.attached;
  const ioas = p.objects.findLast((object) => object.kind === 'ioas' && object.of === open.name)?.name;
  if (kind === 'hwpt' && (bound === undefined || ioas === undefined))
    return p.leave(kept, name, 'the log shows no device and address space that it could be for');
  const made = p.files.fresh(kind);
  const text = kind === 'ioas' ? `{out_ioas_id=>${made}}` : `{dev_id=${bound}, pt_id=${ioas}, out_hwpt_id=>${made}}`;
  p.step(kept, `ioctl(${open.name}, ${name}, ${text})`);
  if (kept.call.result?.errno === undefined) p.objects.push({ kind, name: made, of: open.name, id: kept.known?.made });
}

export function rebuildAttach(p: Process, kept: KeptCall, open: Open, name: string): undefined {
  if (name === 'VFIO_DEVICE_DETACH_IOMMUFD_PT') return p.step(kept, `ioctl(${open.name}, ${name}, {argsz=8, flags=0})`);
  const shown = withId(p.objects, kept);
  const object = shown ?? p.objects.findLast(({ kind }) => kind === 'hwpt') ?? p.objects.at(-1);
  if (!object) return p.leave(kept, name, 'the log shows no page table that it could be attached to');
  if (!shown)
    p.assumptions.add(
      'A device is attached to the page table that was made last, else to the address space: the log shows a pointer.',
      kept.line,
      'coherency',
    );
  return p.step(kept, `ioctl(${open.name}, ${name}, {argsz=12, flags=0, pt_id=${object.name}})`);
}

export function destroy(p: Process, kept: KeptCall, open: Open): undefined {
  const mine = p.objects.filter(({ of }) => of === open.name);
  const shown = withId(mine, kept);
  const object = shown ?? mine.findLast(({ kind }) => kind === 'hwpt') ?? mine.at(-1);
  if (!object) return p.leave(kept, 'IOMMU_DESTROY', 'the log shows no object that it could be about');
  if (!shown)
    p.assumptions.add(
      'IOMMU_DESTROY takes the page table, then the address space: the log shows a pointer.',
      kept.line,
    );
  p.step(kept, `ioctl(${open.name}, IOMMU_DESTROY, {id=${object.name}})`);
  if (kept.call.result?.errno === undefined) remove(p.objects, (one) => one === object);
}

function withId<T extends { readonly id: number | undefined }>(
  objects: readonly T[],
  { known }: KeptCall,
): T | undefined {
  return known?.id === undefined ? undefined : objects.find(({ id }) => id === known.id);
}

export function ioasMap(p: Process, kept: KeptCall, open: Open, name: string): undefined {
  const ioas = (
    withId(p.objects, kept) ?? p.objects.findLast((object) => object.kind === 'ioas' && object.of === open.name)
  )?.name;
  if (ioas === undefined) return p.leave(kept, name, 'the log shows no address space that it could be about');
  unknownRange(p, kept);
  if (name === 'IOMMU_IOAS_UNMAP') {
    const { iova, size } = p.mappings.unmap(open.name, kept.call.result?.errno === 'ENOENT', kept.known);
    return p.step(kept, `ioctl(${open.name}, ${name}, {ioas_id=${ioas}, iova=${iova}, length=${size}})`);
  }
  const { iova, size, vaddr } = p.mappings.map(open.name, kept.call.result?.errno !== undefined, kept.known);
  return p.step(
    kept,
    `ioctl(${open.name}, ${name}, {ioas_id=${ioas}, user_va=${vaddr}, iova=${iova}, length=${size}})`,
  );
}
