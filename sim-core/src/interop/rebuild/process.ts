/**
 * The process of a log while its calls are taken one after the other: its descriptors, what is mapped, the statements so
 * far, and what could not be taken.
 */
import type { FileKind } from '../../files/kinds.ts';
import { errnoByName } from '../../kernel/errno.ts';
import { constantByName } from '../../ops/constants.ts';
import { checkText } from '../../scenario/checks/run-checks.ts';
import { parse } from '../../scenario/parser.ts';
import { descriptorOf, type LogResult } from '../log/record.ts';
import { Descriptors, type Open } from './descriptors.ts';
import type { Count, KeptCall } from './kept.ts';
import { LoggedMappings } from './mappings.ts';
import type { Anchor, Assumptions, LeftOutCall, RebuiltStep } from './step.ts';

export interface TranslateOptions {
  /** Keep calls that touch nothing that is modelled as statements. */
  readonly all: boolean;
  /** The PCI function of a device node, where the machine is known. */
  readonly nodeOf: (cdev: string) => string | undefined;
  /** The group of a PCI function, where the machine is known. */
  readonly groupOf: (bdf: string) => string | undefined;
  /** PCI functions of a group that vfio-pci drives, where the machine is known. */
  readonly devicesOf: (group: string) => readonly string[];
  /** Groups that the process may have opened, where the log does not show which. */
  readonly likelyGroups: readonly string[];
  /** vCPUs that a log without the creation of a VM shows running. */
  readonly runningVcpus: readonly number[];
  /** The order in which the process looked functions up in sysfs. */
  readonly addresses: readonly string[];
}

/** What came out of the calls of one process. */
export interface TranslatedCalls {
  readonly steps: readonly RebuiltStep[];
  /** Names of VMs in the order of their creation, and vCPUs of each. */
  readonly vms: readonly { readonly name: string; readonly vcpus: readonly number[] }[];
  /** Groups that were opened, or should have been: with the functions that were asked for, and whether there was one. */
  readonly groups: ReadonlyMap<string, GroupUse>;
  readonly cdevs: ReadonlyMap<string, GroupUse>;
  /** Known requests without effect. */
  readonly inert: ReadonlyMap<string, Count>;
  readonly unknown: ReadonlyMap<string, Count>;
  readonly leftOut: readonly LeftOutCall[];
  /** What the process gave to exit_group, where the log shows it. */
  readonly exitStatus: number | undefined;
}

export interface GroupUse {
  readonly devices: Set<string>;
  /** ENOENT: no driver of VFIO is bound to a function of it. */
  missing: boolean;
  /** EBUSY: somebody else has it open. */
  busy: boolean;
  /** It was opened: a function of it was bound to VFIO at that time. */
  opened: boolean;
}

const EARLIER = 'it was there before the log begins';

/** Errnos that come from outside of what is modelled, by call. */
const OUTSIDE: Readonly<Record<string, string>> = {
  EACCES: 'file permissions are not modelled',
  EPERM: 'permissions are not modelled',
  ENOMEM: 'limits of memory are not modelled',
  EMFILE: 'limits of descriptors are not modelled',
  EINTR: 'signals are not modelled',
  EAGAIN: 'signals are not modelled',
};

export class Process {
  readonly options: TranslateOptions;
  readonly assumptions: Assumptions;
  readonly files = new Descriptors();
  readonly mappings = new LoggedMappings();
  readonly steps: RebuiltStep[] = [];
  readonly vms: { name: string; vcpus: number[] }[] = [];
  readonly groups = new Map<string, GroupUse>();
  readonly cdevs = new Map<string, GroupUse>();
  readonly inert = new Map<string, Count>();
  readonly unknown = new Map<string, Count>();
  readonly leftOut: LeftOutCall[] = [];
  /** The step of a KVM_CREATE_DEVICE whose descriptor is not known yet. */
  pending: { index: number; line: number } | undefined;
  /** Objects of iommufds that were made and not destroyed, newest last. */
  readonly objects: { kind: 'ioas' | 'hwpt'; name: string; of: string; id: number | undefined }[] = [];
  exited = false;
  exitStatus: number | undefined;
  addresses = 0;

  constructor(options: TranslateOptions, assumptions: Assumptions) {
    this.options = options;
    this.assumptions = assumptions;
  }

  forget(fd: number, open: Open): undefined {
    this.files.close(fd);
    if (open.kind === 'container' || open.kind === 'iommufd') this.mappings.forget(open.name);
    if (open.kind === 'iommufd') remove(this.objects, ({ of }) => of === open.name);
  }

