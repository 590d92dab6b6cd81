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
import { Moment } from './moment.ts';
import { fileText } from './scopes/descriptors.ts';
import { groupName, vmName } from './scopes/objects.ts';
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
  const moment = new Moment(model);
  const task = moment.task(0);
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

/** "KVM_DEV_VFIO_GROUP_ADD of group 26 → 0, vm is non-coherent now (count 1)", in the state after the call. */
export function registrationText(
  moment: Moment,
  actor: number,
  node: ProgramNode,
  registration: Registration,
  result: number,
): string {
  const { kvm } = moment.model.world;
  const vm = vmOfDevice(moment, actor, node);
  const head = `${registration.attribute} of ${subject(moment, actor, node)} → ${resultText(result)}`;
  if (vm < 0) return head;
  const count = moment.read(kvm.noncoherentDmaCount, vm);
  return `${head}, ${vmName(moment, vm)} is ${count > 0 ? 'non-coherent' : 'coherent'} now (count ${count})`;
}

/** What `addr` names: `group 26`, `a vfio-device file`. */
function subject(moment: Moment, actor: number, node: ProgramNode): string {
  const { files } = moment.model.world;
  const task = moment.task(actor);
  const fd = node.kind === 'statement' ? node.args.values[2]?.fields?.get('addr')?.pointee?.int(task) : undefined;
  if (fd === undefined) return 'an unreadable descriptor';
  const file = files.fget(task, fd);
  if (file === NONE) return `descriptor ${fd}, which is not open`;
  const kind = files.kindOf(moment.machine, file);
  if (kind !== 'group') return fileText(moment, file);
  return groupName(moment, files.objectOf(moment.machine, file));
}

function vmOfDevice(moment: Moment, actor: number, node: ProgramNode): VmId | None {
  const { files, kvm } = moment.model.world;
  const task = moment.task(actor);
  const fd = node.kind === 'statement' ? (node.args.values[0]?.int(task) ?? -1) : -1;
  const file = files.fget(task, fd);
  if (file === NONE || files.kindOf(moment.machine, file) !== 'kvm-vfio') return NONE;
  return idAt<VmId>(moment, kvm.deviceVm, files.objectOf<KvmDeviceId>(moment.machine, file));
}
