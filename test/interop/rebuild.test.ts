// Logs of real QEMU processes, on Debian's kernels, become scenarios that do what the kernel did. What the kernel did is
// written here by hand from its own trace: registrations with their count, WBINVD exits, how many of them were executed.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Rebuilder } from '../../sim-core/src/interop/rebuild/rebuild.ts';
import { checkScenario } from '../../sim-core/src/judge/check.ts';
import { profileNamed } from '../../sim-core/src/kernel/profiles.ts';
import { parse } from '../../sim-core/src/scenario/parser.ts';
import { type Taken, take, textOf } from './rebuilt.ts';

const LOGS = path.join(import.meta.dirname, 'logs');
const ALL = readdirSync(LOGS);
const OFF = 'k6.1.192-intel-snoop-off-q7.2.22';
const ON = 'k6.1.192-intel-snoop-on-q7.2.22';
const CDEV = 'k6.12.117-cdev-intel-snoop-off-q10.0.13';
const ABOUT = /-(?:lspci-vvv|lspci-nnk|sys-class-iommu|dev-nodes|uname|cpuinfo)\.txt\.gz$/;

function taken(machine: string, ...names: string[]): Taken {
  const logs = names.map((name) => ({ name, text: textOf(path.join(LOGS, `${machine}-${name}.txt.gz`)) }));
  const about = ALL.filter((file) => file.startsWith(`${machine}-`) && ABOUT.test(file));
  return take(
    logs,
    about.map((file) => textOf(path.join(LOGS, file))),
  );
}

/** What the command says with its exit code: every result of the log is that of the model, too. */
function checked({ result }: Taken): boolean | undefined {
  const { kernels, diagnostics } = checkScenario(parse(result.text), { profiles: [result.outcome.profile] });
  expect(diagnostics).toEqual([]);
  return kernels[0]?.passed;
}

/** Logs with what the kernel did: net registrations after each change, WBINVD exits, those executed. */
const KERNEL: readonly (readonly [
  machine: string,
  names: readonly string[],
  registrations: string,
  exits: number,
  executed: number,
])[] = [
  [OFF, ['strace-f-y-hotplug.ftrace'], '1 0 1 0', 18, 13],
  [OFF, ['strace-f-y-hotplug.log', 'strace-f-y-hotplug.ftrace'], '1 0 1 0', 18, 13],
  [CDEV, ['strace-cdev-hotplug.ftrace'], '1 0 1 0', 16, 11],
  [CDEV, ['strace-cdev-hotplug.log', 'strace-cdev-hotplug.ftrace'], '1 0 1 0', 16, 11],
  [CDEV, ['qemutrace-cdev.log', 'qemutrace-cdev.ftrace'], '1 0 1 0', 22, 15],
  [ON, ['qemutrace.ftrace'], '', 20, 0],
  [ON, ['qemutrace.log', 'qemutrace.ftrace'], '', 20, 0],
  [OFF, ['kprobe.ftrace'], '1 0 1 0', 17, 11],
  [OFF, ['kprobe.log', 'kprobe.ftrace'], '1 0 1 0', 17, 11],
  [OFF, ['strace-linux-guest.log', 'strace-linux-guest.ftrace'], '1 0', 9, 9],
  // Registered before the trace begins, and to the end.
  [OFF, ['fail-second.ftrace'], '1', 11, 11],
  // The exits are of another VM than the calls.
  [OFF, ['fail-second.log', 'fail-second.ftrace'], '', 0, 0],
  [OFF, ['tracecmd.report'], '1 0 1 0', 17, 9],
  [OFF, ['tracecmd-Oparent.report'], '1 0 1 0', 17, 9],
  [OFF, ['tracecmd-N.report'], '1 0 1 0', 17, 9],
  [OFF, ['tracecmd-R.report'], '1 0 1 0', 17, 9],
];

describe('what the kernel did', () => {
  test.each(KERNEL)(
    '%s %j: registrations %s, %i WBINVD exits, %i executed',
    (machine, names, registrations, exits, executed) => {
      const one = taken(machine, ...names);
      const { outcome } = one.result;
      expect(outcome.diagnostics).toEqual([]);
      // Registrations in number and order, and of each exit, whether it was executed and on which pCPUs.
      expect(outcome.differences).toEqual([]);
      expect(outcome.registrations.join(' ')).toBe(registrations);
      expect(outcome.wbinvds).toHaveLength(exits);
      expect(outcome.wbinvds.filter((cpus) => cpus.length > 0)).toHaveLength(executed);
      expect(checked(one)).toBe(true);
    },
  );
});

