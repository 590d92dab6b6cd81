/**
 * Monitors: observers that compare the machine with what the guest, the device or the kernel may expect.
 *
 * A monitor reads the state and changes nothing; what it finds becomes a `finding` event. Parts of the machine call the
 * moments of {@link Monitors} where something observable took place; each monitor of `table.ts` listens to some.
 */

import type { Source } from '../../ops/op.ts';
import type { Field } from '../../state/layout.ts';
import { type Machine, NOTE } from '../../state/machine.ts';
import type { World, WorldBase } from '../../world.ts';
import { FINDINGS, type Finding, MONITORS } from './table.ts';

/** All there is to say about one finding: what makes it, what it means to a check, a debugger and an explorer. */
export interface Monitor<Name extends string = string> {
  /** Its word in conditions, settings and reports. */
  readonly finding: Name;
  /** As a title: `Stale read`. */
  readonly label: string;
  /** What is wrong when it fires, for people. */
  readonly doc: string;
  readonly sources: readonly Source[];
  /** Our own definition, not an upstream bug class. */
  readonly derived?: boolean;
  /**
   * When it fails a check of a scenario that does not mention it: `always`, for what is never right (a kernel bug, a
   * result other than the declared one); `without-conditions`, when the scenario states none for this kernel; `never`.
   */
  readonly fails: 'always' | 'without-conditions' | 'never';
  /** Whether a debugger stops at it before its user chooses. */
  readonly stopsByDefault: boolean;
  /** What subject and detail of its event are. */
  readonly operands: readonly [subject: FindingOperand, detail: FindingOperand];
  /** What happened, of the texts of subject and detail (empty when there is none); `doc` when left out. */
  readonly headline?: (subject: string, detail: string) => string;
  /** Which kind of chain `why` builds for it. */
  readonly explainedBy: ExplanationKind;
  /** Does it compare versions of words or ask the ghost? An explorer leaves them out when no monitor that counts does. */
  readonly needsVersions: boolean;
  /** Name of the field in which it remembers one number for each VM. */
  readonly memory?: string;
  /** What it looks at, and when. Left out where a part of the machine reports the finding itself. */
  readonly listen?: (world: World, report: ReportFinding) => Partial<Moments>;
}

/**
 * What an operand of a finding counts in. `word` and `device` are indices or -1; `reader` is a device + 1, minus a
 * vCPU + 1, or 0 for the host; `statement` a node of the program; `result` what it returned, negative for an errno;
 * `actors` a set of actors, the first 31, one bit each; `freed` and `warning` indices into FREED_OBJECTS and
 * KERNEL_WARNINGS; `number` something that only its part understands.
 */
export type FindingOperand =
  | 'word'
  | 'reader'
  | 'device'
  | 'cpu'
  | 'vm'
  | 'actor'
  | 'actors'
  | 'statement'
  | 'result'
  | 'freed'
  | 'warning'
  | 'number';

/**
 * The kinds of explanation. The chains are made on a higher floor (`explain/`), which a monitor must not import: it
 * names one, and `explain/why.ts` has to have one for every name here. A new monitor mostly shares one; `its-text` is
 * for those whose text and sources say everything.
 */
export type ExplanationKind =
  | 'old-value'
  | 'unflushed-value'
  | 'lost-write'
  | 'leak'
  | 'wrong-belief'
  | 'costly-belief'
  | 'freed-object'
  | 'lock-cycle'
  | 'blocked-tlp'
  | 'declared-result'
  | 'kernel-warning'
  | 'null-pointer'
  | 'its-text';

/** Emits the finding; subject and detail are what the monitor's `operands` say. */
export type ReportFinding = (machine: Machine, subject: number, detail: number) => void;

/** Moments at which monitors look. Every index is into the topology. */
export interface Moments {
  /** A guest's load returned a version of a word; bare metal would have returned `promised` or a newer one. */
  cpuLoad(machine: Machine, vcpu: number, word: number, version: number, promised: number): void;
  /** The same for a device's read. */
  deviceRead(machine: Machine, device: number, word: number, version: number, promised: number): void;
  /** A modified line of a CPU is about to be written over DRAM. */
  writeback(machine: Machine, cpu: number, line: number): void;
  /** The IOMMU blocked a TLP. */
  dmaFault(machine: Machine, device: number, word: number, reason: number): void;
  /** The host's CPU loaded a version of a word. */
  hostLoad(machine: Machine, cpu: number, word: number, version: number): void;
  /** A system call, a host action or an environment move is over: what it changed is final. */
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
    MONITORS.flatMap(({ memory }) => memory ?? []).map((name) => [
      name,
      base.layout.field(name, [base.dims.vms], { internal: true }),
    ]),
  );
  let listeners: Partial<Moments>[] | undefined;
  const all = (): Partial<Moments>[] =>
    (listeners ??= MONITORS.flatMap(
      ({ listen, finding }) =>
        listen?.(world(), (machine, subject, detail) => report(machine, finding, subject, detail)) ?? [],
    ));

  return {
    found,
    report,
    memory(name) {
      const field = memories.get(name);
      if (!field) throw new Error(`no monitor remembers ${name}`);
      return field;
    },
    cpuLoad(machine, vcpu, word, version, promised) {
      for (const l of all()) l.cpuLoad?.(machine, vcpu, word, version, promised);
    },
    deviceRead(machine, device, word, version, promised) {
      for (const l of all()) l.deviceRead?.(machine, device, word, version, promised);
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
