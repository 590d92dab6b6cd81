// `snoopscope import` of logs: the scenario on stdout, everything else on stderr, and check agrees with it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { root, snoopscope } from './command.ts';

const LOGS = path.join(root, 'test/interop/logs');
const OFF = path.join(LOGS, 'k6.1.192-intel-snoop-off-q7.2.22');
const folder = mkdtempSync(path.join(tmpdir(), 'snoopscope-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

test('what import prints is a scenario that check agrees with', async () => {
  const { exitCode, stdout, stderr } = await snoopscope(
    `import ${OFF}-strace-f-y-hotplug.log.txt.gz ${OFF}-strace-f-y-hotplug.ftrace.txt.gz ${OFF}-uname.txt.gz`,
  );
  expect(exitCode).toBe(0);
  expect(stderr).toContain('strace, 4272 lines.');
  expect(stderr).toContain('Kernel: debian-6.1.192: the files say 6.1.0-56-amd64.');
  expect(stderr).toContain('No difference: the profile gives every result of the log.');
  const checked = await snoopscope(`check ${written('hotplug.snoop', stdout)}`);
  expect(checked.exitCode).toBe(0);
  expect(checked.stdout).toContain('the one order of its schedule');
});

test('a log that is given twice is refused: its calls were made once', async () => {
  const log = written('once.log', 'openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3\nioctl(3, KVM_CREATE_VM, 0) = 4\n');
  const { exitCode, stdout, stderr } = await snoopscope(`import ${log} ${log}`);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr.replace(/\s+/g, ' ')).toContain('This file is given twice');
});

test('a result that the kernel would not give is a difference, for import and for check', async () => {
  const log = written(
    'wrong.log',
    'openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3\nioctl(3, KVM_CREATE_VM, 0) = 4\nioctl(4, KVM_CREATE_VCPU, 0) = 5\nioctl(4, KVM_CREATE_VCPU, 0) = 6\n',
  );
  const { exitCode, stdout, stderr } = await snoopscope(`import ${log} --kernel v6.1`);
  expect(exitCode).toBe(1);
  expect(stderr.replace(/\s+/g, ' ')).toContain(
    'ioctl(vm, KVM_CREATE_VCPU, 0) = 6: the log says 6, v6.1 -1 EEXIST: kvm_vm_ioctl_create_vcpu() found a vCPU with id 0 in the VM.',
  );
  expect((await snoopscope(`check ${written('wrong.snoop', stdout)}`)).exitCode).toBe(1);
});

test('a schedule that the simulator cannot follow is a difference, for import and for check', async () => {
  const trace = gunzipSync(readFileSync(`${OFF}-strace-f-y-hotplug.ftrace.txt.gz`)).toString('utf8');
  // Two VMs in one trace, of which nothing says where the first ends.
  const log = written('twice.ftrace', trace.replace(/^.*kvm_destroy_vm.*\n/m, '') + trace.replace(/^#.*\n/gm, ''));
  const { exitCode, stdout, stderr } = await snoopscope(`import ${log} --kernel v6.1`);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/Difference: item \d+ of the schedule: the log says host moves, v6\.1 lets \w+.* move\./);
  expect((await snoopscope(`check ${written('twice.snoop', stdout)}`)).exitCode).toBe(3);
});

test('of two VMs that a trace of the kernel shows one after the other, one is taken', async () => {
  const trace = gunzipSync(readFileSync(`${OFF}-strace-f-y-hotplug.ftrace.txt.gz`)).toString('utf8');
  const later = trace
    .replace(/^#.*\n/gm, '')
    .replace(/^( *\S+-)(\d+)(?= +\[)/gm, (_, task, pid) => task + (pid === '0' ? 0 : Number(pid) + 1000));
  const log = written('two.ftrace', trace + later);
  const once = await snoopscope(`import ${OFF}-strace-f-y-hotplug.ftrace.txt.gz --kernel v6.1`);
  const statements = (text: string): string =>
    text
      .split('\n')
      .filter((line) => /^(?:[a-z ]|}|schedule)/.test(line) && !/^(?:scenario|doc) /.test(line))
      .map((line) => line.replace(/ *\/\/.*/, ''))
      .join('\n')
      .replace(/\nschedule only|thread_1(?=\d{3}\b)/g, (part) => (part.startsWith('thread') ? 'thread_' : ''));
  for (const vm of ['', '--vm 1', '--vm 2']) {
    const { exitCode, stdout, stderr } = await snoopscope(`import ${log} --kernel v6.1 ${vm}`);
    expect(exitCode, vm).toBe(0);
    expect(stderr).toContain(
      `Assumed: The log shows 2 VMs, one after the other, and this is number ${vm === '--vm 2' ? 2 : 1}.`,
    );
    expect(stderr).toContain('No difference');
    expect(statements(stdout), vm).toBe(statements(once.stdout));
  }
  const { exitCode, stderr } = await snoopscope(`import ${log} --vm 3`);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('The log has no VM 3, only 2 VMs.')]);
});

test('a packed log that ends too early is read as far as it goes', async () => {
  const whole = readFileSync(`${OFF}-strace-f-y-hotplug.log.txt.gz`);
  const { exitCode, stderr } = await snoopscope(`import strace ${written('cut.gz', whole.subarray(0, 20_000))}`);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('it is compressed with gzip and ends too early; what came before was read.');
});

test('a log is read through colours, carriage returns, another encoding and the zeros that a crash leaves', async () => {
  const lines = [
    '100 openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3',
    '100 ioctl(3, KVM_CREATE_VM, 0) = 4',
    '100 ioctl(4, KVM_CREATE_VCPU, 0) = 5',
    '100 close(5) = 0',
  ];
  const plain = await snoopscope(`import --kernel v6.1 ${written('plain.log', `${lines.join('\n')}\n`)}`);
  expect(plain.stdout).toContain('KVM_CREATE_VCPU');
  const [first = '', ...others] = lines;
  const forms: Record<string, string | Uint8Array> = {
    colours: lines
      .map((line) => `\u001b[1;32m${line.replace('ioctl', '\u001b[31mioctl\u001b[0m')}\u001b[0m\n`)
      .join(''),
    sgr0: lines.map((line) => `\u001b[38:5:2m${line}\u001b(B\u001b[m\r\r\n`).join(''),
    terminal: `\u001b[?2004l\r\u001b]0;root@host\u0007${lines.join('\n')}\u001b[>4;2m\n`,
    overstruck: lines.map((line) => `${line.replace('ioctl', 'i\bio\boctl')}\n`).join(''),
    returns: `\ufeff${lines.join('\r\n')}\r\n`,
    between: lines.join(`\n${'\0'.repeat(64)}`),
    wide: Buffer.from(`\ufeff${lines.join('\r\n')}\r\n`, 'utf16le'),
    big: Buffer.from(`\ufeff${lines.join('\n')}\n`, 'utf16le').swap16(),
    zeros: `${first}\n${'# '.repeat(300)}\n100 ioctl(3, KVM_CR${'\0'.repeat(5000)}${others.join('\n')}\n`,
  };
  for (const [name, content] of Object.entries(forms)) {
    const { exitCode, stdout, stderr } = await snoopscope(`import --kernel v6.1 ${written('plain.log', content)}`);
    expect([name, exitCode, stdout]).toEqual([name, 0, name === 'zeros' ? stdout : plain.stdout]);
    expect(stdout).toContain('ioctl(vm, KVM_CREATE_VCPU, 0)');
    if (name === 'zeros') expect(stderr).toContain('5 lines, 2 of them not understood (first: lines 2, 3)');
  }
});

test('files without one line of interest are refused, with what was looked for', async () => {
  const diary = await snoopscope(`import ${written('diary.txt', 'Dear diary,\n')}`);
  expect(diary.exitCode).toBe(2);
  expect(diary.stderr.replace(/\s+/g, ' ')).toContain('none comes from strace, ftrace');
  const ls = await snoopscope(`import ${written('ls.log', 'openat(AT_FDCWD, "/etc", O_RDONLY) = 3\nclose(3) = 0\n')}`);
  expect(ls.exitCode).toBe(2);
  expect(ls.stderr.replace(/\s+/g, ' ')).toContain('Nothing relevant found: no calls on /dev/kvm');
  const other = await snoopscope(`import qemu ${OFF}-strace-bare.log.txt.gz`);
  expect(other.exitCode).toBe(2);
  expect(other.stderr.replace(/\s+/g, ' ')).toContain('This is not a log of `qemu`: it is strace.');
});

test('a file without one known line is left out beside others, and named', async () => {
  const [diary, empty] = [written('diary.txt', 'Dear diary,\n'), written('empty.txt', '')];
  const log = `${OFF}-strace-bare.log.txt.gz`;
  const alone = await snoopscope(`import ${log}`);
  const beside = await snoopscope(`import ${diary} ${log} ${empty}`);
  expect([beside.exitCode, beside.stdout.replaceAll(/^.*doc.*$/gm, '')]).toEqual([
    alone.exitCode,
    alone.stdout.replaceAll(/^.*doc.*$/gm, ''),
  ]);
  expect(beside.stderr).toContain('diary.txt: left out. No line of it is known');
  expect(beside.stderr).toContain('empty.txt: left out. The file is empty.');
  const { filesLeftOut } = JSON.parse((await snoopscope(`import --format json ${diary} ${log}`)).stdout);
  expect(filesLeftOut).toEqual([{ name: expect.stringContaining('diary.txt'), why: expect.any(String) }]);
  const machine = await snoopscope(`import machine ${diary}`);
  expect(machine.exitCode).toBe(2);
  expect((await snoopscope(`import ${diary} ${empty}`)).exitCode).toBe(2);
});

test('what a VMM printed is enough for a report, without a log', async () => {
  const said = written(
    'stderr.txt',
    'qemu-system-x86_64: vfio 0000:01:00.0: failed to open /dev/vfio/8: Permission denied\n',
  );
  const { exitCode, stdout, stderr } = await snoopscope(`report ${said}`);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining('stderr.txt: about the machine.')]);
  expect(stdout).toContain(
    'Opening /dev/vfio/8 was refused: the user of the VMM is not permitted to read and write it.',
  );
  const asked = await snoopscope(`report --kernel v6.1 ${said}`);
  expect([asked.exitCode, asked.stderr]).toEqual([2, expect.stringContaining('--kernel is about logs')]);
  const usb = await snoopscope(`report ${written('dmesg.txt', '[    1.000000] usb 1-1: new high-speed USB device\n')}`);
  expect([usb.exitCode, usb.stderr]).toEqual([2, expect.stringContaining('Nothing relevant found: no log of a run')]);
});