/** Logs of calls: statements, and the registrations that follow from them on the machine that its files describe. */
const CALLS: readonly (readonly [machine: string, name: string, statements: number, registrations: string])[] = [
  [OFF, 'strace-f-y-hotplug.log', 78, '1 0 1 0'],
  [OFF, 'strace-bare.log', 23, '1 0'],
  [OFF, 'strace-y-nof.log', 23, '1 0'],
  [OFF, 'strace-term-yy.log', 48, '1 0'],
  [OFF, 'kprobe.log', 76, '1 0 1 0'],
  [OFF, 'strace-linux-guest.log', 93, '1 0'],
  [CDEV, 'strace-cdev-hotplug.log', 71, '1 0 1 0'],
  // The log of QEMU ends before the process does.
  [CDEV, 'qemutrace-cdev.log', 67, '1 0 1'],
  [OFF, 'qemutrace-ts.log', 43, '1'],
  [ON, 'qemutrace.log', 69, ''],
  [OFF, 'perftrace.log', 47, '1'],
];

describe('calls and their results', () => {
  test.each(CALLS)('%s %s: %i statements, registrations %s', (machine, name, statements, registrations) => {
    const one = taken(machine, name);
    const { rebuilt, result } = one;
    expect(result.outcome.differences).toEqual([]);
    expect(rebuilt.steps).toHaveLength(statements);
    expect(result.outcome.registrations.join(' ')).toBe(registrations);
    expect([...rebuilt.translation.unknown.keys()]).toEqual([]);
    expect(rebuilt.files.map(({ counts }) => counts.unread)).toEqual([0]);
    expect(checked(one)).toBe(true);
  });

  test('descriptors keep their numbers, and what the log does not show is said', () => {
    const { result, rebuilt } = taken(OFF, 'strace-f-y-hotplug.log');
    expect(result.text).toContain('kvm = open("/dev/kvm", O_RDWR|O_CLOEXEC) = 9');
    expect(result.text).toContain('fd=>dev=15, flags=0}) = 0');
    expect(result.outcome.profile.name).toBe('debian-6.1.192');
    expect(rebuilt.assumptions.all.map(({ text }) => text)).toEqual([
      expect.stringContaining('KVM_CREATE_DEVICE makes the kvm-vfio device'),
      expect.stringContaining('KVM_SET_DEVICE_ATTR adds a group or device that is open'),
      expect.stringContaining('Ranges of mappings are assumed'),
      'The device of group 8 is 0000:01:00.0: the files about the machine, or its links in sysfs, say so.',
    ]);
    expect(rebuilt.runs).toEqual({ count: 2769, interrupted: 2 });
    expect(rebuilt.counted.get('KVM_IRQ_LINE_STATUS')?.count).toBe(548);
  });

  test('exits of perf script, without functions', () => {
    const { rebuilt, result } = taken(OFF, 'perfscript.log');
    expect(rebuilt.evidence?.exits.get('WBINVD')?.count).toBe(7);
    expect(rebuilt.evidence?.exits.get('EPT_VIOLATION')?.count).toBeGreaterThan(100);
    expect(result.outcome.wbinvds).toHaveLength(7);
    expect(result.outcome.differences).toEqual([]);
  });

  test('with --all, calls without effect are statements with the results of the log', () => {
    const name = `${OFF}-strace-f-y-hotplug.log.txt.gz`;
    const { rebuilt, result } = take([{ name, text: textOf(path.join(LOGS, name)) }], [], {
      kernel: profileNamed('v6.1')!,
      options: { all: true },
    });
    expect(rebuilt.steps.length).toBeGreaterThan(300);
    expect(result.outcome.diagnostics).toEqual([]);
    expect(result.outcome.differences).toEqual([]);
    expect(result.text).toContain('ioctl(kvm, KVM_GET_API_VERSION) = 12');
  });
});

test('a log of the kernel has no pointers to be guessed, and comments no empty labels', () => {
  const { rebuilt, result } = taken(OFF, 'strace-f-y-hotplug.ftrace');
  expect(rebuilt.assumptions.all.filter(({ text }) => text.includes('the log shows a pointer'))).toEqual([]);
  expect(result.text).not.toMatch(/^\/\/ *:/m);
});

/** Logs of starts that failed, with the errnos that the model gives, too; what it cannot refuse is left out by name. */
const FAILURES: readonly (readonly [machine: string, name: string, left: string | undefined])[] = [
  [OFF, 'fail-notviable.log', undefined],
  [OFF, 'fail-notbound.log', undefined],
  [OFF, 'fail-second.log', undefined],
  [OFF, 'fail-twice.log', undefined],
  [OFF, 'fail-nodev.log', undefined],
  [OFF, 'fail-memlock.log', 'VFIO_IOMMU_MAP_DMA = -ENOMEM'],
  [OFF, 'fail-perm.log', 'open("/dev/vfio/8", O_RDWR|O_CLOEXEC) = -EACCES'],
  [OFF, 'fail-perm-kvm.log', 'open("/dev/kvm", O_RDWR|O_CLOEXEC) = -EACCES'],
  ['k6.1.192-no-iommu-q7.2.22', 'fail-noiommu.log', undefined],
  [CDEV, 'fail-cdev-second.log', undefined],
  [CDEV, 'fail-group-while-cdev.log', undefined],
];

