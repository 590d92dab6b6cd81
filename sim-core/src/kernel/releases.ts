/**
 * From what people call a kernel to a profile: a profile's name, a name that the workspace gives (`snoopscope.json`), what
 * `uname -r` prints, or one of them with single changes added (`+`) and removed (`~`), and what is not known about the
 * kernel then.
 */
import type { ParsedScenario } from '../scenario/ast.ts';
import { CHANGES, type ChangeId, compareVersions, type Version } from './changes.ts';
import type { NamedKernels } from './named-kernels.ts';
import {
  FIRST_VERSION,
  kernelName,
  LAST_VERSION,
  NEWEST,
  PROFILES,
  type Profile,
  profileNamed,
  profileWith,
} from './profiles.ts';

export interface KernelLike {
  readonly profile: Profile;
  /** Whether the profile is this kernel; otherwise it is the nearest, and `unknown` says what may differ. */
  readonly exact: boolean;
  /** What the string says about the kernel, `an Ubuntu kernel`. */
  readonly kind: string;
  /** What `snoopscope.json` defines the name as, and the profile that is nearest to that. */
  readonly defined?: { readonly as: string; readonly nearest: string };
  /** What may differ, as a sentence; absent when the profile is exact. */
  readonly unknown?: string;
  /** Recorded releases with the same mainline base, which may be nearer. */
  readonly recorded: readonly Profile[];
}

/** Why a name with `+` and `~` is not a kernel. */
export type VariantProblem =
  | { readonly kind: 'no-change'; readonly id: string }
  | { readonly kind: 'named-twice'; readonly id: string }
  | { readonly kind: 'already-there'; readonly id: string; readonly base: string }
  | { readonly kind: 'not-there'; readonly id: string; readonly base: string };

/**
 * The kernel that a name means, or undefined: {@link variantProblem} may say why. The same name gives the same profile
 * object for as long as the names of the workspace are the same.
 */
export function kernelLike(text: string, named: NamedKernels = NO_NAMES): KernelLike | undefined {
  let known = found.get(named);
  if (known === undefined) {
    known = new Map();
    found.set(named, known);
  }
  if (known.has(text)) return known.get(text);
  if (known.size >= MOST_REMEMBERED) known.clear();
  const like = findKernel(text, named);
  known.set(text, like);
  return like;
}

/** The profile to simulate for such a name. */
export function profileLike(text: string, named?: NamedKernels): Profile | undefined {
  return kernelLike(text, named)?.profile;
}

/**
 * The profile that a scenario runs on: the chosen one, else that of its `kernel` line, else the newest. Undefined when
 * there is no such kernel: tools refuse the name, or fall back and say so.
 */
export function kernelOf(scenario: ParsedScenario, chosen?: string): Profile | undefined {
  return profileLike(kernelName(scenario, chosen), scenario.named);
}

/**
 * The kernel of a machine from what `uname -r` and `uname -v` print there: the release string of a Debian kernel can lack
 * the stable release that its build string has (`6.1.0-56-amd64`, `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2`).
 */
export function kernelOfMachine(release: string, build = ''): KernelLike | undefined {
  const stable = /Debian (\d+(?:\.\d+)+)/.exec(build)?.[1];
  return kernelLike(stable === undefined ? release.trim() : `${stable}-amd64`);
}

/** `6.8.0-45-generic is an Ubuntu kernel. The nearest profile is v6.8; which … is not known.` */
export function likeText(name: string, { kind, profile, unknown, exact, defined }: KernelLike): string {
  const as = defined && `${defined.as}, as snoopscope.json names it`;
  if (exact) return `${name} is ${as ?? `the profile ${profile.name}`}.`;
  return `${name} is ${as ? `${as}: ` : ''}${kind}. The nearest profile is ${defined?.nearest ?? profile.name}: ${unknown}`;
}

/** The first thing wrong with the changes that a name adds and removes; undefined when its base is what is unknown. */
export function variantProblem(text: string, named: NamedKernels = NO_NAMES): VariantProblem | undefined {
  const { base, edits } = partsOf(text);
  const like = baseLike(base, named);
  return like && problemOf(like.profile, edits);
}

const NO_NAMES: NamedKernels = new Map();
const MOST_REMEMBERED = 200;
const found = new WeakMap<NamedKernels, Map<string, KernelLike | undefined>>();

function findKernel(text: string, named: NamedKernels): KernelLike | undefined {
  const { base, edits } = partsOf(text);
  const like = baseLike(base, named);
  if (!like || edits.length === 0) return like;
  if (problemOf(like.profile, edits) !== undefined) return undefined;
  const ids = (sign: string): ChangeId[] => edits.filter((edit) => edit.sign === sign).map(({ id }) => id as ChangeId);
  const profile = profileWith(like.profile, ids('+'), ids('~'));
  return { ...like, profile: { ...profile, doc: `${base} with single changes added or removed.` } };
}

