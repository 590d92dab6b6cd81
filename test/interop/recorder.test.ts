// The recorder's log: a real one (Debian's 6.1 under QEMU, bpftrace 0.17, an exported program), and what can be wrong with one.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogReader, sourceOf } from '../../sim-core/src/interop/log/reader.ts';
import type { LogRecord } from '../../sim-core/src/interop/log/record.ts';
import { reportOf } from '../../sim-core/src/interop/rebuild/report.ts';
import { profileNamed } from '../../sim-core/src/kernel/profiles.ts';
import { take, textOf } from './rebuilt.ts';

const RUN = textOf(path.join(import.meta.dirname, 'recorder/k6.1-svm-snoop-off.jsonl'));
const kernel = profileNamed('v6.1');
if (!kernel) throw new Error('no profile v6.1');

function recordsOf(text: string): { records: LogRecord[]; unread: number } {
  const records: LogRecord[] = [];
  const reader = new LogReader((record) => records.push(record), 'recorder');
  reader.push(text);
  reader.end();
  return { records, unread: reader.counts.unread };
}

describe('a recorded run', () => {
  const taken = take([{ name: 'run.jsonl', text: RUN }], [], { kernel });

  test('is known by its lines', () => {
    expect(sourceOf(RUN.split('\n'))?.id).toBe('recorder');
  });

  test('is a scenario without a difference', () => {
    expect(taken.result.outcome.differences).toEqual([]);
    expect(taken.result.outcome.registrations).toEqual([1, 0]);
  });

  test('leaves nothing of a structure to be assumed', () => {
    expect(taken.rebuilt.assumptions.all.map(({ text }) => text)).toEqual([
      'The CPUs are from Intel: no file says who made them.',
    ]);
    expect(taken.result.text).toContain(
      'ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=0x100000, iova=0x100000, size=0x1000})',
    );
    expect(taken.result.text).toContain('device = ioctl(group3, VFIO_GROUP_GET_DEVICE_FD, "0000:01:00.0") = 8');
  });

  test('has its WBINVD where it was, executed', () => {
    const order = taken.rebuilt.steps.map(({ text }) => text);
    expect(order.indexOf('wbinvd')).toBe(order.indexOf('exit(0)') - 1);
    const report = reportOf(taken.rebuilt, taken.result, []);
    expect(JSON.stringify(report)).toContain('WBINVD exits: 1, executed 1');
  });
});

describe('structures', () => {
  const call = (cmd: number, words: readonly string[], more = ''): LogRecord => {
    const { records } = recordsOf(
      `{"t":1,"pid":9,"tid":9,"cpu":0,"call":"ioctl","fd":3,"cmd":${cmd},"arg":"7f00","ret":0${more},"w":[${words.map((word) => `"${word}"`).join()}]}\n`,
    );
    return records[0]!;
  };

  test.each([
    ['KVM_CREATE_DEVICE', 0xc00caee0, ['700000004', '0'], { type: 4, made: 7 }],
    ['VFIO_GROUP_SET_CONTAINER', 0x3b68, ['aaaa0000000c'], { target: 12 }],
    [
      'VFIO_IOMMU_MAP_DMA',
      0x3b71,
      ['300000020', '7f0000000000', 'c0000', '2000'],
      { vaddr: '0x7f0000000000', iova: '0xc0000', size: '0x2000' },
    ],
    ['VFIO_DEVICE_BIND_IOMMUFD', 0x3b76, ['10', '10000000c'], { target: 12 }],
    ['VFIO_DEVICE_ATTACH_IOMMUFD_PT', 0x3b77, ['c', '3'], { id: 3 }],
    ['IOMMU_DESTROY', 0x3b80, ['500000008'], { id: 5 }],
    ['IOMMU_IOAS_ALLOC', 0x3b81, ['c', '2'], { made: 2 }],
    [
      'IOMMU_IOAS_MAP',
      0x3b85,
      ['700000028', '2', '7f00', '1000', 'c0000'],
      { id: 2, vaddr: '0x7f00', size: '0x1000', iova: '0xc0000' },
    ],
    ['IOMMU_IOAS_UNMAP', 0x3b86, ['200000018', 'c0000', '1000'], { id: 2, iova: '0xc0000', size: '0x1000' }],
    ['IOMMU_HWPT_ALLOC', 0x3b89, ['28', '200000001', '4'], { id: 2, made: 4 }],
  ] as const)('%s', (_, cmd, words, known) => {
    expect(call(cmd, words).what).toMatchObject({ kind: 'call', requests: [`0x${cmd.toString(16)}`], known });
  });

  test('an attribute says what it adds, and which descriptor', () => {
    expect(call(0x4018aee1, ['100000000', '2', '7f00'], ',"target":11').what).toMatchObject({
      known: { group: 1, attr: 'del', target: 11 },
    });
  });

  test('the memory type of a leaf', () => {
    const { records } = recordsOf('{"t":1,"pid":9,"tid":9,"cpu":0,"leaf":"c0","bits":112}\n');
    expect(records[0]?.what).toEqual({ kind: 'event', name: 'leaf', text: 'WB, guest PAT ignored' });
  });
});

test.each([
  '{"t":1,"pid":9,"tid":9,"cpu":0,"call":"ioctl"',
  '{"t":1,"pid":9,"tid":9,"cpu":0,"call":"nonsense"}',
  '{"t":1,"pid":9,"tid":9,}',
  'nonsense',
])('a line that is damaged is counted: %s', (line) => {
  expect(recordsOf(`${line}\n`)).toEqual({ records: [], unread: 1 });
});

test('numbers beyond 64 bits, words that are none and paths from elsewhere are data', () => {
  const { records, unread } = recordsOf(
    [
      '{"t":99999999999999999999,"pid":9,"tid":9,"cpu":0,"call":"openat","flags":2,"ret":3,"w":["2f6576642f2e2e2f","zz",7]}',
      '{"t":1,"pid":9,"tid":9,"cpu":0,"call":"ioctl","fd":3,"cmd":99999999999999999999999,"arg":"xyz","ret":-99999999999999999999}',
    ].join('\n'),
  );
  expect(unread).toBe(0);
  expect(records).toHaveLength(2);
});

test('what bpftrace says about itself is understood', () => {
  expect(recordsOf('Attaching 14 probes...\n{"recorder":"snoopscope","version":1}\nLost 3 events\n').unread).toBe(0);
});

test('the report has memory types and times where the log has them', () => {
  const leaf = (bits: number): string => `{"t":138075231480,"pid":254,"tid":256,"cpu":0,"leaf":"c0","bits":${bits}}\n`;
  const { rebuilt, result } = take([{ name: 'run.jsonl', text: `${RUN}${leaf(112)}${leaf(0)}${leaf(112)}` }], [], {
    kernel,
  });
  expect(JSON.stringify(reportOf(rebuilt, result, []))).toContain(
    'Leaves of EPT that were made, by memory type: WB, guest PAT ignored 2; UC 1.',
  );
  const perf = textOf(path.join(import.meta.dirname, 'logs/k6.1.192-intel-snoop-off-q7.2.22-perfscript.log.txt.gz'));
  const timed = take([{ name: 'perf.txt', text: perf }], []);
  expect(JSON.stringify(reportOf(timed.rebuilt, timed.result, []))).toMatch(
    /out of the guest for [\d.]+ ms in all, at most [\d.]+ ms/,
  );
});
