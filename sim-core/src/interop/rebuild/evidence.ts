/**
 * What the kernel did, from a log of its functions and events: registrations of non-coherent DMA, exits, which of them
 * executed WBINVD and where, and the calls that must have led there.
 */
import type { LogRecord } from '../log/record.ts';
import { cr0Of, isHarmlessEvent, wrmsrOf } from './guest-actions.ts';
import { type Count, type TalliesByThread, tally, tallyOf } from './kept.ts';

/** One thing that the kernel did, in the order of the log. */
export type LoggedDeed =
  | (Seen & { readonly kind: 'function'; readonly what: TracedCall })
  | (Seen & { readonly kind: 'register' | 'unregister'; readonly count: number })
  | WbinvdExit
  | GuestAction;

/** Where a log shows it. */
interface Seen {
  readonly tid: number;
  readonly line: number;
  /** Seconds on the clock of the log. */
  readonly time?: number;
}

/** A WBINVD of a guest. */
export interface WbinvdExit extends Seen {
  readonly kind: 'wbinvd';
  /** Undefined when the form of the log leaves it out. */
  readonly vcpu: number | undefined;
  readonly cpu: number;
  /** pCPUs on which KVM ran WBINVD for it, ascending; filled in as the log is read. */
  readonly flushed: number[];
  /** When the vCPU entered the guest again, on the clock of the log. */
  entered?: number;
}

/** Another instruction of a guest that left it, as a statement of a vcpu block. */
export interface GuestAction extends Seen {
  readonly kind: 'guest';
  readonly vcpu: number | undefined;
  readonly cpu: number;
  readonly text: string;
}

/** Calls that kernel functions stand for. */
export type TracedCall =
  | 'create-device'
  | 'add'
  | 'del'
  | 'attach-group'
  | 'detach-group'
  | 'open-device'
  | 'bind-iommufd'
  | 'close-device'
  | 'close-container'
  | 'close-group'
  | 'release-device'
  | 'destroy-vm';

/** Deeds kept of one log. */
const MOST_DEEDS = 20_000;
/** HLT exits kept of one log: an idle guest has any number of them, and they change nothing by themselves. */
const MOST_HALTS = 1000;

const FUNCTIONS: Readonly<Record<string, TracedCall>> = {
  kvm_vfio_create: 'create-device',
  kvm_vfio_group_add: 'add',
  kvm_vfio_file_add: 'add',
  kvm_vfio_group_del: 'del',
  kvm_vfio_file_del: 'del',
  vfio_iommu_type1_attach_group: 'attach-group',
  vfio_iommu_type1_detach_group: 'detach-group',
  vfio_pci_open_device: 'open-device',
  vfio_pci_open: 'open-device',
  vfio_df_ioctl_bind_iommufd: 'bind-iommufd',
  vfio_device_fops_release: 'close-device',
  vfio_fops_release: 'close-container',
  vfio_group_fops_release: 'close-group',
  kvm_vfio_release: 'release-device',
  kvm_vfio_destroy: 'release-device',
  kvm_destroy_vm: 'destroy-vm',
};

/** What a process that has ended still does: its files are released. */
const RELEASES: ReadonlySet<TracedCall> = new Set([
  'detach-group',
  'close-device',
  'close-container',
  'close-group',
  'release-device',
]);

export class Evidence {
  readonly deeds: LoggedDeed[] = [];
  /** Exits by reason. */
  readonly exits = new Map<string, Count>();
  readonly functions = new Map<string, Count>();
  /** By thread: exits, events and functions that the scenario does not show, and events that are not known. */
  readonly harmless: TalliesByThread = new Map();
  readonly unknown: TalliesByThread = new Map();
  /** Who made the CPUs, as the names of exits tell. */
  vendor: 'intel' | 'amd' | undefined;
  /** Leaves of EPT by their memory types, where the log shows them. */
  readonly leaves = new Map<string, Count>();
  /** Does the log have functions, so that what is not there did not happen? */
  hasFunctions = false;
  cutAt: number | undefined;
  /** Threads that ran vCPUs, with the vCPU where the log says it. */
  readonly vcpuThreads = new Map<number, number | undefined>();
  cpus = 1;
  #count = 0;
  /** A kvm_vfio_set_attr of which it is not known yet whether it adds. */
  #attribute: { readonly index: number; readonly seen: Seen } | undefined;
  #pending: WbinvdExit[] = [];
  #halts = 0;
  /** Threads whose last write of CR0 set CD. */
  readonly #uncached = new Set<number>();

