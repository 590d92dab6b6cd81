/**
 * The processes of a log. Descriptors belong to a process, so calls of two VMMs, or of a VMM and what it forked, must not be
 * taken for those of one. Who made whom is in the results of clone and fork; a log without them, and without process
 * numbers, is taken to be of one process unless two threads hold the same descriptor at once.
 */
import { counted } from '../../counted.ts';
import { descriptorOf } from '../log/record.ts';
import type { KeptCall } from './kept.ts';
import { requestName } from './request-names.ts';

/** A process that uses KVM or VFIO. */
export interface LoggedProcess {
  /** Its number, or that of the first of its threads that the log shows. */
  readonly pid: number;
  /** All of its threads that the log shows. */
  readonly tids: ReadonlySet<number>;
  readonly calls: number;
  /** Line of its first call that matters. */
  readonly line: number;
  /** VMs that it made. */
  readonly vms: number;
}

/** Those that open a file or make a request, in the order of the log. */
export function processesOf(calls: readonly KeptCall[]): LoggedProcess[] {
  const { owner, threads } = ownersOf(calls);
  const found = new Map<number, { tids: Set<number>; calls: number; line: number; vms: number }>();
  for (const kept of calls) {
    const pid = owner(kept);
    const known = found.get(pid) ?? { tids: new Set(), calls: 0, line: 0, vms: 0 };
    found.set(pid, known);
    known.tids.add(kept.tid);
    if (!uses(kept)) continue;
    known.calls++;
    if (known.line === 0) known.line = kept.line;
    if (isRequest(kept, 'KVM_CREATE_VM') && kept.call.result?.errno === undefined) known.vms++;
  }
  for (const tid of threads) found.get(owner({ tid }))?.tids.add(tid);
  return [...found].flatMap(([pid, { tids, calls: count, line, vms }]) =>
    count > 0 ? [{ pid, tids, calls: count, line, vms }] : [],
  );
}

/** By number of the process or of a thread, by the VM, or the only one there is. */
export function chosenProcess(
  processes: readonly LoggedProcess[],
  { pid, vm }: { readonly pid?: number; readonly vm?: number },
): LoggedProcess | undefined {
  if (pid !== undefined) return processes.find((process) => process.pid === pid || process.tids.has(pid));
  if (processes.length < 2) return processes[0];
  if (vm === undefined) return undefined;
  return processes[processes.findIndex((_, index) => vm <= vmsBefore(processes, index + 1))];
}

export function choiceText(processes: readonly LoggedProcess[]): string {
  const list = processes
    .slice(0, MOST_LISTED)
    .map(
      ({ pid, calls, line, vms }) => `${pid} (${counted(calls, 'call')} from line ${line} on, ${counted(vms, 'VM')})`,
    );
  const more = processes.length > MOST_LISTED ? ` and ${processes.length - MOST_LISTED} more` : '';
  const what =
    processes.length === 1 ? 'The log is of another process' : 'Several processes of the log use KVM or VFIO';
  return `${what}: ${list.join(', ')}${more}. \`--pid\` takes one, \`--vm\` the one that made a VM.`;
}

const MOST_LISTED = 12;

/** VMs of the processes before the one with this index. */
export function vmsBefore(processes: readonly LoggedProcess[], index: number): number {
  return processes.slice(0, index).reduce((sum, { vms }) => sum + vms, 0);
}

/** Calls of one process, without those that only say who made whom. */
export function callsOf(calls: readonly KeptCall[], process: LoggedProcess | undefined): KeptCall[] {
  return calls.filter((kept) => !MAKES.has(kept.call.name) && (process?.tids.has(kept.tid) ?? true));
}

const MAKES: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork']);

/** `threads`: those that were made, whether they make calls or not. */
function ownersOf(calls: readonly KeptCall[]): {
  readonly owner: (kept: Pick<KeptCall, 'tid' | 'pid'>) => number;
  readonly threads: readonly number[];
} {
  const parents = new Map<number, { readonly tid: number; readonly shares: boolean }>();
  for (const { call, tid } of calls) {
    if (!MAKES.has(call.name) || call.result === undefined) continue;
    // A thread shares the descriptors of its maker; so does a process that was cloned with CLONE_FILES.
    const shares = call.args.some((argument) => /\bCLONE_(?:THREAD|FILES)\b/.test(argument));
    parents.set(call.result.value, { tid, shares });
  }
  const first = calls[0]?.tid ?? 0;
  const apart = parents.size === 0 ? heldTwice(calls) : false;
  const owner = ({ tid, pid }: Pick<KeptCall, 'tid' | 'pid'>): number => {
    if (pid !== undefined && pid > 0) return pid;
    if (parents.size === 0) return apart ? tid : first;
    let at = tid;
    for (let steps = 0; steps < MOST_GENERATIONS; steps++) {
      const parent = parents.get(at);
      if (!parent?.shares) break;
      at = parent.tid;
    }
    return at;
  };
  return { owner, threads: [...parents.keys()] };
}

const MOST_GENERATIONS = 1000;

/** Does a thread get a descriptor that another one got, and that was not closed? */
function heldTwice(calls: readonly KeptCall[]): boolean {
  const holders = new Map<number, number>();
  const closers = calls.some(({ call }) => call.name === 'close');
  for (const kept of calls) {
    const { call, tid } = kept;
    if (call.name === 'close') holders.delete(descriptorOf(call.args[0])?.fd ?? -1);
    if (call.name === 'exit_group' || call.name === 'ended') continue;
    const made = call.result?.errno === undefined && returnsDescriptor(kept) ? call.result?.value : undefined;
    if (made === undefined) continue;
    const holder = holders.get(made);
    if (closers && holder !== undefined && holder !== tid && bothMakeVms(calls, holder, tid)) return true;
    holders.set(made, tid);
  }
  return false;
}

function bothMakeVms(calls: readonly KeptCall[], one: number, other: number): boolean {
  const makers = new Set(calls.filter((kept) => isRequest(kept, 'KVM_CREATE_VM')).map(({ tid }) => tid));
  return makers.has(one) && makers.has(other);
}

function returnsDescriptor(kept: KeptCall): boolean {
  const { name } = kept.call;
  return name === 'open' || name === 'openat' || isRequest(kept, 'KVM_CREATE_VM');
}

function uses({ call }: KeptCall): boolean {
  return call.name === 'ioctl' || call.name === 'open' || call.name === 'openat';
}

function isRequest({ call }: KeptCall, name: string): boolean {
  return call.name === 'ioctl' && requestName(call.requests ?? [], undefined) === name;
}