test('control characters and numbers beyond 64 bits of a log are data', async () => {
  const log = written(
    'hostile.log',
    `openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3\nioctl(3, KVM_CREATE_VM, 99999999999999999999999) = 4\nopenat(AT_FDCWD, "/dev/vfio/8\\33[31m", O_RDWR) = 5\nioctl(4, \u001b\u00e9KVM_EVIL, 0) = 0\nioctl(4, KVM_NO_SUCH_REQUEST, 0) = 0\n`,
  );
  const { exitCode, stdout, stderr } = await snoopscope(`import ${log}`);
  expect(exitCode).toBe(0);
  expect(stdout + stderr).not.toContain('\u001b');
  expect(stderr).toContain('Unknown: KVM_NO_SUCH_REQUEST (1, first on line 5).');
});

test('as JSON, with everything that stderr says', async () => {
  const { stdout } = await snoopscope(`import --format json --assume snoop-control=off ${OFF}-strace-bare.log.txt.gz`);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({
    differences: [],
    statements: 23,
    unknown: {},
    files: [{ kind: 'strace', lines: 362, unread: 0 }],
  });
  expect(document.scenario).toContain('snoop-control=off');
});

test('of a log of two VMMs --pid takes one, and without it both are listed', async () => {
  const vmm = (pid: number, group: number): string[] => [
    `${pid} openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9`,
    `${pid} ioctl(9, KVM_CREATE_VM, 0) = 10`,
    `${pid} openat(AT_FDCWD, "/dev/vfio/${group}", O_RDWR) = 11`,
  ];
  const [one, other] = [vmm(100, 8), vmm(200, 9)];
  const file = path.join(folder, 'two.strace');
  writeFileSync(
    file,
    ['90 vfork() = 100', '90 vfork() = 200', ...one.flatMap((line, i) => [line, other[i]])].join('\n'),
  );
  for (const command of ['import', 'report']) {
    const { exitCode, stderr } = await snoopscope([command, file]);
    expect(exitCode).toBe(2);
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'Several processes of the log use KVM or VFIO: 100 (3 calls from line 3 on, 1 VM), 200 (3 calls from line 4 on, 1 VM).',
    );
  }
  for (const words of [
    ['--pid', '200'],
    ['--vm', '2'],
  ]) {
    const { stdout } = await snoopscope(['import', ...words, file]);
    expect(stdout).toContain('open("/dev/vfio/9"');
    expect(stdout).not.toContain('/dev/vfio/8');
  }
  const none = await snoopscope(['import', '--pid', '7', file]);
  expect(none.exitCode).toBe(2);
  expect(none.stderr).toContain('[several-processes]');
});

