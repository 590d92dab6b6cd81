/** Why counts are what they are: exits of a vCPU, flushes of a pCPU, zaps of a VM. */
import { changeById } from '../../kernel/changes.ts';
import { EVENT_WIDTH, EXIT_REASONS, exitName } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import { whyCoherent } from '../causes/belief.ts';
import { emulateSource, type Link, loadSource, sdmCaches } from '../causes/link.ts';
import { describeEvent, vcpuName } from '../event-text.ts';
import type { History } from '../history.ts';
import { type AskedFact, type FactExplainer, lastOf, vmText } from './fact.ts';

/** Each exit for the reason, or why there was none. */
export const exitsExplained: FactExplainer = (asked) => {
  const { history, event, args } = asked;
  const { topology } = history.model.world;
  const reason = EXIT_REASONS.indexOf(args.exit);
  const exits = history
    .collect(0, event, NOTE.exit)
    .filter((one) => history.operand(one, 2) === reason && history.actorOf(one) === args.vcpu);
  if (exits.length > 0) return lastOf(exits.map((one) => told(asked, one, [emulateSource])));
  const name = topology.actors[args.vcpu]?.name;
  if (args.exit === 'WBINVD' && !topology.cpu.wbinvdExit)
    return [
      from(-1, `This CPU cannot exit on WBINVD: the instruction runs natively, and ${name} never leaves for it.`),
    ];
  return [from(-1, `${name} has not left the guest for ${exitName(reason, topology.cpu.vendor)} up to here.`)];
};

/** Each WBINVD that ran on the pCPU, and each exit of which it was left out, with the reason. */
export const flushesExplained: FactExplainer = (asked) => {
  const { history, event, args } = asked;
  const { cpu } = args;
  const links: Link[] = [];
  for (let one = 0; one < event; one++) {
    const code = history.log[one * EVENT_WIDTH];
    if (code === NOTE.wbinvd && history.operand(one, 1) === cpu) links.push(told(asked, one, [emulateSource]));
    else if (code === NOTE.exit && EXIT_REASONS[history.operand(one, 2)] === 'WBINVD')
      links.push(...leftOut(asked, one, cpu));
  }
  if (links.length > 0) return lastOf(links);
  return [from(-1, `No vCPU has executed WBINVD up to here, and nothing else flushes cpu${cpu}.`)];
};

/** Why an emulated WBINVD did not run on a pCPU; nothing when it did, or is not over. */
function leftOut(asked: AskedFact, exit: number, cpu: number): Link[] {
  const { history, event } = asked;
  const { kvm } = history.model.world;
  const [first, last] = history.statementAround(exit);
  if (last >= event) return [];
  const flushed = history.collect(first, last, NOTE.wbinvd).map((one) => history.operand(one, 1));
  if (flushed.includes(cpu)) return [];
  const vcpu = history.operand(exit, 1);
  const vm = history.valueAt(kvm.vcpuVm.base + vcpu, exit) - 1;
  const who = `${vcpuName(history.model, vcpu)}'s WBINVD (${history.placeText(exit)})`;
  if (history.valueAt(kvm.noncoherentDmaCount.base + vm, exit) === 0)
    return [
      {
        event: exit,
        text: `${who} is skipped: ${vmText(asked, vm, exit)} counts no non-coherent DMA, so no cache is flushed.`,
        sources: [emulateSource],
      },
      ...whyCoherent(history, exit, vm),
    ];
  const others = flushed.length === 0 ? 'on no pCPU' : `on ${flushed.map((one) => `cpu${one}`).join(', ')} only`;
  const why = notInFlush(history, exit, vcpu, cpu);
  return [{ event: exit, text: `${who} runs ${others}: ${why.text}`, sources: why.sources }];
}

/** Why a pCPU is not among those that KVM flushes for a vCPU. */
function notInFlush(history: History, exit: number, vcpu: number, cpu: number): Pick<Link, 'text' | 'sources'> {
  const { kvm } = history.model.world;
  const local = history.valueAt(kvm.vcpuCpu.base + vcpu, exit) - 1;
  if (local === cpu && !history.hasChange('wbinvd-includes-local-cpu')) {
    const change = changeById.get('wbinvd-includes-local-cpu');
    return {
      text: `cpu${cpu} runs the handler, and this kernel sends WBINVD to the other pCPUs of the dirty mask only. ${change?.first} fixes it (${change?.commit} "${change?.subject}").`,
      sources: [emulateSource, { document: 'linux', place: `${change?.commit} ${change?.subject}` }],
    };
  }
  const mask = kvm.wbinvdDirtyMask.base + vcpu;
  const bit = 1 << cpu;
  const cleared = history.lastChangeWhere(mask, exit, (old, value) => (old & bit) !== 0 && (value & bit) === 0);
  const loaded = history.lastBefore(exit, (code, a, b) => code === NOTE['vcpu-load'] && a === vcpu && b === cpu);
  const sources = [loadSource, emulateSource];
  if (cleared >= 0)
    return {
      text: `cpu${cpu} is no longer in its dirty mask: the WBINVD at ${history.placeText(cleared)} cleared the bit, and the vCPU has not been loaded there since.`,
      sources,
    };
  return loaded < 0
    ? { text: `cpu${cpu} is not in its dirty mask: it never ran there.`, sources }
    : {
        text: `cpu${cpu} is not in its dirty mask: when it was loaded there (${history.placeText(loaded)}), the VM had no non-coherent DMA.`,
        sources,
      };
}

/** Each zap, or why nothing was zapped. */
export const zapsExplained: FactExplainer = (asked) => {
  const { history, event, state, args } = asked;
  const vm = args.vm(state);
  if (vm < 0) return [from(-1, 'The name is not bound to a VM here.')];
  const zaps = history.collect(0, event, NOTE.zap).filter((one) => history.operand(one, 1) === vm);
  if (zaps.length > 0) return lastOf(zaps.map((one) => told(asked, one, history.sourceAt(one))));
  const { noncoherentDmaCount } = history.model.world.kvm;
  const started = history.lastChangeWhere(
    noncoherentDmaCount.base + vm,
    event,
    (old, now) => (old === 0) !== (now === 0),
  );
  const change = changeById.get('zap-on-noncoherent-change');
  if (started >= 0 && !history.hasChange('zap-on-noncoherent-change'))
    return [
      {
        event: started,
        text: `The count of non-coherent DMA changed (${history.placeText(started)}), but this kernel leaves the leaves that are there: ${change?.first} zaps them (${change?.commit} "${change?.subject}").`,
        sources: [{ document: 'linux', place: `${change?.commit} ${change?.subject}` }],
      },
    ];
  if (started >= 0)
    return [
      {
        event: started,
        text: `The count of non-coherent DMA changed (${history.placeText(started)}), and on this CPU no memory type of a leaf depends on it.`,
        sources: [{ document: 'linux', place: 'arch/x86/kvm/x86.c kvm_noncoherent_dma_assignment_start_or_stop()' }],
      },
    ];
  return [
    from(
      -1,
      `Nothing that zaps has happened to ${vmText(asked, vm, event)}: no first or last non-coherent device, no MTRR or CR0.CD while there is one, no memory slot deleted or moved.`,
    ),
  ];
};

/** An event in its own words, with who did it. */
function told({ history, names }: AskedFact, event: number, sources: Link['sources']): Link {
  const text = describeEvent(history.model, history.log, event, names)?.text ?? '';
  return { event, text: `${text} (${history.placeText(event)}).`, sources };
}

function from(event: number, text: string): Link {
  return { event, text, sources: [sdmCaches] };
}
