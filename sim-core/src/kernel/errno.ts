/** Errnos as kernel functions return them: negative. `E.BUSY` is -EBUSY. */
import { errnoByName } from '../ops/constants.ts';

const NAMES = [
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
] as const;

export const E = Object.freeze(
  Object.fromEntries(
    NAMES.map((name) => {
      const value = errnoByName.get(`E${name}`);
      if (value === undefined) throw new Error(`E${name} is not in the table of errnos`);
      return [name, -value];
    }),
  ),
) as Readonly<Record<(typeof NAMES)[number], number>>;
