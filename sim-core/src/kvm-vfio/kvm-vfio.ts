/** The kvm-vfio pseudo device. INTERFACE; the part's author completes it. */
import type { Field } from '../state/layout.ts';
import type { World, WorldBase } from '../world.ts';

export interface KvmVfio {
  /** Per KVM device: `kv->noncoherent`, what it has told KVM. */
  readonly noncoherent: Field;
  /** Per KVM device and position: the listed file or group + 1, or 0 behind the end. */
  readonly entries: Field;
}

export declare function createKvmVfio(base: WorldBase, world: () => World): KvmVfio;
