/**
 * From one log, or several of one run, to a scenario: statements, the order in which they happened, and everything that
 * had to be assumed. Logs stream through; what is kept is bounded.
 */
import { type Encoder, LogReader, type ReadCounts } from '../log/reader.ts';
import type { LogRecord } from '../log/record.ts';
import type { LogSource, SourceId } from '../log/sources.ts';
import { Evidence, type LoggedDeed } from './evidence.ts';
import { CallFilter, type Count, type KeptCall } from './kept.ts';
import { groupDevices, type MachineFacts, mergeFacts, NO_FACTS } from './machine-facts.ts';
import { ours, placed, withEvidence } from './order.ts';
import type { TranslatedCalls, TranslateOptions } from './process.ts';
import { callsOf, choiceText, chosenProcess, type LoggedProcess, processesOf, vmsBefore } from './processes.ts';
import { QemuCalls } from './qemu-calls.ts';
import { type Assumption, Assumptions, type LeftOutCall, type RebuiltStep, type StepActor } from './step.ts';
import { callsBehind } from './synthesize.ts';
import { mergedCounts, ownCalls, runnersOf, runningVcpus, sumRuns } from './threads.ts';
import { CallTranslator } from './translate.ts';
import { VcpuSteps } from './vcpus.ts';

export interface RebuildOptions {
  /** Keep calls without effect as statements. */
  readonly all?: boolean;
  /** Lines of the logs of calls to look at. */
  readonly from?: number;
  readonly to?: number;
  /** Which VM, counted from 1 in the order of creation. */
  readonly vm?: number;
  /** The process that the scenario is of, or one of its threads. */
  readonly pid?: number;
  /** A TextEncoder, with which long logs are read faster. */
  readonly encoder?: Encoder;
}

/** One file while it is read. */
export interface LogFile {
  push(text: string): void;
  /** True when the source could be told from the lines. */
  end(): boolean;
  readonly source: LogSource | undefined;
  readonly counts: ReadCounts;
}

export interface FileSummary {
  readonly name: string;
  readonly source: LogSource | undefined;
  readonly counts: ReadCounts;
}

/** What the logs come to, before a kernel is chosen. */
export interface Rebuilt {
  readonly files: readonly FileSummary[];
  readonly steps: readonly RebuiltStep[];
  readonly translation: TranslatedCalls;
  /** Some file is a log of system calls; else they were inferred from what the kernel did. */
  readonly hasCalls: boolean;
  /** The VM that was asked for, counted from 1 in its own process. */
  readonly vm: number | undefined;
  /** VMs that a log of the kernel alone shows one after the other; 0 where there is one. */
  readonly vmsInTurn: number;
  /** The signal that ended the process. */
  readonly killedBy: string | undefined;
  readonly facts: MachineFacts;
  readonly assumptions: Assumptions;
  readonly leftOut: readonly LeftOutCall[];
  /** What a kernel log shows of the same run, in order; only what belongs to the process of the calls. */
  readonly deeds: readonly LoggedDeed[] | undefined;
  readonly evidence: Evidence | undefined;
  /** Does the kernel log have the functions that execute WBINVD? */
  readonly knowsFlushes: boolean;
  readonly starts: ReadonlyMap<string, number>;
  /** KVM_RUN, and how often a signal ended it. */
  readonly runs: { readonly count: number; readonly interrupted: number };
  /** PCI functions that were looked up in sysfs and are not there, and those that have no IOMMU group. */
  readonly missing: readonly string[];
  readonly groupless: readonly string[];
  /** The last lines that the process wrote on stderr, where the log shows them. */
  readonly stderr: readonly string[];
  /** Calls that matter nothing here, by name. */
  readonly counted: ReadonlyMap<string, Count>;
  /** Exits, events and functions of the kernel that matter nothing here, by name, and events that are not known. */
  readonly harmless: ReadonlyMap<string, Count>;
  readonly unknownEvents: ReadonlyMap<string, Count>;
  /** The line of a log from which on nothing was taken any more, and how much came after it. */
  readonly cut: readonly { readonly file: string; readonly line: number; readonly calls: number }[];
  /** By file, the time of the first statement, on the clock of the file. */
  readonly begins: readonly (number | undefined)[];
  readonly vcpuNames: ReadonlyMap<string, string>;
  readonly runners: ReadonlyMap<number, number>;
}

interface Reading extends FileSummary {
  readonly filter: CallFilter;
  readonly qemu: QemuCalls;
  readonly evidence: Evidence;
  readonly tid: number | undefined;
}

