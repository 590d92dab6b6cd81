/**
 * From the calls of a log to the statements of a scenario: which file each descriptor refers to, which arguments the log
 * leaves out, what can be inferred of them, and what has to be assumed.
 */
import type { FileKind } from '../../files/kinds.ts';
import { LEFT_OUT } from '../../ops/not-modelled.ts';
import { opNamed } from '../../ops/table.ts';
import { descriptorOf } from '../log/record.ts';
import { kindOfPath, type Open } from './descriptors.ts';
import * as groups from './group-calls.ts';
import * as iommufds from './iommufd-calls.ts';
import type { KeptCall } from './kept.ts';
import {
  countOne,
  fileNameFor,
  numberResult,
  outside,
  Process,
  type TranslatedCalls,
  type TranslateOptions,
} from './process.ts';
import { kindByRequest, requestName } from './request-names.ts';
import type { Assumptions } from './step.ts';

/** Takes the calls of a process in the order of the log. */
export class CallTranslator {
  readonly #process: Process;

  constructor(options: TranslateOptions, assumptions: Assumptions) {
    this.#process = new Process(options, assumptions);
  }

  take(kept: KeptCall): void {
    const { call } = kept;
    if (call.name === 'ioctl') ioctl(this.#process, kept);
    else CALLS[call.name]?.(this.#process, kept);
  }

  finish(): TranslatedCalls {
    return this.#process.finish();
  }
}

function open(p: Process, kept: KeptCall): undefined {
  const { call } = kept;
  const quoted = call.args[call.name === 'open' ? 0 : 1] ?? '""';
  const path = quoted.slice(1, -1);
  const kind = kindOfPath(path);
  if (!kind) return;
  const use = p.use(path, kind);
  const result = call.result;
  if (use && result?.errno === 'ENOENT') use.missing = true;
  if (use && result?.errno === 'EBUSY') use.busy = true;
  if (use && result?.errno !== 'ENOENT') use.opened = true;
  const flags = (call.args[call.name === 'open' ? 1 : 2] ?? 'O_RDWR').split('|').filter((flag) => opensWith(flag));
  const text = `open("${path}", ${flags.join('|') || 'O_RDWR'})`;
  const group = kind === 'group' ? path.slice(path.lastIndexOf('/') + 1) : undefined;
  p.made(kept, text, kind, fileNameFor(kind, path), { ...(group !== undefined && { group }) });
}

function close(p: Process, kept: KeptCall): undefined {
  const fd = descriptorOf(kept.call.args[0])?.fd ?? -1;
  const open = p.files.get(fd) ?? p.adopt(kept, fd, kindOfPath(descriptorOf(kept.call.args[0])?.path));
  if (!open) return;
  p.step(kept, `close(${open.name})`);
  if (kept.call.result?.errno === undefined) p.forget(fd, open);
}

function dup(p: Process, kept: KeptCall): undefined {
  const fd = descriptorOf(kept.call.args[0])?.fd ?? -1;
  const open = p.files.get(fd);
  if (!open || kept.call.name === 'ended') return;
  const name = p.files.fresh(`${open.name}_copy`);
  p.step(kept, `${name} = dup(${open.name})`, numberResult(kept));
  if (kept.call.result && kept.call.result.value >= 0) p.files.set(kept.call.result.value, { ...open, name });
}

function exit(p: Process, kept: KeptCall): undefined {
  if (p.exited) return;
  p.exited = true;
  const status = kept.inferred === undefined ? kept.call.args[0] : undefined;
  if (status !== undefined && /^\d{1,10}$/.test(status)) p.exitStatus = Number(status);
  p.step(kept, 'exit(0)', undefined, { anchor: 'exit' });
  p.files.clear();
}

function ioctl(p: Process, kept: KeptCall): undefined {
  const written = kept.call.requests ?? [];
  const descriptor = descriptorOf(kept.call.args[0]);
  const fd = descriptor?.fd ?? -1;
  const shown = kindOfPath(descriptor?.path);
  let open = p.files.get(fd);
  if (!open || (shown !== undefined && shown !== open.kind)) open = p.adopt(kept, fd, shown ?? guess(written)) ?? open;
  const name = requestName(written, open?.kind ?? shown);
  const request = REQUESTS[name];
  if (opNamed('ioctl', name)?.inert || SILENT.has(name)) touchesNothing(p, kept, name, open);
  else if (NOT_MODELLED.has(name)) p.leave(kept, name, NOT_MODELLED.get(name)!);
  else if (!opNamed('ioctl', name)) countOne(p.unknown, name, kept.line);
  else if (!open) p.leave(kept, name, 'its descriptor was opened before the log begins');
  else if (outside(kept.call.result) !== undefined && !KEEPS_ERRNO.has(name))
    p.leave(kept, name, outside(kept.call.result)!);
  else if (request) request(p, kept, open, name);
  else p.step(kept, `ioctl(${open.name}, ${name}${plainArgument(kept)})`);
}

/** A request of a known kind of file, in a log that does not show files. */
function guess(written: readonly string[]): FileKind | undefined {
  const name = requestName(written, undefined);
  if (/^KVM_(?:SET|HAS)_DEVICE_ATTR$/.test(name)) return 'kvm-vfio';
  if (name === 'KVM_CREATE_VM') return 'kvm';
  return kindByRequest(written);
}

function touchesNothing(p: Process, kept: KeptCall, name: string, open: Open | undefined): undefined {
  const inert = opNamed('ioctl', name)?.inert !== undefined || name === 'KVM_CHECK_EXTENSION';
  if (p.options.all && open && inert && (kept.call.result?.errno ?? kept.call.result) !== undefined) {
    const argument = name === 'KVM_CHECK_EXTENSION' ? plainArgument(kept) : '';
    p.step(kept, `ioctl(${open.name}, ${name}${argument})`);
    return;
  }
  countOne(p.inert, name, kept.line);
}

type Handler = (p: Process, kept: KeptCall) => void;
const CALLS: Readonly<Record<string, Handler>> = {
  open: open,
  openat: open,
  close: close,
  dup: dup,
  dup2: dup,
  dup3: dup,
  fcntl: dup,
  exit_group: exit,
};

type RequestHandler = (p: Process, kept: KeptCall, open: Open, name: string) => void;
const REQUESTS: Readonly<Record<string, RequestHandler>> = {
  KVM_CREATE_VM: groups.rebuildVm,
  KVM_CREATE_VCPU: groups.rebuildVcpu,
  KVM_CREATE_DEVICE: groups.rebuildDevice,
  KVM_SET_DEVICE_ATTR: groups.setAttribute,
  KVM_SET_USER_MEMORY_REGION: groups.memoryRegion,
  VFIO_GROUP_SET_CONTAINER: groups.setContainer,
  VFIO_GROUP_UNSET_CONTAINER: groups.unsetContainer,
  VFIO_GROUP_GET_DEVICE_FD: groups.getDevice,
  VFIO_IOMMU_MAP_DMA: groups.mapDma,
  VFIO_IOMMU_UNMAP_DMA: groups.unmapDma,
  VFIO_DEVICE_BIND_IOMMUFD: iommufds.bindIommufd,
  VFIO_DEVICE_ATTACH_IOMMUFD_PT: iommufds.rebuildAttach,
  VFIO_DEVICE_DETACH_IOMMUFD_PT: iommufds.rebuildAttach,
  IOMMU_IOAS_ALLOC: iommufds.iommufdObject,
  IOMMU_HWPT_ALLOC: iommufds.iommufdObject,
  IOMMU_DESTROY: iommufds.destroy,
  IOMMU_IOAS_MAP: iommufds.ioasMap,
  IOMMU_IOAS_UNMAP: iommufds.ioasMap,
};

/** Modelled, but of no consequence in a log: their arguments are pointers, or all they do is to load the vCPU. */
const SILENT: ReadonlySet<string> = new Set([
  'KVM_CHECK_EXTENSION',
  'KVM_ENABLE_CAP',
  'KVM_GET_DEVICE_ATTR',
  'KVM_HAS_DEVICE_ATTR',
  'KVM_GET_REGS',
  'KVM_SET_REGS',
  'KVM_GET_SREGS',
  'KVM_SET_SREGS',
  'KVM_GET_SREGS2',
  'KVM_SET_SREGS2',
  'KVM_GET_MSRS',
  'KVM_SET_MSRS',
  'KVM_SET_USER_MEMORY_REGION2',
  'VFIO_DEVICE_GET_PCI_HOT_RESET_INFO',
  'VFIO_DEVICE_PCI_HOT_RESET',
]);
/** Requests with errnos of the kind in OUTSIDE that the model gives, too. */
const KEEPS_ERRNO: ReadonlySet<string> = new Set([
  'VFIO_SET_IOMMU',
  'VFIO_GROUP_GET_DEVICE_FD',
  'VFIO_DEVICE_BIND_IOMMUFD',
  'VFIO_GROUP_SET_CONTAINER',
]);

const NOT_MODELLED: ReadonlyMap<string, string> = new Map(
  LEFT_OUT.flatMap((part) => part.requests.map((name) => [name, `${part.part} is not modelled`])),
);

/** A number or a constant that the log shows, as the third argument. */
function plainArgument({ call }: KeptCall): string {
  const argument = call.args[1];
  return argument !== undefined && /^(?:\d{1,9}|0x[0-9a-f]{1,7}|[A-Z][A-Z0-9_a-z]*)$/.test(argument)
    ? `, ${argument}`
    : ', {}';
}

function opensWith(flag: string): boolean {
  return /^O_(?:RDONLY|WRONLY|RDWR|CLOEXEC|PATH)$/.test(flag);
}
