/** What an author writes next: of a scenario as far as it is written, the calls and blocks that it still lacks, in order. */
import { type BlockKind, contentsOfKind, type FileKind, IOCTLS, type Op } from '@snoopscope/sim-core';
import type { Snapshot } from '../snapshot.ts';
import type { Offer } from './offers.ts';
import { opOffer } from './table-offers.ts';

/** The offers, those first that the scenario needs next. */
export function byNeed(snapshot: Snapshot, line: number, block: BlockKind, offers: readonly Offer[]): Offer[] {
  const needed =
    block === 'file' ? nextBlocks(snapshot) : block === 'setup' || block === 'thread' ? nextCalls(snapshot) : [];
  const done =
    block === 'file' ? onceWritten(snapshot, line) : block === 'machine' ? onceInMachine(snapshot, line) : new Set();
  return offers
    .filter(({ label }) => !done.has(label))
    .map((offer) => {
      const place = needed.indexOf(offer.label);
      return place < 0 ? { ...offer, rank: offer.rank + needed.length } : { ...offer, rank: place };
    });
}

/** Requests for a descriptor of a kind: first those that its file knows, of these what the scenario needs next. */
export function requestsByNeed(
  snapshot: Snapshot,
  line: number,
  kind: FileKind | undefined,
  snippetOf: ((op: Op) => string) | undefined,
): Offer[] {
  const offers = IOCTLS.map((op): Offer => {
    const offer = opOffer(op, snapshot.profile);
    // What changes nothing that is modelled comes after what does, and what the kernel lacks after that.
    const rank = offer.absent ? 2 : op.inert ? 1 : 0;
    const fits = kind === undefined || op.files?.includes(kind) === true;
    return { ...offer, ...(snippetOf && { snippet: snippetOf(op) }), rank: rank + (fits ? 0 : OTHER_FILE) };
  });
  const isFitting = ({ rank }: Offer): boolean => rank < OTHER_FILE;
  const block = snapshot.scenario.lines[line]?.block ?? 'setup';
  return [...byNeed(snapshot, line, block, offers.filter(isFitting)), ...offers.filter((one) => !isFitting(one))];
}

/** Requests of another kind of file come after all that may be meant. */
const OTHER_FILE = 100;

/** Lines and blocks of which a scenario has one, and has it in another line. */
function onceWritten({ scenario }: Snapshot, line: number): ReadonlySet<string> {
  const blocks = scenario.blocks.filter((block) => ONCE.has(block.kind) && block.line !== line);
  const kinds = new Set<string>(blocks.map(({ kind }) => kind));
  for (const kind of ['scenario', 'kernel', 'schedule'] as const)
    if (contentsOfKind(scenario, kind).some((one) => one.line !== line)) kinds.add(kind);
  return kinds;
}

const ONCE: ReadonlySet<string> = new Set(['machine', 'setup', 'host']);

function onceInMachine({ scenario }: Snapshot, line: number): ReadonlySet<string> {
  return new Set(contentsOfKind(scenario, 'cpu').some((one) => one.line !== line) ? ['cpu'] : []);
}

function nextBlocks({ scenario }: Snapshot): string[] {
  const has = (kind: BlockKind): boolean => scenario.blocks.some((block) => block.kind === kind);
  const needed = [
    ['scenario', contentsOfKind(scenario, 'scenario').length > 0],
    ['kernel', contentsOfKind(scenario, 'kernel').length > 0],
    ['machine', has('machine')],
    ['setup', has('setup')],
    ['vcpu', has('vcpu')],
    ['device', has('device')],
  ] as const;
  const missing = needed.flatMap(([word, there]) => (there ? [] : [word]));
  // A scenario with a machine needs no name first.
  return has('machine') ? missing.filter((word) => word !== 'scenario' && word !== 'kernel') : missing;
}

/** The calls that lead to a device in a VM, those that are not made yet. */
function nextCalls({ scenario }: Snapshot): string[] {
  const text = scenario.lines.map((line) => line.text).join('\n');
  const byFd = /"\/dev\/iommu"|IOMMU_/.test(text);
  const order = byFd ? [...IOMMUFD, ...VM] : [...CONTAINER, ...VM];
  return order.filter((label) => !text.includes(label.replace(/^open /, '')) && needs(label, text));
}

const CONTAINER = [
  'open "/dev/vfio/vfio"',
  'open the group',
  'VFIO_GROUP_SET_CONTAINER',
  'VFIO_SET_IOMMU',
  'VFIO_IOMMU_MAP_DMA',
];
const IOMMUFD = ['IOMMU_IOAS_ALLOC', 'VFIO_DEVICE_BIND_IOMMUFD', 'VFIO_DEVICE_ATTACH_IOMMUFD_PT', 'IOMMU_IOAS_MAP'];
const VM = [
  'open "/dev/kvm"',
  'KVM_CREATE_VM',
  'KVM_CREATE_DEVICE',
  'KVM_SET_DEVICE_ATTR',
  'VFIO_GROUP_GET_DEVICE_FD',
  'KVM_CREATE_VCPU',
];

/** Whether what a call acts on is there. */
function needs(label: string, text: string): boolean {
  const [, before] = AFTER.find(([one]) => one === label) ?? [];
  return before === undefined || before.test(text);
}

const AFTER: readonly (readonly [string, RegExp])[] = [
  ['VFIO_GROUP_SET_CONTAINER', /"\/dev\/vfio\/\d/],
  ['VFIO_SET_IOMMU', /VFIO_GROUP_SET_CONTAINER/],
  ['VFIO_IOMMU_MAP_DMA', /VFIO_SET_IOMMU/],
  ['KVM_CREATE_VM', /"\/dev\/kvm"/],
  ['KVM_CREATE_DEVICE', /KVM_CREATE_VM/],
  ['KVM_SET_DEVICE_ATTR', /KVM_CREATE_DEVICE/],
  ['VFIO_GROUP_GET_DEVICE_FD', /VFIO_SET_IOMMU/],
  ['KVM_CREATE_VCPU', /KVM_CREATE_VM/],
  ['VFIO_DEVICE_BIND_IOMMUFD', /"\/dev\/vfio\/devices\//],
  ['VFIO_DEVICE_ATTACH_IOMMUFD_PT', /VFIO_DEVICE_BIND_IOMMUFD/],
  ['IOMMU_IOAS_MAP', /VFIO_DEVICE_ATTACH_IOMMUFD_PT/],
];
