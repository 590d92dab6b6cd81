/**
 * Calls that must have led to what the kernel did, for logs that show functions and exits but no calls. Arguments and
 * results are not in such a log: a call that led on succeeded, and what has to be there before it was made before it.
 */
import type { KnownArguments, LogCall } from '../log/record.ts';
import type { Evidence, LoggedDeed } from './evidence.ts';
import type { KeptCall } from './kept.ts';
import type { Assumptions } from './step.ts';

/** Numbers of descriptors that the log does not show; the scenario shows names only. */
const INVENTED = 1000;

export function callsBehind(evidence: Evidence, assumptions: Assumptions, groups: readonly string[]): KeptCall[] {
  const maker = new Maker(evidence, assumptions, groups);
  for (const deed of evidence.deeds) maker.deed(deed);
  return maker.calls;
}

class Maker {
  readonly calls: KeptCall[] = [];
  readonly #assumptions: Assumptions;
  readonly #groups: readonly string[];
  readonly #evidence: Evidence;
  /** Does a device of the log get bound to an iommufd? */
  readonly #binds: boolean;
  #next = INVENTED;
  #kvm = -1;
  #vm = -1;
  #device = -1;
  #group = -1;
  #container = -1;
  #opened = -1;
  #iommufd = -1;
  #line = 0;
  #tid = 0;

  constructor(evidence: Evidence, assumptions: Assumptions, groups: readonly string[]) {
    this.#evidence = evidence;
    this.#binds = evidence.deeds.some((deed) => deed.kind === 'function' && deed.what === 'bind-iommufd');
    this.#assumptions = assumptions;
    this.#groups = groups;
  }

  deed(deed: LoggedDeed): void {
    this.#line = deed.line;
    this.#tid = deed.kind === 'wbinvd' || deed.kind === 'guest' ? this.#tid || deed.tid : deed.tid;
    this.#vmIsThere();
    if (deed.kind === 'function') this[HANDLERS[deed.what]]();
  }

  #vmIsThere(): void {
    if (this.#vm >= 0) return;
    this.#assumptions.add('The calls are not in the log: they are those that must have led to what the kernel did.');
    this.#kvm = this.#open('/dev/kvm');
    this.#vm = this.#ioctl(this.#kvm, 'KVM_CREATE_VM', '0');
    const ids = new Set([...this.#evidence.vcpuThreads.values()].map((id, i) => id ?? i));
    for (const id of [...ids].sort((a, b) => a - b)) this.#ioctl(this.#vm, 'KVM_CREATE_VCPU', String(id));
  }

  create(): void {
    this.#call('ioctl', [String(this.#vm), '0x7f0000000000'], 0, { requests: ['KVM_CREATE_DEVICE'] }, KVM_VFIO);
    this.#device = this.#next++;
  }

  attachGroup(): void {
    this.#group = this.#open(`/dev/vfio/${this.#groups[0] ?? '1'}`);
    this.#container = this.#open('/dev/vfio/vfio');
    this.#request(this.#group, 'VFIO_GROUP_SET_CONTAINER');
    this.#request(this.#container, 'VFIO_SET_IOMMU', '3');
  }

  add(): void {
    if (this.#device < 0) this.create();
    // A device that KVM is told about without a container is one of an iommufd, if the log has one.
    if (this.#group < 0 && this.#opened < 0) {
      if (this.#binds) this.#opened = this.#open('/dev/vfio/devices/vfio0');
      else this.attachGroup();
    }
    this.#request(this.#device, 'KVM_SET_DEVICE_ATTR', undefined, { attr: 'add' });
  }

  remove(): void {
    this.#request(this.#device, 'KVM_SET_DEVICE_ATTR', undefined, { attr: 'del' });
  }

  openDevice(): void {
    if (this.#iommufd >= 0 || this.#group < 0) return;
    this.#opened = this.#ioctl(this.#group, 'VFIO_GROUP_GET_DEVICE_FD', '0x7f0000000000');
  }

  bind(): void {
    if (this.#opened < 0) this.#opened = this.#open('/dev/vfio/devices/vfio0');
    if (this.#iommufd < 0) this.#iommufd = this.#open('/dev/iommu');
    this.#request(this.#opened, 'VFIO_DEVICE_BIND_IOMMUFD');
    this.#request(this.#iommufd, 'IOMMU_IOAS_ALLOC');
    this.#request(this.#opened, 'VFIO_DEVICE_ATTACH_IOMMUFD_PT');
  }

  closeDevice(): void {
    if (this.#opened < 0) return;
    this.#close(this.#opened);
    this.#opened = -1;
    if (this.#iommufd >= 0) this.#close(this.#iommufd);
    this.#iommufd = -1;
  }

  detachGroup(): void {
    if (this.#group >= 0 && this.#container >= 0) this.#request(this.#group, 'VFIO_GROUP_UNSET_CONTAINER');
  }

  closeContainer(): void {
    if (this.#container >= 0) this.#close(this.#container);
    this.#container = -1;
  }

  closeGroup(): void {
    if (this.#group >= 0) this.#close(this.#group);
    this.#group = -1;
  }

  /** The VM goes. With a kvm-vfio device that is still there, it is the VM of another process. */
  destroyVm(): void {
    if (this.#device < 0) this.exit();
  }

  /** The device goes with its process: all descriptors are closed at once. */
  exit(): void {
    this.#call('exit_group', ['0'], undefined, {});
  }

  #open(path: string): number {
    return this.#call('open', [`"${path}"`, 'O_RDWR'], this.#next++, {});
  }

  #ioctl(fd: number, request: string, argument: string): number {
    return this.#call('ioctl', [String(fd), argument], this.#next++, { requests: [request] });
  }

  #request(fd: number, request: string, argument = '0x7f0000000000', known?: KnownArguments): void {
    if (fd >= 0) this.#call('ioctl', [String(fd), argument], 0, { requests: [request] }, known);
  }

  #close(fd: number): void {
    this.#call('close', [String(fd)], 0, {});
  }

  #call(
    name: string,
    args: readonly string[],
    value: number | undefined,
    more: Partial<LogCall>,
    known?: KnownArguments,
  ): number {
    const call: LogCall = { kind: 'call', name, args, ...more, ...(value !== undefined && { result: { value } }) };
    this.calls.push({
      call,
      tid: this.#tid,
      line: this.#line,
      file: 0,
      inferred: 'not in the log',
      ...(known && { known }),
    });
    return value ?? -1;
  }
}

/** Only kvm_vfio_create() leads to one. */
const KVM_VFIO: KnownArguments = { type: 4 };

const HANDLERS = {
  'create-device': 'create',
  add: 'add',
  del: 'remove',
  'attach-group': 'attachGroup',
  'detach-group': 'detachGroup',
  'open-device': 'openDevice',
  'bind-iommufd': 'bind',
  'close-device': 'closeDevice',
  'close-container': 'closeContainer',
  'close-group': 'closeGroup',
  'release-device': 'exit',
  'destroy-vm': 'destroyVm',
} as const;
