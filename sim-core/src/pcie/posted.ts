/**
 * Posted requests on their way: memory writes and MSIs that a device has sent and that have not reached memory yet.
 *
 * The real thing: a memory write needs no answer. It travels upstream in buffers of the root port and of the switches
 * before it, and the device continues at once. The ordering rules keep what one device posted in order; a read may not pass
 * a posted write, and neither may the completion of a read: so a read by the device, or a read of the device, pushes
 * everything before it to memory. Only so many fit (posted credits); then the device waits.
 *
 * Modelled: one queue for a device, first in first out, of `posted-writes` entries; each arrives whenever it likes, and
 * all of them arrive in the end. Its addresses are translated on arrival, its No Snoop attribute is the one it was sent
 * with. Left out: relaxed ordering and ID-based ordering, traffic classes, writes of the CPU to a device (a doorbell
 * rings in the step that writes it), writes from device to device.
 *
 * Sources: PCIe Base Specification, "Transaction Ordering", "Flow Control Rules", "MSI and MSI-X Support".
 */
import type { DeviceId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';

/** A memory write or an MSI as a device sent it. */
export interface PostedRequest {
  readonly kind: 'write' | 'msi';
  /** Of a write: the word, and the value. Of an MSI: the vector, and 0. */
  readonly target: number;
  readonly value: number;
  /** Of a write: the statement asks for No Snoop; and the TLP carries it, since Device Control let it. */
  readonly asked: boolean;
  readonly noSnoop: boolean;
}

export interface PostedQueues {
  /** Does the device keep posted requests at all? Without credits they complete at once. */
  queues(device: DeviceId): boolean;
  /** Appends one. False when no credit is left. */
  append(machine: Machine, device: DeviceId, request: PostedRequest): boolean;
  /** Takes the oldest one out, or undefined. */
  take(machine: Machine, device: DeviceId): PostedRequest | undefined;
  /** Those on their way, the oldest first. */
  list(state: Int32Array, device: DeviceId): PostedRequest[];
}

/** Bits of an entry; 0 is an empty place. */
const ENTRY = { used: 1, msi: 2, asked: 4, noSnoop: 8, targetShift: 4 } as const;

export function createPostedQueues(base: WorldBase): PostedQueues {
  const { layout, topology } = base;
  const names = topology.devices.map((d) => d.name);
  const credits = topology.devices.map((d) => d.postedWrites);
  const longest = Math.max(0, ...credits);
  const shape = [topology.devices.length, longest];
  const entry: Field = layout.field('postedRequest', shape, { labels: [names], internal: true });
  const value: Field = layout.field('postedValue', shape, { labels: [names], internal: true });

  function at(state: Int32Array, device: DeviceId, place: number): PostedRequest | undefined {
    const code = place < (credits[device] ?? 0) ? state[entry.base + device * longest + place]! : 0;
    if (code === 0) return undefined;
    return {
      kind: (code & ENTRY.msi) !== 0 ? 'msi' : 'write',
      target: code >> ENTRY.targetShift,
      value: state[value.base + device * longest + place]!,
      asked: (code & ENTRY.asked) !== 0,
      noSnoop: (code & ENTRY.noSnoop) !== 0,
    };
  }

  return {
    queues: (device) => (credits[device] ?? 0) > 0,

    append(m, device, request) {
      const count = credits[device] ?? 0;
      for (let place = 0; place < count; place++) {
        const slot = device * longest + place;
        if (m.state[entry.base + slot] !== 0) continue;
        const flags =
          ENTRY.used |
          (request.kind === 'msi' ? ENTRY.msi : 0) |
          (request.asked ? ENTRY.asked : 0) |
          (request.noSnoop ? ENTRY.noSnoop : 0);
        m.put(entry.base + slot, flags | (request.target << ENTRY.targetShift));
        m.put(value.base + slot, request.value);
        return true;
      }
      return false;
    },

    take(m, device) {
      const request = at(m.state, device, 0);
      if (!request) return undefined;
      const first = device * longest;
      const last = first + (credits[device] ?? 0) - 1;
      // The others move up, so that equal queues are equal states.
      for (let slot = first; slot <= last; slot++) {
        m.put(entry.base + slot, slot === last ? 0 : m.state[entry.base + slot + 1]!);
        m.put(value.base + slot, slot === last ? 0 : m.state[value.base + slot + 1]!);
      }
      return request;
    },

    list(state, device) {
      return Array.from({ length: credits[device] ?? 0 }, (_, place) => at(state, device, place) ?? []).flat();
    },
  };
}
