/** Use after free: how the object came to be, who freed it, which lock or reference was missing, and who used it. */
import { FILE_KIND_NAMES } from '../../files/kinds.ts';
import { EVENT_WIDTH, FREED_OBJECTS, type FreedObject } from '../../state/event.ts';
import type { VmId } from '../../state/ids.ts';
import { andList, freedText, vcpuName } from '../event-text.ts';
import type { History } from '../history.ts';
import { ObjectNames } from '../object-names.ts';
import { coherencySource, type Link, loadSource } from './link.ts';
import { mendLinks, sinceLinks } from './mend.ts';

type Chain = (history: History, event: number, object: number) => Link[];

const CHAINS: Readonly<Record<FreedObject, Chain>> = {
  vm: freedVm,
  'dirty-mask': freedMask,
  'kvm-vfio-entry': freedEntry,
  'iommu-data': freedInstance,
};

/** `object` and `freed` are what the finding's event says. */
export function usedAfterFree(history: History, event: number, object: number, freed: number): Link[] {
  const kind = FREED_OBJECTS[freed];
  return kind ? CHAINS[kind](history, event, object) : [];
}

function freedVm(history: History, event: number, vm: number): Link[] {
  const { kvm } = history.model.world;
  const slot = kvm.vmReferences.base + vm;
  const made = history.lastChangeWhere(slot, event, (old, value) => old === 0 && value > 0);
  const dropped = history.lastChange(slot, event, 0);
  const user = history.actorText(event);
  const functions = new Set(history.stackAt(event).map(({ name }) => name));
  return [
    {
      event: made,
      text: `VM ${vm} is made with one reference, that of its descriptor ${history.doneBy(made)}.`,
      sources: history.sourceAt(made),
    },
    ...(functions.has('kvm_ioctl_create_device') ? descriptorWithoutReference(history, event) : []),
    {
      event: dropped,
      text: `${history.actorText(dropped)} drops the last reference ${history.doneBy(dropped)}: kvm_destroy_vm() frees the VM.`,
      sources: history.sourceAt(dropped),
    },
    ...stillOpen(history, dropped, vm),
    useLink(history, event, `${user} takes or drops a reference of the VM that is gone`),
    ...mendLinks(history, event, [{ change: 'device-reference-before-fd', in: 'kvm_ioctl_create_device' }], functions),
  ];
}

/** The call that made the descriptor has not counted it yet. */
function descriptorWithoutReference(history: History, event: number): Link[] {
  const { descriptor } = history.model.world.files;
  const [first] = history.statementAround(event);
  const actor = history.actorOf(event);
  for (let e = event - 1; e >= first; e--) {
    if (!isIn(descriptor, history.log[e * EVENT_WIDTH]!)) continue;
    if (history.actorOf(e) !== actor || history.operand(e, 2) === 0) continue;
    return [
      {
        event: e,
        text: `${history.actorText(e)} installs the new device's descriptor ${history.doneBy(e)}, and has not taken the VM reference for it: another thread can close it now.`,
        sources: history.sourceAt(e),
      },
    ];
  }
  return [];
}

/** Files that rely on the VM while it goes away. */
function stillOpen(history: History, event: number, vm: number): Link[] {
  const { files, kvm } = history.model.world;
  const state = history.stateAt(event);
  const names = new ObjectNames(history.run);
  const position = history.run.stepOfEvent(event);
  const open: string[] = [];
  for (let file = 0; file < files.kind.size; file++) {
    if (state[files.references.base + file] === 0) continue;
    const object = state[files.object.base + file]!;
    const kind = FILE_KIND_NAMES[state[files.kind.base + file]!];
    const owner = kind === 'vm' ? object : kind === 'vcpu' ? state[kvm.vcpuVm.base + object]! - 1 : undefined;
    if (owner === (vm as VmId)) open.push(names.ofFile(file, position) ?? `a ${kind} descriptor`);
  }
  if (open.length === 0) return [];
  return [
    {
      event,
      text: `${andList(open)} ${open.length === 1 ? 'is' : 'are'} still open and counts on that reference.`,
      sources: [{ document: 'linux', place: 'virt/kvm/kvm_main.c kvm_put_kvm()' }],
    },
  ];
}

