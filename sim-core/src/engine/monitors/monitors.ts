/**
 * Monitors: observers that compare the machine with what the guest, the device or the kernel may expect.
 *
 * A monitor reads the state and changes nothing; what it finds becomes a `finding` event. Parts of the machine call the
 * moments of {@link Monitors} where something observable took place; each monitor of `table.ts` listens to some.
 */

import type { Source } from '../../ops/op.ts';
import { FINDINGS, type Finding } from '../../state/event.ts';
import type { Field } from '../../state/layout.ts';
import { type Machine, NOTE } from '../../state/machine.ts';
import type { World, WorldBase } from '../../world.ts';
import { MONITORS } from './table.ts';

/** One kind of objection. */
export interface Monitor {
  readonly finding: Finding;
  /** `violation` fails a check unless the scenario expects it; `information` never does. */
  readonly weight: 'violation' | 'information';
  /** What is wrong when it fires, for people. */
  readonly doc: string;
  readonly sources: readonly Source[];
  /** Our own definition, not an upstream bug class. */
  readonly derived?: boolean;
  readonly listen: (world: World, report: Report) => Partial<Moments>;
}

/** Emits the finding; subject and detail are the monitor's own indices (see each monitor). */
export type Report = (machine: Machine, subject: number, detail: number) => void;

/** Moments at which monitors look. Every index is into the topology. */
export interface Moments {
  /** A guest's load returned a version of a word. */
  cpuLoad(machine: Machine, vcpu: number, word: number, version: number): void;
  /** A device's read returned a version; `noSnoop` is whether it bypassed the caches. */
  deviceRead(machine: Machine, device: number, word: number, version: number, noSnoop: boolean): void;
  /** A modified line of a CPU is about to be written over DRAM. */
  writeback(machine: Machine, cpu: number, line: number): void;
  /** The IOMMU blocked a TLP. */
  dmaFault(machine: Machine, device: number, word: number, reason: number): void;
  /** The host's CPU loaded a version of a word. */
  hostLoad(machine: Machine, cpu: number, word: number, version: number): void;
  /** A system call, a host action or an environment move is over: what it changed stands. */
  settled(machine: Machine): void;
  /** A declared result differs: the node of the statement and the value it got. */
  result(machine: Machine, node: number, value: number): void;
}

export interface Monitors extends Moments {
  /** Per finding: 1 once it has occurred, for conditions that ask; written only for those. */
  readonly found: Field;
  /** One slot a VM in which a monitor remembers what it said; made when the world is wired, by name. */
  memory(name: string): Field;
  /** A finding that a part makes by itself (`use-after-free`, `kernel-warning`, `deadlock`). */
  report(machine: Machine, finding: Finding, subject: number, detail: number): void;
}

/** `tracked`: findings that final conditions mention, and so must be remembered in the state. */
export function createMonitors(base: WorldBase, world: () => World, tracked: ReadonlySet<Finding>): Monitors {
  const found = base.layout.field('found', [FINDINGS.length], { labels: [FINDINGS] });

  function report(machine: Machine, finding: Finding, subject: number, detail: number): void {
    const index = FINDINGS.indexOf(finding);
    machine.note(NOTE.finding, index, subject, detail);
    if (tracked.has(finding)) machine.put(found.base + index, 1);
  }

  const memories = new Map(
    ['beliefWrong', 'beliefCostly'].map((name) => [name, base.layout.field(name, [base.dims.vms], { internal: true })]),
  );
  let listeners: Partial<Moments>[] | undefined;
  const all = (): Partial<Moments>[] =>
    (listeners ??= MONITORS.map((monitor) =>
      monitor.listen(world(), (machine, subject, detail) => report(machine, monitor.finding, subject, detail)),
    ));

  return {
    found,
    report,
    memory(name) {
      const field = memories.get(name);
      if (!field) throw new Error(`no monitor remembers ${name}`);
      return field;
    },
    cpuLoad(machine, vcpu, word, version) {
      for (const l of all()) l.cpuLoad?.(machine, vcpu, word, version);
    },
    deviceRead(machine, device, word, version, noSnoop) {
      for (const l of all()) l.deviceRead?.(machine, device, word, version, noSnoop);
    },
    writeback(machine, cpu, line) {
      for (const l of all()) l.writeback?.(machine, cpu, line);
    },
    dmaFault(machine, device, word, reason) {
      for (const l of all()) l.dmaFault?.(machine, device, word, reason);
    },
    hostLoad(machine, cpu, word, version) {
      for (const l of all()) l.hostLoad?.(machine, cpu, word, version);
    },
    settled(machine) {
      for (const l of all()) l.settled?.(machine);
    },
    result(machine, node, value) {
      for (const l of all()) l.result?.(machine, node, value);
    },
  };
}
