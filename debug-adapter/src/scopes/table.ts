/** Every scope, one line each, in the order in which the Variables view shows them. */
import { actorScope } from './actor.ts';
import { cachesScope } from './caches.ts';
import { ghostScope } from './ghost.ts';
import { iommuScope } from './iommu.ts';
import type { Scope } from './item.ts';
import { kernelFrameScope } from './kernel-frame.ts';
import { kvmVfioScope } from './kvm-vfio.ts';
import { locksScope } from './locks.ts';
import { memoryScope } from './memory.ts';
import { vfioScope } from './vfio.ts';
import { vmScope } from './vm.ts';

export const SCOPES: readonly Scope[] = [
  kernelFrameScope,
  actorScope,
  memoryScope,
  cachesScope,
  vmScope,
  kvmVfioScope,
  vfioScope,
  locksScope,
  iommuScope,
  ghostScope,
];