  take(record: LogRecord): void {
    const { what, tid, line, cpu = 0 } = record;
    if (cpu + 1 > this.cpus && cpu < MOST_CPUS) this.cpus = cpu + 1;
    switch (what.kind) {
      case 'exit': {
        tally(this.exits, what.reason, line);
        this.vendor ??= what.vendor;
        this.vcpuThreads.set(tid, what.vcpu ?? this.vcpuThreads.get(tid) ?? vcpuOfTask(record.comm));
        if (what.reason === 'WBINVD') this.#wbinvd(record, what.vcpu);
        else if (what.reason === 'HLT' && this.#halts < MOST_HALTS) {
          this.#halts++;
          this.#guest('hlt', record);
        } else tallyOf(this.harmless, tid, `exit ${what.reason}`, line);
        break;
      }
      case 'entry': {
        const exit = this.#pending.find((pending) => pending.tid === tid);
        if (exit && record.time !== undefined) exit.entered ??= record.time;
        tallyOf(this.harmless, tid, 'kvm_entry', line);
        break;
      }
      case 'event':
        if (what.name === 'leaf') tally(this.leaves, what.text, line);
        else this.#event(what.name, what.text, record);
        break;
      case 'kernel':
        this.hasFunctions = true;
        this.#function(what.name, record);
        break;
      case 'user-exit':
        tally(this.exits, `user space: ${what.reason}`, line);
        tallyOf(this.harmless, tid, `kvm_userspace_exit ${what.reason}`, line);
        break;
    }
  }

  /**
   * A WBINVD was executed before any registration that the log shows: what led to the first one was before the log. Puts
   * it there; true if so.
   */
  begunRegistered(): boolean {
    const first = this.deeds.findIndex((deed) => deed.kind === 'wbinvd' && deed.flushed.length > 0);
    const registered = this.deeds.findIndex(({ kind }) => kind === 'register');
    if (first < 0 || (registered >= 0 && registered < first)) return false;
    const { tid } = this.deeds[first]!;
    const before = (['create-device', 'attach-group', 'add', 'open-device'] as const).map(
      (what): LoggedDeed => ({ kind: 'function', what, tid, line: 0 }),
    );
    this.deeds.unshift(...before, { kind: 'register', tid, line: 0, count: this.#count < 0 ? 0 : 1 });
    return true;
  }

  /** VMs that the log shows one after the other: each ends when the kernel destroys it and its files are released. */
  get vms(): number {
    return this.#vmOfDeeds().at(-1) ?? 1;
  }

  /** Keeps what the log shows of one of them, counted from 1. */
  keepVm(vm: number): void {
    const numbers = this.#vmOfDeeds();
    const kept = this.deeds.filter((_, i) => numbers[i] === vm);
    const others = new Set(this.deeds.flatMap(({ tid }, i) => (numbers[i] === vm ? [] : [tid])));
    for (const { tid } of kept) others.delete(tid);
    for (const tid of others) this.vcpuThreads.delete(tid);
    this.deeds.splice(0, this.deeds.length, ...kept);
  }

  /** By deed: which VM it is of. While its threads still run, a VM was not destroyed. */
  #vmOfDeeds(): number[] {
    const lasts = new Map(this.deeds.map(({ tid }, i) => [tid, i]));
    let [vm, isDestroyed, lastOfEarlier] = [1, false, 0];
    return this.deeds.map((deed, i) => {
      const begins = deed.kind !== 'function' || !RELEASES.has(deed.what);
      if (isDestroyed && begins && lastOfEarlier < i) {
        vm++;
        isDestroyed = false;
      }
      if (deed.kind === 'function' && deed.what === 'destroy-vm') isDestroyed = true;
      lastOfEarlier = Math.max(lastOfEarlier, lasts.get(deed.tid) ?? 0);
      return vm;
    });
  }

  /** Net registrations at the end of the log, counted from its beginning. */
  get count(): number {
    return this.#count;
  }

  #wbinvd(record: LogRecord, vcpu: number | undefined): void {
    const { tid, cpu = 0 } = record;
    const known = vcpu ?? this.vcpuThreads.get(tid);
    const exit: WbinvdExit = { kind: 'wbinvd', ...seenIn(record), vcpu: known, cpu, flushed: [] };
    this.#add(exit);
    // Flushes of the exit before, of the same thread, are over.
    this.#pending = [...this.#pending.filter((other) => other.tid !== tid), exit].slice(-MOST_VCPUS);
  }

