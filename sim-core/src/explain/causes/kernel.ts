/** Chains of the kernel's own findings: locks, lifetimes, results, faults. */
import { EVENT_WIDTH, FAULT_REASONS } from '../../state/event.ts';
import { NOTE } from '../../state/machine.ts';
import { resultText } from '../event-text.ts';
import type { History } from '../history.ts';
import type { Link } from './link.ts';

/** Who waits for what, and who holds it. A deadlock is found at the end of a run, so the run's last state is looked at. */
export function deadlocked(history: History, event: number): Link[] {
  const { run, model } = history;
  const names = model.world.topology.actors.map((actor) => actor.name);
  return run.executor.tasks.flatMap((task): Link[] => {
    if (task.depth === 0 || run.executor.ended(task.actor) || run.executor.microStep(task.actor, 0)) return [];
    if (task.blockedOn < 0) return [];
    const holder = (run.executor.machine.state[task.blockedOn] as number) - 1;
    const frames = task.frames().map((frame) => frame.routine);
    const innermost = frames.at(-1);
    const lock = model.layout.slotName(task.blockedOn);
    const by = holder === task.actor ? 'it holds that itself' : `${names[holder] ?? 'nobody'} holds it`;
    return [
      {
        event,
        text: `${names[task.actor]} waits in ${innermost?.name}() for ${lock}: ${by}. It came there by ${frames.map((r) => r.name).join(' → ')}.`,
        sources: innermost ? [{ document: 'linux', place: `${innermost.source} ${innermost.name}()` }] : [],
      },
    ];
  });
}

export function usedAfterFree(history: History, event: number): Link[] {
  const name = history.routineName(event);
  return [
    {
      event,
      text: `${history.actorText(event)} is in ${name}() (${history.placeText(event)}) and uses an object whose last reference is gone.`,
      sources: [{ document: 'linux', place: `${name}()` }],
    },
  ];
}

/** What was declared, what came, and the kernel function that said so. */
export function otherResult(history: History, event: number, node: number, value: number): Link[] {
  const statement = history.model.nodes[node];
  const returned = history.lastBefore(
    event,
    (code, actor, _routine) => code === NOTE.return && actor === history.actorOf(event),
  );
  const refusing = history.refusingRoutine(event, value);
  const links: Link[] = [
    {
      event: Math.max(returned, 0),
      text: `Line ${(statement?.place.line ?? 0) + 1} declares another result than ${resultText(value)}, which ${history.kernelName()} returns.`,
      sources: [],
    },
  ];
  if (refusing) {
    links.push({
      event,
      text: `${refusing.name}() is where it comes from.`,
      sources: [{ document: 'linux', place: `${refusing.source} ${refusing.name}()` }],
    });
  }
  return links;
}

const FAULT_TEXT: Readonly<Record<(typeof FAULT_REASONS)[number], string>> = {
  'no-domain': 'no domain of VFIO translates for the device: it is not attached to a container or page table',
  'not-present': 'nothing is mapped at that I/O virtual address',
  'no-read': 'the mapping does not let the device read',
  'no-write': 'the mapping does not let the device write',
  'reserved-snp': 'the entry carries SNP, and in a unit without snoop control that bit is reserved',
};

export function blocked(history: History, event: number): Link[] {
  const fault = history.before(event, (code) => code === NOTE['dma-fault']);
  const reason = FAULT_REASONS[history.log[fault * EVENT_WIDTH + 3] as number];
  return [
    {
      event: Math.max(fault, 0),
      text: `The IOMMU blocks the request: ${reason ? FAULT_TEXT[reason] : 'for a reason that the model does not name'}.`,
      sources: [{ document: 'Intel VT-d', place: 'Architecture Specification, "DMA Remapping Fault Handling"' }],
    },
  ];
}