  /** A descriptor that the log uses and whose opening it does not show. */
  adopt(kept: KeptCall, fd: number, kind: FileKind | undefined): Open | undefined {
    const path = descriptorOf(kept.call.args[0])?.path;
    if (kind === 'kvm-vfio')
      return this.deviceAt(kept, fd) ?? (path === undefined ? undefined : this.runningDevice(kept, fd));
    if (kind === 'vm') return path === undefined ? undefined : this.runningVm(kept, fd);
    const openable =
      kind === 'kvm' ||
      kind === 'container' ||
      kind === 'iommufd' ||
      kind === 'group' ||
      (kind === 'device' && path?.startsWith('/dev/'));
    if (!kind || !openable || fd < 0) return undefined;
    const node =
      path ?? NODES[kind] ?? `/dev/vfio/${this.options.likelyGroups[this.groups.size] ?? String(this.groups.size + 1)}`;
    this.assumptions.add(
      `The log does not show where descriptor ${fd} was opened: ${node}, just before its first use.`,
      kept.line,
    );
    this.use(node, kind);
    this.made(
      {
        ...kept,
        call: { kind: 'call', name: 'open', args: [], result: { value: fd } },
        inferred: 'its opening is not in the log',
      },
      `open("${node}", O_RDWR)`,
      kind,
      fileNameFor(kind, node),
      kind === 'group' ? { group: node.slice(node.lastIndexOf('/') + 1) } : {},
    );
    return this.files.get(fd);
  }

  use(path: string, kind: FileKind): GroupUse | undefined {
    const uses = kind === 'group' ? this.groups : kind === 'device' ? this.cdevs : undefined;
    if (!uses) return undefined;
    const key = path.slice(path.lastIndexOf('/') + 1);
    const use = uses.get(key) ?? { devices: new Set(), missing: false, busy: false, opened: false };
    uses.set(key, use);
    const named = kind === 'group' ? this.options.devicesOf(key)[0] : this.options.nodeOf(key);
    const address = named ?? this.options.addresses[Math.min(this.addresses, this.options.addresses.length - 1)];
    if (address !== undefined && use.devices.size === 0) {
      use.devices.add(address);
      this.addresses++;
    }
    return use;
  }

  /** A VM that was there before the log begins, as with `strace -p`. */
  runningVm(kept: KeptCall, fd?: number): Open | undefined {
    if (this.vms.length > 0) return undefined;
    this.assumptions.add(
      'The VM ran before the log begins: it, its vCPUs and its kvm-vfio device are made just before the first call that needs them.',
      kept.line,
    );
    const early = (number?: number): KeptCall => ({
      ...kept,
      call: { kind: 'call', name: 'open', args: [], ...(number !== undefined && { result: { value: number } }) },
      inferred: EARLIER,
    });
    const kvm = this.made(early(), 'open("/dev/kvm", O_RDWR)', 'kvm', 'kvm', {});
    const vm = this.made(early(fd), `ioctl(${kvm}, KVM_CREATE_VM, 0)`, 'vm', 'vm', {});
    if (vm === undefined) return undefined;
    const { runningVcpus } = this.options;
    this.vms.push({ name: vm, vcpus: [...runningVcpus] });
    for (const id of runningVcpus)
      this.made(early(), `ioctl(${vm}, KVM_CREATE_VCPU, ${id})`, 'vcpu', `vcpu${id}`, { vcpu: id, of: vm });
    return this.files.of('vm')[0];
  }

  runningDevice(kept: KeptCall, fd: number): Open | undefined {
    const vm = this.files.of('vm')[0] ?? this.runningVm(kept);
    if (!vm) return undefined;
    const name = this.files.fresh('dev');
    const made = { ...kept, inferred: EARLIER };
    this.steps.push(
      this.stepOf(
        made,
        `ioctl(${vm.name}, KVM_CREATE_DEVICE, {type=KVM_DEV_TYPE_VFIO, fd=>${name}=${fd}, flags=0})`,
        '0',
        {},
      ),
    );
    this.files.set(fd, { kind: 'kvm-vfio', name, line: kept.line, added: false, attached: undefined });
    return this.files.get(fd);
  }

  /** The device of the last KVM_CREATE_DEVICE has this number. */
  deviceAt(kept: KeptCall, fd: number): Open | undefined {
    const device = this.files.of('kvm-vfio')[0];
    if (!device) return undefined;
    const before = this.files.numberOf(device.name);
    if (before !== undefined) this.files.close(before);
    this.files.set(fd, device);
    const { index } = this.pending ?? { index: -1 };
    const step = this.steps[index];
    this.pending = undefined;
    if (step && fd >= 0 && !kept.inferred)
      this.steps[index] = { ...step, text: step.text.replace(`fd=>${device.name},`, `fd=>${device.name}=${fd},`) };
    return device;
  }

  inferClose(kept: KeptCall, open: Open): undefined {
    const fd = this.files.numberOf(open.name) ?? -1;
    this.steps.push(this.stepOf({ ...kept, inferred: 'not in the log' }, `close(${open.name})`, '0', {}));
    this.forget(fd, open);
  }

