// Logs of other VMMs and in other forms, written by hand as strace, perf and trace-cmd print them.
import { describe, expect, test } from 'vitest';
import { MachineFiles } from '../../sim-core/src/interop/rebuild/machine-files.ts';
import { reportOf } from '../../sim-core/src/interop/rebuild/report.ts';
import { type Taken, take } from './rebuilt.ts';

function taken(...lines: readonly string[]): Taken {
  return take([{ name: 'a.log', text: `${lines.join('\n')}\n` }], []);
}

/** Statements without results and comments. */
function statements({ rebuilt }: Taken): string[] {
  return rebuilt.steps.map(({ text }) => text);
}

describe('descriptors that come over a socket', () => {
  const message = (files: string): string =>
    `{msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="{\\"execute\\":\\"getfd\\"}", iov_len=20}], msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${files}]}], msg_controllen=24, msg_flags=0}`;
  const one = taken(
    '811 openat(AT_FDCWD</>, "/dev/iommu", O_RDWR|O_CLOEXEC) = 28</dev/iommu>',
    '811 openat(AT_FDCWD</>, "/dev/vfio/devices/vfio0", O_RDWR|O_CLOEXEC) = 29</dev/vfio/devices/vfio0>',
    `811 sendmsg(30<UNIX-STREAM:[4711]>, ${message('28</dev/iommu>, 29</dev/vfio/devices/vfio0>')}, 0) = 20`,
    `950 recvmsg(12<UNIX-STREAM:[4712]>, ${message('13</dev/iommu>, 14</dev/vfio/devices/vfio0>')}, MSG_CMSG_CLOEXEC) = 20`,
    '950 openat(AT_FDCWD</>, "/dev/kvm", O_RDWR|O_CLOEXEC) = 9</dev/kvm>',
    '950 ioctl(9</dev/kvm>, KVM_CREATE_VM, 0) = 10<anon_inode:kvm-vm>',
    '950 ioctl(10<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, 0x7ffe53e56210) = 0',
    '950 ioctl(16<anon_inode:kvm-vfio>, KVM_SET_DEVICE_ATTR, 0x7ffe53e56210) = 0',
    '950 ioctl(14</dev/vfio/devices/vfio0>, VFIO_DEVICE_BIND_IOMMUFD, 0x7ffe53e56210) = 0',
    '950 ioctl(13</dev/iommu>, IOMMU_IOAS_ALLOC, 0x7ffe53e56210) = 0',
    '950 ioctl(14</dev/vfio/devices/vfio0>, VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0x7ffe53e56210) = 0',
  );

  test('are the files that the VMM uses, and those of the process that sends them are not', () => {
    expect(statements(one).filter((text) => text.includes('open('))).toEqual([
      'iommufd = open("/dev/iommu", O_RDWR)',
      'device = open("/dev/vfio/devices/vfio0", O_RDWR)',
      'kvm = open("/dev/kvm", O_RDWR|O_CLOEXEC)',
    ]);
    expect(one.result.text).toContain('iommufd = open("/dev/iommu", O_RDWR) = 13  // it came over a socket');
    expect(one.result.outcome.differences).toEqual([]);
  });
});

describe('a VM that ran before the log begins (strace -p)', () => {
  const one = taken(
    'strace: Process 5000 attached with 4 threads',
    '[pid  5001] ioctl(25<anon_inode:kvm-vcpu:1>, KVM_RUN, 0 <unfinished ...>',
    '[pid  5000] openat(AT_FDCWD, "/dev/vfio/21", O_RDWR|O_CLOEXEC) = 40</dev/vfio/21>',
    '[pid  5000] openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR|O_CLOEXEC) = 41</dev/vfio/vfio>',
    '[pid  5000] ioctl(40</dev/vfio/21>, VFIO_GROUP_SET_CONTAINER, 0x7ffe53e56210) = 0',
    '[pid  5000] ioctl(41</dev/vfio/vfio>, VFIO_SET_IOMMU, 0x3) = 0',
    '[pid  5000] ioctl(35<anon_inode:kvm-vfio>, KVM_SET_DEVICE_ATTR, 0x7ffe53e56210) = 0',
    '[pid  5001] <... ioctl resumed>) = -1 EINTR (Interrupted system call)',
    'strace: Process 5000 detached',
  );

  test('is made, with its vCPUs and its kvm-vfio device, in front of what needs it', () => {
    expect(statements(one)).toEqual([
      'group21 = open("/dev/vfio/21", O_RDWR|O_CLOEXEC)',
      'container = open("/dev/vfio/vfio", O_RDWR|O_CLOEXEC)',
      'ioctl(group21, VFIO_GROUP_SET_CONTAINER, [container])',
      'ioctl(container, VFIO_SET_IOMMU, 0x3)',
      'kvm = open("/dev/kvm", O_RDWR)',
      'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
      'vcpu1 = ioctl(vm, KVM_CREATE_VCPU, 1)',
      'ioctl(vm, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>dev=35, flags=0})',
      'ioctl(dev, KVM_SET_DEVICE_ATTR, {group=KVM_DEV_VFIO_GROUP, attr=KVM_DEV_VFIO_GROUP_ADD, addr=[group21]})',
    ]);
    expect(one.result.outcome.differences).toEqual([]);
    expect(one.rebuilt.assumptions.all.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^The VM ran before the log begins/),
    );
  });

  test('so the report knows what was registered', () => {
    expect(reportOf(one.rebuilt, one.result, []).vm[2]).toMatch(/^Without it, the VM becomes non-coherent: .*_ADD/);
  });
});

