/**
 * From QEMU's own trace events to the calls that cause them. The log shows what QEMU is about to do, in its words; requests of
 * KVM by number, VFIO by what it is for, results hardly ever. ADD and DEL do not show at all.
 */
import type { KnownArguments, LogCall, LogRecord } from '../log/record.ts';
import type { CallFilter } from './kept.ts';
import type { Assumptions } from './step.ts';

const INVENTED = 1000;
const POINTER = '0x7f0000000000';

export class QemuCalls {
  readonly #filter: CallFilter;
  readonly #assumptions: Assumptions;
  #record: LogRecord | undefined;
  #next = INVENTED;
  #kvm = -1;
  #vm = -1;
  #device = -1;
  #group: { readonly number: string; readonly fd: number } | undefined;
  #container = -1;
  #opened = -1;
  #iommufd = -1;
  #added = false;
  #cdev = false;
  readonly groupOf = new Map<string, string>();

  constructor(filter: CallFilter, assumptions: Assumptions) {
    this.#filter = filter;
    this.#assumptions = assumptions;
  }

  take(record: LogRecord): void {
    if (record.what.kind !== 'vmm') return;
    this.#record = record;
    const { name, text } = record.what;
    EVENTS[name]?.call(this, text);
  }

  // --- KVM -------------------------------------------------------------------------------------------------------

  system(text: string): void {
    if (this.#kvm < 0) this.#kvm = this.#open('/dev/kvm');
    const request = requestIn(text);
    if (request === '0xae01') this.#vm = this.#make(this.#kvm, request, '0');
    else this.#request(this.#kvm, request, argumentIn(text));
  }

  vm(text: string): void {
    const request = requestIn(text);
    if (this.#vm < 0) return;
    if (request === '0xae41') this.#make(this.#vm, request, String(Number(argumentIn(text)) || 0));
    else if (request === '0xc00caee0') this.#createDevice();
    else this.#request(this.#vm, request, argumentIn(text));
  }

  vcpu(text: string): void {
    const request = requestIn(text);
    const tid = Number(/cpu_index (\d+)/.exec(text)?.[1] ?? 0);
    if (request === '0xae80') this.#filter.take({ ...this.#now, tid: -1 - tid, what: ioctl(-2 - tid, request, '0') });
    else this.#filter.count(`vCPU request ${request}`, this.#now.line, this.#now.tid);
  }

  #createDevice(): void {
    this.#call('ioctl', [String(this.#vm), POINTER], 0, { requests: ['KVM_CREATE_DEVICE'] });
    this.#device = this.#next++;
    this.#add();
  }

  /** QEMU tells KVM of the group or device as soon as there is a kvm-vfio device. */
  #add(): void {
    if (this.#added || this.#device < 0 || (!this.#group && this.#opened < 0)) return;
    this.#assumptions.add(
      "QEMU's log does not show KVM_SET_DEVICE_ATTR: groups and devices are added where QEMU adds them, and removed where it removes them.",
      this.#now.line,
      'coherency',
    );
    this.#added = true;
    this.#request(this.#device, 'KVM_SET_DEVICE_ATTR', POINTER, { attr: 'add' });
  }

  #remove(): void {
    if (!this.#added) return;
    this.#added = false;
    this.#request(this.#device, 'KVM_SET_DEVICE_ATTR', POINTER, { attr: 'del' });
  }

  // --- groups and containers -------------------------------------------------------------------------------------

