/** What open and openat have in common. */
import type { ErrnoDoc, OperandSpec } from '../op.ts';

export const OPEN_ERRNOS: readonly ErrnoDoc[] = [
  { name: 'ENOENT', when: 'Nothing has that path.' },
  { name: 'ENOTDIR', when: 'A slash follows something that is not a directory: `/dev/kvm/`.' },
  { name: 'EISDIR', when: 'A directory is opened for writing, or a path that ends in a slash with `O_CREAT`.' },
  { name: 'EFAULT', when: 'The path is not a readable string.' },
  {
    name: 'EBUSY',
    when: 'A VFIO group is already open, or still has a container, or one of its devices is bound through its cdev.',
  },
];

export const PATH_AND_FLAGS: readonly OperandSpec[] = [
  { name: 'path', shapes: [{ kind: 'path' }], doc: 'The path, in quotes.' },
  {
    name: 'flags',
    shapes: [{ kind: 'flags', constants: 'open-flag' }],
    doc: 'O_RDWR, O_RDONLY, O_PATH, …',
    optional: true,
  },
  {
    name: 'mode',
    shapes: [{ kind: 'int' }],
    doc: 'Permissions of a new file; ignored.',
    optional: true,
    ignored: true,
  },
];
