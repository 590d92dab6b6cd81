// Every form of line that a source prints, and texts that nobody should give to a reader.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_LINE } from '../../sim-core/src/interop/log/reader.ts';
import { SOURCES } from '../../sim-core/src/interop/log/sources.ts';
import { callsOf, readLog } from './read.ts';

/** One call in the forms of strace's options, and what is read of it: thread, time, call. */
const STRACE: readonly (readonly [
  options: string,
  line: string,
  tid: number,
  time: number | undefined,
  call: string,
])[] = [
  ['', 'ioctl(9, KVM_CREATE_VM, 0) = 10', 0, undefined, 'ioctl(9, KVM_CREATE_VM, 0) = 10'],
  ['padded', 'close(8)                                = 0', 0, undefined, 'close(8) = 0'],
  [
    '-y',
    'ioctl(9</dev/kvm>, KVM_CREATE_VM, 0) = 10<anon_inode:kvm-vm>',
    0,
    undefined,
    'ioctl(9</dev/kvm>, KVM_CREATE_VM, 0) = 10 anon_inode:kvm-vm',
  ],
  [
    '-yy',
    'openat(AT_FDCWD</>, "/dev/vfio/8", O_RDWR) = 8</dev/vfio/8<char 246:0>>',
    0,
    undefined,
    'openat(AT_FDCWD</>, "/dev/vfio/8", O_RDWR) = 8 /dev/vfio/8',
  ],
  ['-f -o', '164   close(3) = 0', 164, undefined, 'close(3) = 0'],
  ['-f', '[pid   164] close(3) = 0', 164, undefined, 'close(3) = 0'],
  ['-f -Y', '[pid 164<qemu-kvm>] close(3) = 0', 164, undefined, 'close(3) = 0'],
  ['-t', '16:03:05 close(3) = 0', 0, 57_785, 'close(3) = 0'],
  ['-tt', '164 16:03:05.250000 close(3) = 0', 164, 57_785.25, 'close(3) = 0'],
  ['-ttt', '164   1795881742.750000 close(3) = 0', 164, 1795881742.75, 'close(3) = 0'],
  ['-r', '     0.500000 close(3) = 0', 0, 0.5, 'close(3) = 0'],
  ['-f -r', '164        0.500000 close(3) = 0', 164, 0.5, 'close(3) = 0'],
  ['-T', 'close(3) = 0 <0.000123>', 0, undefined, 'close(3) = 0'],
  ['-T -y', 'dup(3</dev/kvm>) = 4</dev/kvm> <0.000123>', 0, undefined, 'dup(3</dev/kvm>) = 4 /dev/kvm'],
  ['-n', '[   3] close(3) = 0', 0, undefined, 'close(3) = 0'],
  ['-i -n -t', '164 16:03:05 [  16] [00007fe52b4fa000] close(3) = 0', 164, 57_785, 'close(3) = 0'],
  [
    '-e kvm=vcpu',
    'ioctl(12<anon_inode:kvm-vcpu:0>, KVM_RUN, 0) = 0 (KVM_EXIT_IO)',
    0,
    undefined,
    'ioctl(12<anon_inode:kvm-vcpu:0>, KVM_RUN, 0) = 0',
  ],
  [
    'an errno',
    'ioctl(12, KVM_RUN, 0) = -1 EINTR (Interrupted system call)',
    0,
    undefined,
    'ioctl(12, KVM_RUN, 0) = EINTR',
  ],
  ['-T and an errno', 'close(3) = -1 EBADF (Bad file descriptor) <0.000010>', 0, undefined, 'close(3) = EBADF'],
  [
    'a request with several names',
    'ioctl(14, VFIO_DEVICE_PCI_HOT_RESET or VFIO_IOMMU_MAP_DMA, 0x7ff) = 0',
    0,
    undefined,
    'ioctl(14, VFIO_DEVICE_PCI_HOT_RESET/VFIO_IOMMU_MAP_DMA, 0x7ff) = 0',
  ],
  [
    'an unknown request',
    'ioctl(16, _IOC(_IOC_NONE, 0x3b, 0x7d, 0), 0x7ffe) = 0',
    0,
    undefined,
    'ioctl(16, _IOC(_IOC_NONE, 0x3b, 0x7d, 0), 0x7ffe) = 0',
  ],
  ['-X raw', 'ioctl(14, 0x3b71, 0x7ffe) = 0', 0, undefined, 'ioctl(14, 0x3b71, 0x7ffe) = 0'],
  [
    '-X verbose',
    'openat(-100 /* AT_FDCWD */, "/dev/kvm", 0x80002 /* O_RDWR|O_CLOEXEC */) = 9',
    0,
    undefined,
    'openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9',
  ],
  [
    '-X verbose, a request with several names',
    'ioctl(14, 0x3b71 /* VFIO_DEVICE_PCI_HOT_RESET or VFIO_IOMMU_MAP_DMA */, 0x7ff) = 0',
    0,
    undefined,
    'ioctl(14, VFIO_DEVICE_PCI_HOT_RESET/VFIO_IOMMU_MAP_DMA, 0x7ff) = 0',
  ],
  [
    'a structure',
    'ioctl(10, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, guest_phys_addr=0xfe, memory_size=0, userspace_addr=0}) = 0',
    0,
    undefined,
    'ioctl(10, KVM_SET_USER_MEMORY_REGION, {slot=1, flags=0, guest_phys_addr=0xfe, memory_size=0, userspace_addr=0}) = 0',
  ],
  [
    'a string with everything in it',
    'pwrite64(16, "a\\") = 3, {", 2, 4) = 2',
    0,
    undefined,
    'pwrite64(16, "a\\") = 3, {", 2, 4) = 2',
  ],
  ['a deleted file', 'close(8</data/wb.img>(deleted)) = 0', 0, undefined, 'close(8</data/wb.img>(deleted)) = 0'],
  ['a path with a comma', 'close(8</tmp/a, b>) = 0', 0, undefined, 'close(8</tmp/a, b>) = 0'],
  ['a call without an end', 'exit_group(0)   = ?', 0, undefined, 'exit_group(0) = ?'],
  ['flags after a result', 'fcntl(5, F_GETFL) = 0x2 (flags O_RDWR)', 0, undefined, 'fcntl(5, F_GETFL) = 2'],
];