  realize(text: string): void {
    const match = /\(([0-9a-f:.]+)\) group (\d+)/.exec(text);
    if (!match) return;
    const [, device = '', number = ''] = match;
    this.groupOf.set(device, number);
    if (this.#filter.addresses.at(-1) !== device) this.#filter.addresses.push(device);
    if (this.#cdev || this.#group?.number === number) return;
    this.#assumptions.add(
      "QEMU's log does not show how a group gets into its container: the calls are those that QEMU makes.",
      this.#now.line,
      'coherency',
    );
    this.#group = { number, fd: this.#open(`/dev/vfio/${number}`) };
    this.#request(this.#group.fd, 'VFIO_GROUP_GET_STATUS');
    if (this.#container < 0) this.#container = this.#open('/dev/vfio/vfio');
    this.#request(this.#group.fd, 'VFIO_GROUP_SET_CONTAINER');
    this.#request(this.#container, 'VFIO_SET_IOMMU', '3');
    this.#add();
  }

  deviceOpened(text: string): void {
    const device = /Device ([0-9a-f:.]+) flags/.exec(text)?.[1];
    if (this.#cdev || !this.#group || device === undefined) return;
    this.#opened = this.#make(this.#group.fd, 'VFIO_GROUP_GET_DEVICE_FD', `"${device}"`);
    this.#request(this.#opened, 'VFIO_DEVICE_GET_INFO');
  }

  deviceClosed(): void {
    if (this.#opened >= 0) this.#close(this.#opened);
    this.#opened = -1;
    if (!this.#cdev) this.#remove();
  }

  containerClosed(): void {
    if (this.#group) this.#request(this.#group.fd, 'VFIO_GROUP_UNSET_CONTAINER');
    if (this.#container >= 0) this.#close(this.#container);
    this.#container = -1;
  }

  groupClosed(): void {
    if (this.#group) this.#close(this.#group.fd);
    this.#group = undefined;
  }

  // --- mappings --------------------------------------------------------------------------------------------------

  mapped(text: string): void {
    const match = /(0x[0-9a-f]+) - (0x[0-9a-f]+)(?: \[(0x[0-9a-f]+)\])?/.exec(text);
    if (!match || this.#container < 0) return;
    const size = sizeOf(match[1]!, match[2]!);
    if (size === undefined) return;
    const known = {
      iova: match[1]!,
      size,
      ...(match[3] !== undefined && { vaddr: match[3] }),
    };
    this.#request(this.#container, 'VFIO_IOMMU_MAP_DMA', POINTER, known);
  }

  unmapped(text: string): void {
    const match = /(0x[0-9a-f]+) - (0x[0-9a-f]+)/.exec(text);
    if (!match || this.#container < 0) return;
    const size = sizeOf(match[1]!, match[2]!);
    if (size !== undefined) this.#request(this.#container, 'VFIO_IOMMU_UNMAP_DMA', POINTER, { iova: match[1]!, size });
  }

  // --- iommufd ---------------------------------------------------------------------------------------------------

  cdevOpened(text: string): void {
    const path = /(\/dev\/vfio\/devices\/vfio\d+)/.exec(text)?.[1];
    if (path === undefined) return;
    this.#cdev = true;
    this.#opened = this.#open(path);
  }

  iommufdOpened(): void {
    this.#iommufd = this.#open('/dev/iommu');
    this.#add();
  }

  bound(): void {
    this.#add();
    this.#request(this.#opened, 'VFIO_DEVICE_BIND_IOMMUFD');
  }

  ioas(): void {
    this.#request(this.#iommufd, 'IOMMU_IOAS_ALLOC');
  }

  hwpt(): void {
    this.#request(this.#iommufd, 'IOMMU_HWPT_ALLOC');
  }

  attached(): void {
    this.#request(this.#opened, 'VFIO_DEVICE_ATTACH_IOMMUFD_PT');
  }

  detached(): void {
    this.#request(this.#opened, 'VFIO_DEVICE_DETACH_IOMMUFD_PT');
  }

  destroyed(): void {
    this.#request(this.#iommufd, 'IOMMU_DESTROY');
  }

  iommufdMapped(text: string): void {
    const match = /iova=(0x[0-9a-f]+) size=(0x[0-9a-f]+) addr=(0x[0-9a-f]+).*\((-?\d+)\)/.exec(text);
    if (!match) return;
    const [, iova = '', size = '', vaddr = '', code = '0'] = match;
    const errno = ERRNOS[code];
    const result = errno === undefined ? { value: 0 } : { value: -1, errno };
    this.#filter.take(
      { ...this.#now, what: { ...ioctl(this.#iommufd, 'IOMMU_IOAS_MAP', POINTER), result } },
      { iova, size, vaddr },
    );
  }

  iommufdUnmapped(text: string): void {
    const match = /iova=(0x[0-9a-f]+) size=(0x[0-9a-f]+) \((-?\d+)\)/.exec(text);
    if (match && match[3] === '0')
      this.#request(this.#iommufd, 'IOMMU_IOAS_UNMAP', POINTER, { iova: match[1]!, size: match[2]! });
  }

  iommufdClosed(text: string): void {
    if (!/users=0/.test(text)) return;
    this.#remove();
    if (this.#iommufd >= 0) this.#close(this.#iommufd);
    this.#iommufd = -1;
    if (this.#opened >= 0) this.#close(this.#opened);
    this.#opened = -1;
  }

  // --- calls -----------------------------------------------------------------------------------------------------

  get #now(): LogRecord {
    return this.#record!;
  }

  #open(path: string): number {
    return this.#call('open', [`"${path}"`, 'O_RDWR'], this.#next++, {});
  }

  #make(fd: number, request: string, argument: string): number {
    return this.#call('ioctl', [String(fd), argument], this.#next++, { requests: [request] });
  }

  #request(fd: number, request: string, argument = POINTER, known?: KnownArguments): void {
    if (fd >= 0) this.#call('ioctl', [String(fd), argument], 0, { requests: [request] }, known);
  }

  #close(fd: number): void {
    this.#call('close', [String(fd)], 0, {});
  }

  #call(name: string, args: readonly string[], value: number, more: Partial<LogCall>, known?: KnownArguments): number {
    this.#filter.take({ ...this.#now, what: { kind: 'call', name, args, result: { value }, ...more } }, known);
    return value;
  }
}

function ioctl(fd: number, request: string, argument: string): LogCall {
  return { kind: 'call', name: 'ioctl', args: [String(fd), argument], requests: [request] };
}

function requestIn(text: string): string {
  return /type (0x[0-9a-f]+)/.exec(text)?.[1] ?? '';
}

function argumentIn(text: string): string {
  const argument = /arg (0x[0-9a-f]+|\(nil\))/.exec(text)?.[1] ?? '0';
  return argument === '(nil)' ? '0' : argument;
}

/** The size of a range that is logged with its last address, `undefined` when that is before the first. */
function sizeOf(first: string, last: string): string | undefined {
  const size = BigInt(last) - BigInt(first) + 1n;
  return size > 0n ? `0x${size.toString(16)}` : undefined;
}

/** QEMU prints negative errnos. */
const ERRNOS: Readonly<Record<string, string>> = {
  '-14': 'EFAULT',
  '-22': 'EINVAL',
  '-12': 'ENOMEM',
  '-17': 'EEXIST',
  '-2': 'ENOENT',
  '-16': 'EBUSY',
};

/** Events of QEMU 7.2 to 11, old and new names. */
const EVENTS: Readonly<Record<string, (this: QemuCalls, text: string) => void>> = {
  kvm_ioctl: QemuCalls.prototype.system,
  kvm_vm_ioctl: QemuCalls.prototype.vm,
  kvm_vcpu_ioctl: QemuCalls.prototype.vcpu,
  vfio_realize: QemuCalls.prototype.realize,
  vfio_attach_device: QemuCalls.prototype.realize,
  vfio_device_attach: QemuCalls.prototype.realize,
  vfio_get_device: QemuCalls.prototype.deviceOpened,
  vfio_device_get: QemuCalls.prototype.deviceOpened,
  vfio_put_base_device: QemuCalls.prototype.deviceClosed,
  vfio_device_put: QemuCalls.prototype.deviceClosed,
  vfio_disconnect_container: QemuCalls.prototype.containerClosed,
  vfio_container_disconnect: QemuCalls.prototype.containerClosed,
  vfio_put_group: QemuCalls.prototype.groupClosed,
  vfio_group_put: QemuCalls.prototype.groupClosed,
  vfio_listener_region_add_ram: QemuCalls.prototype.mapped,
  vfio_listener_region_del: QemuCalls.prototype.unmapped,
  iommufd_cdev_getfd: QemuCalls.prototype.cdevOpened,
  iommufd_backend_connect: QemuCalls.prototype.iommufdOpened,
  iommufd_cdev_connect_and_bind: QemuCalls.prototype.bound,
  iommufd_backend_alloc_ioas: QemuCalls.prototype.ioas,
  iommufd_backend_alloc_hwpt: QemuCalls.prototype.hwpt,
  iommufd_cdev_attach_ioas_hwpt: QemuCalls.prototype.attached,
  iommufd_cdev_detach_ioas_hwpt: QemuCalls.prototype.detached,
  iommufd_backend_free_id: QemuCalls.prototype.destroyed,
  iommufd_backend_map_dma: QemuCalls.prototype.iommufdMapped,
  iommufd_backend_unmap_dma: QemuCalls.prototype.iommufdUnmapped,
  iommufd_backend_disconnect: QemuCalls.prototype.iommufdClosed,
};