export class Rebuilder {
  readonly #options: RebuildOptions;
  readonly #files: Reading[] = [];
  readonly #assumptions = new Assumptions();
  #facts: MachineFacts = NO_FACTS;
  #vmsInTurn = 0;

  constructor(options: RebuildOptions = {}) {
    this.#options = options;
  }

  /** Takes facts of the machine; earlier ones count more. */
  know(facts: MachineFacts): void {
    this.#facts = mergeFacts(this.#facts, facts);
  }

  /** Begins a file. `tid`: the thread, where the name of the file says it (strace -ff). */
  file(name: string, source?: SourceId, tid?: number): LogFile {
    const { from = 0, to = Number.POSITIVE_INFINITY } = this.#options;
    const filter = new CallFilter(this.#files.length, { from, to });
    const evidence = new Evidence();
    const qemu = new QemuCalls(filter, this.#assumptions);
    const reader = new LogReader((record) => take(record), source, this.#options.encoder);
    const take = (record: LogRecord): void => {
      const kind = record.what.kind;
      if (kind === 'call' || kind === 'ended')
        filter.take(tid === undefined || record.tid > 0 ? record : { ...record, tid });
      else if (kind === 'vmm') qemu.take(record);
      else evidence.take(record);
    };
    const reading: Reading = {
      name,
      filter,
      evidence,
      qemu,
      tid,
      get source() {
        return reader.source;
      },
      get counts() {
        return reader.counts;
      },
    };
    this.#files.push(reading);
    return {
      push: (text) => reader.push(text),
      end: () => {
        reader.end();
        return reader.source !== undefined;
      },
      get source() {
        return reader.source;
      },
      get counts() {
        return reader.counts;
      },
    };
  }

  /** Processes that use KVM or VFIO, in the order of the logs; when there are several, one has to be chosen. */
  processes(): LoggedProcess[] {
    return processesOf(this.#files.flatMap(({ filter }) => ownCalls(filter)));
  }

  /** Which of the processes the options take; undefined when they leave it open, or name none of them. */
  chosen(): LoggedProcess | undefined {
    return chosenProcess(this.processes(), this.#options);
  }

  /** Why no process can be chosen, with those there are; undefined when one can. */
  leftOpen(): string | undefined {
    const processes = this.processes();
    return processes.length === 0 || this.chosen() ? undefined : choiceText(processes);
  }

  finish(): Rebuilt {
    const assumptions = this.#assumptions;
    const processes = this.processes();
    const chosen = chosenProcess(processes, this.#options);
    for (const { evidence } of this.#files) evidence.settle();
    // Files about the machine count more than what its processes looked up.
    for (const { filter } of this.#files) this.know(filter.sysfs.facts());
    const callFiles = this.#callFiles();
    const filters = callFiles.map(({ filter }) => filter);
    const evidenceFile = this.#files
      .filter(({ evidence }) => evidence.deeds.length > 0 || evidence.exits.size > 0)
      .sort((a, b) => b.evidence.deeds.length - a.evidence.deeds.length)[0];
    const evidence = evidenceFile?.evidence;
    if (evidence && callFiles.length === 0) this.#oneVm(evidence);
    if (evidence && callFiles.length === 0 && evidence.begunRegistered())
      assumptions.add(
        'WBINVD was executed before any registration that the log shows: the VM was registered before the log begins.',
      );
    const addresses = this.#files.flatMap(({ filter }) => filter.addresses);
    const groups = groupsOf(this.#facts, addresses);
    const calls =
      callFiles.length > 0
        ? withEvidence(callsOf(inOrder(callFiles, assumptions), chosen), evidence)
        : evidence
          ? callsBehind(evidence, assumptions, groups)
          : [];
    const translator = this.#translator(runningVcpus(filters), groups, addresses);
    for (const call of callFiles.length > 0 ? withEnd(calls, evidence) : calls) translator.take(call);
    const translation = translator.finish();
    const tids = new Set(
      callFiles.length > 0
        ? [
            ...calls.map(({ tid }) => tid),
            ...callFiles
              .flatMap(({ filter }) => [...filter.runs.keys()])
              .filter((tid) => runsHere(tid, chosen, processes)),
          ]
        : [],
    );
    const runners = runnersOf(filters, evidence);
    const isOurs = (tid: number): boolean => tids.size === 0 || tids.has(tid) || ![...tids].some((own) => own > 0);
    const ordered = this.#withVcpus(
      translation,
      evidence,
      tids,
      runners,
      evidenceFile ? this.#files.indexOf(evidenceFile) : 0,
      callFiles.some((file) => file === evidenceFile),
    );
    return {
      files: this.#files,
      ...ordered,
      translation,
      hasCalls: callFiles.length > 0,
      vm: this.#vm,
      vmsInTurn: this.#vmsInTurn,
      killedBy: calls.find(({ call }) => call.name === 'ended' && call.args.length > 0)?.call.args[0],
      facts: this.#facts,
      assumptions,
      leftOut: translation.leftOut,
      evidence,
      knowsFlushes:
        evidence?.hasFunctions === true &&
        [...evidence.functions.keys()].some((name) => /^(?:kvm_emulate_wbinvd|wbinvd_ipi|__wbinvd)/.test(name)),
      runs: sumRuns(filters, (tid) => runsHere(tid, chosen, processes)),
      missing: callFiles.flatMap(({ filter }) => [...filter.sysfs.missing]),
      groupless: callFiles.flatMap(({ filter }) => [...filter.sysfs.groupless]),
      stderr: callFiles.flatMap(({ filter }) =>
        filter.stderr.lines.flatMap(({ tid, text }) => (runsHere(tid, chosen, processes) ? [text] : [])),
      ),
      counted: mergedCounts(
        filters.map(({ other }) => other),
        translation.inert,
        (tid) => runsHere(tid, chosen, processes),
      ),
      harmless: mergedCounts(evidence ? [evidence.harmless] : [], new Map(), isOurs),
      unknownEvents: mergedCounts(evidence ? [evidence.unknown] : [], new Map(), isOurs),
      cut: this.#files.flatMap(({ name, filter, evidence: seen }) => {
        const line = filter.cutAt ?? seen.cutAt;
        return line === undefined ? [] : [{ file: name, line, calls: filter.cut }];
      }),
      begins: this.#files.map((_, file) => beginOf(ordered.steps, file)),
      runners,
    };
  }

  /** A log of the kernel alone, with several VMs one after the other, is of the one that is wanted. */
  #oneVm(evidence: Evidence): void {
    const count = evidence.vms;
    if (count === 1) return;
    const wanted = this.#options.vm ?? 1;
    this.#vmsInTurn = count;
    this.#assumptions.add(
      `The log shows ${count} VMs, one after the other, and this is number ${wanted}. \`--vm\` takes another.`,
    );
    evidence.keepVm(wanted);
  }

  #translator(
    running: TranslateOptions['runningVcpus'],
    likelyGroups: TranslateOptions['likelyGroups'],
    addresses: readonly string[],
  ): CallTranslator {
    return new CallTranslator(
      {
        all: this.#options.all ?? false,
        nodeOf: (cdev) => this.#facts.devices.find((device) => device.cdev === cdev)?.bdf,
        groupOf: (bdf) => this.#facts.devices.find((device) => device.bdf === bdf)?.group,
        devicesOf: (group) =>
          groupDevices(this.#facts, group)
            .filter(({ bridge }) => !bridge)
            .map(({ bdf }) => bdf),
        runningVcpus: running,
        likelyGroups,
        addresses: addresses.filter((bdf) => isAssigned(this.#facts, bdf)),
      },
      this.#assumptions,
    );
  }

  /** Files of calls. What QEMU says about itself counts only where no tracer shows its calls. */
  #callFiles(): Reading[] {
    const withCalls = this.#files.filter(({ filter }) => filter.calls.length > 0 || filter.runs.size > 0);
    const traced = withCalls.filter(({ source }) => source?.kind !== 'qemu');
    return traced.length > 0 ? traced : withCalls;
  }

  /** The VM that is wanted, counted in its own process. */
  get #vm(): number | undefined {
    const { vm, pid } = this.#options;
    if (vm !== undefined && vm <= this.#vmsInTurn) return 1;
    const processes = this.processes();
    const chosen = chosenProcess(processes, this.#options);
    if (vm === undefined || pid !== undefined || !chosen) return vm;
    return vm - vmsBefore(processes, processes.indexOf(chosen));
  }

  #withVcpus(
    translation: TranslatedCalls,
    evidence: Evidence | undefined,
    tids: ReadonlySet<number>,
    runners: ReadonlyMap<number, number>,
    file: number,
    showsCalls: boolean,
  ): Pick<Rebuilt, 'steps' | 'deeds' | 'starts' | 'vcpuNames'> {
    const { vms } = translation;
    const wanted = this.#vm === undefined ? undefined : vms[this.#vm - 1]?.name;
    const chosen = wanted ?? vms[0]?.name;
    const vcpuNames = new Map<string, string>();
    for (const vm of vms)
      for (const id of vm.vcpus)
        vcpuNames.set(`${vm.name}/${id}`, vms.length > 1 ? `${vm.name}_vcpu${id}` : `vcpu${id}`);
    if (!evidence || chosen === undefined)
      return { steps: translation.steps, deeds: evidence?.deeds, starts: new Map(), vcpuNames };
    const places = placed(translation.steps, evidence, tids, this.#assumptions, showsCalls ? file : undefined);
    const maker = new VcpuSteps(this.#assumptions, file);
    const exists = new Set(vms.find(({ name }) => name === chosen)?.vcpus);
    const steps: RebuiltStep[] = [];
    const taken = new Set<LoggedDeed>();
    const insert = (index: number): void => {
      for (const deed of places.get(index) ?? []) {
        const id = deed.vcpu ?? runners.get(deed.tid) ?? 0;
        if (!exists.has(id)) continue;
        taken.add(deed);
        if (deed.kind === 'guest') steps.push(maker.action(deed, id, chosen));
        else steps.push(...maker.steps(deed, id, chosen, vcpuNames.get(`${chosen}/${id}`) ?? `vcpu${id}`));
      }
    };
    translation.steps.forEach((step, index) => {
      insert(index);
      steps.push(step);
    });
    insert(translation.steps.length);
    const starts = new Map([...maker.starts].map(([id, cpu]) => [`${chosen}/${id}`, cpu]));
    const deeds = evidence.deeds.filter((deed) =>
      deed.kind === 'wbinvd' || deed.kind === 'guest' ? taken.has(deed) : tids.size === 0 || ours(deed, tids),
    );
    return { steps, deeds, starts, vcpuNames };
  }
}

/** The end of the process, where the log shows that its threads ended, or the kernel that its files were released. */
function withEnd(calls: readonly KeptCall[], evidence: Evidence | undefined): KeptCall[] {
  const real = calls.filter(({ call }) => call.name !== 'ended');
  if (real.some(({ call }) => call.name === 'exit_group')) return real;
  const exit = { kind: 'call', name: 'exit_group', args: [] } as const;
  const ended = calls.at(-1);
  if (ended?.call.name === 'ended') return [...real, { ...ended, call: exit }];
  const last = evidence?.deeds.findLast((deed) => deed.kind === 'function');
  const first = real[0];
  if (!first || last?.kind !== 'function' || !ENDS.has(last.what)) return real;
  return [...real, { ...first, call: exit, line: 0, inferred: 'the kernel released its files' }];
}

const ENDS: ReadonlySet<string> = new Set(['release-device', 'destroy-vm', 'close-group', 'detach-group']);

/** A function that the process looked up because it is assigned, and not a bridge on the way to it. */
function isAssigned(facts: MachineFacts, bdf: string): boolean {
  const known = facts.devices.find((device) => device.bdf === bdf);
  return known === undefined || !known.bridge;
}

function groupsOf(facts: MachineFacts, addresses: readonly string[]): string[] {
  const looked = addresses.flatMap((bdf) => facts.devices.find((device) => device.bdf === bdf)?.group ?? []);
  const bound = facts.devices.flatMap(({ driver, group }) =>
    driver === 'vfio-pci' && group !== undefined ? [group] : [],
  );
  return [...looked, ...bound];
}

/** The calls of several files in one order. */
function inOrder(files: readonly Reading[], assumptions: Assumptions): KeptCall[] {
  const calls = files.flatMap(({ filter }) => ownCalls(filter));
  if (files.length < 2) return calls;
  if (calls.every(({ time }) => time !== undefined)) return calls.sort((a, b) => a.time! - b.time!);
  assumptions.add('Not all of the files have times (strace -ttt): their calls come file by file.');
  return calls;
}

/** A thread that only runs a vCPU makes no call that is kept: it belongs to the chosen process unless another one has it. */
function runsHere(tid: number, chosen: LoggedProcess | undefined, processes: readonly LoggedProcess[]): boolean {
  return chosen === undefined || chosen.tids.has(tid) || !processes.some(({ tids }) => tids.has(tid));
}

export type { Assumption, StepActor };

function beginOf(steps: readonly RebuiltStep[], file: number): number | undefined {
  const times = steps.flatMap((step) => (step.file === file && step.time !== undefined ? [step.time] : []));
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
}
