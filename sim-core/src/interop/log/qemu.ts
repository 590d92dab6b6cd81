/**
 * QEMU's log of trace events (`-trace vfio_* -trace kvm_* -D FILE`), with and without `-msg timestamp=on`. The log shows
 * what QEMU does, in its own words; times and threads only as far as the form has them.
 */
import type { Emit, LineReader } from './reader.ts';

const EVENT =
  /^(?:(\d{1,10})@(\d{1,12}\.\d{1,9}):|(\d{4}-\d\d-\d\dT[\d:.]+Z?) )?((?:kvm|vfio|iommufd|vfu|pci|memory|virtio|apic|ioapic)_[a-z0-9_]+) ?(.*)$/s;
/** Some events print their text over several lines: `  size: 0x100, offset: …`. Warnings of QEMU are in the same file. */
const OTHER = /^(?:\s+\S|qemu-system-\w+: |\S+: warning: )/;

export function knowsQemu(line: string): boolean {
  return EVENT.test(line);
}

export function readQemu(emit: Emit): LineReader {
  return {
    line(text, line) {
      const match = EVENT.exec(text);
      if (!match) return OTHER.test(text);
      const [, pid, seconds, stamp, name = '', rest = ''] = match;
      const time = seconds === undefined ? timeOf(stamp) : Number(seconds);
      emit({
        tid: Number(pid ?? 0),
        line,
        what: { kind: 'vmm', name, text: rest },
        ...(time !== undefined && { time }),
      });
      return true;
    },
  };
}

/** Seconds of a time as ISO 8601 writes it. */
function timeOf(stamp: string | undefined): number | undefined {
  const match = stamp === undefined ? null : /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+(?:\.\d+)?)/.exec(stamp);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

/** Days from 1970 to a date of the Gregorian calendar; years begin in March, so that leap days are last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}
