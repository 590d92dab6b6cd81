/** Which statements register VFIO groups or files with KVM, and what such a call did. */
import {
  IOCTLS,
  idAt,
  type KvmDeviceId,
  NONE,
  type None,
  type ProgramNode,
  resultText,
  type VmId,
} from '@snoopscope/sim-core';
import type { Debuggee } from './launch.ts';
import { fileText } from './scopes/descriptors.ts';
import { groupName, vmName } from './scopes/objects.ts';
import { Snapshot } from './snapshot.ts';
import { lineText } from './source-lines.ts';

export interface Registration {
  /** `KVM_DEV_VFIO_GROUP_ADD`. */
  readonly attribute: string;
}

/** The attribute group of VFIO files; the first kernels called them groups, the number is the same. */
const FILE_ATTRIBUTES = 1;
const VERBS: Readonly<Record<number, string>> = { 1: 'ADD', 2: 'DEL' };

/** By node: attribute groups and attributes are constants, so this is known before anything runs. */
export function registrations(debuggee: Debuggee): ReadonlyMap<number, Registration> {
  const { model } = debuggee;
  const snapshot = new Snapshot(model);
  const task = snapshot.task(0);
  const found = new Map<number, Registration>();
  for (const node of model.nodes) {
    if (node.kind !== 'statement' || IOCTLS[node.args.request]?.name !== 'KVM_SET_DEVICE_ATTR') continue;
    const fields = node.args.values[2]?.fields;
    const verb = VERBS[fields?.get('attr')?.int(task) ?? 0];
    if (verb === undefined || fields?.get('group')?.int(task) !== FILE_ATTRIBUTES) continue;
    // GROUP and FILE are two names of one number: the scenario's own spelling wins.
    const written = /KVM_DEV_VFIO_(?:GROUP|FILE)_(?:ADD|DEL)/.exec(lineText(debuggee, node.place))?.[0];
    found.set(node.id, { attribute: written ?? `KVM_DEV_VFIO_GROUP_${verb}` });
  }
  return found;
}

/** "KVM_DEV_VFIO_GROUP_ADD of group 26 → 0, vm is non-coherent now (count 1)", in the state behind the call. */
export function registrationText(
  snapshot: Snapshot,
  actor: number,
  node: ProgramNode,
  registration: Registration,
  result: number,
): string {
  const { kvm } = snapshot.model.world;
  const vm = vmOfDevice(snapshot, actor, node);
  const head = `${registration.attribute} of ${subject(snapshot, actor, node)} → ${resultText(result)}`;
  if (vm < 0) return head;
  const count = snapshot.read(kvm.noncoherentDmaCount, vm);
  return `${head}, ${vmName(snapshot, vm)} is ${count > 0 ? 'non-coherent' : 'coherent'} now (count ${count})`;
}

/** What `addr` names: `group 26`, `a vfio-device file`. */
function subject(snapshot: Snapshot, actor: number, node: ProgramNode): string {
  const { files } = snapshot.model.world;
  const task = snapshot.task(actor);
  const fd = node.kind === 'statement' ? node.args.values[2]?.fields?.get('addr')?.pointee?.int(task) : undefined;
  if (fd === undefined) return 'an unreadable descriptor';
  const file = files.fget(task, fd);
  if (file === NONE) return `descriptor ${fd}, which is not open`;
  const kind = files.kindOf(snapshot.machine, file);
  if (kind !== 'group') return fileText(snapshot, file);
  return groupName(snapshot, files.objectOf(snapshot.machine, file));
}

function vmOfDevice(snapshot: Snapshot, actor: number, node: ProgramNode): VmId | None {
  const { files, kvm } = snapshot.model.world;
  const task = snapshot.task(actor);
  const fd = node.kind === 'statement' ? (node.args.values[0]?.int(task) ?? -1) : -1;
  const file = files.fget(task, fd);
  if (file === NONE || files.kindOf(snapshot.machine, file) !== 'kvm-vfio') return NONE;
  return idAt<VmId>(snapshot, kvm.deviceVm, files.objectOf<KvmDeviceId>(snapshot.machine, file));
}
