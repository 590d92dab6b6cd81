/**
 * Which ioctl a log means. Kernel headers give one number several names, and some logs print numbers only: the file
 * of the descriptor decides.
 *
 * linux: include/uapi/linux/kvm.h, vfio.h, iommufd.h.
 */
import type { FileKind } from '../../files/kinds.ts';
import { KVM_TYPE, nameOfNumber, VFIO, VFIO_TYPE } from '../../ops/request-numbers.ts';

/** `_IOC(_IOC_READ|_IOC_WRITE, 0x3b, 0x7d, 0x8)`, as strace writes a request without a name. */
const SPELLED = /^_IOC\(([\w|]+), (0x[0-9a-f]+|\d+), (0x[0-9a-f]+|\d+), (0x[0-9a-f]+|\d+)\)$/;

/** The number that a log prints in place of a name; undefined for a name. */
export function requestNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/.test(text)) return Number(text);
  const parts = SPELLED.exec(text);
  if (!parts) return undefined;
  const [, direction = '', type = '', number = '', size = ''] = parts;
  const bits = (direction.includes('READ') ? 2 : 0) | (direction.includes('WRITE') ? 1 : 0);
  return bits * 2 ** 30 + Number(size) * 2 ** 16 + Number(type) * 2 ** 8 + Number(number);
}

/** The name of a request on a kind of file; as the log prints it when no name is known. */
export function requestName(written: readonly string[], kind: FileKind | undefined): string {
  const first = written[0] ?? '';
  const number = requestNumber(first);
  if (number !== undefined) return nameOfNumber(number, kind) ?? first;
  if (written.length === 1) return first;
  const fitting =
    kind && Object.values(VFIO).find((names) => names[kind] !== undefined && written.includes(names[kind]));
  return (kind && fitting?.[kind]) ?? written.find((name) => !name.includes('SPAPR')) ?? first;
}

/** Is this a request of KVM, VFIO or iommufd, by name or number? */
export function isOurs(written: readonly string[]): boolean {
  const first = written[0] ?? '';
  if (/^(?:KVM|VFIO|IOMMU)_/.test(first)) return true;
  const number = requestNumber(first);
  if (number === undefined) return false;
  const type = (number >>> 8) & 0xff;
  return type === KVM_TYPE || type === VFIO_TYPE;
}

/** The kind of file that answers a request that only one kind answers; for logs that do not show files. */
export function kindByRequest(written: readonly string[]): FileKind | undefined {
  const number = requestNumber(written[0] ?? '');
  const names =
    number === undefined
      ? Object.values(VFIO).find((all) => Object.values(all).includes(written[0] ?? ''))
      : VFIO[number & 0xff];
  const ours = number === undefined || ((number >>> 8) & 0xff) === VFIO_TYPE;
  if (!ours || !names) return undefined;
  const kinds = (Object.keys(names) as FileKind[]).filter(
    (kind) => kind !== 'iommufd' || Object.keys(names).length === 1,
  );
  return written.length === 1 && kinds.length === 1 ? kinds[0] : undefined;
}
