/** The actor of the frame: its registers, the names that calls have bound, its descriptors, the CPU it is on. */
import type { DeviceId } from '@snoopscope/sim-core';
import { boundNames } from './bound-names.ts';
import { descriptors } from './descriptors.ts';
import { type Format, type Item, numberItem, openableItem, type Scope, type ScopeView } from './item.ts';

export const actorScope: Scope = {
  name: 'Actor',
  presentationHint: 'registers',
  items(view) {
    const actor = view.moment.model.world.topology.actors[view.actor];
    if (!actor) return undefined;
    return (format) => [
      ...registers(view, format),
      ...(actor.kind === 'device' ? deviceRegisters(view, actor.subject, format) : []),
      ...(actor.kind === 'device' ? postedRequests(view, actor.subject as DeviceId) : []),
      ...placeItems(view, format),
      ...(actor.process >= 0 ? processItems(view, actor.process, format) : []),
    ];
  },
};

function registers({ moment, actor }: ScopeView, format: Format): Item[] {
  const own = moment.model.registers[actor] ?? new Map<string, number>();
  return [...own].map(([name, slot]) =>
    numberItem(name, moment.state[slot]!, format, {
      evaluateName: `${moment.model.world.topology.actors[actor]?.name}.${name}`,
    }),
  );
}

/** MMIO registers that the scenario names. */
export function deviceRegisters({ moment }: ScopeView, device: number, format: Format): Item[] {
  const { pcie, topology } = moment.model.world;
  const model = topology.devices[device];
  return (model?.registers ?? []).flatMap((name) => {
    const slot = pcie.registerSlot(device, name);
    if (slot === undefined) return [];
    return [
      numberItem(name, moment.state[slot]!, format, {
        evaluateName: `${model?.name}.${name}`,
        type: 'an MMIO register',
      }),
    ];
  });
}

/** Writes and MSIs that the device has sent and that have not arrived, the oldest first. */
function postedRequests({ moment }: ScopeView, device: DeviceId): Item[] {
  const { pcie, topology } = moment.model.world;
  return pcie.onTheirWay(moment.state, device).map(({ kind, target, value, asked }, i) => ({
    name: `on its way ${i + 1}`,
    value: kind === 'msi' ? `MSI ${target}` : `MWr ${topology.words[target]?.name} = ${value}${asked ? ' ns' : ''}`,
    type: 'a posted request: it arrives after those before it',
  }));
}

function placeItems({ moment, actor }: ScopeView, format: Format): Item[] {
  const { kvm, topology } = moment.model.world;
  const model = topology.actors[actor];
  if (model?.kind !== 'vcpu') return [];
  const vcpu = moment.read(kvm.actorVcpu, actor) - 1;
  if (vcpu < 0) return [{ name: 'vCPU', value: 'not created yet', type: 'KVM_CREATE_VCPU creates it' }];
  const cpu = moment.read(kvm.vcpuCpu, vcpu) - 1;
  return [
    numberItem('vCPU id', moment.read(kvm.vcpuId, vcpu), format),
    { name: 'pCPU', value: cpu < 0 ? 'never loaded' : `cpu${cpu}`, type: 'the physical CPU it is loaded on' },
  ];
}

function processItems({ moment }: ScopeView, process: number, format: Format): Item[] {
  const names = boundNames(moment, format);
  const open = descriptors(moment, process);
  return [
    ...names,
    openableItem('descriptors', `${open.length} open`, () => open, {
      type: `the table of process ${moment.model.world.topology.processes[process]}`,
    }),
  ];
}
