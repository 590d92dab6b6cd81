/**
 * Which file a path names. Parts register what they put below /dev; what is left is decided by the form of the path.
 *
 * Left out: a file system. Below /dev only what the model knows exists. Elsewhere a path that names one of the
 * directories below, or ends in a slash, is a directory, and every other path is a regular file that exists. Names that
 * are empty, `.` and `..` are resolved, in paths from the root.
 */

import type { Machine } from '../state/machine.ts';
import type { FileKind, FileObject } from './kinds.ts';

/** linux: include/uapi/asm-generic/fcntl.h. The flags of open that decide what happens here. */
export const O_PATH = 0o10000000;
export const O_ACCMODE = 3;
export const O_CREAT = 0o100;

/** What a path resolves to: the kind of file, and the object that its open function is called with. */
export interface PathTarget {
  readonly kind: FileKind;
  readonly object: FileObject;
}

/** Answers for the paths that it knows; undefined for all others. */
export type Resolver = (machine: Machine, path: string) => PathTarget | undefined;

export interface Paths {
  add(resolver: Resolver): void;
  resolve(machine: Machine, path: string): PathTarget | NoTarget;
}

/** Nothing is there, or something that is not a directory is used as one. */
export type NoTarget = 'missing' | 'not a directory';

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

  function node(machine: Machine, path: string): PathTarget | undefined {
    const kind = DEVICE_NODES.get(path);
    if (kind) return { kind, object: NO_OBJECT };
    for (const resolver of resolvers) {
      const target = resolver(machine, path);
      if (target) return target;
    }
    return undefined;
  }

  /** Of a path without empty names, `.` and `..`. */
  function plain(machine: Machine, path: string): PathTarget | NoTarget {
    if (DIRECTORIES.has(path)) return DIRECTORY;
    return node(machine, path) ?? (path.startsWith('/dev/') ? 'missing' : { kind: 'regular', object: NO_OBJECT });
  }

  /** Why a path cannot be used as a directory. Outside /dev any may be one. */
  function noDirectory(machine: Machine, path: string): NoTarget | undefined {
    if (!path.startsWith('/dev/') || DIRECTORIES.has(path)) return undefined;
    return node(machine, path) ? 'not a directory' : 'missing';
  }

  return {
    add: (resolver) => void resolvers.push(resolver),
    resolve(machine, path) {
      if (path === '') return 'missing';
      if (!path.startsWith('/')) return path.endsWith('/') ? DIRECTORY : plain(machine, path);
      // Most paths are names below directories that exist.
      const slash = path.lastIndexOf('/');
      if (slash > 0 && DIRECTORIES.has(path.slice(0, slash)) && !SPECIAL.test(path)) return plain(machine, path);
      const names: string[] = [];
      const here = (): string => `/${names.join('/')}`;
      for (const name of path.split('/').slice(1)) {
        // What a slash follows is looked up before the rest, an empty name after it included.
        const wrong = noDirectory(machine, here());
        if (wrong !== undefined) return wrong;
        if (name === '..') names.pop();
        else if (name !== '' && name !== '.') names.push(name);
      }
      return /\/\.{0,2}$/.test(path) ? DIRECTORY : plain(machine, here());
    },
  };
}

/** Has a name that is empty, `.` or `..`. */
const SPECIAL = /\/\.{0,2}(\/|$)/;

const DIRECTORY: PathTarget = { kind: 'directory', object: NO_OBJECT };