test('--from leaves out memory slots of the past, and nothing on which later results depend', async () => {
  const log = `${OFF}-strace-f-y-hotplug.log.txt.gz`;
  const slots = (text: string): number => text.match(/KVM_SET_USER_MEMORY_REGION/g)?.length ?? 0;
  const whole = await snoopscope(`import --all ${log}`);
  const later = await snoopscope(`import --all --from 3700 ${log}`);
  expect(later.exitCode).toBe(whole.exitCode);
  expect(slots(later.stdout)).toBeLessThan(slots(whole.stdout));
  expect(later.stdout.match(/VFIO_GROUP_ADD/g)).toEqual(whole.stdout.match(/VFIO_GROUP_ADD/g));
});

test('lines of a log are chosen by --from and --to', async () => {
  const { stderr } = await snoopscope(`import --to 3000 ${OFF}-strace-f-y-hotplug.log.txt.gz`);
  expect(stderr).toMatch(/Cut: .* from line 3001 on, \d+ calls\. --from and --to choose other lines\./);
});

test.each([
  ['--vm 3', 'The process has no VM 3, only 1 VM.', 'no-such-choice'],
  ['--from 99999', '--from 99999 is after the last line: the log has 4272 lines.', 'no-such-choice'],
  ['--from 100 --to 50', '--from 100 is after --to 50: no line is left.', 'options-exclude-each-other'],
  ['--to 3', '--to 3 leaves nothing relevant: the log has 4272 lines.', 'no-such-choice'],
  ['--list', '--list is about recordings', 'surplus-option'],
  ['--sequence S-0001', '--sequence is about recordings', 'surplus-option'],
])('%s that takes nothing of the log is refused with what there is', async (options, message, code) => {
  const { exitCode, stdout, stderr } = await snoopscope(`import ${options} ${OFF}-strace-f-y-hotplug.log.txt.gz`);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr.replace(/\s+/g, ' ')).toContain(message);
  expect(stderr).toContain(`[${code}]`);
});