test.each(FAILURES)('%s %s', (machine, name, left) => {
  const { rebuilt, result } = taken(machine, name);
  expect(result.outcome.differences).toEqual([]);
  expect(rebuilt.leftOut.map(({ text }) => text)).toEqual(left === undefined ? [] : [left]);
});

describe('the same log as other options of strace and other kernels would print it', () => {
  const name = `${OFF}-strace-bare.log.txt.gz`;
  const bare = textOf(path.join(LOGS, name));
  const rebuilt = (text: string, file = 'a.log'): string[] => {
    const one = take([{ name: file, text }], [], { kernel: profileNamed('v6.1')! });
    expect(one.result.outcome.differences).toEqual([]);
    return one.rebuilt.steps.map((step) => `${step.text}${step.result === undefined ? '' : ` = ${step.result}`}`);
  };
  const expected = rebuilt(bare);
  const numbers: Readonly<Record<string, string>> = {
    KVM_CREATE_VM: '0xae01',
    KVM_CREATE_VCPU: '0xae41',
    KVM_CREATE_DEVICE: '0xc00caee0',
    KVM_SET_DEVICE_ATTR: '0x4018aee1',
    VFIO_GROUP_GET_STATUS: '0x3b67',
    VFIO_GROUP_SET_CONTAINER: '0x3b68',
    VFIO_GROUP_GET_DEVICE_FD: '0x3b6a',
    VFIO_SET_IOMMU: '0x3b66',
    VFIO_GET_API_VERSION: '0x3b64',
    VFIO_CHECK_EXTENSION: '0x3b65',
    VFIO_DEVICE_GET_INFO: '0x3b6b',
    'VFIO_DEVICE_PCI_HOT_RESET or VFIO_IOMMU_MAP_DMA': '0x3b71',
    'VFIO_DEVICE_QUERY_GFX_PLANE or VFIO_IOMMU_UNMAP_DMA': '0x3b72',
    'VFIO_DEVICE_GET_PCI_HOT_RESET_INFO or VFIO_IOMMU_GET_INFO or VFIO_IOMMU_SPAPR_TCE_GET_INFO': '0x3b70',
  };
  const lines = bare.split('\n');

  test.each<[string, (line: string, i: number) => string]>([
    ['-T', (line) => (line.includes(' = ') ? `${line} <0.000042>` : line)],
    ['-r', (line) => `     0.000123 ${line}`],
    ['-f -tt -n -i', (line) => `164   16:03:05.315882 [  16] [00007fe52b4fa000] ${line}`],
    ['-k', (line) => `${line}\n > /usr/lib/x86_64-linux-gnu/libc.so.6(ioctl+0x4b) [0x10a1bb]`],
    [
      '-X raw',
      (line) =>
        line
          .replace(/(ioctl\(\d+, )([^,)]+)/, (_, call, request) => call + (numbers[request] ?? request))
          .replace('O_RDWR|O_CLOEXEC', '0x80002'),
    ],
    [
      '-X verbose',
      (line) =>
        line.replace(
          /(ioctl\(\d+, )([^,)]+)/,
          (_, call, request) => `${call}${numbers[request] ?? '0xae99'} /* ${request} */`,
        ),
    ],
  ])('%s', (_, form) => {
    const got = rebuilt(
      lines
        .filter((line) => line !== '')
        .map(form)
        .join('\n'),
    );
    expect(got.map((step) => step.replace('|O_CLOEXEC', ''))).toEqual(
      expected.map((step) => step.replace('|O_CLOEXEC', '')),
    );
  });

  test('-ff: a file for each thread, put in order by their times', () => {
    const timed = lines
      .filter((line) => line !== '' && !line.startsWith('+++'))
      .map((line, i) => ({ line: `1795881742.${String(i).padStart(6, '0')} ${line}`, tid: i % 3 }));
    const rebuilder = new Rebuilder();
    for (const tid of [0, 1, 2]) {
      const log = rebuilder.file(`a.log.${100 + tid}`, 'strace', 100 + tid);
      log.push(
        timed
          .filter((one) => one.tid === tid)
          .map(({ line }) => line)
          .join('\n'),
      );
      log.end();
    }
    const { steps } = rebuilder.finish();
    expect(steps.map(({ text }) => text)).toEqual(expected.slice(0, -1).map((step) => step.replace(/ = -?\w+$/, '')));
  });

  test('a kernel whose attribute calls are inlined: the registrations say what they did', () => {
    const trace = textOf(path.join(LOGS, `${OFF}-strace-f-y-hotplug.ftrace.txt.gz`));
    const fewer = trace.split('\n').filter((line) => !/kvm_arch_(?:start|end)_assignment|attach_group/.test(line));
    const { result } = take([{ name: 'a.ftrace', text: fewer.join('\n') }], [], { kernel: profileNamed('v6.1')! });
    expect(result.outcome.differences).toEqual([]);
    expect(result.outcome.registrations).toEqual([1, 0, 1, 0]);
  });
});
