// What a guest did besides WBINVD, from events of KVM: writes of MTRRs, IA32_PAT and CR0.CD, and HLT, on any form of the log.
import { describe, expect, test } from 'vitest';
import { importRemarks } from '../../sim-core/src/interop/rebuild/remarks.ts';
import { NOTHING_ASSUMED, type Taken, take } from './rebuilt.ts';

/** Bodies of events, in the forms of ftrace and perf script, and as `trace-cmd report -R` prints their fields. */
const EVENTS: readonly (readonly [event: string, body: string, raw?: string])[] = [
  [
    'kvm_exit',
    'vcpu 1 reason MSR_WRITE rip 0x1000 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0',
    'exit_reason=32 guest_rip=0x1000 isa=1 info1=0 vcpu_id=1',
  ],
  ['kvm_msr', 'msr_write 277 = 0x7040600070406', 'write=1 ecx=631 data=0x7040600070406 exception=0'],
  ['kvm_msr', 'msr_write 201 = 0xfffffffffffff800 (#GP)', 'write=1 ecx=513 data=0xfffffffffffff800 exception=1'],
  ['kvm_msr', 'msr_write 4b564d01 = 0xe8c21', 'write=1 ecx=1263947009 data=0xe8c21 exception=0'],
  ['kvm_msr', 'msr_read 2ff = 0xc06', 'write=0 ecx=767 data=0xc06 exception=0'],
  ['kvm_cr', 'cr_write 0 = 0xc0050033', 'rw=1 cr=0 val=0xc0050033'],
  ['kvm_cr', 'cr_write 0 = 0xc0050033', 'rw=1 cr=0 val=0xc0050033'],
  ['kvm_cr', 'cr_write 3 = 0xc0050033', 'rw=1 cr=3 val=0xc0050033'],
  ['kvm_msr', 'msr_write 2ff = 0x0', 'write=1 ecx=767 data=0x0 exception=0'],
  ['kvm_cr', 'cr_write 0 = 0x80050033', 'rw=1 cr=0 val=0x80050033'],
  ['kvm_exit', 'vcpu 1 reason HLT rip 0x2000 info1 0x0 info2 0x0', 'exit_reason=12 guest_rip=0x2000 isa=1 vcpu_id=1'],
  ['kvm_exit', 'vcpu 1 reason EPT_VIOLATION rip 0x2000', 'exit_reason=48 guest_rip=0x2000 isa=1 vcpu_id=1'],
  ['a_new_event', 'of another module', 'x=1'],
];

const FORMS: readonly (readonly [
  form: string,
  line: (event: string, body: string, raw: string, at: number) => string,
])[] = [
  ['ftrace', (event, body, _, at) => `     CPU 1/KVM-77      [003] .....   100.0000${at}: ${event}: ${body}`],
  ['perf script', (event, body, _, at) => `CPU 1/KVM    70/77    [003]   100.0000${at}: kvm:${event}: ${body}`],
  ['trace-cmd report', (event, body, _, at) => `     CPU 1/KVM-77    [003]   100.0000${at}: ${event}:   ${body}`],
  ['trace-cmd report -R', (event, _, raw, at) => `     CPU 1/KVM-77    [003]   100.0000${at}: ${event}:   ${raw}`],
];

function logged(line: (typeof FORMS)[number][1]): Taken {
  const lines = EVENTS.map(([event, body, raw = body], i) => line(event, body, raw, 10 + i));
  return take([{ name: 'trace.txt', text: `${lines.join('\n')}\n` }], []);
}

function vcpuLines({ result }: Taken): string[] {
  const [, block = ''] = /vcpu 1 cpu=3 \{\n(.*?)\n\}/s.exec(result.text) ?? [];
  return block.split('\n').map((line) => line.trim().replace(/ +\/\/.*/, ''));
}

describe.each(FORMS)('%s', (_, line) => {
  const taken = logged(line);

  test('writes that decide memory types, changes of CR0.CD and HLT are instructions of the vCPU, in order', () => {
    expect(vcpuLines(taken)).toEqual([
      'wrmsr IA32_PAT, 0x7040600070406',
      'mov cr0, 0xc0050033',
      'wrmsr IA32_MTRR_DEF_TYPE, 0x0',
      'mov cr0, 0x80050033',
      'hlt',
    ]);
    expect(taken.result.outcome.differences).toEqual([]);
    expect(taken.result.outcome.diagnostics).toEqual([]);
  });

  test('what changes nothing is counted by name, what is not known is named with its line', () => {
    expect(Object.fromEntries([...taken.rebuilt.harmless].map(([name, { count }]) => [name, count]))).toMatchObject({
      'exit MSR': 1,
      'exit EPT_VIOLATION': 1,
      kvm_msr: 3,
      kvm_cr: 2,
    });
    const [first] = importRemarks(taken.rebuilt, taken.result);
    expect(first).toMatch(
      /Known and without effect: \d+ events of the kernel\. Unknown: a_new_event \(1, first on line 13\)\./,
    );
  });

  test('names and numbers of exits tell who made the CPUs', () => {
    expect(taken.result.text).toMatch(/^ {2}cpu intel count=4$/m);
    expect(taken.result.text).not.toContain('who made them');
  });
});

test('exits of SVM are of an AMD CPU, and its IOMMU always enforces snooping', () => {
  const line = (body: string, at: number): string => ` qemu-system-x86-77      [000] .....   100.0000${at}: ${body}`;
  const text = [
    'kvm_vfio_create <-kvm_vm_ioctl',
    'kvm_vfio_set_attr <-kvm_device_ioctl_attr',
    'kvm_vfio_group_add <-kvm_vfio_set_attr',
    'kvm_exit: vcpu 0 reason npf rip 0x1000',
    'kvm_exit: vcpu 0 reason wbinvd rip 0x1000',
    'kvm_emulate_wbinvd <-svm_invoke_exit_handler',
  ].map((body, i) => line(body, 10 + i));
  const { result } = take([{ name: 'trace.txt', text: `${text.join('\n')}\n` }], []);
  expect(result.text).toMatch(/^ {2}cpu amd count=1$/m);
  expect(result.text).toMatch(/^ {2}iommu dmar0 amd-vi$/m);
  expect(result.outcome.differences).toEqual([]);
});

test('an idle guest does not crowd out its WBINVDs', () => {
  const exits = Array.from({ length: 3000 }, (_, i) => (i === 2999 ? 'wbinvd' : 'hlt'));
  const lines = exits.map(
    (reason, i) => ` q-77 [000] ..... ${100 + i}.000001: kvm_exit: vcpu 0 reason ${reason} rip 0x1`,
  );
  const { rebuilt, result } = take([{ name: 'trace.txt', text: `${lines.join('\n')}\n` }], [], {
    choices: { ...NOTHING_ASSUMED, vendor: 'amd' },
  });
  expect(result.outcome.wbinvds).toHaveLength(1);
  expect(rebuilt.harmless.get('exit HLT')?.count).toBe(1999);
  expect(result.text).toMatch(/repeat 1000 \{\n {4}hlt /);
});
