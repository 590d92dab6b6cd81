/**
 * A profile is a kernel to simulate: a name and the set of changes present in it.
 *
 * Mainline releases get their set from the change table. What is not a mainline release (a series as it was posted, a
 * stable release with backports) names its base and what it adds or lacks.
 */
import type { ParsedScenario } from '../scenario/ast.ts';
import { CHANGES, type ChangeId, compareVersions, type Version } from './changes.ts';

export interface Profile {
  /** `v5.11`, `series-v1`. */
  readonly name: string;
  /** The mainline release that it is, or is nearest to. Only for ordering and ranges. */
  readonly version: Version;
  readonly changes: ReadonlySet<ChangeId>;
  /** One sentence for completion and hover. */
  readonly doc: string;
  /** For a stable release with backports: `6.1.192`. */
  readonly release?: string;
  /** False for profiles that no range of versions contains (`series-v1` only counts when it is named). */
  readonly mainline: boolean;
}

/** First and last mainline release that has a profile. */
export const FIRST_VERSION: Version = 'v3.12';
export const LAST_VERSION: Version = 'v7.3';

const LAST_MINOR: Readonly<Record<number, number>> = { 3: 19, 4: 20, 5: 19, 6: 19, 7: 3 };

/** Every mainline release from v3.12 to the newest, in order. */
export const VERSIONS: readonly Version[] = Object.entries(LAST_MINOR).flatMap(([major, last]) =>
  Array.from({ length: last + 1 }, (_, minor) => `v${Number(major)}.${minor}` as Version).filter(
    (version) => compareVersions(version, FIRST_VERSION) >= 0,
  ),
);

/** The changes of a mainline release. */
export function changesOf(version: Version): Set<ChangeId> {
  return new Set(
    CHANGES.filter(
      (change) =>
        'first' in change &&
        change.first !== undefined &&
        compareVersions(version, change.first) >= 0 &&
        !('until' in change && compareVersions(version, change.until!) >= 0),
    ).map((change) => change.id),
  );
}

interface Variant {
  readonly name: string;
  readonly release?: string;
  readonly base: Version;
  readonly adds: readonly ChangeId[];
  readonly lacks: readonly ChangeId[];
  readonly doc: string;
}

/** Stable 6.12.78 lists the quirk for the guest PAT, and 6.12.85 has it, with the quirks that came before and after it. */
const GUEST_PAT_BACKPORT: readonly ChangeId[] = [
  'guest-pat-quirk',
  'quirks-accumulate',
  'quirk-stuff-feature-msrs',
  'quirk-vmcs12-freeze-in-smm',
];

const VARIANTS: readonly Variant[] = [
  {
    name: 'series-v1',
    base: 'v3.13',
    adds: ['destroy-on-device-release'],
    lacks: [],
    doc: 'v3.13 as the kvm-vfio series was first posted: closing a KVM device descriptor destroys the device.',
  },
  {
    name: 'v6.11-rc1',
    base: 'v6.11',
    adds: ['honor-guest-pat-with-self-snoop'],
    lacks: [],
    doc: 'v6.11 before the release: the guest PAT always counts on CPUs with self-snoop. Reverted before v6.11.',
  },
  {
    name: 'v6.10-flush-proposal',
    base: 'v6.10',
    adds: ['flush-noncoherent-dma', 'mmio-by-host-mtrr'],
    lacks: [],
    doc: 'v6.10 with a series of May 2024 that was not merged: pages that enter or leave a non-coherent domain are flushed, and what host MTRRs make uncached is MMIO.',
  },
  {
    name: 'v6.8-memslot-proposal',
    base: 'v6.8',
    adds: ['noncoherent-memslots'],
    lacks: [],
    doc: 'v6.8 with a series of January 2024 that was not merged: the memslot flag KVM_MEM_NON_COHERENT_DMA.',
  },
  {
    name: 'v7.1-vm-file-proposal',
    base: 'v7.1',
    adds: ['vfio-holds-vm-file'],
    lacks: [],
    doc: 'v7.1 with a series of May 2026 that was not merged: VFIO keeps the open file of the VM.',
  },
  {
    name: 'dirty-mask-proposal',
    base: LAST_VERSION,
    adds: ['dirty-mask-keeps-current-cpu'],
    lacks: [],
    doc: 'Hypothetical, our own: the newest kernel with a dirty mask that does not lose the current pCPU.',
  },
  // Releases that were recorded: what distinguishes each from its mainline base is what its recordings show.
  // Debian's 5.10 has stable's backport of 6c00612d0cba; no recording is of a machine in scalable mode.
  debian('v5.10', '5.10.223', ['first-level-page-snoop']),
  debian('v5.10', '5.10.262', ['first-level-page-snoop']),
  debian('v6.1', '6.1.192', ['kvm-vfio-release', 'add-tells-vfio-under-lock', 'update-vaddr-without-mdev']),
  debian('v6.12', '6.12.43'),
  debian('v6.12', '6.12.85', GUEST_PAT_BACKPORT),
  debian('v6.12', '6.12.117', GUEST_PAT_BACKPORT),
  debian('v6.17', '6.17.13'),
  debian('v7.2', '7.2.12'),
  debian('v7.2', '7.2.13'),
];