describe('strace', () => {
  test.each(STRACE)('%s', (_, line, tid, time, call) => {
    const { source, records, counts } = readLog(line);
    expect(source).toBe('strace');
    expect(counts.unread).toBe(0);
    expect(callsOf(records)).toEqual([call]);
    expect(records[0]).toMatchObject({ tid, line: 1, ...(time !== undefined && { time }) });
  });

  test('a call that another thread interrupts is one call, where it ends', () => {
    const { records, counts } = readLog(
      [
        '443   ioctl(12, KVM_RUN <unfinished ...>',
        '439   close(16) = 0',
        '443   <... ioctl resumed>, 0) = 0',
        '443   --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_TKILL, si_pid=436, si_uid=0} ---',
        '443   +++ exited with 0 +++',
        'strace: Process 465 attached',
        ' > /usr/lib/libc.so.6(ioctl+0x4b) [0x10a1bb]',
      ].join('\n'),
    );
    expect(callsOf(records)).toEqual(['close(16) = 0', 'ioctl(12, KVM_RUN, 0) = 0']);
    expect(records.map(({ line }) => line)).toEqual([2, 3, 5]);
    expect(counts).toMatchObject({ lines: 7, unread: 0 });
  });

  test('a log that ends inside a call shows the call without a result', () => {
    expect(callsOf(readLog('1 ioctl(3, KVM_RUN, 0 <unfinished ...>\n2 close(4) = 0').records)).toEqual([
      'close(4) = 0',
      'ioctl(3, KVM_RUN, 0) = ?',
    ]);
  });
});