  /** A call that makes a descriptor. The name that it got, or undefined when it failed. */
  made(kept: KeptCall, text: string, kind: FileKind, wanted: string, more: Partial<Open>): string | undefined {
    const { result } = kept.call;
    const unsayable = whyUnsayable(`made = ${text}`);
    if (unsayable !== undefined) return this.leave(kept, text, unsayable);
    if (result?.errno !== undefined) {
      const why = outside(result);
      if (why !== undefined) this.leave(kept, text, why);
      else this.step(kept, text);
      return undefined;
    }
    const name = this.files.fresh(wanted);
    this.step(kept, `${name} = ${text}`, numberResult(kept));
    const fd = result?.value ?? -1000 - this.steps.length;
    this.files.set(fd, { kind, name, line: this.steps.length, added: false, attached: undefined, ...more });
    return name;
  }

  step(kept: KeptCall, text: string, result = resultText(kept.call.result), more: { anchor?: Anchor } = {}): undefined {
    const unsayable = whyUnsayable(text) ?? whyUnknown(kept.call.result);
    if (unsayable !== undefined) return this.leave(kept, text, unsayable);
    this.steps.push(this.stepOf(kept, text, result, more));
  }

  stepOf(
    { tid, line, file, inferred, time }: KeptCall,
    text: string,
    result: string | undefined,
    { anchor }: { anchor?: Anchor },
  ): RebuiltStep {
    return {
      actor: { kind: 'thread', tid },
      text,
      line: inferred === undefined ? line : 0,
      file,
      ...(result !== undefined && { result }),
      ...(inferred !== undefined && { note: inferred }),
      ...(time !== undefined && { time }),
      ...(anchor && { anchor }),
    };
  }

  leave(kept: KeptCall, text: string, why: string): undefined {
    const answer = resultText(kept.call.result);
    this.leftOut.push({ text: `${text}${answer === undefined ? '' : ` = ${answer}`}`, why, line: kept.line });
  }

  finish(): TranslatedCalls {
    return {
      steps: this.steps,
      vms: this.vms,
      groups: this.groups,
      cdevs: this.cdevs,
      inert: this.inert,
      unknown: this.unknown,
      leftOut: this.leftOut,
      exitStatus: this.exitStatus,
    };
  }
}

/** Why a statement is not taken: logs may hold anything, and a scenario that cannot be read would show nothing of the log. */
function whyUnsayable(text: string): string | undefined {
  const constant = /, \w+, ([A-Z]\w*)\)$/.exec(text)?.[1];
  if (constant !== undefined && !constantByName.has(constant)) return 'its constant is not known';
  // Otherwise only numbers come from the log as they are: a statement without odd ones needs no look.
  if (!/\b\d{10}|\b\d+[a-wyzA-Z_]|0x(?![\da-f]{1,16}\b)|\{\}/.test(text)) return undefined;
  const parsed = parse(`setup {\n  ${text}\n}\n`);
  const unsayable = [...parsed.diagnostics, ...checkText(parsed)].some(({ code }) => UNSAYABLE.has(code));
  return unsayable ? 'a number of it is beyond what the call takes, or damaged' : undefined;
}

const UNSAYABLE: ReadonlySet<string> = new Set(['bad-number', 'wrong-argument']);

export function outside(result: LogResult | undefined): string | undefined {
  return result?.errno === undefined ? undefined : OUTSIDE[result.errno];
}

/** A scenario declares errnos that calls of the model may return. */
function whyUnknown(result: LogResult | undefined): string | undefined {
  return result?.errno === undefined || errnoByName.has(result.errno) ? undefined : 'no modelled call fails so';
}

function resultText(result: LogResult | undefined): string | undefined {
  if (result === undefined) return undefined;
  return result.errno === undefined ? String(result.value) : `-${result.errno}`;
}

/** The declared number of a descriptor. What was inferred has none. */
export function numberResult({ call, inferred }: KeptCall): string | undefined {
  return inferred === undefined || (call.result?.value ?? -1) < 1000 ? resultText(call.result) : undefined;
}

const NODES: Readonly<Partial<Record<FileKind, string>>> = {
  kvm: '/dev/kvm',
  container: '/dev/vfio/vfio',
  iommufd: '/dev/iommu',
};
const NAMES: Readonly<Partial<Record<FileKind, string>>> = { device: 'device' };

export function fileNameFor(kind: FileKind, path: string): string {
  if (kind === 'group') return `group${path.slice(path.lastIndexOf('/') + 1).replace('-', '_')}`;
  return NAMES[kind] ?? kind;
}

export function countOne(counts: Map<string, Count>, name: string, line: number): undefined {
  const known = counts.get(name);
  if (known) known.count++;
  else counts.set(name, { count: 1, line });
}

export function remove<T>(list: T[], matches: (item: T) => boolean): undefined {
  for (let i = list.length - 1; i >= 0; i--) if (matches(list[i]!)) list.splice(i, 1);
}