test('a VMM that ended well has nothing wrong', () => {
  const { rebuilt, result } = taken(
    'openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_CLOEXEC) = 14',
    'ioctl(14, KVM_CREATE_VM, 0) = 15',
    'ioctl(15, KVM_CREATE_VCPU, 0) = 18',
    'ioctl(18, KVM_RUN, 0) = 0',
    'exit_group(0) = ?',
  );
  expect(reportOf(rebuilt, result, []).wrong).toEqual([]);
});

test('a 32-bit process, its flags and its own calls', () => {
  const one = taken(
    'strace: [ Process PID=905 runs in 32 bit mode. ]',
    '905   openat(AT_FDCWD, "/dev/kvm", O_RDWR|O_LARGEFILE|O_CLOEXEC) = 6',
    '905   ioctl(6, KVM_CREATE_VM, 0)        = 7',
    '905   _llseek(13, 0, [0], SEEK_SET) = 0',
    '905   --- SIGRT_1 {si_signo=SIGRT_1, si_code=SI_TKILL, si_pid=905, si_uid=0} ---',
    '905   +++ killed by SIGKILL +++',
  );
  expect(one.rebuilt.files[0]?.counts.unread).toBe(0);
  expect(statements(one)).toEqual([
    'kvm = open("/dev/kvm", O_RDWR|O_CLOEXEC)',
    'vm = ioctl(kvm, KVM_CREATE_VM, 0)',
    'exit(0)',
  ]);
});

test('names of tasks tell vCPUs, where trace-cmd leaves their numbers out', () => {
  const { result } = taken(
    'cpus=8',
    '       CPU 1/KVM-7006  [005]   501.000000: kvm_exit:             reason WBINVD rip 0x1000 info 0 0',
    '       CPU 0/KVM-7005  [002]   502.000000: kvm_exit:             reason WBINVD rip 0x1000 info 0 0',
  );
  expect(result.text).toMatch(/^vcpu 1 cpu=5 \{$/m);
  expect(result.text).toMatch(/^vcpu 0 cpu=2 \{$/m);
});

test('perf trace begins in the middle of a call', () => {
  const { rebuilt } = taken(
    '         ? (         ): CPU 0/KVM/6001  ... [continued]: ioctl())                                              = 0',
    '   1234.567 ( 0.004 ms): qemu-kvm/6000 openat(dfd: CWD, filename: "/dev/kvm", flags: RDWR|CLOEXEC)          = 9',
  );
  expect(rebuilt.files[0]?.counts.unread).toBe(0);
});

test('QEMU of Proxmox, in the journal', () => {
  const machine = new MachineFiles();
  machine.line(
    'Nov 29 10:00:01 pve QEMU[2222]: kvm: vfio: Cannot reset device 0000:01:00.1, no available reset mechanism.',
  );
  expect(machine.messages).toEqual([
    { text: 'kvm: vfio: Cannot reset device 0000:01:00.1, no available reset mechanism.', source: 'vmm' },
  ]);
});

test('a WBINVD comes after the calls before it, by the clocks of two logs that both show a registration', () => {
  const strace = [
    '70 1732880001.100000 openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 9',
    '70 1732880001.200000 ioctl(9, KVM_CREATE_VM, 0) = 10',
    '71 1732880001.300000 ioctl(10, KVM_CREATE_VCPU, 0) = 12',
    '70 1732880001.400000 openat(AT_FDCWD, "/dev/vfio/33", O_RDWR) = 20',
    '70 1732880001.500000 openat(AT_FDCWD, "/dev/vfio/vfio", O_RDWR) = 21',
    '70 1732880001.600000 ioctl(20, VFIO_GROUP_SET_CONTAINER, [21]) = 0',
    '70 1732880001.700000 ioctl(21, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0',
    '70 1732880001.800000 ioctl(10, KVM_CREATE_DEVICE, 0x7ffd1c100) = 0',
    '70 1732880001.900000 ioctl(22, KVM_SET_DEVICE_ATTR, 0x7ffd1c120) = 0',
    '70 1732880002.000000 ioctl(20, VFIO_GROUP_GET_DEVICE_FD, "0000:41:00.0") = 23',
    '71 1732880003.000000 ioctl(12, KVM_RUN, 0) = -1 EINTR (Interrupted system call)',
    '70 1732880005.000000 close(23) = 0',
    '70 1732880006.000000 exit_group(0) = ?',
  ];
  const ftrace = [
    '# tracer: function',
    ' vmm-70 [000] .....  100.900000: kvm_vfio_set_attr <-kvm_device_ioctl',
    ' vmm-70 [000] .....  100.900010: kvm_arch_register_noncoherent_dma <-kvm_vfio_update_coherency',
    ' vmm-71 [001] d....  102.500000: kvm_exit: vcpu 0 reason WBINVD rip 0x1000 info1 0x0 info2 0x0',
    ' vmm-71 [001] .....  102.500010: kvm_emulate_wbinvd <-handle_wbinvd',
  ];
  const { result } = take(
    [
      { name: 'strace.txt', text: `${strace.join('\n')}\n` },
      { name: 'ftrace.txt', text: `${ftrace.join('\n')}\n` },
    ],
    [],
  );
  // After GET_DEVICE_FD, the ninth call of the thread, and before the device is closed.
  expect(/^schedule only .*$/m.exec(result.text)?.[0]).toMatch(/vmm\*\d+ vcpu0 vmm\*2$/);
});
