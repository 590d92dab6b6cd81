/** Errnos that many calls share. */
import type { ErrnoDoc } from './op.ts';

/** What every ioctl fails with before any file sees it. */
export const BAD_DESCRIPTOR: ErrnoDoc = {
  name: 'EBADF',
  when: 'The descriptor is not open, or it was opened with O_PATH.',
};
