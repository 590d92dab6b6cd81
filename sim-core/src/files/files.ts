/**
 * Processes, descriptors and open files.
 *
 * INTERFACE used by the elaborator; the part's author completes it.
 */
import type { Routine } from '../engine/task.ts';
import type { Field } from '../state/layout.ts';
import type { World, WorldBase } from '../world.ts';

export interface Files {
  /** Per process and descriptor: index of the open file + 1, or 0. Descriptors 0 to 2 are standard streams. */
  readonly descriptor: Field;
  /** Per open file: index into FILE_KIND_NAMES (0 is `none`: the file does not exist). */
  readonly kind: Field;
  /** Per open file: references (descriptors, kernel references). */
  readonly references: Field;
  /** Per open file: the object behind it (a VM, a group, …), meaning by kind. */
  readonly object: Field;
  /** ioctl(2): dispatches by the kind of file and the request of `task.args`. */
  readonly ioctl: Routine;
}

export declare function createFiles(base: WorldBase, world: () => World): Files;
