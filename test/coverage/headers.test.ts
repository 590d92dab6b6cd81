/**
 * The tables of the kernel's API against its headers, as `npm run generate -- headers` found them in Debian packages
 * (headers.json): values, requests by number, structure fields with their order and sizes. A name that no header there
 * has is listed below with its reason; a reason that is no longer needed fails.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONSTANTS, IOCTLS, STRUCTS, type StructFieldSpec } from '../../sim-core/src/index.ts';
import { requestName } from '../../sim-core/src/interop/rebuild/request-names.ts';

interface Package {
  readonly version: string;
  readonly values: Readonly<Record<string, number>>;
  readonly structs: Readonly<
    Record<string, { readonly size: number; readonly fields: readonly (readonly [string, number, number])[] }>
  >;
}
const { packages }: { packages: readonly Package[] } = JSON.parse(
  readFileSync(new URL('headers.json', import.meta.url), 'utf8'),
);

/** Newer than the newest package, so not compared: the next package that has them makes this list fail. */
const NEWER = [
  'IOMMU_DESTROY',
  'IOMMU_GET_HW_INFO',
  'IOMMU_HWPT_ALLOC',
  'IOMMU_IOAS_ALLOC',
  'IOMMU_IOAS_ALLOW_IOVAS',
  'IOMMU_IOAS_IOVA_RANGES',
  'IOMMU_IOAS_MAP',
  'IOMMU_IOAS_MAP_FIXED_IOVA',
  'IOMMU_IOAS_MAP_READABLE',
  'IOMMU_IOAS_MAP_WRITEABLE',
  'IOMMU_IOAS_UNMAP',
  'IOMMU_OPTION',
  'KVM_CAP_GUEST_MEMFD',
  'KVM_CAP_MEMORY_ATTRIBUTES',
  'KVM_CAP_PRE_FAULT_MEMORY',
  'KVM_CAP_USER_MEMORY2',
  'KVM_CAP_VM_TYPES',
  'KVM_DEV_VFIO_FILE',
  'KVM_DEV_VFIO_FILE_ADD',
  'KVM_DEV_VFIO_FILE_DEL',
  'KVM_SET_USER_MEMORY_REGION2',
  'KVM_X86_QUIRK_IGNORE_GUEST_PAT',
  'KVM_X86_QUIRK_SLOT_ZAP_ALL',
  'VFIO_DEVICE_ATTACH_IOMMUFD_PT',
  'VFIO_DEVICE_BIND_IOMMUFD',
  'VFIO_DEVICE_DETACH_IOMMUFD_PT',
  'iommu_destroy',
  'iommu_hwpt_alloc',
  'iommu_ioas_alloc',
  'iommu_ioas_map',
  'iommu_ioas_unmap',
  'kvm_userspace_memory_region2',
  'vfio_device_attach_iommufd_pt',
  'vfio_device_bind_iommufd',
  'vfio_device_detach_iommufd_pt',
];

const NOT_IN_HEADERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NEWER.map((name) => [name, 'newer than v6.1, the newest headers here'])),
  VFIO_PCI_CONFIG: 'an offset that vfio-pci computes; the headers leave it to VFIO_DEVICE_GET_REGION_INFO',
  config_value: 'a buffer, which has no structure in the headers',
};

const ours = (name: string): boolean => /^(?:KVM|VFIO|IOMMU)_/.test(name);
const SIZES: Readonly<Record<string, number>> = { __u16: 2, __s32: 4, __u32: 4, __u64: 8, __aligned_u64: 8 };

describe.each(packages)('linux-libc-dev $version', ({ values, structs }) => {
  it('gives constants the values that the model has', () => {
    const known = CONSTANTS.filter(({ name }) => name in values);
    expect(known.length).toBeGreaterThan(50);
    expect(known.map(({ name, value }) => [name, Number(value)])).toEqual(
      known.map(({ name }) => [name, values[name]]),
    );
  });

  it('gives requests the numbers by which logs are read', () => {
    const read = IOCTLS.filter(({ name }) => name in values).flatMap(({ name, files }) =>
      (files ?? []).map((file) => ({ name, file, read: requestName([`0x${(values[name] ?? 0).toString(16)}`], file) })),
    );
    expect(read.length).toBeGreaterThan(50);
    expect(read.filter((row) => row.read !== row.name)).toEqual([]);
  });

  it('has the fields of structures in the order and of the sizes that the model has', () => {
    const known = STRUCTS.filter(({ name }) => name in structs);
    expect(known.length).toBeGreaterThan(10);
    for (const { name, fields } of known) {
      const real = structs[name]?.fields ?? [];
      const inOrder = real.filter(([field]) => fields.some((one) => one.name === field));
      expect([name, fields.map((field) => [field.name, sizeOf(field)])]).toEqual([
        name,
        inOrder.map(([field, , size]) => [field, size]),
      ]);
    }
  });
});

it('names nothing that is in no header, but for what is listed with its reason', () => {
  const found = new Set(packages.flatMap(({ values, structs }) => [...Object.keys(values), ...Object.keys(structs)]));
  const named = [...CONSTANTS, ...IOCTLS].map(({ name }) => name).filter(ours);
  const missing = new Set([...named, ...STRUCTS.map(({ name }) => name)].filter((name) => !found.has(name)));
  expect([...missing].sort()).toEqual(Object.keys(NOT_IN_HEADERS).sort());
});

/** Bytes of a field's C type; a flexible array has none. */
function sizeOf({ type }: StructFieldSpec): number {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array?.[2] === '') return 0;
  const size = SIZES[array?.[1] ?? type];
  if (size === undefined) throw new Error(`the size of ${type} is not known here`);
  return size * Number(array?.[2] ?? 1);
}