  #event(name: string, text: string, record: LogRecord): void {
    const { tid, line } = record;
    if (name === 'kvm_msr' || name === 'kvm_cr')
      this.vcpuThreads.set(tid, this.vcpuThreads.get(tid) ?? vcpuOfTask(record.comm));
    const wrmsr = name === 'kvm_msr' ? wrmsrOf(text) : undefined;
    const cr0 = name === 'kvm_cr' ? cr0Of(text) : undefined;
    if (wrmsr !== undefined) this.#guest(wrmsr, record);
    else if (cr0 && cr0.disables !== this.#uncached.has(tid)) {
      if (cr0.disables) this.#uncached.add(tid);
      else this.#uncached.delete(tid);
      this.#guest(cr0.text, record);
    } else tallyOf(isHarmlessEvent(name) ? this.harmless : this.unknown, tid, name, line);
  }

  #guest(text: string, record: LogRecord): void {
    const { tid, cpu = 0 } = record;
    this.#add({ kind: 'guest', ...seenIn(record), vcpu: this.vcpuThreads.get(tid), cpu, text });
  }

  #function(name: string, record: LogRecord): void {
    const { tid, line, cpu = 0 } = record;
    const seen = seenIn(record);
    tally(this.functions, name, line);
    switch (name) {
      case 'wbinvd_ipi':
      case '__wbinvd':
        this.#flush(cpu, tid);
        return;
      case 'kvm_arch_register_noncoherent_dma':
        this.#resolve('add', seen);
        this.#add({ kind: 'register', ...seen, count: ++this.#count });
        return;
      case 'kvm_arch_unregister_noncoherent_dma':
        this.#resolve('del', seen);
        this.#add({ kind: 'unregister', ...seen, count: --this.#count });
        return;
      case 'kvm_vfio_set_attr':
        // What it does, and whether it works, is in the functions that it calls.
        this.settle();
        this.#attribute = { index: this.deeds.length, seen };
        return;
      case 'kvm_arch_start_assignment':
        this.#resolve('add', seen);
        return;
      case 'kvm_arch_end_assignment':
        this.#resolve('del', seen);
        return;
    }
    const call = FUNCTIONS[name];
    if (call === undefined) {
      tallyOf(this.harmless, tid, `${name}()`, line);
      return;
    }
    if (call === 'add' || call === 'del') this.#resolve(call, seen);
    else this.#add({ kind: 'function', what: call, ...seen });
  }

  /** An attribute call whose functions the log does not have: it adds if nothing is added, else it removes. */
  settle(): void {
    const open = this.#attribute;
    if (!open) return;
    const added = this.deeds.reduce((sum, deed) => {
      if (deed.kind !== 'function' || (deed.what !== 'add' && deed.what !== 'del')) return sum;
      return sum + (deed.what === 'add' ? 1 : -1);
    }, 0);
    this.#resolve(added > 0 ? 'del' : 'add', open.seen);
  }

  /** The attribute call of this thread adds or removes. */
  #resolve(what: 'add' | 'del', seen: Seen): void {
    if (this.#attribute?.seen.tid !== seen.tid) return;
    this.deeds.splice(this.#attribute.index, 0, { kind: 'function', what, ...seen });
    this.#attribute = undefined;
  }

  /** WBINVD ran on a CPU: for the exit of the same thread, else for the last one that this CPU did not serve yet. */
  #flush(cpu: number, tid: number): void {
    const own = this.#pending.find((exit) => exit.tid === tid && exit.cpu === cpu && !exit.flushed.includes(cpu));
    const exit = own ?? this.#pending.findLast(({ flushed }) => !flushed.includes(cpu));
    if (!exit) return;
    exit.flushed.push(cpu);
    exit.flushed.sort((a, b) => a - b);
  }

  #add(deed: LoggedDeed): void {
    if (this.deeds.length < MOST_DEEDS) this.deeds.push(deed);
    else this.cutAt ??= deed.line;
  }
}

/** QEMU names the threads of vCPUs. */
function vcpuOfTask(comm: string | undefined): number | undefined {
  const id = /^CPU (\d{1,4})\/(?:KVM|TCG)$/.exec(comm ?? '')?.[1];
  return id === undefined ? undefined : Number(id);
}

function seenIn({ tid, line, time }: LogRecord): Seen {
  return { tid, line, ...(time !== undefined && { time }) };
}

const MOST_CPUS = 16;
const MOST_VCPUS = 1024;
