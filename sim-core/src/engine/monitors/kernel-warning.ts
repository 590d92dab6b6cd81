import type { Monitor } from './monitors.ts';

/** The part of the kernel that warns reports it. */
export const kernelWarning: Monitor<'kernel-warning'> = {
  finding: 'kernel-warning',
  label: 'Kernel warning',
  doc: 'The kernel hit one of its own warnings (WARN_ON, BUG_ON): something happened that it considers impossible.',
  sources: [{ document: 'linux', place: 'drivers/vfio/vfio.c vfio_iommu_group_notifier()' }],
  fails: 'always',
  stopsByDefault: true,
  operands: ['actor', 'warning'],
  headline: (actor, warning) => `${warning} (${actor})`,
  explainedBy: 'kernel-warning',
  needsVersions: false,
};
