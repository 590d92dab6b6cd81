/**
 * Findings that a part of the kernel makes by itself when it happens: here are only their words and weights.
 */
import type { Monitor } from './monitors.ts';

/** Subject: the object, by the part that reports it. */
export const useAfterFree: Monitor = {
  finding: 'use-after-free',
  weight: 'violation',
  doc: 'The kernel used an object after its last reference was gone.',
  sources: [{ document: 'linux', place: 'virt/kvm/kvm_main.c kvm_put_kvm()' }],
  listen: () => ({}),
};

/** Subject: the actor that waits, or -1 when several do. */
export const deadlock: Monitor = {
  finding: 'deadlock',
  weight: 'violation',
  doc: 'Actors wait for locks that none of them will ever release.',
  sources: [{ document: 'linux', place: 'Documentation/locking/lockdep-design.rst' }],
  listen: () => ({}),
};

/** Subject: the actor. Detail: by the part that warns. */
export const kernelWarning: Monitor = {
  finding: 'kernel-warning',
  weight: 'violation',
  doc: 'The kernel ran into one of its own warnings (WARN_ON, BUG_ON): something that it takes for impossible took place.',
  sources: [{ document: 'linux', place: 'drivers/vfio/vfio.c vfio_iommu_group_notifier()' }],
  listen: () => ({}),
};
