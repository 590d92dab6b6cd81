/** The numbered objects of an iommufd: the lowest free number, from 1, for devices, IOAS and page tables alike. */
import { tooManyAtOnce } from '../limits.ts';
import { type DeviceId, type IommufdId, knownId } from '../state/ids.ts';
import type { Field } from '../state/layout.ts';
import type { Machine } from '../state/machine.ts';
import type { WorldBase } from '../world.ts';

/** Kinds of iommufd objects. */
export const IOMMUFD_OBJECT = { none: 0, device: 1, ioas: 2, hwpt: 3 } as const;
const KINDS = 4;

export interface Objects {
  /** Per iommufd and id: {@link IOMMUFD_OBJECT} + 4 × index of the device, IOAS or domain. */
  readonly object: Field;
  /** Per device: the iommufd it is bound to + 1. */
  readonly deviceContext: Field;
  /** The iommufd that a device is bound to. It must be bound to one. */
  contextOf(machine: Machine, device: DeviceId): IommufdId;
  /** What an id names; kind `none` when nothing. */
  at(machine: Machine, context: IommufdId, id: number): { readonly kind: number; readonly index: number };
  /** Gives an object a number and returns it. */
  number(machine: Machine, context: IommufdId, kind: number, index: number): number;
  /** The number of an object, 0 when it has none. */
  idOf(machine: Machine, context: IommufdId, kind: number, index: number): number;
  forget(machine: Machine, context: IommufdId, kind: number, index: number): void;
  forgetAll(machine: Machine, context: IommufdId): void;
}

export function createObjects(base: WorldBase): Objects {
  const { dims, layout, topology } = base;
  const devices = topology.devices.length;
  const ids = dims.ioas + dims.domains + devices + 1;
  const object = layout.field('iommufdObject', [dims.iommufds, ids]);
  const deviceContext = layout.field('deviceIommufd', [devices], { labels: [topology.devices.map((d) => d.name)] });
  const slot = (context: IommufdId, id: number): number => object.base + context * ids + id;

  function idOf(m: Machine, context: IommufdId, kind: number, index: number): number {
    for (let id = 1; id < ids; id++) if (m.state[slot(context, id)] === kind + KINDS * index) return id;
    return 0;
  }

  return {
    object,
    deviceContext,
    idOf,
    contextOf: (m, device) => knownId<IommufdId>(m, deviceContext, device),

    at(m, context, id) {
      const code = id > 0 && id < ids ? m.state[slot(context, id)]! : 0;
      return { kind: code % KINDS, index: Math.trunc(code / KINDS) };
    },

    number(m, context, kind, index) {
      for (let id = 1; id < ids; id++) {
        if (m.state[slot(context, id)] !== 0) continue;
        m.put(slot(context, id), kind + KINDS * index);
        return id;
      }
      throw tooManyAtOnce(`an iommufd has more than ${ids - 1} objects`);
    },

    forget(m, context, kind, index) {
      const id = idOf(m, context, kind, index);
      if (id > 0) m.put(slot(context, id), 0);
    },

    forgetAll(m, context) {
      for (let id = 0; id < ids; id++) m.put(slot(context, id), 0);
    },
  };
}
