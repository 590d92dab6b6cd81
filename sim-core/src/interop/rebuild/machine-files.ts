/**
 * Files about a machine: the output of `snoopscope inventory`, of lspci (-vvv -nn, -nnk), dmesg, uname, lscpu,
 * /proc/cpuinfo, listings of sysfs and of /dev. Any subset, in any order, one after the other in one file or in many.
 */
import { type DeviceFacts, type MachineFacts, mergeFacts, type UnitFacts, unitNamed } from './machine-facts.ts';
import { isKnownMessage } from './message-causes.ts';
import { SysfsLookups } from './sysfs-lookups.ts';

/** Lines that say something about what went wrong, for a report. */
export interface HostMessage {
  readonly text: string;
  readonly source: 'kernel' | 'vmm';
}

const BDF = '(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]';
const LSPCI = new RegExp(`^(${BDF}) ((?:[A-Z]|VGA|SATA|USB|3D|PCI)[^\\[]*)\\[([0-9a-f]{4})\\]: (.*)$`);
const GROUP_PATH = /\/sys\/kernel\/iommu_groups\/(\d+)\/devices\/([0-9a-f:.]{12})/;
const REGISTER = /\/sys\/class\/iommu\/([\w-]+)\/intel-iommu\/ecap:? ?(?:0x)?([0-9a-f]+)$/;
const DMESG_UNIT = /DMAR: (dmar\d+): reg_base_addr .* ecap ([0-9a-f]+)/;
const DMESG_GROUP = /(?:pci|platform) ([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): Adding to iommu group (\d+)/;
const UNIT_DEVICES = /^\/sys\/class\/iommu\/([\w-]+)\/devices:$/;
const LINKED = /\b([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) -> /;
const KERNEL_VERSION = /\bLinux version (\S+) /;
const UNAME = /^Linux \S+ (\d+\.\d+\S*) (#.*)$/;
/** What dmesg, `dmesg -T` and journalctl put before a message of the kernel. */
const KERNEL_STAMP =
  /^(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? |\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}\] |(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT[\d:.,+-]+Z?) \S+ kernel: (?:\[ *\d+\.\d+\] )?)/;
/** What a VMM says, also where libvirt or the journal quotes it. Proxmox calls QEMU kvm. */
const VMM =
  /(?:^|[\s/])((?:qemu[\w.-]*|cloud-hypervisor|crosvm): .*)$|^(?:.* QEMU\[\d+\]: )?(kvm: .*|Could not access KVM.*|vfio_.*)$/;
const VMM_CONTINUES = /^(?:Please ensure all devices within the iommu_group|Verify all devices in group \d+ are bound)/;
/** Snoop control, bit 7 of the extended capability register of VT-d. */
const ECAP_SC = 1n << 7n;
const LONGEST = 8192;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class MachineFiles {
  readonly #devices = new Map<string, Mutable<DeviceFacts>>();
  readonly #units = new Map<string, Mutable<UnitFacts>>();
  readonly #nodes = new Set<string>();
  readonly #lookups = new SysfsLookups();
  readonly messages: HostMessage[] = [];
  /** Lines that said something. */
  known = 0;
  #facts: Mutable<Partial<MachineFacts>> = {};
  #cpus = 0;
  #device: Mutable<DeviceFacts> | undefined;
  #unit: string | undefined;
  #group: string | undefined;
  #folder: string | undefined;
  #control = false;
  #drivers = false;
  #listsNodes = false;
  #listsUnits = false;

  line(text: string): boolean {
    if (text.length > LONGEST) return false;
    const understood = this.#line(text.trimEnd());
    if (understood) this.known++;
    return understood;
  }

  facts(): MachineFacts {
    return mergeFacts(this.#listed(), this.#lookups.facts());
  }

  #listed(): MachineFacts {
    const devices = [...this.#devices.values()].map((device) => {
      // lspci says which driver is in use; of a function without such a line there is none.
      const driverless = this.#drivers && device.title !== undefined && device.driver === undefined;
      return driverless ? { ...device, driver: 'none' } : device;
    });
    const hasUnits = this.#units.size > 0;
    const iommu =
      hasUnits || devices.some(({ group }) => group !== undefined) ? true : this.#listsUnits ? false : undefined;
    return {
      ...this.#facts,
      ...(this.#cpus > 0 && { cpus: this.#cpus }),
      units: [...this.#units.values()],
      devices,
      ...(this.#listsNodes && { nodes: [...this.#nodes] }),
      ...(iommu !== undefined && { iommu }),
    };
  }

  #line(text: string): boolean {
    return (
      this.#lookups.line(text) ||
      this.#lspci(text) ||
      this.#sysfs(text) ||
      this.#kernelLog(text) ||
      this.#cpu(text) ||
      this.#node(text) ||
      this.#message(text)
    );
  }

  #lspci(text: string): boolean {
    const head = LSPCI.exec(text);
    if (head) {
      const [, bdf = '', , code = '', title = ''] = head;
      this.#device = this.#at(bdf);
      this.#device.title = title.replace(/ \((?:rev|prog-if) .*$/, '');
      if (code === '0604') this.#device.bridge = true;
      this.#control = false;
      return true;
    }
    if (text === '') {
      this.#group = undefined;
      this.#folder = undefined;
      return false;
    }
    if (!this.#device || !/^\s/.test(text)) return false;
    const group = /^\s+IOMMU group: (\d+)/.exec(text)?.[1];
    const driver = /^\s+Kernel driver in use: (\S+)/.exec(text)?.[1];
    if (group !== undefined) this.#device.group = group;
    if (driver !== undefined) {
      this.#device.driver = driver;
      this.#drivers = true;
    }
    if (/^\s+DevCtl:/.test(text)) this.#control = true;
    const snoop = this.#control ? /\bNoSnoop([+-])/.exec(text)?.[1] : undefined;
    if (snoop !== undefined) {
      this.#device.noSnoop = snoop === '+';
      this.#control = false;
    }
    return true;
  }

  #sysfs(text: string): boolean {
    const path = GROUP_PATH.exec(text);
    if (path) {
      this.#at(path[2]!).group = path[1]!;
      return true;
    }
    const register = REGISTER.exec(text);
    if (register) {
      this.#register(register[1]!, register[2]!);
      return true;
    }
    if (/^\/sys\/class\/iommu/.test(text) || text.startsWith("ls: cannot access '/sys/class/iommu"))
      this.#listsUnits = true;
    const unit = UNIT_DEVICES.exec(text)?.[1];
    if (unit !== undefined) {
      this.#unit = unit;
      this.#unitNamed(unit);
      return true;
    }
    const linked = LINKED.exec(text)?.[1];
    if (linked !== undefined && this.#unit !== undefined) {
      this.#at(linked).unit = this.#unit;
      return true;
    }
    const driver = /\/sys\/bus\/pci\/devices\/([0-9a-f:.]{12})\/driver(?:: | -> |:).*?([\w-]+)$/.exec(text);
    if (driver) {
      this.#at(driver[1]!).driver = driver[2]!;
      return true;
    }
    const node = /\/sys\/bus\/pci\/devices\/([0-9a-f:.]{12})\/vfio-dev\/(vfio\d+)$/.exec(text);
    if (node) {
      this.#at(node[1]!).cdev = node[2]!;
      return true;
    }
    const group = /^IOMMU Group (\d+):?/i.exec(text)?.[1];
    if (group !== undefined) {
      this.#group = group;
      this.#device = undefined;
      return true;
    }
    const member = new RegExp(`^\\s+(${BDF}) (?:.*\\[([0-9a-f]{4})\\]: (.*))?`).exec(text);
    if (member && this.#group !== undefined) {
      const device = this.#at(member[1]!);
      device.group = this.#group;
      if (member[2] === '0604') device.bridge = true;
      if (member[3] !== undefined) device.title ??= member[3];
      return true;
    }
    return text.startsWith('/sys/');
  }

  #kernelLog(text: string): boolean {
    const version = KERNEL_VERSION.exec(text);
    if (version) {
      this.#facts.release = version[1]!;
      this.#facts.build = text.slice(Math.max(0, text.indexOf('#')));
      return true;
    }
    const uname = UNAME.exec(text);
    if (uname) {
      this.#facts.release = uname[1]!;
      this.#facts.build = uname[2]!;
      return true;
    }
    const unit = DMESG_UNIT.exec(text);
    if (unit) {
      this.#register(unit[1]!, unit[2]!);
      return true;
    }
    const group = DMESG_GROUP.exec(text);
    if (group) {
      this.#at(group[1]!).group = group[2]!;
      return true;
    }
    const stamp = KERNEL_STAMP.exec(text);
    if (!stamp) return false;
    const said = text.slice(stamp[0].length);
    if (isKnownMessage(said)) this.#say(said, 'kernel');
    return true;
  }

  #cpu(text: string): boolean {
    if (/^processor\s*:/.test(text)) {
      this.#cpus++;
      return true;
    }
    const vendor = /^(?:vendor_id\s*:|Vendor ID:)\s*(\S+)/.exec(text)?.[1];
    if (vendor !== undefined) {
      const known =
        vendor === 'GenuineIntel'
          ? 'intel'
          : vendor === 'AuthenticAMD' || vendor === 'HygonGenuine'
            ? 'amd'
            : undefined;
      if (known) this.#facts.vendor = known;
      return true;
    }
    const flags = /^(?:flags\s*:|Flags:)\s*(.*)$/.exec(text)?.[1];
    if (flags !== undefined) {
      this.#facts.selfSnoop = /\bss\b/.test(flags);
      return true;
    }
    const count = /^CPU\(s\):\s*(\d+)$/.exec(text)?.[1];
    if (count !== undefined) this.#cpus = Math.max(this.#cpus, Number(count));
    return count !== undefined;
  }

  #node(text: string): boolean {
    const missing = /^ls: cannot access '?(\/dev\/(?:iommu|vfio|kvm)[^':]*)'?:/.exec(text)?.[1];
    if (missing !== undefined) {
      this.#listsNodes = true;
      return true;
    }
    const folder = /^(\/dev\/vfio(?:\/devices)?):$/.exec(text)?.[1];
    if (folder !== undefined) {
      this.#folder = folder;
      this.#listsNodes = true;
      return true;
    }
    const name = /^c[rwx-]{9}.* (\S+)$/.exec(text)?.[1];
    if (name === undefined) return false;
    this.#listsNodes = true;
    this.#nodes.add(name.startsWith('/') ? name : `${this.#folder ?? '/dev'}/${name}`);
    return true;
  }

  #message(text: string): boolean {
    const [, named, alone] = VMM.exec(text) ?? [];
    const said = named ?? alone ?? (isKnownMessage(text) ? text : undefined);
    if (said !== undefined) this.#say(said, 'vmm');
    return said !== undefined || VMM_CONTINUES.test(text);
  }

  #say(text: string, source: HostMessage['source']): void {
    if (this.messages.length < MOST_MESSAGES && !this.messages.some((message) => message.text === text))
      this.messages.push({ text, source });
  }

  #register(unit: string, ecap: string): void {
    const known = this.#unitNamed(unit);
    known.snoopControl = (BigInt(`0x${ecap}`) & ECAP_SC) !== 0n;
    known.source = `ECAP ${ecap}`;
  }

  #unitNamed(name: string): Mutable<UnitFacts> {
    const unit = this.#units.get(name) ?? unitNamed(name);
    this.#units.set(name, unit);
    return unit;
  }

  #at(address: string): Mutable<DeviceFacts> {
    const bdf = address.length < 12 ? `0000:${address}` : address;
    const device = this.#devices.get(bdf) ?? { bdf };
    this.#devices.set(bdf, device);
    return device;
  }
}

/** Messages kept for a report. */
const MOST_MESSAGES = 50;