function debian(
  base: Version,
  release: string,
  adds: readonly ChangeId[] = [],
  lacks: readonly ChangeId[] = [],
): Variant {
  return {
    name: `debian-${release}`,
    release,
    base,
    adds,
    lacks,
    doc: `Debian's kernel ${release}: ${base} with the backports that its recordings show.`,
  };
}

export const PROFILES: readonly Profile[] = [
  ...VERSIONS.map((version) =>
    profile({ name: version, version, doc: `Linux ${version}`, mainline: true }, () => changesOf(version)),
  ),
  ...VARIANTS.map(({ name, base, release, adds, lacks, doc }) =>
    profile({ name, version: base, doc, mainline: false, ...(release === undefined ? {} : { release }) }, () =>
      changed(changesOf(base), adds, lacks),
    ),
  ),
];

/** Few of the profiles are ever looked into, and all of them together would take a third of the start of a program. */
function profile(fields: Omit<Profile, 'changes'>, changesOfIt: () => ReadonlySet<ChangeId>): Profile {
  let changes: ReadonlySet<ChangeId> | undefined;
  return {
    ...fields,
    get changes() {
      changes ??= changesOfIt();
      return changes;
    },
  };
}

function changed(changes: Set<ChangeId>, adds: readonly ChangeId[], lacks: readonly ChangeId[]): Set<ChangeId> {
  for (const id of adds) changes.add(id);
  for (const id of lacks) changes.delete(id);
  return changes;
}

const byName: ReadonlyMap<string, Profile> = new Map(PROFILES.map((p) => [p.name, p]));

/** The profile of a name, or undefined: the caller lists the known ones. */
export function profileNamed(name: string): Profile | undefined {
  return byName.get(name);
}

/** The newest mainline release: what a scenario is for when nothing names a kernel. */
export const NEWEST: Profile = profileNamed(LAST_VERSION)!;

/** The kernel that a scenario runs on by name: the chosen one, else that of its `kernel` line, else the newest. */
export function kernelName({ lines }: ParsedScenario, chosen?: string): string {
  if (chosen) return chosen;
  for (const { content } of lines) if (content.kind === 'kernel') return content.version.text;
  return NEWEST.name;
}

/** `v3.12 to v7.3, series-v1`: mainline as one range, all others by name. */
export function knownKernels(): string {
  const others = PROFILES.filter(({ mainline }) => !mainline).map(({ name }) => name);
  return [`${FIRST_VERSION} to ${LAST_VERSION}`, ...others].join(', ');
}

/** Has a profile the same answers to these questions? Then it behaves alike wherever nothing else is asked. */
export function answersAlike(asked: Iterable<ChangeId>, a: Profile, b: Profile): boolean {
  for (const change of asked) if (a.changes.has(change) !== b.changes.has(change)) return false;
  return true;
}

/** A copy of a profile with single changes switched on or off: bisecting, mutation. */
export function profileWith(base: Profile, adds: readonly ChangeId[], lacks: readonly ChangeId[]): Profile {
  const changes = changed(new Set(base.changes), adds, lacks);
  const suffix = [...adds.map((id) => `+${id}`), ...lacks.map((id) => `~${id}`)].join('');
  return { ...base, name: base.name + suffix, changes, mainline: false };
}
