/** Deadlock: who holds which lock since when, who waits for it, and which change takes the circle apart. */
import type { FrameView } from '../../engine/task.ts';
import type { Source } from '../../ops/op.ts';
import type { History } from '../history.ts';
import type { Link } from './link.ts';
import { mendLinks, type Remedy } from './mend.ts';

/** Changes that took a lock out of a circle, by a function that waits in it. */
const REMEDIES: readonly Remedy[] = [
  { change: 'device-holds-kvm', in: 'kvm_vfio_release' },
  { change: 'kvm-vfio-release', in: 'kvm_vfio_destroy' },
];

/** An actor that waits for a lock. */
interface Waiting {
  readonly actor: number;
  readonly slot: number;
  readonly holder: number;
  readonly frames: readonly FrameView[];
  /** As the kernel calls the lock: `kvm->lock`. */
  readonly lock: string;
}

/** A deadlock is found at the end of a run, so the run's last state is looked at. */
export function deadlocked(history: History, event: number): Link[] {
  const all = waitingIn(history);
  const functions = new Set(all.flatMap(({ frames }) => frames.map(({ routine }) => routine.name)));
  return [
    ...all.map((one) => takenLink(history, event, one)),
    ...all.map((one) => waitLink(history, event, one)),
    ...mendLinks(history, event, REMEDIES, functions),
  ];
}

function waitingIn(history: History): Waiting[] {
  const { executor } = history.run;
  return executor.tasks.flatMap((task): Waiting[] => {
    if (!executor.waitsForLock(task.actor)) return [];
    const slot = task.blockedOn;
    const frames = task.frames();
    const top = frames.at(-1);
    const about = top?.routine.steps[top.step]?.about ?? '';
    return [
      {
        actor: task.actor,
        slot,
        holder: executor.machine.state[slot]! - 1,
        frames,
        lock: about.startsWith('take ') ? about.slice('take '.length) : history.model.layout.slotName(slot),
      },
    ];
  });
}

function takenLink(history: History, event: number, { actor, slot, holder, lock }: Waiting): Link {
  const taken = history.lastChange(slot, event, holder + 1);
  const who = history.actorName(holder);
  const again = actor === holder ? ', and keeps it while it continues' : '';
  return {
    event: taken,
    text: `${who} takes ${lock} ${history.doneBy(taken)}${again}.`,
    sources: history.sourceAt(taken),
  };
}

function waitLink(history: History, event: number, { actor, holder, frames, lock }: Waiting): Link {
  const last = history.lastStepOf(actor, event);
  const top = frames.at(-1)?.routine;
  const by =
    holder === actor ? 'it holds that itself, and kernel mutexes do not nest' : `${history.actorName(holder)} holds it`;
  const sources: Source[] = top ? [{ document: 'linux', place: `${top.source} ${top.name}()` }] : [];
  return {
    event: last,
    text: `${history.actorName(actor)} waits in ${top?.name}() for ${lock} (${history.placeText(last)}): ${by}. It came there by ${pathOf(frames)}.`,
    sources,
  };
}

/** The functions of a stack, outermost first. Work that is part of one function on this kernel names it once. */
function pathOf(frames: readonly FrameView[]): string {
  const names = frames.map(({ routine }) => routine.name);
  return names.filter((name, depth) => name !== names[depth - 1]).join(' → ');
}
