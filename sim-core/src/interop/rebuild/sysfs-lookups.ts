/**
 * What a process looked up of PCI devices in sysfs: their groups, drivers, IOMMU units and device nodes, and what was not
 * there. A log of calls says this much about its machine by itself.
 */
import { descriptorOf, type LogCall } from '../log/record.ts';
import { type DeviceFacts, type MachineFacts, unitNamed } from './machine-facts.ts';

const ADDRESS = '[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
/** A function, and what of it: the last address of the path, as bridges come before it. */
const FUNCTION = new RegExp(`^/sys/(?:bus/pci|devices)/.*/(${ADDRESS})(?:/([\\w/.-]+))?/?$`);
const MEMBERS = /^\/sys\/kernel\/iommu_groups\/(\d+)\/devices\/?$/;
const MEMBER_NAMES = new RegExp(`d_name="(${ADDRESS})"`, 'g');
/** `readlink("LINK", "TARGET"`, `readlinkat(3</folder>, "LINK", "TARGET"`, for those who have lines and no calls. */
const READLINK = /\breadlink(?:at\((?:AT_FDCWD(?:<[^>]*>)?|\d+(?:<([^>]*)>)?), |\()"([^"]*)", "([^"]*)"/;

const BY_PATH: ReadonlySet<string> = new Set(['open', 'access', 'stat', 'lstat']);
const BY_FOLDER: ReadonlySet<string> = new Set(['openat', 'faccessat', 'faccessat2', 'newfstatat', 'statx']);

/** Functions that are remembered at most. */
const MOST = 1024;

export class SysfsLookups {
  readonly #devices = new Map<string, DeviceFacts>();
  /** Functions that the host does not have. */
  readonly missing = new Set<string>();
  /** Functions without an IOMMU group. */
  readonly groupless = new Set<string>();

  /** Takes a call that is neither a request nor about descriptors. */
  take({ name, args, result }: LogCall): void {
    const refused = result?.errno;
    if (name === 'readlink') this.#link(unquoted(args[0]), unquoted(args[1]), refused);
    else if (name === 'readlinkat') this.#link(within(args[0], args[1]), unquoted(args[2]), refused);
    else if (name === 'getdents64') this.#folder(descriptorOf(args[0])?.path ?? '', args[1] ?? '');
    else if (BY_PATH.has(name)) this.#path(unquoted(args[0]), refused);
    else if (BY_FOLDER.has(name)) this.#path(within(args[0], args[1]), refused);
  }

  /** Takes a line that may have a `readlink`; true if it says something. */
  line(text: string): boolean {
    const [, folder, link = '', target = ''] = READLINK.exec(text) ?? [];
    const before = this.#devices.size;
    this.#link(folder === undefined || link.startsWith('/') ? link : `${folder}/${link}`, target, undefined);
    return this.#devices.size > before || (target !== '' && FUNCTION.test(link));
  }

  facts(): MachineFacts {
    const devices = [...this.#devices.values()];
    const units = new Set(devices.flatMap(({ unit }) => unit ?? []));
    return { units: [...units].map(unitNamed), devices };
  }

  #link(link: string, target: string, refused: string | undefined): void {
    const [, bdf, part] = FUNCTION.exec(link) ?? [];
    if (bdf === undefined) return;
    const end = target.slice(target.lastIndexOf('/') + 1);
    if (refused !== undefined) this.#path(link, refused);
    else if (part === 'iommu_group' && /^\d+$/.test(end)) this.#know(bdf, { group: end });
    else if (part === 'driver' && /^[\w-]+$/.test(end)) this.#know(bdf, { driver: end });
    else if (part === 'iommu' && /^[\w.-]+$/.test(end)) this.#know(bdf, { unit: end });
  }

  #path(path: string, refused: string | undefined): void {
    const [, bdf, part = ''] = FUNCTION.exec(path) ?? [];
    if (bdf === undefined) return;
    if (refused === 'ENOENT') {
      if (part === '' && this.missing.size < MOST) this.missing.add(bdf);
      if (part === 'iommu_group' && this.groupless.size < MOST) this.groupless.add(bdf);
      if (part === 'driver') this.#know(bdf, { driver: 'none' });
    }
    const cdev = /^vfio-dev\/(vfio\d+)(?:\/|$)/.exec(part)?.[1];
    if (refused === undefined && cdev !== undefined) this.#know(bdf, { cdev });
  }

  #folder(folder: string, entries: string): void {
    const group = MEMBERS.exec(folder)?.[1];
    if (group === undefined) return;
    for (const [, bdf = ''] of entries.matchAll(MEMBER_NAMES)) this.#know(bdf, { group });
  }

  #know(bdf: string, facts: Partial<DeviceFacts>): void {
    if (this.#devices.size < MOST || this.#devices.has(bdf))
      this.#devices.set(bdf, { bdf, ...this.#devices.get(bdf), ...facts });
  }
}

function unquoted(text = ''): string {
  return /^"(.*)"(?:\.\.\.)?$/s.exec(text)?.[1] ?? '';
}

/** A path that may be relative to a folder that is open. */
function within(folder: string | undefined, path: string | undefined): string {
  const name = unquoted(path);
  const base = name.startsWith('/') ? undefined : descriptorOf(folder)?.path;
  return base === undefined ? name : `${base}/${name}`;
}
