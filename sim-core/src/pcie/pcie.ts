/**
 * PCIe functions: their transactions, their registers, and Device Control.
 *
 * The real thing: a memory request TLP carries the No Snoop attribute when the function asks for it and its Device
 * Control register lets it. On the way to memory the IOMMU may override the attribute (VT-d SNP and PGSNP, AMD FC), or the machine ignores it
 * (Arm CANWBS).
 *
 * Modelled: MRd, MWr, MSIs, CfgWr from inside, the Enable No Snoop bit per function, MMIO registers, translation at the
 * time of the access, faults, posted requests on their way and what pushes them (posted.ts; a device without
 * `posted-writes` has none: a write reaches memory in the step that issues it). Left out: reordering of completions,
 * relaxed ordering, ATS, the injection of an MSI into a guest by KVM (what waits for it sees its arrival), link errors.
 *
 * Sources: PCIe Base Specification, "Transaction Descriptor - Attributes Field", "Device Control Register"; Intel
 * VT-d, "Snoop Behavior"; AMD I/O Virtualization, "FC".
 */
import { IOPTE } from '../iommu/iommu.ts';
import { ModelLimit } from '../limits.ts';
import type { Copy } from '../memory/memory.ts';
import { FAULT_REASONS, type FaultReason } from '../state/event.ts';
import type { DeviceId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import { type Machine, NOTE } from '../state/machine.ts';
import type { World, WorldBase } from '../world.ts';
import { createPostedQueues, type PostedRequest } from './posted.ts';

/**
 * Detail of a `tlp` or `posted` happening: these bits and the value above them. A posted TLP is not completed yet; there
 * the bit says that it is a message (an MSI), whose vector takes the place of the word.
 */
export const TLP = { write: 1, asked: 2, bypassed: 4, completed: 8, message: 8, valueShift: 4 } as const;

export interface Pcie {
  /** Per device: Device Control, Enable No Snoop (bit 11). */
  readonly enableNoSnoop: Field;
  /** Per device register: its value. Registers of all devices in topology order. */
  readonly register: Field;
  /** The slot of a device's MMIO register, or undefined when the scenario never names it. */
  registerSlot(device: number, name: string): number | undefined;
  /** Would this device's access with the attribute bypass the caches at this entry? */
  bypasses(machine: Pick<Machine, 'state'>, device: DeviceId, asked: boolean, entry: number): boolean;
  /** A memory read. False when it was blocked; otherwise `out` is filled. */
  read(machine: Machine, device: DeviceId, word: number, asked: boolean, out: Copy): boolean;
  /** A posted memory write. False when the device has to wait, since too many are on their way. */
  write(machine: Machine, device: DeviceId, word: number, value: number, asked: boolean): boolean;
  /** An MSI: a posted write to the interrupt's address. False when the device has to wait. */
  signal(machine: Machine, device: DeviceId, vector: number): boolean;
  /** The oldest posted request of the device arrives. False when none is on its way. */
  arrive(machine: Machine, device: DeviceId): boolean;
  /** Posted requests of the device that are on their way, the oldest first. */
  onTheirWay(state: Int32Array, device: DeviceId): PostedRequest[];
  /** A read by the device, or one of the device: what it posted before arrives first. */
  pushPosted(machine: Machine, device: DeviceId): void;
}

/** The register of a device that says whether an MSI has arrived. */
export function msiRegister(vector: number): string {
  return `msi${vector}`;
}

export function createPcie(base: WorldBase, world: () => World): Pcie {
  const { layout, topology } = base;
  const names = topology.devices.map((d) => d.name);
  const enableNoSnoop = layout.field('enableNoSnoop', [topology.devices.length], {
    labels: [names],
    initial: topology.devices.map((d) => (d.noSnoop ? 1 : 0)),
  });
  const registers = topology.devices.flatMap((d, device) => d.registers.map((name) => ({ device, name })));
  const posted = createPostedQueues(base);
  const register = layout.field('deviceRegister', [registers.length], {
    labels: [registers.map((r) => `${names[r.device]}.${r.name}`)],
  });

  function fault(m: Machine, device: DeviceId, word: number, reason: FaultReason): boolean {
    const index = FAULT_REASONS.indexOf(reason);
    m.note(NOTE['dma-fault'], device, topology.words[word]?.page ?? -1, index);
    world().monitors.dmaFault(m, device, word, index);
    return false;
  }

  /** The word that the access reaches, or -1 after a fault. */
  function translate(m: Machine, device: DeviceId, word: number, access: number): { target: number; entry: number } {
    const { iommu } = world();
    const model = topology.devices[device];
    const here = topology.words[word];
    if (!model || !here) throw new RangeError('a TLP names no device or word');
    if (model.iommu < 0)
      return { target: word, entry: IOPTE.read | IOPTE.write | ((here.page + 1) << IOPTE.pageShift) };
    const entry = iommu.lookup(m, device, here.page);
    if (entry === 0) {
      fault(m, device, word, m.state[iommu.deviceDomain.base + device] === 0 ? 'no-domain' : 'not-present');
      return { target: -1, entry };
    }
    if ((entry & access) === 0) {
      fault(m, device, word, access === IOPTE.read ? 'no-read' : 'no-write');
      return { target: -1, entry };
    }
    const unit = topology.iommus[model.iommu];
    const byPageSnoop = m.state[world().iommu.pageSnoop.base + device] !== 0;
    if ((entry & IOPTE.snoop) !== 0 && !byPageSnoop && unit?.driver === 'vt-d' && !unit.snoopControl) {
      fault(m, device, word, 'reserved-snp');
      return { target: -1, entry };
    }
    const page = (entry >> IOPTE.pageShift) - 1;
    if (topology.pages[page]?.backing === 'mmio') throw peerToPeer(names[device]!);
    // The same offset in the page that the entry names; words of a page keep their order.
    const offset = topology.pages[here.page]?.words.indexOf(word) ?? -1;
    return { target: page === here.page ? word : (topology.pages[page]?.words[offset] ?? -1), entry };
  }

  /** Does a TLP of this device carry the attribute when it asks for it? */
  function carriesNoSnoop(m: Pick<Machine, 'state'>, device: DeviceId, asked: boolean): boolean {
    const model = topology.devices[device];
    const enabled = m.state[enableNoSnoop.base + device] !== 0 || model?.backdoor === true;
    return asked && model?.noSnoop === true && enabled;
  }

  function arriveNow(m: Machine, device: DeviceId, { kind, target: to, value, asked, noSnoop }: PostedRequest): void {
    if (kind === 'msi') {
      m.note(NOTE.msi, device, to, 0);
      const slot = pcie.registerSlot(device, msiRegister(to));
      if (slot !== undefined) m.put(slot, 1);
      return;
    }
    const { target, entry } = translate(m, device, to, IOPTE.write);
    const flags = TLP.write | (asked ? TLP.asked : 0) | (value << TLP.valueShift);
    if (target < 0) {
      m.note(NOTE.tlp, device, to, flags);
      return;
    }
    const bypassed = noSnoop && !world().iommu.overridesNoSnoop(device, entry);
    m.note(NOTE.tlp, device, target, flags | (bypassed ? TLP.bypassed : 0) | TLP.completed);
    const { memory, ghost } = world();
    const version = memory.dmaWrite(m, target, value, !bypassed);
    ghost.deviceStore(m, target, version, !bypassed);
  }

  function post(m: Machine, device: DeviceId, request: PostedRequest): boolean {
    if (!posted.queues(device)) arriveNow(m, device, request);
    else if (!posted.append(m, device, request)) return false;
    else {
      const msi = request.kind === 'msi';
      const flags = msi ? TLP.message : TLP.write | (request.asked ? TLP.asked : 0);
      m.note(NOTE.posted, device, request.target, flags | (request.value << TLP.valueShift));
    }
    return true;
  }

  const pcie: Pcie = {
    enableNoSnoop,
    register,

    registerSlot(device, name) {
      const index = registers.findIndex((r) => r.device === device && r.name === name);
      return index < 0 ? undefined : register.base + index;
    },

    bypasses(m, device, asked, entry) {
      return carriesNoSnoop(m, device, asked) && !world().iommu.overridesNoSnoop(device, entry);
    },

    read(m, device, word, asked, out) {
      pcie.pushPosted(m, device);
      const { target, entry } = translate(m, device, word, IOPTE.read);
      if (target < 0) {
        m.note(NOTE.tlp, device, word, asked ? TLP.asked : 0);
        return false;
      }
      const bypassed = pcie.bypasses(m, device, asked, entry);
      const { memory, ghost, monitors } = world();
      const promised = ghost.deviceReadBound(m.state, target, !bypassed);
      memory.dmaRead(m, target, !bypassed, out);
      const flags = (asked ? TLP.asked : 0) | (bypassed ? TLP.bypassed : 0) | TLP.completed;
      m.note(NOTE.tlp, device, target, flags | (out.value << TLP.valueShift));
      monitors.deviceRead(m, device, target, out.version, promised);
      return true;
    },

    write(m, device, word, value, asked) {
      const noSnoop = carriesNoSnoop(m, device, asked);
      return post(m, device, { kind: 'write', target: word, value, asked, noSnoop });
    },

    signal(m, device, vector) {
      return post(m, device, { kind: 'msi', target: vector, value: 0, asked: false, noSnoop: false });
    },

    arrive(m, device) {
      const request = posted.take(m, device);
      if (!request) return false;
      arriveNow(m, device, request);
      return true;
    },

    onTheirWay: posted.list,

    pushPosted(m, device) {
      while (pcie.arrive(m, device)) {
        // One after the other, in the order in which they were sent.
      }
    },
  };
  return pcie;
}

function peerToPeer(device: string): ModelLimit {
  return new ModelLimit(
    `a TLP of \`${device}\` reaches registers of a device (\`backing=mmio\`): peer-to-peer DMA is not modelled; map memory there`,
  );
}
