/** What follows the time of a line of ftrace, trace-cmd or perf script: a function, or an event with its text. */
import type { LogEvent } from './record.ts';

/** `function: NAME`, and NAME alone, in tracefs with ` <-CALLER` after it. */
const TRACED = /^([\w.$]+)(?: (?:\[\w+\] )?<-+ ?([\w.$]+))?(?: \[\w+\])?$/;
const RAW_FUNCTION = /\bip=(?:0x)?([\w.$]+)(?: \(0x[0-9a-f]+\))?.*?\bparent_ip=(?:0x)?([\w.$]+)/;
const EVENT = /^([\w-]+(?::[\w-]+)?): *(.*)$/s;

/** Undefined when it is neither. */
export function kernelEvent(body: string): LogEvent | undefined {
  const direct = functionEvent(body);
  if (direct) return direct;
  const match = EVENT.exec(body);
  if (!match) return undefined;
  const [, event = '', text = ''] = match;
  const name = event.slice(event.indexOf(':') + 1);
  switch (name) {
    case 'function':
      return functionEvent(text.trim()) ?? rawFunction(text) ?? { kind: 'event', name, text };
    case 'kvm_exit':
      return exitEvent(text);
    case 'kvm_entry': {
      const vcpu = vcpuOf(text);
      return { kind: 'entry', ...(vcpu !== undefined && { vcpu }) };
    }
    case 'kvm_userspace_exit':
      return {
        kind: 'user-exit',
        reason: /KVM_EXIT_(\w+)/.exec(text)?.[1] ?? /\breason (\w+)/.exec(text)?.[1] ?? text.trim(),
      };
    case 'tracing_mark_write':
    case 'print':
      return { kind: 'mark', text: text.replace(/^.*\): /, '').trim() };
    default:
      return { kind: 'event', name, text };
  }
}

function functionEvent(text: string): LogEvent | undefined {
  const match = TRACED.exec(text);
  if (!match) return undefined;
  const [, name = '', caller] = match;
  return { kind: 'kernel', name: plainName(name), ...(caller !== undefined && { caller: plainName(caller) }) };
}

function rawFunction(text: string): LogEvent | undefined {
  const match = RAW_FUNCTION.exec(text);
  return match ? { kind: 'kernel', name: plainName(match[1]!), caller: plainName(match[2]!) } : undefined;
}

/** A function as the source calls it, without what the compiler appended. */
function plainName(name: string): string {
  return name.replace(/\.(?:part|isra|constprop|cold)(?:\.\d+)?/g, '');
}

function vcpuOf(text: string): number | undefined {
  const match = /\bvcpu[ _:](?:id=)?(\d+)/.exec(text);
  return match ? Number(match[1]) : undefined;
}

function exitEvent(text: string): LogEvent {
  const vcpu = vcpuOf(text);
  const rip = /\brip[ =](0x[0-9a-f]+)/.exec(text)?.[1];
  const named = /\breason ([\w-]+)/.exec(text)?.[1];
  const number = /\bexit_reason=(0x[0-9a-f]+|\d+)/.exec(text)?.[1];
  const isa = /\bisa=(\d)/.exec(text)?.[1];
  const reason =
    named !== undefined ? reasonNamed(named) : number !== undefined ? reasonNumbered(Number(number), isa) : 'unknown';
  const vendor = named !== undefined ? vendorNamed(named) : isa === '1' ? 'intel' : isa === '2' ? 'amd' : undefined;
  return {
    kind: 'exit',
    reason,
    ...(vcpu !== undefined && { vcpu }),
    ...(rip !== undefined && { rip }),
    ...(vendor !== undefined && { vendor }),
  };
}

/** The kernel's names of VMX exits have capital letters, those of SVM small ones; trace-cmd writes EXIT_ before the latter. */
function vendorNamed(name: string): 'intel' | 'amd' | undefined {
  if (/^EXIT_REASON_/.test(name)) return 'intel';
  if (/^(?:EXIT_|[a-z])/.test(name)) return 'amd';
  return /^[A-Z]/.test(name) ? 'intel' : undefined;
}

/** Names of SVM and VMX, old and new, for the same thing. */
const REASONS: Readonly<Record<string, string>> = {
  NPF: 'EPT_VIOLATION',
  IO: 'IO_INSTRUCTION',
  MSR: 'MSR',
  MSR_WRITE: 'MSR',
  MSR_READ: 'MSR',
  INTR: 'EXTERNAL_INTERRUPT',
};

function reasonNamed(name: string): string {
  const plain = name.replace(/^EXIT_(?:REASON_)?/, '').toUpperCase();
  return REASONS[plain] ?? plain;
}

/** Raw exit codes: linux arch/x86/include/uapi/asm/svm.h and vmx.h. `isa` is 1 for VMX and 2 for SVM. */
const SVM: Readonly<Record<number, string>> = {
  96: 'EXTERNAL_INTERRUPT',
  114: 'CPUID',
  120: 'HLT',
  123: 'IO_INSTRUCTION',
  124: 'MSR',
  137: 'WBINVD',
  1024: 'EPT_VIOLATION',
};
const VMX: Readonly<Record<number, string>> = {
  1: 'EXTERNAL_INTERRUPT',
  10: 'CPUID',
  12: 'HLT',
  28: 'CR_ACCESS',
  30: 'IO_INSTRUCTION',
  31: 'MSR',
  32: 'MSR',
  48: 'EPT_VIOLATION',
  54: 'WBINVD',
};

function reasonNumbered(number: number, isa: string | undefined): string {
  // Both numberings have an entry below 100 for few codes only; without isa the larger code of SVM is unambiguous.
  const table = isa === '1' ? VMX : isa === '2' || number > 70 ? SVM : VMX;
  return table[number] ?? `exit ${number}`;
}
