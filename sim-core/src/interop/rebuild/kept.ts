/**
 * What is kept of a log while it streams by: the calls that a scenario may need, and counts of all others. A log of any
 * size needs no more memory than {@link MOST_KEPT} calls.
 */
import { descriptorOf, type KnownArguments, type LogCall, type LogDescriptor, type LogRecord } from '../log/record.ts';
import { isOurs, requestName } from './request-names.ts';
import { Stderr } from './stderr.ts';
import { SysfsLookups } from './sysfs-lookups.ts';

/** A call that a scenario may need. */
export interface KeptCall {
  readonly call: LogCall;
  readonly tid: number;
  /** The process, where the log tells it. */
  readonly pid?: number;
  readonly time?: number;
  readonly line: number;
  /** Which of the files, from 0. */
  readonly file: number;
  /** The log does not show the call; something that it shows could not be without it. Says what. */
  readonly inferred?: string;
  /** What the log, or another log of the same run, shows of the arguments. */
  readonly known?: KnownArguments;
}

/** Calls kept of one log. A scenario has at most 100 000 lines, and beyond some thousand it is unreadable. */
export const MOST_KEPT = 20_000;

/** How often something occurred, and where first. */
export interface Count {
  count: number;
  readonly line: number;
}

/** By thread, how often each thing occurred. */
export type TalliesByThread = Map<number, Map<string, Count>>;

/** Threads, and names of a thread, that are distinguished. */
const MOST_TALLIED_THREADS = 4096;
const MOST_NAMES = 2000;

/** Counts one more of it; undefined where there are too many names or threads to keep them apart. */
export function tallyOf(tallies: TalliesByThread, tid: number, name: string, line: number): Count | undefined {
  let own = tallies.get(tid);
  if (!own) {
    if (tallies.size >= MOST_TALLIED_THREADS) return undefined;
    own = new Map();
    tallies.set(tid, own);
  }
  return tally(own, name, line);
}

export function tally(counts: Map<string, Count>, name: string, line: number): Count | undefined {
  let known = counts.get(name);
  if (known) known.count++;
  else if (counts.size < MOST_NAMES) {
    known = { count: 1, line };
    counts.set(name, known);
  }
  return known;
}

/** KVM_RUN of one thread. */
interface Runs {
  readonly fd: number;
  readonly path: string | undefined;
  /** The last of its calls that was looked at. */
  call: LogCall;
  count: number;
  interrupted: number;
}

/** The end of a thread as a call, whose argument is the signal that it was killed by. */
function endOf(what: LogRecord['what']): LogCall {
  const signal = what.kind === 'ended' ? what.signal : undefined;
  return { kind: 'call', name: 'ended', args: signal === undefined ? [] : [signal] };
}

/** Gathers the calls of one file. */
export class CallFilter {
  readonly calls: KeptCall[] = [];
  /** By thread: how often it came back from KVM_RUN, and on which descriptor. */
  readonly runs = new Map<number, Runs>();
  /** By thread: known requests and calls that do not matter here, by name. */
  readonly other: TalliesByThread = new Map();
  /** PCI addresses that the process looked up in sysfs, in order. */
  readonly addresses: string[] = [];
  readonly sysfs = new SysfsLookups();
  /** Threads that open device nodes for another process, and send it the descriptors. */
  readonly passers = new Set<number>();
  readonly stderr = new Stderr();
  /** Where the kept calls were cut off. */
  cutAt: number | undefined;
  /** Calls that came after that. */
  cut = 0;
  readonly #file: number;
  readonly #from: number;
  readonly #to: number;
  readonly #counted = new Map<LogCall, Count>();
  /** Numbers of descriptors that a kept call used or made. */
  readonly #numbers = new Set<number>();

  constructor(file: number, range: { readonly from: number; readonly to: number }) {
    this.#file = file;
    this.#from = range.from;
    this.#to = range.to;
  }

  /** Takes a record whose event is a call, or the end of a thread. */
  take(record: LogRecord, known?: KnownArguments): void {
    if (record.line > this.#to) {
      this.cut++;
      this.cutAt ??= record.line;
      return;
    }
    const call = record.what.kind === 'call' ? record.what : endOf(record.what);
    if (call.name === 'ioctl') this.#ioctl(call, record);
    else if (call.name === 'recvmsg') this.#received(call, record);
    else if (call.name === 'sendmsg') this.#passes(call, record.tid);
    else if (this.#matters(call)) this.#keep(call, record);
    else {
      this.stderr.take(call, record.tid);
      this.sysfs.take(call);
    }
    if (known !== undefined) this.#know(known);
  }

  #ioctl(call: LogCall, record: LogRecord): void {
    const counted = this.#counted.get(call);
    if (counted) {
      counted.count++;
      return;
    }
    const requests = call.requests ?? [];
    const first = requests[0] ?? '';
    if (first === 'KVM_RUN' || first === '0xae80') {
      this.#run(call, record.tid);
      return;
    }
    if (!isOurs(requests)) return;
    const fd = descriptorOf(call.args[0])?.fd;
    if (fd !== undefined) this.#numbers.add(fd);
    const name = requestName(requests, undefined);
    if (PLENTIFUL.has(name)) {
      this.#remember(call, this.count(name, record.line, record.tid));
    } else this.#keep(call, record);
  }

