/** Every lock of KVM and VFIO that is there: who holds it since when, and who waits for it. */
import { Executor, type Field, LOCKS, type Model } from '@snoopscope/sim-core';
import type { Moment } from '../moment.ts';
import { type Item, indices, openableItem, type Scope, type ScopeView } from './item.ts';
import { containerName, deviceName, groupName, kvmDeviceName, vmName } from './objects.ts';

export const locksScope: Scope = {
  name: 'Locks',
  items(view) {
    const fields = lockFields(view.moment.model);
    if (fields.length === 0) return undefined;
    return () => {
      // Who waits is found by trying, which takes too long for a watch at every step: that follows the holder.
      const waiting = view.since ? waitersOf(view.moment) : [];
      return fields.flatMap(({ field, name, of }) =>
        indices(field.size, (index) => exists(view.moment, of, index)).map((index) =>
          lockItem(view, `${name} of ${OWNERS[of]?.(view.moment, index)}`, field.base + index, waiting),
        ),
      );
    };
  },
};

function lockFields(model: Model): { readonly field: Field; readonly name: string; readonly of: string }[] {
  return LOCKS.flatMap(({ field: wanted, name, of }) => {
    const field = model.layout.fields.find((one) => one.name === wanted);
    return field ? [{ field, name, of }] : [];
  });
}

const OWNERS: Readonly<Record<string, (moment: Moment, index: number) => string>> = {
  vm: vmName,
  'kvm-vfio': kvmDeviceName,
  group: groupName,
  container: containerName,
  device: deviceName,
};

function exists(moment: Moment, of: string, index: number): boolean {
  const { kvm, vfio } = moment.model.world;
  if (of === 'vm') return moment.read(kvm.vmReferences, index) > 0;
  if (of === 'kvm-vfio') return moment.read(kvm.deviceVm, index) !== 0;
  return of !== 'container' || moment.read(vfio.state.containerReferences, index) > 0;
}

function lockItem({ moment, since }: ScopeView, name: string, slot: number, waiting: readonly Waiter[]): Item {
  const holder = moment.state[slot]! - 1;
  const actor = (index: number): string => moment.model.world.topology.actors[index]?.name ?? `task ${index}`;
  const waiters = waiting.filter((one) => one.slot === slot).map((one) => actor(one.actor));
  const waits = waiters.length === 0 ? '' : `, ${waiters.join(' and ')} wait${waiters.length === 1 ? 's' : ''}`;
  if (holder < 0) return { name, value: 'free' };
  const taken = since?.(slot);
  return openableItem(name, `held by ${actor(holder)}${waits}`, () => [
    { name: 'holder', value: actor(holder) },
    { name: 'waiting', value: waiters.join(', ') || 'none' },
    ...(taken === undefined ? [] : [{ name: 'since', value: taken }]),
  ]);
}

interface Waiter {
  readonly actor: number;
  readonly slot: number;
}

const probes = new WeakMap<Model, Executor>();

/** Who could move if a lock were free: found by trying, on a machine of its own. */
export function waitersOf(moment: Moment): Waiter[] {
  const { model } = moment;
  const probe = probes.get(model) ?? new Executor(model);
  probes.set(model, probe);
  probe.machine.state.set(moment.state);
  return probe.tasks.flatMap(({ actor }, index) =>
    probe.waitsForLock(actor) ? [{ actor, slot: probe.tasks[index]?.blockedOn ?? -1 }] : [],
  );
}