/** A name of the workspace stands for what it is defined as, and keeps its name. */
function baseLike(base: string, named: NamedKernels): KernelLike | undefined {
  const definition = named.get(base);
  if (definition === undefined) return releaseLike(base);
  // Names are defined by profiles and releases, not by each other.
  const like = kernelLike(definition);
  const doc = `${definition}, as snoopscope.json names it.`;
  if (!like) return undefined;
  const defined = { as: definition, nearest: like.profile.name };
  return { ...like, defined, profile: { ...like.profile, name: base, mainline: false, doc } };
}

interface Edit {
  readonly sign: string;
  readonly id: string;
}

/** Distributions have `+` and `~` in their versions, too: `6.12.43+deb13-amd64`, `6.8.0-45.45~22.04.1`. */
function partsOf(text: string): { readonly base: string; readonly edits: readonly Edit[] } {
  const [release = '', ...rest] = text.trim().split(/\s*([+~])\s*(?!deb\d)(?=[A-Za-z])/);
  const edits: Edit[] = [];
  for (let i = 0; i < rest.length; i += 2) edits.push({ sign: rest[i]!, id: rest[i + 1]! });
  let base = release;
  while (edits[0]?.sign === '+' && text.includes(`${base}+${edits[0].id}`) && isLocalVersion(release, edits[0].id))
    base += `+${edits.shift()?.id}`;
  return { base, edits };
}

/**
 * Does `+word` belong to what `uname -r` prints (`6.6.51+rpt-rpi-v8`), rather than add a change to a profile? A word
 * that begins as a change does is taken for a mistyped change on every base.
 */
function isLocalVersion(release: string, word: string): boolean {
  if (!RELEASE.test(release) || !/^(?:\d|v\d+\.\d+(?:\.|-rc)\d)/.test(release)) return false;
  if (profileNamed(release) !== undefined) return false;
  const [first, second] = word.split('-');
  return !CHANGES.some(({ id }) => id === word || (second !== undefined && id.startsWith(`${first}-${second}`)));
}

function problemOf(base: Profile, edits: readonly Edit[]): VariantProblem | undefined {
  const seen = new Set<string>();
  for (const { sign, id } of edits) {
    if (!CHANGES.some((change) => change.id === id)) return { kind: 'no-change', id };
    if (seen.has(id)) return { kind: 'named-twice', id };
    seen.add(id);
    const there = base.changes.has(id as ChangeId);
    if (there === (sign === '+')) return { kind: there ? 'already-there' : 'not-there', id, base: base.name };
  }
  return undefined;
}

interface Distribution {
  readonly suffix: RegExp;
  readonly kind: string;
  readonly unknown: string;
}

const OWN_PATCHES = 'what its distributor and the stable maintainers backported is not known.';

const QUEUED = 'which changes were queued for later releases is not known.';

const DEBIAN = { kind: 'a Debian kernel', since: 'what was backported to it since is not known.' };

/** The first that matches counts. */
const DISTRIBUTIONS: readonly Distribution[] = [
  { suffix: /\.el\d+uek/, kind: 'an Oracle UEK kernel', unknown: OWN_PATCHES },
  {
    suffix: /\.el\d/,
    kind: 'a kernel of RHEL or a rebuild of it',
    unknown:
      'RHEL backports much of later releases, KVM and VFIO included, and which of the changes it has is not known.',
  },
  { suffix: /-next-\d{8}/, kind: 'a linux-next kernel', unknown: QUEUED },
  { suffix: /-microsoft-standard/, kind: 'a WSL kernel', unknown: OWN_PATCHES },
  { suffix: /-android\d/, kind: 'an Android kernel', unknown: OWN_PATCHES },
  { suffix: /\.fc\d/, kind: 'a Fedora kernel', unknown: OWN_PATCHES },
  { suffix: /\.amzn\d/, kind: 'an Amazon Linux kernel', unknown: OWN_PATCHES },
  { suffix: /\+rpt-rpi-/, kind: 'a Raspberry Pi kernel', unknown: OWN_PATCHES },
  { suffix: /-pve$/, kind: 'a Proxmox VE kernel', unknown: OWN_PATCHES },
  { suffix: /-arch\d/, kind: 'an Arch Linux kernel', unknown: OWN_PATCHES },
  { suffix: /-15\d{4}\.[\d.]+-(?:default|azure|rt)$/, kind: 'a SUSE kernel', unknown: OWN_PATCHES },
  {
    suffix: /-(?:generic|lowlatency|realtime|aws|azure|gcp|gke|gkeop|ibm|kvm|oracle|oem|nvidia|raspi)(?:-|$)/,
    kind: 'an Ubuntu kernel',
    unknown: OWN_PATCHES,
  },
  {
    suffix: /-(?:amd64|cloud-amd64|rt-amd64|arm64|686|686-pae|armmp|powerpc64le)$/,
    kind: DEBIAN.kind,
    unknown: OWN_PATCHES,
  },
  { suffix: /-default$/, kind: 'a SUSE kernel', unknown: OWN_PATCHES },
  { suffix: /^-rc\d/, kind: 'a release candidate', unknown: 'what changed before the release is not known.' },
  { suffix: /-dirty$/, kind: 'a kernel of a changed tree', unknown: 'what was changed in the tree is not known.' },
  {
    suffix: /-g[0-9a-f]{7,}$|^\+$/,
    kind: 'a kernel built after its tag',
    unknown: 'which commits it has after the tag is not known.',
  },
  {
    suffix: /^\.y$/,
    kind: 'a stable series',
    unknown: 'which of its releases is meant, and what was backported to it, is not known.',
  },
];

