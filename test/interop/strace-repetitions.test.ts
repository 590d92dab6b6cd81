// Lines of strace that repeat an earlier one are not read again: what comes out is the same as if they were.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../sim-core/src/interop/log/record.ts';
import { readLog } from './read.ts';

/** What strace prints before a line, by its options, and whether -T is among them. */
const FORMS: readonly (readonly [options: string, prefix: (i: number) => string, duration: boolean])[] = [
  ['', () => '', false],
  ['-f -o', (i) => `${thread(i)}   `, false],
  ['-f', (i) => `[pid ${String(thread(i)).padStart(5)}] `, false],
  ['-f -Y', (i) => `[pid ${thread(i)}<CPU ${i % 3}/KVM>] `, false],
  ['-f -ttt', (i) => `${String(thread(i)).padEnd(5)} 1795881747.${digits(i)} `, false],
  ['-f -ttt -T', (i) => `${String(thread(i)).padEnd(5)} 1795881747.${digits(i)} `, true],
  [
    '-f -tt -T, on a terminal',
    (i) => `[pid ${String(thread(i)).padStart(5)}] 16:03:${10 + (i % 40)}.${digits(i)} `,
    true,
  ],
  ['-T', () => '', true],
  ['-f -r', (i) => `${String(thread(i)).padEnd(5)}      0.${digits(i)} `, false],
  ['-f -t -r -T', (i) => `${thread(i)} 16:03:${10 + (i % 40)} (+     0.${digits(i)}) `, true],
  ['-f -i -ttt', (i) => `${thread(i)} 1795881747.${digits(i)} [00007f8c1d8a2c5b] `, false],
];

/** The same number of characters, except for one thread in some. */
function thread(i: number): number {
  return i % 11 === 10 ? 10_441 : 440 + (i % 4);
}

function digits(i: number): string {
  return String((i * 7919) % 1_000_000).padStart(6, '0');
}

/** Calls that come by the thousand, and some between them. */
function callAt(i: number): string {
  if (i % 13 === 12) return 'ioctl(9</dev/kvm>, KVM_CREATE_VM, 0) = 10';
  if (i % 17 === 16) return 'ioctl(12, KVM_RUN, 0) = -1 EINTR (Interrupted system call)';
  return i % 3 === 0
    ? `ioctl(8, KVM_IRQ_LINE_STATUS, 0x7ffe64${(0x1000 + i).toString(16)}) = 0`
    : `ioctl(${12 + (i % 4)}<anon_inode:kvm-vcpu:${i % 4}>, KVM_RUN, 0) = 0`;
}

const LINES = 400;
const encoder = new TextEncoder();

/** What is needed of a record: of requests that come by the thousand, neither the time nor the pointer. */
function needed({ time, what, ...rest }: LogRecord): unknown {
  const often = what.kind === 'call' && /^KVM_(?:RUN|IRQ_LINE)/.test(what.requests?.[0] ?? '');
  return often ? { ...rest, what: { ...what, args: what.args.slice(0, 1) } } : { ...rest, time, what };
}

function compared(text: string): { readonly slow: unknown[]; readonly fast: unknown[]; readonly repeated: number } {
  const size = 1 << 12;
  const [slow, fast] = [undefined, encoder].map((given) => readLog(text, 'strace', size, given));
  expect(fast!.counts).toEqual(slow!.counts);
  // A repeated call is the same object as the call that it repeats.
  const calls = fast!.records.map(({ what }) => what);
  return {
    slow: slow!.records.map(needed),
    fast: fast!.records.map(needed),
    repeated: calls.length - new Set(calls).size,
  };
}

describe.each(FORMS)('strace %s', (_, prefix, duration) => {
  const lines = Array.from(
    { length: LINES },
    (_line, i) => `${prefix(i)}${callAt(i)}${duration ? ` <0.${digits(i * 31)}>` : ''}`,
  );

  test('a repeated line gives the record that it gives when it is read', () => {
    const { slow, fast, repeated } = compared(`${lines.join('\n')}\n`);
    expect(fast).toEqual(slow);
    expect(fast).toHaveLength(LINES);
    expect(repeated).toBeGreaterThan(LINES / 2);
  });

  test('so it does, and is refused, where characters are damaged', () => {
    const damage = fc.record({
      line: fc.nat(LINES - 1),
      column: fc.nat(200),
      sign: fc.constantFrom('x', 'f', '9', ' ', '<', '.', ':', 'é', '\u0000', '\n', '\r', ''),
    });
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 40 }), (damages) => {
        const damaged = [...lines];
        for (const { line, column, sign } of damages) {
          const text = damaged[line]!;
          const at = column % text.length;
          damaged[line] = text.slice(0, at) + sign + text.slice(at + 1);
        }
        const { slow, fast } = compared(`${damaged.join('\n')}\n`);
        expect(fast).toEqual(slow);
      }),
      { numRuns: 30 },
    );
  });
});

test('times that count from line to line count over repeated lines, too', () => {
  const run = (i: number): string => `441        0.${digits(i)} ioctl(12, KVM_RUN, 0) = 0`;
  const text = `${Array.from({ length: 50 }, (_, i) => run(i)).join('\n')}\n441        0.500000 close(3) = 0\n`;
  const time = (given: TextEncoder | undefined): number | undefined =>
    readLog(text, 'strace', 1 << 12, given).records.at(-1)?.time;
  expect(time(encoder)).toBe(time(undefined));
});
