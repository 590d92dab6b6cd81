/** The descriptors of the process in a log: which file each number is at the moment, and its name in the scenario. */
import type { FileKind } from '../../files/kinds.ts';

export interface Open {
  readonly kind: FileKind;
  /** The name in the scenario. */
  readonly name: string;
  readonly line: number;
  /** Of a group: its number. Of a device: its group, if it came from one. */
  readonly group?: string;
  /** Of a device: the PCI function. */
  readonly device?: string;
  /** Of a vCPU: its number. */
  readonly vcpu?: number;
  /** Of a device or vCPU: the name of the group, or the VM, it came from. */
  readonly of?: string;
  /** Group or cdev: KVM was told about it. */
  added: boolean;
  /** Group: the container it is in. Device: the iommufd it is bound to. */
  attached: string | undefined;
}

const BY_PATH: readonly (readonly [RegExp, FileKind])[] = [
  [/^\/dev\/kvm$/, 'kvm'],
  [/^\/dev\/vfio\/vfio$/, 'container'],
  [/^\/dev\/vfio\/(?:noiommu-)?\d+$/, 'group'],
  [/^\/dev\/vfio\/devices\/vfio\d+$/, 'device'],
  [/^\/dev\/iommu$/, 'iommufd'],
  [/^anon_inode:kvm-vm$/, 'vm'],
  [/^anon_inode:kvm-vcpu:\d+$/, 'vcpu'],
  [/^anon_inode:kvm-vfio$/, 'kvm-vfio'],
  [/^anon_inode:\[vfio-device\]$/, 'device'],
];

/** Groups and cdevs have numbers up to this in a scenario. */
const MOST_GROUP = 65_535;

/** The kind of file that a path, or what -y shows, stands for; undefined for all that the model does not have. */
export function kindOfPath(path: string | undefined): FileKind | undefined {
  if (path === undefined || Number(/\d+$/.exec(path)?.[0] ?? 0) > MOST_GROUP) return undefined;
  return BY_PATH.find(([pattern]) => pattern.test(path))?.[1];
}

export class Descriptors {
  readonly #open = new Map<number, Open>();
  readonly #names = new Set<string>();

  get(fd: number): Open | undefined {
    return this.#open.get(fd);
  }

  set(fd: number, open: Open): void {
    this.#open.set(fd, open);
  }

  close(fd: number): Open | undefined {
    const open = this.#open.get(fd);
    this.#open.delete(fd);
    return open;
  }

  numberOf(name: string): number | undefined {
    for (const [fd, open] of this.#open) if (open.name === name) return fd;
    return undefined;
  }

  /** Open files of a kind, the one opened last first. */
  of(kind: FileKind): Open[] {
    return [...this.#open.values()].filter((open) => open.kind === kind).sort((a, b) => b.line - a.line);
  }

  /** A name that nothing had before: `group8`, then `group8_2`. */
  fresh(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#names.has(name); i++) name = `${wanted}_${i}`;
    this.#names.add(name);
    return name;
  }

  clear(): void {
    this.#open.clear();
  }
}
