/** Locks of the kernel in the state: which slots they are, and what the kernel calls them. */
import type { Layout } from '../state/layout.ts';

/** By the name of the field that holds who has the lock. */
export const LOCK_NAMES: Readonly<Record<string, string>> = {
  kvmLock: 'kvm->lock',
  slotsLock: 'kvm->slots_lock',
  kvmVfioLock: 'kv->lock',
  groupLock: 'group->group_lock',
  kvmRefLock: 'group->kvm_ref_lock',
  containerLock: 'container->group_lock',
  type1Lock: 'iommu->lock',
  devSetLock: 'dev_set->lock',
};

/** Slots of locks: each holds the actor that has it + 1, or 0. */
export function lockSlots(layout: Layout): ReadonlyMap<number, string> {
  return new Map(
    layout.fields
      .filter(({ name }) => Object.hasOwn(LOCK_NAMES, name))
      .flatMap(({ name, base, size }) =>
        Array.from({ length: size }, (_, i) => [base + i, LOCK_NAMES[name]!] as const),
      ),
  );
}