/** The same exit and the same function in the forms of the tracers. */
const TRACERS = [
  ['ftrace', ' CPU 0/KVM-460   [001] d..2.    98.373230: kvm_exit: vcpu 0 reason wbinvd rip 0xead3e info1 0x0'],
  ['trace-cmd', ' CPU 0/KVM-460   [001]    98.373230: kvm_exit:             reason EXIT_WBINVD rip 0xead3e info 0 0'],
  [
    'trace-cmd',
    ' CPU 0/KVM-460   [001] .....    98.373230: kvm_exit:              exit_reason=137 guest_rip=0xead3e isa=2 vcpu_id=0',
  ],
  [
    'perf-script',
    ' CPU 0/KVM  460 [001]    98.373230:           kvm:kvm_exit: vcpu 0 reason EXIT_WBINVD rip 0xead3e info 0 0',
  ],
] as const;

describe('tracers', () => {
  test.each(TRACERS)('%s: %s', (source, line) => {
    const read = readLog(line);
    expect(read.source).toBe(source);
    expect(read.records).toMatchObject([
      { tid: 460, comm: 'CPU 0/KVM', cpu: 1, time: 98.37323, what: { kind: 'exit', reason: 'WBINVD' } },
    ]);
  });

  const FUNCTIONS = [
    ' kvm-pit/441-462 [000] .....  86.092461: kvm_arch_register_noncoherent_dma <-kvm_vfio_update_coherency',
    ' kvm-pit/441-462 [000]  86.092461: function:      kvm_arch_register_noncoherent_dma <-- kvm_vfio_update_coherency',
    ' kvm-pit/441-462 [000]  86.092461: function:      ip=kvm_arch_register_noncoherent_dma parent_ip=kvm_vfio_update_coherency',
    ' kvm-pit/441-462 [000]  86.092461: function:      ip=kvm_arch_register_noncoherent_dma (0xffffffff) parent_ip=kvm_vfio_update_coherency (0xff)',
  ];
  test.each(FUNCTIONS)('%s', (line) => {
    expect(readLog(line).records).toMatchObject([
      {
        tid: 462,
        comm: 'kvm-pit/441',
        what: { name: 'kvm_arch_register_noncoherent_dma', caller: 'kvm_vfio_update_coherency' },
      },
    ]);
  });

  test('trace-cmd without callers, with a function that the compiler cut', () => {
    const { records } = readLog('cpus=2\n q-1 [000] 1.5: function:    kvm_emulate_wbinvd_noskip.part.0');
    expect(records).toMatchObject([{ what: { kind: 'kernel', name: 'kvm_emulate_wbinvd_noskip' } }]);
  });
});

describe('perf trace', () => {
  test('requests as numbers, errnos, interrupted calls', () => {
    const { source, records, counts } = readLog(
      [
        '  3344.159 ( 0.152 ms): qemu-system-x8/1369 ioctl(fd: 15, cmd: (NONE, 0x3b, 0x65, 0), arg: 0x3)                   = 1',
        '  3877.521 ( 0.039 ms): qemu-system-x8/1369 ioctl(fd: 17, cmd: (NONE, 0x3b, 0x6d, 0), arg: 0x7ffd8d66b930)        = -1 EINVAL (Invalid argument)',
        '  4760.308 (         ): qemu-system-x8/1377 ioctl(fd: 13, cmd: KVM_RUN)                                        ...',
        '  4760.308 ( 9.289 ms): qemu-system-x8/1377  ... [continued]: ioctl())                                          = 0',
      ].join('\n'),
    );
    expect(source).toBe('perf-trace');
    expect(counts.unread).toBe(0);
    expect(callsOf(records)).toEqual([
      'ioctl(15, 0x3b65, 0x3) = 1',
      'ioctl(17, 0x3b6d, 0x7ffd8d66b930) = EINVAL',
      'ioctl(13, KVM_RUN, 0) = 0',
    ]);
  });
});

describe("QEMU's log", () => {
  test('with and without times', () => {
    const { source, records } = readLog(
      [
        'vfio_realize  (0000:01:00.0) group 8',
        '519@1795882972.250000:vfio_realize  (0000:01:00.0) group 8',
        '2026-11-28T16:25:22.500000Z vfio_device_attach  (0000:01:00.0) group 8',
      ].join('\n'),
    );
    expect(source).toBe('qemu');
    expect(records.map(({ tid, time }) => [tid, time])).toEqual([
      [0, undefined],
      [519, 1795882972.25],
      [0, Date.UTC(2026, 10, 28, 16, 25, 22, 500) / 1000],
    ]);
  });
});

