/**
 * The one intermediate form of all logs: a list of records. Nothing that works on records knows which tool wrote them.
 *
 * A field that a source does not show is absent; a record never holds a guess.
 */

export interface LogRecord {
  /** Seconds on the clock of the log, whatever that clock is. */
  readonly time?: number;
  /** The thread that did it; 0 when the log does not say (strace without -f). */
  readonly tid: number;
  /** The process, where the source tells it from its threads. */
  readonly pid?: number;
  /** The name of the task, as the kernel keeps it. */
  readonly comm?: string;
  /** The physical CPU. */
  readonly cpu?: number;
  /** Line of the log, from 1. A call that another thread interrupted counts where it was resumed. */
  readonly line: number;
  readonly what: LogEvent;
}

export type LogEvent =
  | LogCall
  /** A kernel function was entered. */
  | { readonly kind: 'kernel'; readonly name: string; readonly caller?: string }
  /** A vCPU left the guest. `reason` in the names of {@link ExitReasonName}. */
  | {
      readonly kind: 'exit';
      readonly reason: string;
      readonly vcpu?: number;
      readonly rip?: string;
      readonly vendor?: 'intel' | 'amd';
    }
  | { readonly kind: 'entry'; readonly vcpu?: number }
  /** KVM_RUN came back to user space. */
  | { readonly kind: 'user-exit'; readonly reason: string }
  /** Any other trace event, by name. */
  | { readonly kind: 'event'; readonly name: string; readonly text: string }
  /** Text that a person or script wrote into the trace. */
  | { readonly kind: 'mark'; readonly text: string }
  /** The thread ended. */
  | { readonly kind: 'ended'; readonly signal?: string }
  /** What a VMM says about itself (QEMU's trace events): the event and its text. */
  | { readonly kind: 'vmm'; readonly name: string; readonly text: string };

/** A system call with what the kernel answered. */
export interface LogCall {
  readonly kind: 'call';
  /** `openat`, `ioctl`, `close`. */
  readonly name: string;
  /** As the log prints them. The request of an ioctl is in `requests`, not here. */
  readonly args: readonly string[];
  /** Of an ioctl: what the request may be called. Several when kernel headers give one number several names. */
  readonly requests?: readonly string[];
  /** What a source shows of the structure that the call was given. */
  readonly known?: KnownArguments;
  /** Undefined when the call never came back (`= ?`), or the log ends before it did. */
  readonly result?: LogResult;
}

/** What a pointer of a call refers to. */
export interface KnownArguments {
  /** KVM_CREATE_DEVICE: the type of the device. */
  readonly type?: number;
  /** Of an attribute of a device: the group, and whether it adds or removes a file. */
  readonly group?: number;
  readonly attr?: 'add' | 'del';
  /** The descriptor that the structure names. */
  readonly target?: number;
  /** The object of an iommufd that it names. */
  readonly id?: number;
  /** The descriptor or object that the kernel made. */
  readonly made?: number;
  readonly iova?: string;
  readonly size?: string;
  readonly vaddr?: string;
}

export interface LogResult {
  /** -1 with an errno. */
  readonly value: number;
  readonly errno?: string;
  /** The file of a returned descriptor, when the log shows it. */
  readonly path?: string;
}

/** The value of a descriptor argument, `11</dev/kvm>`: number, and the file when the log shows it. */
export interface LogDescriptor {
  readonly fd: number;
  readonly path?: string;
}

/** Characters of a line of a tracer: its expressions are not asked about more. Only strace, which prints buffers, prints more. */
export const LONGEST_TRACE_LINE = 8192;

const DESCRIPTOR = /^(-?\d{1,10})(?:<(.*)>(?:\(deleted\))?)?$/s;
/** What `-yy` adds to the path of a device node: `/dev/vfio/8<char 246:0>`. */
export const DEVICE_NUMBER = /<(?:char|block) \d+:\d+>$/;

/** Reads a descriptor argument; undefined when it is none. */
export function descriptorOf(text: string | undefined): LogDescriptor | undefined {
  const match = text === undefined ? null : DESCRIPTOR.exec(text);
  if (!match) return undefined;
  const path = match[2]?.replace(DEVICE_NUMBER, '');
  return { fd: Number(match[1]), ...(path !== undefined && { path }) };
}