test('options of logs are refused where there is no log', async () => {
  const machine = await snoopscope(`import machine --vm 1 ${OFF}-cpuinfo.txt.gz`);
  expect(machine.exitCode).toBe(2);
  expect(machine.stderr.replace(/\s+/g, ' ')).toContain('--vm is about logs, and no file is one.');
  const functions = await snoopscope(`import --from 2 ${OFF}-kprobe.ftrace.txt.gz`);
  expect(functions.exitCode).toBe(2);
  expect(functions.stderr.replace(/\s+/g, ' ')).toContain('--from and --to choose lines of a log of system calls');
});

test('a machine block from files about a machine', async () => {
  const { stdout, exitCode } = await snoopscope(
    `import machine ${OFF}-lspci-vvv.txt.gz ${OFF}-sys-class-iommu.txt.gz ${OFF}-cpuinfo.txt.gz`,
  );
  expect(exitCode).toBe(0);
  expect(stdout).toContain('iommu dmar0 vt-d snoop-control=off');
  expect(stdout).toContain('device dev_04_02_0 0000:04:02.0 iommu=dmar0 group=10 driver=e1000');
  const { exitCode: parsed } = await snoopscope(`run ${written('machine.snoop', stdout)}`);
  expect(parsed).toBe(0);
});

test('record-script prints a program that bpftrace takes, and its log is imported without being named', async () => {
  const { exitCode, stdout, stderr } = await snoopscope('record-script');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^#!\/usr\/bin\/env bpftrace\n/);
  // No string of a process is printed: %s would let one write lines of its own.
  expect(stdout.match(/printf\(.*%s/)).toBeNull();
  const recorded = await snoopscope('import --kernel v6.1 test/interop/recorder/k6.1-svm-snoop-off.jsonl');
  expect(recorded.exitCode).toBe(0);
  expect(recorded.stderr).toContain('No difference');
});