function freedMask(history: History, event: number, vcpu: number): Link[] {
  const { kvm } = history.model.world;
  const vm = history.valueAt(kvm.vcpuVm.base + vcpu, event) - 1;
  const count = kvm.noncoherentDmaCount.base + vm;
  const registered = history.lastChangeWhere(count, event, (old, value) => old === 0 && value > 0);
  const dropped = history.lastChange(kvm.vmReferences.base + vm, event, 0);
  const name = vcpuName(history.model, vcpu);
  return [
    {
      event: registered,
      text: `VM ${vm} counts non-coherent DMA since ${history.placeText(registered)}, and still does: vcpu_load marks the pCPU in the dirty mask.`,
      sources: [coherencySource, loadSource],
    },
    {
      event: dropped,
      text: `${history.actorText(dropped)} drops the last reference of the VM ${history.doneBy(dropped)}, and kvm_arch_destroy_vm() frees its vCPUs.`,
      sources: history.sourceAt(dropped),
    },
    {
      event,
      text: `kvm_arch_vcpu_free() frees the dirty mask of ${name} first (${history.placeText(event)}).`,
      sources: [{ document: 'linux', place: 'arch/x86/kvm/x86.c kvm_arch_vcpu_free()' }],
    },
    {
      event,
      text: `vmx_free_vcpu_nested() then loads ${name} once more, for its nested state, and kvm_arch_vcpu_load() sets a bit in the freed mask.`,
      sources: [{ document: 'linux', place: 'arch/x86/kvm/vmx.c vmx_free_vcpu_nested()' }, loadSource],
    },
    ...mendLinks(history, event, [{ change: 'dirty-mask-freed-last' }]),
  ];
}

function freedEntry(history: History, event: number, file: number): Link[] {
  const { entries, lock } = history.model.world.kvmVfio;
  const user = history.actorOf(event);
  const inList = (e: number): boolean => {
    return isIn(entries, history.log[e * EVENT_WIDTH]!);
  };
  let listed = -1;
  let freed = -1;
  for (let e = event - 1; e >= 0 && listed < 0; e--) {
    if (!inList(e)) continue;
    if (history.operand(e, 2) === file + 1 && history.actorOf(e) === user) listed = e;
    else if (history.operand(e, 1) === file + 1 && freed < 0) freed = e;
  }
  const unlocked = history.lastBefore(event, (slot, old) => isIn(lock, slot) && old === user + 1);
  return [
    {
      event: listed,
      text: `${history.actorText(listed)} puts the entry on the list, under kv->lock ${history.doneBy(listed)}.`,
      sources: history.sourceAt(listed),
    },
    ...(unlocked < 0
      ? []
      : [
          {
            event: unlocked,
            text: `It drops kv->lock and keeps the pointer to the entry ${history.doneBy(unlocked)}.`,
            sources: history.sourceAt(unlocked),
          },
        ]),
    {
      event: freed,
      text: `${history.actorText(freed)} takes the entry off the list and frees it ${history.doneBy(freed)}: it needs kv->lock only, and that is free.`,
      sources: history.sourceAt(freed),
    },
    useLink(history, event, `${history.actorText(event)} continues to use the entry without kv->lock`),
    ...mendLinks(history, event, [{ change: 'add-tells-vfio-under-lock' }]),
  ];
}

function freedInstance(history: History, event: number, container: number): Link[] {
  const slot = history.fieldNamed('containerDriver').base + container;
  const set = history.lastChangeWhere(slot, event, (old, value) => old === 0 && value !== 0);
  const gone = history.lastChange(slot, event, 0);
  const [first] = history.statementAround(event);
  return [
    {
      event: set,
      text: `The container gets its IOMMU driver, and with it iommu_data ${history.doneBy(set)}.`,
      sources: history.sourceAt(set),
    },
    {
      event: first,
      text: `${history.actorText(event)} makes a request (${history.placeText(first)}): it reads iommu_data and holds no lock that keeps it there.`,
      sources: history.sourceAt(event),
    },
    {
      event: gone,
      text: `${history.actorText(gone)} takes the last group out of the container ${history.doneBy(gone)}: iommu_data is freed.`,
      sources: history.sourceAt(gone),
    },
    useLink(history, event, `${history.actorText(event)} uses ${freedText(history.model, 'iommu-data', container)}`),
    ...sinceLinks(history, event, 'driver-calls-without-group-lock'),
  ];
}

function useLink(history: History, event: number, what: string): Link {
  return { event, text: `${what} ${history.doneBy(event)}.`, sources: history.sourceAt(event) };
}

function isIn(field: { readonly base: number; readonly size: number }, slot: number): boolean {
  return slot >= field.base && slot < field.base + field.size;
}
