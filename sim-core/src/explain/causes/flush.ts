/** Why a WBINVD of the guest did not reach the cache that held the data. */
import { changeById } from '../../kernel/changes.ts';
import { EXIT_REASONS } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import type { History } from '../history.ts';
import { whyCoherent } from './belief.ts';
import { emulateSource, type Link, loadSource, sdmCaches } from './link.ts';

/** `holders` are the pCPUs whose caches the WBINVD should have reached. */
export function missedFlush(history: History, promise: number, holders: readonly number[]): Link[] {
  const { model } = history;
  const { kvm } = model.world;
  const [first, last] = history.statementAround(promise);
  const exit = history.find(first, last, (code, _a, b) => code === NOTE.exit && EXIT_REASONS[b] === 'WBINVD');
  if (exit < 0) return nativeFlush(promise, holders);
  const vcpu = history.operand(exit, 1);
  const vm = history.valueAt(kvm.vcpuVm.base + vcpu, exit) - 1;
  const flushed = history.collect(first, last, NOTE.wbinvd).map((e) => history.operand(e, 1));
  const emulated = history.find(
    first,
    last,
    (code, _a, b) => code === NOTE.call && model.world.routines.routines[b]?.name === 'kvm_emulate_wbinvd_noskip',
  );
  const count = history.valueAt(kvm.noncoherentDmaCount.base + vm, emulated >= 0 ? emulated : exit);
  const links: Link[] = [
    { event: exit, text: `The instruction leaves the guest; KVM emulates it.`, sources: [emulateSource] },
  ];
  if (count === 0) return [...links, skippedLink(history, exit), ...whyCoherent(history, exit, vm)];
  const local = history.valueAt(kvm.vcpuCpu.base + vcpu, exit) - 1;
  links.push({
    event: exit,
    text: `KVM runs WBINVD on ${flushed.length === 0 ? 'no pCPU at all' : flushed.map((cpu) => `cpu${cpu}`).join(', ')}.`,
    sources: [emulateSource],
  });
  for (const holder of holders) {
    if (flushed.includes(holder)) continue;
    links.push(
      holder === local && !model.world.kernel.has('wbinvd-includes-local-cpu')
        ? localLeftOut(exit, holder)
        : notInMask(history, exit, vcpu, holder),
    );
  }
  return links;
}

function skippedLink(history: History, exit: number): Link {
  return {
    event: exit,
    text: `${history.kernelName()}: the VM counts no non-coherent DMA, so the instruction is skipped and no cache is flushed.`,
    sources: [emulateSource],
  };
}

function localLeftOut(event: number, cpu: number): Link {
  const change = changeById.get('wbinvd-includes-local-cpu');
  return {
    event,
    text: `cpu${cpu} holds the line, and it is the pCPU that runs the handler: this kernel sends WBINVD to the other pCPUs of the dirty mask only. ${change?.first} fixes it (${change?.commit} "${change?.subject}").`,
    sources: [emulateSource, { document: 'linux', place: `${change?.commit} ${change?.subject}` }],
  };
}

function notInMask(history: History, event: number, vcpu: number, cpu: number): Link {
  const { kvm } = history.model.world;
  const slot = kvm.wbinvdDirtyMask.base + vcpu;
  const cleared = history.lastChangeWhere(
    slot,
    event,
    (old, value) => (old & (1 << cpu)) !== 0 && (value & (1 << cpu)) === 0,
  );
  const loads = history.lastBefore(event, (code, a, b) => code === NOTE['vcpu-load'] && a === vcpu && b === cpu);
  const text =
    cleared >= 0
      ? `cpu${cpu} holds the line but is no longer in the vCPU's dirty mask: the WBINVD at ${history.placeText(cleared)} cleared its bit, and the vCPU kept running there without another vcpu_load.`
      : `cpu${cpu} holds the line but was never put into the vCPU's dirty mask: when the vCPU was loaded there, the VM had no non-coherent DMA registered.`;
  return { event: cleared >= 0 ? cleared : Math.max(loads, 0), text, sources: [loadSource, emulateSource] };
}

function nativeFlush(promise: number, holders: readonly number[]): Link[] {
  if (holders.length === 0) return [];
  return [
    {
      event: promise,
      text: `The CPU cannot exit on WBINVD: it flushed the pCPU that the vCPU was on, not ${holders.map((cpu) => `cpu${cpu}`).join(', ')}.`,
      sources: [sdmCaches],
    },
  ];
}