const FOREIGN = {
  kind: 'a kernel with patches or a configuration of its own',
  unknown: 'what its suffix stands for is not known.',
};
const STABLE = { kind: 'a stable release', unknown: 'what was backported to it is not known.' };

const RELEASE = /^v?(\d+)\.(\d+)(?:\.(\d+))?((?:[-+._~][\w.+~-]*)?)$/;

/** Of a profile's name or a release; without `+` and `~`. */
function releaseLike(text: string): KernelLike | undefined {
  const [whole, major, minor, third, suffix = ''] = RELEASE.exec(text) ?? [];
  const patch = third ?? '0';
  const own = profileNamed(text) ?? profileNamed(`v${text}`);
  if (own) return { profile: own, exact: true, kind: own.doc.replace(/\.$/, ''), recorded: [] };
  if (/^(?:linux-)?next-\d{8}$/.test(text)) return beyond(NEWEST, 'a linux-next tree', QUEUED);
  // Two versions with a hyphen are a range that somebody means, not a release.
  if (whole === undefined || /^-v\d+\.\d/.test(suffix)) return undefined;
  const version: Version = `v${Number(major)}.${Number(minor)}`;
  const mainline = profileNamed(version);
  // `3.11` is a profile that does not exist; `3.11.0` is what a kernel calls itself.
  if (!mainline) return third === undefined && suffix === '' ? undefined : outOfRange(version, suffix);
  if (patch === '0' && suffix === '') return { profile: mainline, exact: true, kind: mainline.doc, recorded: [] };
  const same = PROFILES.filter((profile) => profile.release !== undefined && profile.version === version);
  const distribution = DISTRIBUTIONS.find((row) => row.suffix.test(suffix));
  const release = `${Number(major)}.${Number(minor)}.${Number(patch)}`;
  const recorded = distribution?.kind === DEBIAN.kind ? debianLike(Number(patch), same) : undefined;
  if (recorded) {
    const exact = recorded.release === release;
    if (exact) return { profile: recorded, exact, kind: recorded.doc.replace(/\.$/, ''), recorded: [] };
    return { profile: recorded, exact, kind: DEBIAN.kind, unknown: DEBIAN.since, recorded: same };
  }
  const candidate = /^-(rc\d+)$/.exec(suffix)?.[1];
  const named = candidate === undefined ? undefined : profileNamed(`${version}-${candidate}`);
  if (named) return { profile: named, exact: true, kind: named.doc.replace(/\.$/, ''), recorded: [] };
  const { kind, unknown } = distribution ?? (suffix === '' ? STABLE : FOREIGN);
  return { profile: mainline, exact: false, kind, unknown, recorded: same };
}

/** The newest recorded release of a series that is not newer. */
function debianLike(patch: number, same: readonly Profile[]): Profile | undefined {
  const patchOf = ({ release }: Profile): number => Number(release?.split('.')[2]);
  return same
    .filter((profile) => patchOf(profile) <= patch)
    .sort((a, b) => patchOf(a) - patchOf(b))
    .at(-1);
}

/** A release before or after all that have a profile. */
function outOfRange(version: Version, suffix: string): KernelLike | undefined {
  if (compareVersions(version, LAST_VERSION) > 0)
    return beyond(NEWEST, 'newer than every profile', `what changed after ${LAST_VERSION} is not known.`);
  if (compareVersions(version, FIRST_VERSION) >= 0) return undefined;
  const distribution = DISTRIBUTIONS.find((row) => row.suffix.test(suffix));
  const kind = `${distribution ? `${distribution.kind}, ` : ''}older than every profile`;
  const before = `what ${version} lacks of ${FIRST_VERSION} is not modelled`;
  return beyond(profileNamed(FIRST_VERSION)!, kind, distribution ? `${before}; ${distribution.unknown}` : `${before}.`);
}

function beyond(profile: Profile, kind: string, unknown: string): KernelLike {
  return { profile, exact: false, kind, unknown, recorded: [] };
}
