/**
 * Puts what the kernel did between the calls of the same run. Clocks of two tools differ, and strace without -t has none,
 * so the order comes from what both show: the calls on the kvm-vfio device. Between two of those, no WBINVD is executed or
 * skipped differently wherever it is; where both have times, the last of them tells how far the clocks are apart.
 */
import type { Evidence, GuestAction, LoggedDeed, WbinvdExit } from './evidence.ts';
import type { KeptCall } from './kept.ts';
import { requestName } from './request-names.ts';
import type { Anchor, Assumptions, RebuiltStep } from './step.ts';

/** What a function of the kernel says about an attribute call, given to the calls in their order. */
export function withEvidence(calls: readonly KeptCall[], evidence: Evidence | undefined): KeptCall[] {
  if (!evidence) return [...calls];
  const tids = new Set(calls.map(({ tid }) => tid));
  const attributes = evidence.deeds.flatMap((deed) =>
    deed.kind === 'function' && (deed.what === 'add' || deed.what === 'del') && ours(deed, tids) ? [deed.what] : [],
  );
  const shown = calls.filter((call) => isAttribute(call)).length;
  // One more or less, and it is unknown which is which.
  if (shown !== attributes.length) return [...calls];
  let next = 0;
  return calls.map((call) => {
    if (!isAttribute(call)) return call;
    const attr = attributes[next++];
    return attr === undefined ? call : { ...call, known: { ...call.known, attr } };
  });
}

function isAttribute({ call }: KeptCall): boolean {
  return (
    call.name === 'ioctl' &&
    requestName(call.requests ?? [], undefined) === 'KVM_SET_DEVICE_ATTR' &&
    call.result?.errno === undefined
  );
}

/** Is the deed one of a thread of the log? Logs without threads have all. */
export function ours(deed: LoggedDeed, tids: ReadonlySet<number>): boolean {
  return tids.has(deed.tid) || ![...tids].some((tid) => tid > 0);
}

const ANCHORS: Readonly<Partial<Record<string, Anchor>>> = {
  'create-device': 'create-device',
  add: 'set-attr',
  del: 'set-attr',
  'release-device': 'exit',
};

/** Something that a guest did. */
export type GuestDeed = WbinvdExit | GuestAction;

/** What guests did in front of which step it comes: index of the step, and the deeds in order. */
export function placed(
  steps: readonly RebuiltStep[],
  evidence: Evidence,
  tids: ReadonlySet<number>,
  assumptions: Assumptions,
  /** The file that shows both, when one does: then its lines are the order. */
  file: number | undefined,
): Map<number, GuestDeed[]> {
  if (file !== undefined) return placedByLine(steps, evidence, tids, file);
  const places = new Map<number, GuestDeed[]>();
  const known = [...tids].some((tid) => tid > 0);
  // A vCPU runs once it exists; those of one VM are made together, before any device is assigned.
  const anchored = steps.findIndex(({ anchor }) => anchor !== undefined);
  const created = steps.findLastIndex(
    ({ text }, index) => text.includes('KVM_CREATE_VCPU') && (anchored < 0 || index < anchored),
  );
  let at = created + 1;
  let apart: number | undefined;
  let strangers = 0;
  for (const deed of evidence.deeds) {
    if (deed.kind === 'wbinvd' || deed.kind === 'guest') {
      if (known && !tids.has(deed.tid)) {
        if (deed.kind === 'wbinvd') strangers++;
        continue;
      }
      if (apart !== undefined && deed.time !== undefined) at = beforeTime(steps, at, deed.time - apart);
      const list = places.get(at) ?? [];
      places.set(at, list);
      list.push(deed);
      continue;
    }
    const anchor = deed.kind === 'function' ? ANCHORS[deed.what] : undefined;
    if (anchor === undefined || !ours(deed, tids)) continue;
    const next = steps.findIndex((step, index) => index >= at && step.anchor === anchor);
    if (next < 0) continue;
    at = next + 1;
    const { time } = steps[next]!;
    apart = deed.time === undefined || time === undefined ? undefined : deed.time - time;
  }
  if (strangers > 0)
    assumptions.add(
      `${strangers} WBINVD exits are of threads that the log of calls does not have: of another VM, and left out.`,
    );
  return places;
}

/** The first step from `at` on that comes later, or that the kernel's log shows as well. */
function beforeTime(steps: readonly RebuiltStep[], at: number, time: number): number {
  const later = steps.findIndex(
    (step, index) => index >= at && (step.anchor !== undefined || (step.time !== undefined && step.time > time)),
  );
  return later < 0 ? steps.length : later;
}

function placedByLine(
  steps: readonly RebuiltStep[],
  evidence: Evidence,
  tids: ReadonlySet<number>,
  file: number,
): Map<number, GuestDeed[]> {
  const places = new Map<number, GuestDeed[]>();
  for (const deed of evidence.deeds) {
    if ((deed.kind !== 'wbinvd' && deed.kind !== 'guest') || !ours(deed, tids)) continue;
    const after = steps.findIndex((step) => step.file === file && step.line > deed.line);
    const at = after < 0 ? steps.length : after;
    places.set(at, [...(places.get(at) ?? []), deed]);
  }
  return places;
}
