/** Why KVM considers a VM coherent or not, and why VFIO answers so for a group. */

import { EVENT_WIDTH } from '../../state/event.ts';
import type { DeviceId, VmId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import type { IommuModel } from '../../topology.ts';
import { isListed as isOnList, whyCoherent } from '../causes/belief.ts';
import { coherencySource, type Link } from '../causes/link.ts';
import { andList } from '../event-text.ts';
import type { History } from '../history.ts';
import { type AskedFact, type FactExplainer, lastOf } from './fact.ts';

/** A moment of a run. */
type Moment = Omit<AskedFact, 'args'>;

/** Who registered non-coherent DMA and what was asked then; or why nobody did. */
export const noncoherentExplained: FactExplainer = (asked) => {
  const vm = asked.args.vm(asked.state);
  if (vm < 0) return [{ event: -1, text: 'The name is not bound to a VM here.', sources: [coherencySource] }];
  return countExplained(asked, vm);
};

/** The same of a VM. */
export function countExplained(asked: Moment, vm: number): Link[] {
  const { history, event, state } = asked;
  const { kvm } = history.model.world;
  const count = kvm.noncoherentReasons(state, vm as VmId);
  const isLegacy = !history.hasChange('noncoherent-dma-count') && state[kvm.assignment.domain.base + vm] !== 0;
  if (count === 0) return isLegacy ? [legacyCoherent(asked, vm)] : whyCoherent(history, event, vm);
  if (!history.hasChange('noncoherent-dma-count')) return [legacyLink(asked, vm)];
  const slot = kvm.noncoherentDmaCount.base + vm;
  const since = history.lastChangeWhere(slot, event, (old, now) => old === 0 && now > 0);
  const changes: Link[] = [];
  for (let one = since; one < event; one++) {
    if (history.log[one * EVENT_WIDTH] !== slot) continue;
    const functions = history.stackAt(one).filter(({ kind }) => kind === 'kernel');
    const path = functions.map(({ name }) => `${name}()`).join(' → ');
    changes.push({
      event: one,
      text: `${history.actorText(one)} changes the count from ${history.operand(one, 1)} to ${history.operand(one, 2)} (${history.placeText(one)}): ${path}.`,
      sources: history.sourceAt(one),
    });
    changes.push(...answersBefore(asked, one));
  }
  return [...lastOf(changes), ...staleLinks(asked)];
}

/** What KVM was told may no longer be true: it asks when its list changes, and at no other time. */
function staleLinks(asked: Moment): Link[] {
  const { history, event, state } = asked;
  if (!history.hasChange('dma-cc-iommu')) return [];
  const listed = history.model.world.topology.groups.flatMap((_, group) =>
    isListed(history, state, group) ? [group] : [],
  );
  const reasons = listed.flatMap((group) => reasonsOf(asked, state, event, group));
  if (reasons.length === 0 || reasons.some(({ coherent }) => !coherent)) return [];
  const text =
    'VFIO would answer "coherent" now, but KVM asks only when a group or device is added or deleted: the count stays.';
  return [{ event, text, sources: [coherencySource] }, ...reasons.map(({ link }) => link)];
}

/** What VFIO answered about the entries of the list, in the call that changed the count. */
function answersBefore(asked: Moment, change: number): Link[] {
  const { history } = asked;
  const { routines } = history.model.world;
  const [first] = history.statementAround(change);
  const asks = new Set(['vfio_file_enforced_coherent', 'vfio_external_check_extension']);
  const answer = history.lastBefore(
    change,
    (code, _actor, routine) => code === NOTE.return && asks.has(routines.routines[routine]?.name ?? ''),
  );
  if (answer < first || history.operand(answer, 3) > 0) {
    // v3.13 and v3.14 ask nobody.
    return history.hasChange('dma-cc-iommu')
      ? []
      : [
          {
            event: change,
            text: `${history.kernelName()} asks no IOMMU driver: any group may be non-coherent.`,
            sources: [coherencySource],
          },
        ];
  }
  const state = history.stateAt(answer);
  const listed = history.model.world.topology.groups.flatMap((_, group) =>
    isListed(history, state, group) ? [group] : [],
  );
  const reasons = listed.flatMap((group) => reasonsOf(asked, state, answer, group));
  const { name = '', source = '' } = routines.routines[history.operand(answer, 2)] ?? {};
  const sources = [{ document: 'linux', place: `${source} ${name}()` }] as const;
  return [
    { event: answer, text: `${name}() answered that DMA is not coherent.`, sources },
    ...reasons.flatMap(({ coherent, link }) => (coherent ? [] : link)),
  ];
}

/** Is the group, or a device of it, on the list of a kvm-vfio device? */
function isListed(history: Moment['history'], state: Int32Array, group: number): boolean {
  const devices = history.model.world.topology.groups[group]?.devices ?? [];
  return devices.some((device) => isOnList(history, state, device, group));
}

/** Before v3.13 there is no count: the domain of legacy assignment was asked. */
function legacyLink({ history, event }: Moment, vm: number): Link {
  const { kvm } = history.model.world;
  const made = history.lastChangeWhere(kvm.assignment.domain.base + vm, event, (_old, now) => now !== 0);
  return {
    event: made,
    text: `A device is assigned through KVM (${history.placeText(made)}), and its IOMMU domain has no cache coherency.`,
    sources: [{ document: 'linux', place: 'virt/kvm/iommu.c kvm_assign_device()' }],
  };
}

/** The flag that a coherent device sets, and that nothing clears. */
function legacyCoherent({ history, event }: Moment, vm: number): Link {
  const { assignment } = history.model.world.kvm;
  const set = history.lastChangeWhere(assignment.coherencyFlag.base + vm, event, (_old, now) => now !== 0);
  return {
    event: set,
    text: `A device whose IOMMU has snoop control was assigned through KVM (${history.placeText(set)}): that set KVM_IOMMU_CACHE_COHERENCY, and no device that is assigned later clears it.`,
    sources: [{ document: 'linux', place: 'virt/kvm/iommu.c kvm_assign_device()' }],
  };
}

/** What the kernel answers about a group: by its devices, or by the container that it is in. */
export const coherentExplained: FactExplainer = (asked) =>
  reasonsOf(asked, asked.state, asked.event, asked.args.group).map(({ link }) => link);

interface Reason {
  /** Does it speak for coherent DMA? */
  readonly coherent: boolean;
  readonly link: Link;
}

const containerSource = {
  document: 'linux',
  place: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_check_extension()',
} as const;
const answerSource = { document: 'linux', place: 'drivers/vfio/vfio_main.c vfio_file_enforced_coherent()' } as const;

/** What decides the answer about a group, as it is in a state. */
function reasonsOf(asked: Moment, state: Int32Array, event: number, group: number): Reason[] {
  const { history } = asked;
  const { kernel, topology, vfio } = history.model.world;
  const { number = group, devices = [] } = topology.groups[group] ?? {};
  const fixed = (coherent: boolean, text: string): Reason => ({
    coherent,
    link: { event: -1, text, sources: [answerSource] },
  });
  if (history.hasChange('capability-based-coherency')) return devices.map((device) => capability(history, device));
  if (!history.hasChange('dma-cc-iommu'))
    return [fixed(false, `${kernel.profile.name} asks nobody: any group may be non-coherent.`)];
  const container = state[vfio.groupContainer.base + group]! - 1;
  if (container >= 0) return containerReasons(asked, state, event, { number, group, container });
  const counts = history.hasChange('file-identity');
  return [fixed(counts, `Group ${number} is in no container: that counts as ${counts ? 'coherent' : 'not coherent'}.`)];
}

/** Up to v6.1: every domain of the container has to be cache coherent. */
function containerReasons(
  { history, names }: Moment,
  state: Int32Array,
  event: number,
  { number, group, container }: { readonly number: number; readonly group: number; readonly container: number },
): Reason[] {
  const { topology, vfio, iommu } = history.model.world;
  const joined = history.lastChange(vfio.groupContainer.base + group, event, container + 1);
  const name = names.atEvent('container', container, Math.max(event - 1, 0)) ?? `container ${container}`;
  const where = `Group ${number} is in ${name} (${history.placeText(joined)})`;
  const all = Array.from({ length: iommu.domainOwner.size }, (_, domain) => domain);
  const domains = all.filter((domain) => state[iommu.domainOwner.base + domain] === container + 1);
  if (domains.length === 0)
    return [
      {
        coherent: false,
        link: { event: joined, text: `${where}, which has no IOMMU domain to answer for.`, sources: [containerSource] },
      },
    ];
  return domains.map((domain) => {
    const coherent = state[iommu.domainCoherent.base + domain] !== 0;
    const unit = topology.iommus[state[iommu.domainUnit.base + domain]! - 1];
    const what = coherent ? 'is cache coherent' : `is not cache coherent${withoutSnoopControl(history, unit)}`;
    return {
      coherent,
      link: {
        event: history.lastChangeWhere(iommu.domainCoherent.base + domain, event, () => true),
        text: `${where}; its domain on ${unit?.name ?? 'the IOMMU'} ${what}.`,
        sources: [containerSource],
      },
    };
  });
}

/** Which unit it is that has no snoop control: that of the domain, or on some kernels any. */
function withoutSnoopControl(history: History, unit: IommuModel | undefined): string {
  if (unit?.driver !== 'vt-d') return '';
  if (!unit.snoopControl) return ': the unit has no snoop control';
  if (!history.hasChange('machine-wide-snoop-control')) return '';
  const spoilers = history.model.world.topology.iommus.filter(
    (other) =>
      other.driver === 'vt-d' &&
      !other.snoopControl &&
      !(history.isFirstStage(other) && history.hasChange('first-level-page-snoop')),
  );
  if (spoilers.length === 0) return '';
  const names = andList(spoilers.map(({ name }) => name));
  const have = spoilers.length === 1 ? 'has' : 'have';
  return `: ${names} ${have} no snoop control, and ${history.kernelName()} wants it of every VT-d unit of the machine`;
}

/** v6.2 and later: the device's IOMMU is asked what it could do. */
function capability(history: Moment['history'], device: number): Reason {
  const { topology, iommu } = history.model.world;
  const { name, iommu: index } = topology.devices[device] ?? { name: `device ${device}`, iommu: -1 };
  const unit = topology.iommus[index];
  const coherent = iommu.enforceCapability(device as DeviceId);
  const cannot = !unit
    ? `${name} has no IOMMU: nothing can force its DMA to be coherent.`
    : `${unit.name}, the IOMMU of ${name}, cannot force its DMA to be coherent: ${unit.driver === 'vt-d' ? 'it has no snoop control' : 'its driver does not offer it'}.`;
  const text = coherent ? `${unit?.name}, the IOMMU of ${name}, can force its DMA to be coherent.` : cannot;
  return { coherent, link: { event: -1, text, sources: [answerSource] } };
}