  /** Descriptors that come over a socket are opened as far as this process goes (libvirt opens them for QEMU). */
  #received(call: LogCall, record: LogRecord): void {
    for (const { fd, path } of passedIn(call))
      if (path !== undefined && isNode(path))
        this.#keep(
          { kind: 'call', name: 'open', args: [`"${path}"`, 'O_RDWR'], result: { value: fd, path } },
          record,
          'it came over a socket',
        );
  }

  #passes(call: LogCall, tid: number): void {
    if (passedIn(call).some(({ fd, path }) => (path === undefined ? this.#numbers.has(fd) : isNode(path))))
      this.passers.add(tid);
  }

  /** A reader gives the same record of a call for the same text of a thread: then it is counted without being looked at. */
  #remember(call: LogCall, count: Count | undefined): void {
    if (this.#counted.size >= MOST_COUNTED) this.#counted.clear();
    if (count) this.#counted.set(call, count);
  }

  #run(call: LogCall, tid: number): void {
    const last = this.runs.get(tid);
    if (last?.call === call && call.result?.errno === undefined) {
      last.count++;
      return;
    }
    const fd = descriptorOf(call.args[0]);
    const known = this.runs.get(tid);
    const interrupted = call.result?.errno === undefined ? 0 : 1;
    if (known && known.fd === fd?.fd) {
      known.count++;
      known.call = call;
      known.interrupted += interrupted;
    } else if (!known) this.runs.set(tid, { fd: fd?.fd ?? -1, path: fd?.path, call, count: 1, interrupted });
    else known.count++;
  }

  /** Counts a call that the scenario does not show. */
  count(name: string, line: number, tid: number): Count | undefined {
    return tallyOf(this.other, tid, name, line);
  }

  #matters({ name, args, result }: LogCall): boolean {
    switch (name) {
      case 'open':
      case 'openat':
        return this.#opens(args[name === 'open' ? 0 : 1] ?? '');
      case 'close':
        return this.#tracked(args[0]);
      case 'dup':
      case 'dup2':
      case 'dup3':
      case 'fcntl': {
        const copies = name !== 'fcntl' || /^F_DUPFD/.test(args[1] ?? '');
        if (copies && this.#tracked(args[0]) && result !== undefined) this.#numbers.add(result.value);
        return copies && this.#tracked(args[0]);
      }
      case 'exit_group':
      case 'ended':
        return true;
      case 'clone':
      case 'clone3':
      case 'fork':
      case 'vfork':
        return result !== undefined && result.value > 0;
      default:
        return false;
    }
  }

  #opens(quoted: string): boolean {
    const path = quoted.slice(1, quoted.endsWith('"') ? -1 : undefined);
    const address = /\/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?:\/|$)/.exec(path)?.[1];
    if (
      address !== undefined &&
      path.startsWith('/sys/') &&
      this.addresses.at(-1) !== address &&
      this.addresses.length < MOST_ADDRESSES
    )
      this.addresses.push(address);
    return isNode(path);
  }

  #tracked(arg: string | undefined): boolean {
    const descriptor = descriptorOf(arg);
    if (!descriptor) return false;
    const { fd, path } = descriptor;
    if (path === undefined) return this.#numbers.has(fd);
    return /^(?:\/dev\/(?:kvm|iommu|vfio\/)|anon_inode:(?:kvm-|\[vfio))/.test(path);
  }

  #keep(call: LogCall, { tid, pid, time, line }: LogRecord, inferred?: string): void {
    if (this.calls.length >= MOST_KEPT) {
      this.cut++;
      this.cutAt ??= line;
      return;
    }
    if (line < this.#from && LATER_ONLY.has(requestName(call.requests ?? [], undefined))) return;
    if (call.result !== undefined && call.result.value >= 0) this.#numbers.add(call.result.value);
    if (call.known?.made !== undefined) this.#numbers.add(call.known.made);
    this.calls.push({
      call,
      tid,
      line,
      file: this.#file,
      ...(pid !== undefined && { pid }),
      ...(time !== undefined && { time }),
      ...(call.known && { known: call.known }),
      ...(inferred !== undefined && { inferred }),
    });
  }

  #know(known: KnownArguments): void {
    const last = this.calls.at(-1);
    if (last) this.calls[this.calls.length - 1] = { ...last, known };
  }
}

function isNode(path: string): boolean {
  return path === '/dev/kvm' || path === '/dev/iommu' || path.startsWith('/dev/vfio/');
}

/** Descriptors that a message carries. */
function passedIn({ args, result }: LogCall): LogDescriptor[] {
  const list =
    result?.errno === undefined ? /cmsg_type=SCM_RIGHTS, cmsg_data=\[(.*?)\]\}/.exec(args[1] ?? '')?.[1] : '';
  return (list ?? '').split(', ').flatMap((text) => descriptorOf(text) ?? []);
}

/** Calls that are counted without being looked at. */
const MOST_COUNTED = 8192;
/** Functions of a device in sysfs that are remembered at most. */
const MOST_ADDRESSES = 64;
/** Requests that come by the thousand and that nothing depends on: counted, never kept. */
const PLENTIFUL: ReadonlySet<string> = new Set([
  'KVM_IRQ_LINE_STATUS',
  'KVM_IRQ_LINE',
  'KVM_SMI',
  'KVM_SIGNAL_MSI',
  'KVM_GET_DIRTY_LOG',
  'KVM_CLEAR_DIRTY_LOG',
]);
/** What is left out before the line that `--from` names: it changes nothing that later lines need. */
const LATER_ONLY: ReadonlySet<string> = new Set([
  'KVM_SET_USER_MEMORY_REGION',
  'KVM_SET_USER_MEMORY_REGION2',
  'KVM_CHECK_EXTENSION',
  'KVM_GET_MSRS',
]);
