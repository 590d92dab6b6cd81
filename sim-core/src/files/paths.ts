/**
 * Which file a path names. Parts register what they put below /dev; what is left is decided by the form of the path.
 *
 * Left out: a file system. Below /dev only what the model knows exists. Elsewhere a path that names one of the
 * directories below, or ends in a slash, is a directory, and every other path is a regular file that exists.
 */

import type { Machine } from '../state/machine.ts';
import type { FileKind, FileObject } from './kinds.ts';

/** linux: include/uapi/asm-generic/fcntl.h. The flags of open that decide what happens here. */
export const O_PATH = 0o10000000;
export const O_ACCMODE = 3;

/** What a path resolves to: the kind of file, and the object that its open function is called with. */
export interface PathTarget {
  readonly kind: FileKind;
  readonly object: FileObject;
}

/** Answers for the paths that it knows; undefined for all others. */
export type Resolver = (machine: Machine, path: string) => PathTarget | undefined;

export interface Paths {
  add(resolver: Resolver): void;
  resolve(machine: Machine, path: string): PathTarget | undefined;
}

const DIRECTORIES: ReadonlySet<string> = new Set([
  '/',
  '.',
  '..',
  '/dev',
  '/dev/vfio',
  '/dev/vfio/devices',
  '/tmp',
  '/etc',
  '/home',
  '/proc',
  '/run',
  '/sys',
  '/usr',
  '/var',
]);

const DEVICE_NODES: ReadonlyMap<string, FileKind> = new Map([
  ['/dev/kvm', 'kvm'],
  ['/dev/null', 'null'],
  ['/dev/zero', 'zero'],
]);

/** Of files that are about nothing, and of those whose open function makes the object. */
export const NO_OBJECT = 0 as FileObject;

export function createPaths(): Paths {
  const resolvers: Resolver[] = [];
  return {
    add: (resolver) => void resolvers.push(resolver),
    resolve(machine, path) {
      const node = DEVICE_NODES.get(path);
      if (node) return { kind: node, object: NO_OBJECT };
      for (const resolver of resolvers) {
        const target = resolver(machine, path);
        if (target) return target;
      }
      if (path === '') return undefined;
      if (path.endsWith('/') || DIRECTORIES.has(path)) return { kind: 'directory', object: NO_OBJECT };
      return path.startsWith('/dev/') ? undefined : { kind: 'regular', object: NO_OBJECT };
    },
  };
}
