/** Errnos: names, numbers and texts, and as kernel functions return them: negative, `E.BUSY` is -EBUSY. */
/** Linux errnos of x86 that the modelled calls return, with the text strace prints after them. */
export const ERRNOS: readonly { readonly name: string; readonly value: number; readonly text: string }[] = [
  { name: 'EPERM', value: 1, text: 'Operation not permitted' },
  { name: 'ENOENT', value: 2, text: 'No such file or directory' },
  { name: 'ESRCH', value: 3, text: 'No such process' },
  { name: 'EINTR', value: 4, text: 'Interrupted system call' },
  { name: 'EIO', value: 5, text: 'Input/output error' },
  { name: 'EBADF', value: 9, text: 'Bad file descriptor' },
  { name: 'EAGAIN', value: 11, text: 'Resource temporarily unavailable' },
  { name: 'ENOMEM', value: 12, text: 'Cannot allocate memory' },
  { name: 'EACCES', value: 13, text: 'Permission denied' },
  { name: 'EFAULT', value: 14, text: 'Bad address' },
  { name: 'EBUSY', value: 16, text: 'Device or resource busy' },
  { name: 'EEXIST', value: 17, text: 'File exists' },
  { name: 'ENODEV', value: 19, text: 'No such device' },
  { name: 'ENOTDIR', value: 20, text: 'Not a directory' },
  { name: 'EISDIR', value: 21, text: 'Is a directory' },
  { name: 'EINVAL', value: 22, text: 'Invalid argument' },
  { name: 'ENFILE', value: 23, text: 'Too many open files in system' },
  { name: 'EMFILE', value: 24, text: 'Too many open files' },
  { name: 'ENOTTY', value: 25, text: 'Inappropriate ioctl for device' },
  { name: 'ENOSPC', value: 28, text: 'No space left on device' },
  { name: 'ENOSYS', value: 38, text: 'Function not implemented' },
  { name: 'ENXIO', value: 6, text: 'No such device or address' },
  { name: 'E2BIG', value: 7, text: 'Argument list too long' },
  { name: 'EOVERFLOW', value: 75, text: 'Value too large for defined data type' },
  { name: 'EBADFD', value: 77, text: 'File descriptor in bad state' },
  { name: 'EMSGSIZE', value: 90, text: 'Message too long' },
  { name: 'EOPNOTSUPP', value: 95, text: 'Operation not supported' },
  { name: 'EADDRINUSE', value: 98, text: 'Address already in use' },
];

export const errnoByName: ReadonlyMap<string, number> = new Map(ERRNOS.map((e) => [e.name, e.value]));
const errnoNames = new Map(ERRNOS.map((e) => [e.value, e.name]));

/** `EEXIST` for 17; a number we do not know is an error of ours. */
export function errnoName(value: number): string {
  const name = errnoNames.get(value);
  if (!name) throw new RangeError(`errno ${value} is not in the table`);
  return name;
}

const NAMES = [
  '2BIG',
  'PERM',
  'NOENT',
  'SRCH',
  'INTR',
  'IO',
  'BADF',
  'AGAIN',
  'NOMEM',
  'ACCES',
  'FAULT',
  'BUSY',
  'EXIST',
  'NODEV',
  'NOTDIR',
  'ISDIR',
  'INVAL',
  'NFILE',
  'MFILE',
  'NOTTY',
  'NOSPC',
  'NOSYS',
  'NXIO',
  'OVERFLOW',
  'BADFD',
  'OPNOTSUPP',
  'ADDRINUSE',
] as const;

export const E = Object.freeze(
  Object.fromEntries(
    NAMES.map((name) => {
      const value = errnoByName.get(`E${name}`);
      if (value === undefined) throw new Error(`E${name} is not in the table of errnos`);
      return [name, -value];
    }),
  ),
) as Readonly<Record<(typeof NAMES)[number], Errno>>;

/** In place of the result of a call whose thread died in it. No errno: those end at -4095. */
export const DIED = -4096;

declare const errno: unique symbol;
/** An errno as kernel functions return it: negative. */
export type Errno = number & { readonly [errno]: true };

/** Did a function return an errno in place of an id? The kernel's IS_ERR(). */
export function isErr<T extends number>(result: T | Errno): result is Errno {
  return result < 0;
}