describe('what no reader expects', () => {
  test('a log that is none of these', () => {
    const { source, records, counts } = readLog('Dear diary,\ntoday the VM did not start.\n');
    expect(source).toBeUndefined();
    expect(records).toEqual([]);
    expect(counts).toMatchObject({ lines: 2, unread: 2, first: [1, 2] });
  });

  test('lines in between that are something else are counted and named', () => {
    const { counts } = readLog('1 close(3) = 0\n\u0001\u0002\n1 close(4) = 0\n1 close(5) =');
    expect(counts).toMatchObject({ lines: 4, read: 2, unread: 2, first: [2, 4] });
  });

  test('a line without an end is cut', () => {
    const { counts, records } = readLog(
      `1 close(3) = 0\nwrite(1, "${'a'.repeat(LONGEST_LINE * 2)}\n1 close(4) = 0`,
      'strace',
      1 << 16,
    );
    expect(callsOf(records)).toEqual(['close(3) = 0', 'close(4) = 0']);
    expect(counts).toMatchObject({ cut: 1, unread: 1 });
  });

  test('lines of other operating systems end in two characters', () => {
    expect(callsOf(readLog('1 close(3) = 0\r\n1 close(4) = 0\r\n').records)).toHaveLength(2);
  });

  const samples = [...STRACE.map(([, line]) => line), ...TRACERS.map(([, line]) => line)];
  test('damaged lines never end a reader, and every line is counted once', () => {
    const damaged = fc
      .tuple(fc.constantFrom(...samples), fc.nat(200), fc.nat(20), fc.string({ unit: 'binary', maxLength: 20 }))
      .map(([line, at, gone, put]) => line.slice(0, at) + put + line.slice(at + gone));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(damaged, fc.string({ unit: 'binary' })), { maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (lines, chunk) => {
          const text = lines.join('\n');
          for (const source of [undefined, ...SOURCES.map(({ id }) => id)]) {
            const { counts } = readLog(text, source, chunk);
            expect(counts.read + counts.unread).toBe(counts.lines);
            expect(counts.lines).toBe(text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  const HOSTILE = [' ', '(', '1 ', '"', '<', '>', '-', '[', ' (>', '\\', 'a', '0', '1-', ' = ', ': '];
  test.each(HOSTILE)('a million times %o', (piece) => {
    const text = piece.repeat(1_000_000 / piece.length);
    for (const { id } of SOURCES) {
      expect(readLog(`close(${text}`, id, 1 << 16).counts.lines).toBe(1);
      expect(readLog(text, id, 1 << 16).counts.lines).toBe(1);
    }
  });
});

test('lines that repeat but for their time are read as if each were the first', () => {
  const line = (second: number, tid: number, call: string): string => `${tid}   17958817${10 + second}.000001 ${call}`;
  const lines = Array.from({ length: 60 }, (_, i) =>
    line(
      i,
      i % 7 === 0 ? 44 : 443,
      i % 5 === 0
        ? `ioctl(10, KVM_IRQ_LINE_STATUS, 0x7fb141ebb2${i}) = 0`
        : i % 11 === 0
          ? 'ioctl(12, KVM_RUN, 0) = -1 EINTR (Interrupted system call)'
          : 'ioctl(12, KVM_RUN, 0) = 0',
    ),
  );
  const read = readLog(lines.join('\n'), 'strace', 10_000);
  expect(read.counts).toMatchObject({ lines: 60, read: 60, unread: 0 });
  const one = lines.map((text) => readLog(text, 'strace').records[0]!);
  expect(read.records.map(({ tid, line: number }) => [tid, number])).toEqual(one.map(({ tid }, i) => [tid, i + 1]));
  // Pointers of interrupts are of no interest, everything else is the same.
  const plain = (calls: readonly string[]): string[] => calls.map((call) => call.replace(/0x7f\w+/, 'pointer'));
  expect(plain(callsOf(read.records))).toEqual(plain(callsOf(one)));
});
