/** Why a VMM was killed, by signals that nobody sends to end a VM in the usual way. */
import type { Cause } from './causes.ts';

export function causesOfSignal(signal: string | undefined): Cause[] {
  const known = signal === undefined ? undefined : SIGNALS[signal];
  return known
    ? [{ id: 'killed', text: `The VMM was killed by ${signal}: ${known.why}.`, command: known.command }]
    : [];
}

interface Signal {
  readonly why: string;
  readonly command: string;
}

const CRASH: Signal = {
  why: 'it crashed, or gave up with abort()',
  command: 'coredumpctl info qemu-system-x86_64; dmesg | tail',
};

const SIGNALS: Readonly<Record<string, Signal>> = {
  SIGKILL: {
    why: 'the OOM killer, a limit of its cgroup, or somebody ended it',
    command: 'dmesg | grep -i -e oom -e "killed process"',
  },
  SIGSYS: {
    why: 'its seccomp filter does not permit a system call',
    command: 'dmesg | grep -i seccomp; journalctl _TRANSPORT=audit | grep SECCOMP',
  },
  SIGBUS: {
    why: 'memory of the guest could not be had, such as a huge page',
    command: 'grep -i huge /proc/meminfo; dmesg | tail',
  },
  SIGSEGV: CRASH,
  SIGABRT: CRASH,
  SIGILL: CRASH,
  SIGFPE: CRASH,
};
