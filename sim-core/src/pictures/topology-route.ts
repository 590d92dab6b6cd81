/** Which way the last transaction or flush of a stretch of steps went. */
import type { Run } from '../engine/run.ts';
import { LINE } from '../memory/memory.ts';
import { TLP } from '../pcie/pcie.ts';
import { EVENT_WIDTH } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import { firstEvent, type Scene } from './place.ts';

export interface Route {
  readonly event: number;
  /** Ids of nodes, in the order in which it passes them. */
  readonly nodes: readonly string[];
}

export function routeOf(run: Run, now: Scene, since: number, position: number): Route | undefined {
  for (let event = firstEvent(run, position) - 1; event >= firstEvent(run, since); event--) {
    const nodes = nodesOf(run, now, event);
    if (nodes) return { event, nodes };
  }
  return undefined;
}

function nodesOf(run: Run, now: Scene, event: number): string[] | undefined {
  const at = event * EVENT_WIDTH;
  const [code, a, b, c] = [run.log[at], run.log[at + 1], run.log[at + 2], run.log[at + 3]] as [
    number,
    number,
    number,
    number,
  ];
  switch (code) {
    case NOTE.tlp:
      return tlpWay(run, now, event, a, b, c);
    case NOTE['dma-fault']:
      return [`device ${a}`, ...unitOf(now, a)];
    case NOTE.wbinvd:
      return [...(b >= 0 ? [`vcpu ${b}`] : []), `cpu ${a}`, 'dram'];
    case NOTE.writeback:
      return [`cpu ${a}`, 'dram'];
    case NOTE.access: {
      return [`cpu ${a}`, ...(cached(now, a, b) ? [] : ['dram'])];
    }
    default:
      return undefined;
  }
}

/** Past the caches to DRAM, or through the caches that the step changed, through all of them if it changed none. */
function tlpWay(run: Run, now: Scene, event: number, device: number, _word: number, packed: number): string[] {
  const begin = [`device ${device}`, ...unitOf(now, device)];
  if ((packed & TLP.completed) === 0) return begin;
  if ((packed & TLP.bypassed) !== 0) return [...begin, 'dram'];
  const touched = cachesTouched(run, now, event);
  const snooped =
    touched.length > 0 ? touched : Array.from({ length: now.model.world.topology.cpu.count }, (_, i) => i);
  return [...begin, ...snooped.map((cpu) => `cpu ${cpu}`), 'dram'];
}

function cachesTouched(run: Run, { model }: Scene, event: number): number[] {
  const { memory, topology } = model.world;
  const { firstEvent: from, endEvent } = run.step(run.stepOfEvent(event));
  const cpus = new Set<number>();
  for (let e = from; e < endEvent; e++) {
    const slot = run.log[e * EVENT_WIDTH]!;
    const index = slot - memory.lineState.base;
    if (slot >= 0 && index >= 0 && index < memory.lineState.size) cpus.add(Math.trunc(index / topology.lines.length));
  }
  return [...cpus];
}

function unitOf({ model, read: _ }: Scene, device: number): string[] {
  const unit = model.world.topology.devices[device]?.iommu ?? -1;
  return unit < 0 ? [] : [`iommu ${unit}`];
}

function cached(now: Scene, cpu: number, word: number): boolean {
  const { memory, topology } = now.model.world;
  const line = topology.words[word]?.line ?? 0;
  return now.read(memory.lineState, cpu * topology.lines.length + line) !== LINE.invalid;
}
