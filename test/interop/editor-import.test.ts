// What the editor's worker answers when logs are to be imported: what the command prints, whatever way the bytes come.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type FileToRead, type ImportReply, importInWorker } from '../../client/vscode/src/import-worker.ts';

const RUN = 'k6.1.192-intel-snoop-off-q7.2.22-';
const packed = (name: string) => new Uint8Array(readFileSync(path.join(import.meta.dirname, `logs/${RUN}${name}.gz`)));
const text = (lines: string) => new TextEncoder().encode(lines);

async function answer(
  files: readonly FileToRead[],
  around: { stop?: AbortSignal; pid?: number } = {},
): Promise<ImportReply[]> {
  const replies: ImportReply[] = [];
  await importInWorker(
    { kind: 'import', files, ...(around.pid !== undefined && { pid: around.pid }) },
    {
      // How far it is depends on the machine.
      send: (reply) => reply.kind === 'progress' || replies.push(reply),
      pause: () => Promise.resolve(),
      stop: around.stop ?? new AbortController().signal,
      async *bytesOf(file) {
        const all = packed(file);
        for (let at = 0; at < all.length; at += 1000) yield all.slice(at, at + 1000);
      },
    },
  );
  return replies;
}

describe('a log in the editor', () => {
  test('is a scenario, and notes about it', async () => {
    const [reply] = await answer([{ name: 'qemu.strace.gz', contents: packed('strace-f-y-hotplug.log.txt') }]);
    if (reply?.kind !== 'imported') throw new Error(JSON.stringify(reply));
    expect(reply.scenario).toMatch(/^scenario "qemu\.strace\.gz"/);
    expect(reply.scenario).toContain('attr=KVM_DEV_VFIO_GROUP_ADD');
    expect(reply.differences).toBe(0);
    expect(reply.remarks[0]).toMatch(/^qemu\.strace\.gz: strace, \d+ lines\.$/);
    expect(reply.remarks.at(-1)).toBe('No difference: the profile gives every result of the log.');
  });

  test('is the same by its path, in pieces, plain and packed', async () => {
    const name = 'strace-f-y-hotplug.log.txt';
    const [whole] = await answer([{ name, contents: packed(name) }]);
    expect(await answer([{ name, contents: name }])).toEqual([whole]);
    expect(await answer([{ name, contents: new Uint8Array(gunzipSync(packed(name))) }])).toEqual([whole]);
  });

  test('lines of strace that were pasted into a scenario are a log', async () => {
    const pasted = [
      'scenario "pasted"',
      'machine {',
      '  iommu dmar0 vt-d snoop-control=off',
      '  device nic 0000:03:00.0 iommu=dmar0 group=14',
      '}',
      '',
      'setup {',
      '  openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 5</dev/kvm>',
      '\tioctl(5</dev/kvm>, KVM_CREATE_VM, 0) = 6<anon_inode:kvm-vm>',
      '  openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 7</dev/vfio/vfio>',
      '  openat(AT_FDCWD, "/dev/vfio/14", O_RDWR) = 8</dev/vfio/14>',
      '  ioctl(8</dev/vfio/14>, VFIO_GROUP_SET_CONTAINER, 0x7ffd3e3f0a30) = 0',
      '  ioctl(7</dev/vfio/vfio>, VFIO_SET_IOMMU, 0x3) = 0',
      '}',
      '',
    ].join('\n');
    const [reply] = await answer([{ name: 'pasted.snoop', contents: text(pasted) }]);
    if (reply?.kind !== 'imported') throw new Error(JSON.stringify(reply));
    expect(reply.remarks[0]).toBe(
      'pasted.snoop: strace, 14 lines, 7 of them not understood (first: lines 1, 2, 3, 4, 5).',
    );
    expect(reply.scenario.split('\n').filter((line) => / = \S+ {2}\/\//.test(line))).toEqual([
      '  kvm = open("/dev/kvm", O_RDWR|O_CLOEXEC) = 5  // 8',
      '  vm = ioctl(kvm, KVM_CREATE_VM, 0) = 6  // 9',
      '  container = open("/dev/vfio/vfio", O_RDWR) = 7  // 10',
      '  group14 = open("/dev/vfio/14", O_RDWR) = 8  // 11',
      '  ioctl(group14, VFIO_GROUP_SET_CONTAINER, [container]) = 0  // 12',
      '  ioctl(container, VFIO_SET_IOMMU, 0x3) = 0  // 13',
    ]);
    expect(reply.differences).toBe(0);
  });

  test('a scenario without such lines is none, whatever it opens and closes', async () => {
    const scenario = 'setup {\n  kvm = open("/dev/kvm", O_RDWR) = 5\n  close(kvm) = 0\n}\n';
    const [reply] = await answer([{ name: 'plain.snoop', contents: text(scenario) }]);
    expect(reply).toEqual({ kind: 'refused', message: expect.stringContaining('No line of it is known') });
  });

  test('several files are one run', async () => {
    const names = ['strace-f-y-hotplug.log.txt', 'strace-f-y-hotplug.ftrace.txt', 'cpuinfo.txt'];
    const [reply] = await answer(names.map((name) => ({ name, contents: packed(name) })));
    if (reply?.kind !== 'imported') throw new Error(JSON.stringify(reply));
    expect(reply.remarks.slice(0, 3).map((line) => line.split(':')[1]?.split(',')[0]?.trim())).toEqual([
      'strace',
      'ftrace (tracefs)',
      'about the machine.',
    ]);
  });

  test('of several VMMs asks for one, by its number', async () => {
    const vmm = (pid: number, group: number): string =>
      `${pid} openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9
${pid} ioctl(9, KVM_CREATE_VM, 0) = 10
${pid} openat(AT_FDCWD, "/dev/vfio/${group}", O_RDWR) = 11
`;
    const files = [
      { name: 'two.strace', contents: text(`90 vfork() = 100\n90 vfork() = 200\n${vmm(100, 7)}${vmm(200, 8)}`) },
    ];
    expect(await answer(files)).toEqual([
      {
        kind: 'processes',
        processes: [
          { pid: 100, calls: 3, line: 3, vms: 1 },
          { pid: 200, calls: 3, line: 6, vms: 1 },
        ],
      },
    ]);
    const [reply] = await answer(files, { pid: 200 });
    expect(reply).toMatchObject({ kind: 'imported', scenario: expect.stringContaining('/dev/vfio/8') });
    expect(await answer(files, { pid: 300 })).toEqual([
      { kind: 'refused', message: expect.stringContaining('Several processes of the log use KVM or VFIO: 100') },
    ]);
  });

  test('that is cut off gives what came before, and says so', async () => {
    const all = packed('strace-f-y-hotplug.log.txt');
    const [reply] = await answer([{ name: 'cut.gz', contents: all.slice(0, Math.floor(all.length / 2)) }]);
    if (reply?.kind !== 'imported') throw new Error(JSON.stringify(reply));
    expect(reply.remarks[1]).toBe(
      'cut.gz: it is compressed with gzip, and damaged or cut off; what came before was read.',
    );
  });

  test.each([
    ['nothing known', text('hello\nworld\n'), /^x: No line of it is known: none comes from strace, /],
    [
      'no call of interest',
      text('execve("/bin/true", ["true"], 0x7ffe /* 0 vars */) = 0\n'),
      /^Nothing relevant found/,
    ],
    ['a binary file', new Uint8Array([1, 2, 0, 3]), /^x: This is a binary file, not text\.$/],
    ['what perf records', text('PERFILE2\0\0\0'), /^x: This is what perf records; `perf script/],
    ['a binary file, packed', new Uint8Array(gzipSync(new Uint8Array(100))), /^x: This is a binary file, not text\.$/],
    ['an empty file', new Uint8Array(), /^x: The file is empty\.$/],
    ['a file of blanks', text(' \n\n'), /^x: The file is empty\.$/],
    [
      'xz',
      new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]),
      /^x: This is compressed with xz; `xz -d` unpacks it/,
    ],
    ['zstd', new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 4, 0x58]), /^x: This is compressed with zstd/],
  ])('with %s is refused', async (_what, contents, message) => {
    const [reply] = await answer([{ name: 'x', contents }]);
    if (reply?.kind !== 'refused') throw new Error(JSON.stringify(reply));
    expect(reply.message).toMatch(message);
  });

  test('that cannot be read is refused with the reason', async () => {
    const [reply] = await answer([{ name: 'gone.log', contents: 'gone' }]);
    if (reply?.kind !== 'refused') throw new Error(JSON.stringify(reply));
    expect(reply.message).toMatch(/^gone\.log: ENOENT/);
  });

  test('that is cancelled gives nothing', async () => {
    const stop = AbortSignal.abort();
    expect(await answer([{ name: 'a', contents: packed('strace-f-y-hotplug.log.txt') }], { stop })).toEqual([
      { kind: 'cancelled' },
    ]);
  });
});
