/**
 * The tables of the kernel's API against its headers, as `npm run generate -- headers` found them in Debian packages
 * (headers.json): values, requests by number, structure fields with their order and sizes. A name that no header there
 * has is listed below with its reason; a reason that is no longer needed fails.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONSTANTS, IOCTLS, STRUCTS, type StructFieldSpec } from '../../sim-core/src/index.ts';
import { requestName } from '../../sim-core/src/interop/rebuild/request-names.ts';
import { LEFT_OUT } from '../../sim-core/src/ops/not-modelled.ts';
import { namesOfNumber } from '../../sim-core/src/ops/request-numbers.ts';

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

/** Structures that the headers of POWER have, and requests whose numbers hold their sizes. */
const POWER = ['KVM_CREATE_SPAPR_TCE', 'KVM_CREATE_SPAPR_TCE_64', 'kvm_create_spapr_tce', 'kvm_create_spapr_tce_64'];

const NOT_IN_HEADERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(POWER.map((name) => [name, 'in headers of POWER only'])),
  VFIO_PCI_CONFIG: 'an offset that vfio-pci computes; the headers leave it to VFIO_DEVICE_GET_REGION_INFO',
  KVM_MEM_NON_COHERENT_DMA: 'of a series that was not merged',
  KVM_CAP_USER_CONFIGURE_NONCOHERENT_DMA: 'of a series that was not merged',
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

  it('gives constants of what is left out the values by which they are found', () => {
    const known = LEFT_OUT.flatMap(({ constants }) => constants).filter(
      ([name, value]) => value !== undefined && name in values,
    );
    expect(known.map(([name, value]) => [name, Number(value)])).toEqual(known.map(([name]) => [name, values[name]]));
  });

  it('gives requests of what is left out the numbers by which they are found', () => {
    const known = LEFT_OUT.flatMap(({ requests }) => requests).filter((name) => name in values);
    expect(known.map((name) => [name, ...namesOfNumber(BigInt((values[name] ?? 0) >>> 0))])).toEqual(
      known.map((name) => [name, name]),
    );
  });

  it('gives requests the numbers by which logs are read', () => {
    // Logs are read as those of x86, where the numbers of the SPAPR requests belong to others or to none.
    const ofX86 = IOCTLS.filter(({ name }) => name in values && !/SPAPR|EEH/.test(name));
    const read = ofX86.flatMap(({ name, files }) =>
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
