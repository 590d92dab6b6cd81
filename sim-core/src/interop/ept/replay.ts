/**
 * Replays recordings of leaves and compares what the simulator does with what KVM and the hardware did.
 *
 * Sequences that ran on the same machine share one elaborated scenario, in which every distinct statement occurs once. The
 * machine is put back to its start between sequences.
 */
import { Executor } from '../../engine/executor.ts';
import type { Model } from '../../engine/model.ts';
import { ERRNOS } from '../../kernel/errno.ts';
import type { Profile } from '../../kernel/profiles.ts';
import { kernelOfMachine } from '../../kernel/releases.ts';
import { LEAF, leafType } from '../../kvm/mmu.ts';
import { combine, memtypeName, memtypeNamed } from '../../memory/memtype.ts';
import { elaborate } from '../../scenario/elaborate.ts';
import { parse } from '../../scenario/parser.ts';
import { EVENT_WIDTH, EXIT_REASONS, ZAP_REASONS } from '../../state/event.ts';
import type { PageId, VcpuId, VmId } from '../../state/ids.ts';
import { NOTE } from '../../state/machine.ts';
import { standIn } from '../replay-scenario.ts';
import { inferMachine, inferredText } from './machine.ts';
import type { EptRecording, EptStep } from './recording.ts';
import { type EptCall, type EptProgram, type EptStatement, type NotCompared, translateEpt } from './steps.ts';

export interface EptDifference {
  readonly sequence: string;
  /** 1-based line of the recording. */
  readonly line: number;
  readonly op: string;
  readonly what:
    | 'result'
    | 'leaves'
    | 'zaps'
    | 'calls'
    | 'exits'
    | 'wbinvd'
    | 'registrations'
    | 'destroyed'
    | 'type'
    | 'msr'
    | 'failure';
  readonly kernel: string;
  readonly ours: string;
}

export interface EptResult {
  readonly profile: Profile;
  readonly standIn?: string;
  /** What was read off the recording about its machine, as options of the machine block. */
  readonly machine: string;
  readonly sequences: number;
  readonly ops: number;
  readonly differences: readonly EptDifference[];
  /** Steps that are not compared, or not fully, by reason. */
  readonly notCompared: ReadonlyMap<NotCompared, number>;
}

type Check = (what: EptDifference['what'], kernel: string, ours: string) => void;

/** Replays all sequences on a profile. A recording whose steps make no scenario is a SyntaxError. */
export function replayEpt(recording: EptRecording, given?: Profile): EptResult {
  const chosen = given ? { profile: given } : profileOf(recording);
  const { profile } = chosen;
  const steps = recording.sequences.flatMap((sequence) => sequence.steps);
  const inferred = inferMachine(steps);
  const rig: Rig = { profile, shadow: inferred.shadow, traced: !inferred.oldMmu };
  const state = { pinned: undefined };
  const programs = recording.sequences.map((sequence) => translateEpt(sequence, inferred, state));
  const shared = new Map<string, EptProgram[]>();
  for (const program of programs) {
    const key = [...program.machine, ...program.vcpus].join('\n');
    shared.set(key, [...(shared.get(key) ?? []), program]);
  }
  const differences: EptDifference[] = [];
  const notCompared = new Map<NotCompared, number>();
  for (const group of shared.values()) {
    const replayer = new Replayer(group, rig);
    for (const program of group) {
      differences.push(...replayer.play(program));
      for (const { left } of program.calls) if (left) notCompared.set(left, (notCompared.get(left) ?? 0) + 1);
    }
  }
  differences.sort((a, b) => a.line - b.line);
  return {
    profile,
    ...('standIn' in chosen && { standIn: chosen.standIn }),
    machine: inferredText(inferred),
    sequences: programs.length,
    ops: steps.length,
    differences,
    notCompared,
  };
}

/** The profile of the recorded release, which the header has as `uname -a` prints it. */
function profileOf({ header: { kernel } }: EptRecording): { readonly profile: Profile; readonly standIn?: string } {
  const release = /\b\d+\.\d+\S*/.exec(kernel)?.[0] ?? '';
  const like = kernelOfMachine(release, kernel);
  if (!like)
    throw new SyntaxError(`Line 1 of the recording names no kernel that has a profile: ${kernel.slice(0, 100)}`);
  return { profile: like.profile, ...standIn(release, like) };
}

interface Rig {
  readonly profile: Profile;
  readonly shadow: boolean;
  /** Zaps are in the recording. */
  readonly traced: boolean;
}

const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(ERRNOS.map(({ name, value }) => [value, name]));
const HUGE_FRAMES = 512n;

class Replayer {
  readonly #model: Model;
  readonly #executor: Executor;
  readonly #rig: Rig;
  readonly #nodeOf = new Map<string, { readonly actor: number; readonly node: number }>();

  constructor(programs: readonly EptProgram[], rig: Rig) {
    this.#rig = rig;
    const { text, lines } = scenarioOf(programs);
    const parsed = parse(text);
    const { model, diagnostics } = elaborate(parsed, { profile: rig.profile, dims: DIMS });
    if (!model) {
      const first = diagnostics[0];
      const line = first && (parsed.lines[first.line]?.text ?? '').trim();
      throw new SyntaxError(`The recording does not become a scenario: ${first?.message} (${line})`);
    }
    this.#model = model;
    this.#executor = new Executor(model);
    const byLine = new Map<number, number>();
    for (const node of model.nodes) if (node.kind === 'statement') byLine.set(node.place.line, node.id);
    const actors = new Map<number | 'vmm', number>(
      model.world.topology.actors.map((actor, i) => [actor.kind === 'setup' ? 'vmm' : actor.subject, i]),
    );
    for (const [key, { line, actor }] of lines) {
      const node = byLine.get(line);
      const index = actors.get(actor);
      if (node === undefined || index === undefined) throw new SyntaxError(`No statement was compiled for ${key}.`);
      this.#nodeOf.set(key, { actor: index, node });
    }
  }

  play({ id, calls }: EptProgram): EptDifference[] {
    const { machine } = this.#executor;
    machine.rewind(0);
    machine.state.set(this.#model.layout.initial);
    const differences: EptDifference[] = [];
    for (const call of calls) {
      const { line, op } = call.recorded;
      let failed = false;
      const check: Check = (what, kernel, ours) => {
        if (what === 'failure') failed = true;
        if (kernel !== ours) differences.push({ sequence: id, line, op, what, kernel, ours });
      };
      this.#call(call, check);
      if (failed) break;
    }
    return differences;
  }

  #call(call: EptCall, check: Check): void {
    const { machine } = this.#executor;
    const { recorded } = call;
    const from = machine.length;
    const translations = [...recorded.translations];
    let ended: string | undefined;
    for (const statement of call.statements) {
      // What ends a run ends the instructions; the VMM continues.
      if (ended !== undefined && statement.actor !== 'vmm') continue;
      const before = machine.length;
      const result = this.#run(statement);
      if (typeof result === 'string') {
        check('failure', 'continued', `${statement.text}: ${result}`);
        return;
      }
      this.#compareResult(statement, recorded, result, check);
      if (statement.actor === 'vmm') continue;
      ended = this.#endOf(statement.actor, before);
      if (statement.access && ended === undefined) this.#compareType(statement, statement.actor, translations, check);
    }
    const effects = this.#effects(from);
    if (ended === 'TRIPLE_FAULT') effects.exits.push(ended);
    this.#compareEffects(call, effects, check);
    if (call.msr) {
      const { kvm } = this.#model.world;
      const value = kvm.msrs.read(machine, this.#vcpu(call.msr.vcpu), call.msr.number);
      const note = recorded.notes.find((text) => text.startsWith('msr ')) ?? '';
      check('msr', note, `msr ${call.msr.number.toString(16)} = ${value.toString(16)}`);
    }
  }

  #compareResult(statement: EptStatement, { result, notes }: EptStep, ours: number, check: Check): void {
    if (statement.compares === 'result') {
      const [value, errno] = result.split(' ');
      // Descriptors are numbered differently.
      const kernel = errno ?? (statement.text.includes(' = ioctl') || value === '0' ? 'done' : (value ?? ''));
      const simulated = ours < 0 ? (ERRNO_NAMES.get(-ours) ?? String(ours)) : kernel === 'done' ? 'done' : String(ours);
      check('result', kernel, simulated);
    } else if (statement.compares === 'mask') {
      const note = notes.find((text) => text.startsWith('quirks2 mask'));
      if (note) check('result', note, `quirks2 mask of vm: ${ours.toString(16)}`);
    } else if (statement.compares === 'dma_cc') {
      const note = notes.find((text) => text.startsWith('dma_cc'));
      if (note) check('result', note, `dma_cc ${ours}`);
    }
  }

  /** The type that the hardware used for a data access, where it logged one. */
  #compareType(
    { access }: EptStatement,
    vcpu: number,
    translations: EptStep['translations'][number][],
    check: Check,
  ): void {
    if (!access || this.#rig.shadow) return;
    const at = translations.findIndex(({ address }) => address === access.address);
    const used = translations[at];
    if (!used) return;
    translations.splice(0, at + 1);
    const outer = memtypeNamed(used.type);
    if (outer === undefined) return;
    const kernel = used.ipat ? outer : combine(outer, used.pat);
    const { kvm, topology } = this.#model.world;
    const page = topology.pages.findIndex(({ address }) => address >> 12n === access.frame) as PageId;
    const { machine } = this.#executor;
    const vm = (machine.state[kvm.vcpuVm.base + this.#vcpu(vcpu)]! - 1) as VmId;
    const ours = kvm.mmu.effectiveType(machine, vm, page, this.#vcpu(vcpu));
    check('type', memtypeName(kernel) ?? String(kernel), memtypeName(ours) ?? String(ours));
  }

  #vcpu(id: number): VcpuId {
    const { kvm, dims } = this.#model.world;
    const { state } = this.#executor.machine;
    for (let vcpu = 0; vcpu < dims.vcpus; vcpu++)
      if (state[kvm.vcpuVm.base + vcpu] !== 0 && state[kvm.vcpuId.base + vcpu] === id) return vcpu as VcpuId;
    return 0 as VcpuId;
  }

  /** Did the last instruction end the run? #GP without a handler reads the interrupt table and shuts the guest down. */
  #endOf(vcpu: number, from: number): string | undefined {
    const { machine } = this.#executor;
    for (let at = from; at < machine.length; at += EVENT_WIDTH) {
      if (machine.log[at] === NOTE['user-exit']) return 'MMIO';
      if (machine.log[at] !== NOTE.exception) continue;
      this.#run({ actor: vcpu, text: FIRST_FRAME });
      return 'TRIPLE_FAULT';
    }
    return undefined;
  }

  /** Executes one statement to its end: its result, or what kept it from ending. */
  #run(statement: EptStatement): number | string {
    const found = this.#nodeOf.get(keyOf(statement));
    if (!found) return 'no statement';
    const { machine } = this.#executor;
    machine.put(this.#model.tasks.node.base + found.actor, found.node);
    try {
      for (;;) {
        if (!this.#executor.microStep(found.actor, 0)) return 'waits for ever';
        for (let at = machine.length - EVENT_WIDTH; at >= 0; at -= EVENT_WIDTH) {
          if (machine.log[at] === NOTE.done) return machine.log[at + 3]!;
          if (machine.log[at] === NOTE.step) break;
        }
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #effects(from: number): Effects {
    const { machine } = this.#executor;
    const { kvm, topology, dims } = this.#model.world;
    const pages = topology.pages.length;
    const effects: Effects = { made: [], zapped: [], calls: 0, exits: [], wbinvd: [], registrations: 0, destroyed: 0 };
    let inGuest = false;
    for (let at = from; at < machine.length; at += EVENT_WIDTH) {
      const [code, a, b, c] = machine.log.slice(at, at + EVENT_WIDTH) as unknown as [number, number, number, number];
      if (code >= kvm.leaf.base && code < kvm.leaf.base + dims.vms * pages) {
        const page = topology.pages[(code - kvm.leaf.base) % pages];
        const frame = (page?.address ?? 0n) >> 12n;
        if ((b & LEAF.present) !== 0) effects.made.push(leafText(frame, b, this.#rig.shadow));
        // A leaf of 2 MiB takes the place of the table with the smaller ones.
        const replaced = (b & LEAF.huge) !== 0 && (a & LEAF.huge) === 0;
        if ((a & LEAF.present) !== 0 && ((b & LEAF.present) === 0 || replaced))
          effects.zapped.push(zapText(frame, (a & LEAF.huge) !== 0));
      }
      if (code === NOTE.exit) effects.exits.push(EXIT_REASONS[b] ?? '?');
      else if (code === NOTE.zap && ZAP_REASONS[c] !== 'memory-slot') effects.calls++;
      else if (code === NOTE.call && b === kvm.registerNoncoherentDma.id) effects.registrations++;
      else if (code === NOTE.call && b === kvm.unregisterNoncoherentDma.id) effects.registrations--;
      else if (code === NOTE['vm-destroyed']) effects.destroyed++;
      else if (code === NOTE.step) inGuest = topology.actors[a]?.kind === 'vcpu';
      if (code === NOTE.wbinvd) effects.wbinvd.push(`${a}${inGuest && !topology.cpu.wbinvdExit ? 'g' : ''}`);
    }
    effects.made = withoutRepeats(effects.made);
    effects.zapped = withoutRepeats(effects.zapped);
    return effects;
  }

  #compareEffects({ recorded, left, vcpu }: EptCall, ours: Effects, check: Check): void {
    const { shadow, traced } = this.#rig;
    const ending = recorded.op === 'end';
    const list = (texts: readonly string[]): string => texts.join(' ');
    const sorted = (texts: readonly string[]): string => list([...texts].sort());
    const called = (name: string): number => recorded.functions.filter((entry) => functionName(entry) === name).length;
    if (left === undefined) {
      check('leaves', list(recorded.made.map((one) => (shadow ? shadowText(one) : madeText(one)))), list(ours.made));
      check('exits', list(recorded.exits), list(vcpu === undefined ? [] : ours.exits));
    }
    if (traced && !ending && left === undefined) {
      const zapped = recorded.changed.filter(
        ({ level, before, after }) => isLeaf(level, before) && !isLeaf(level, after) && (after & 7n) === 0n,
      );
      check('zaps', sorted(zapped.map(({ gfn, level }) => zapText(gfn, level === 2))), sorted(ours.zapped));
    }
    check('calls', String(called('kvm_zap_gfn_range')), String(ours.calls));
    check('wbinvd', sorted(recorded.wbinvd.map(({ cpu, guest }) => `${cpu}${guest ? 'g' : ''}`)), sorted(ours.wbinvd));
    const net = called('kvm_arch_register_noncoherent_dma') - called('kvm_arch_unregister_noncoherent_dma');
    check('registrations', String(net), String(ours.registrations));
    check('destroyed', String(called('kvm_destroy_vm')), String(ours.destroyed));
  }
}

interface Effects {
  made: string[];
  zapped: string[];
  /** Calls of kvm_zap_gfn_range(). */
  calls: number;
  exits: string[];
  wbinvd: string[];
  registrations: number;
  destroyed: number;
}

/** Present, and no table: entries of level 2 are leaves when they say so. */
function isLeaf(level: number, entry: bigint): boolean {
  return (entry & 7n) !== 0n && (level === 1 || (level === 2 && (entry & 0x80n) !== 0n));
}

function madeText({ gfn, level, type }: EptStep['made'][number]): string {
  return `${(level === 2 ? gfn - (gfn % HUGE_FRAMES) : gfn).toString(16)}:${type}${level === 2 ? '/2M' : ''}`;
}

/** Without EPT the entry is one of the guest's format: PWT, PCD and PAT, all of which KVM leaves clear. */
function shadowText({ gfn, entry }: EptStep['made'][number]): string {
  return `${gfn.toString(16)}:${(entry & 0x98n) === 0n ? 'no type' : 'a type'}`;
}

function leafText(frame: bigint, leaf: number, shadow: boolean): string {
  if (shadow) return `${frame.toString(16)}:no type`;
  const type = `${memtypeName(leafType(leaf))}${(leaf & LEAF.ipat) !== 0 ? '+IPAT' : ''}`;
  if ((leaf & LEAF.huge) === 0) return `${frame.toString(16)}:${type}`;
  return `${(frame - (frame % HUGE_FRAMES)).toString(16)}:${type}/2M`;
}

function zapText(frame: bigint, huge: boolean): string {
  return huge ? `${(frame - (frame % HUGE_FRAMES)).toString(16)}/2M` : frame.toString(16);
}

/** One leaf of 2 MiB is in several slots. */
function withoutRepeats(texts: readonly string[]): string[] {
  return texts.filter((text, i) => !text.endsWith('/2M') || texts[i - 1] !== text);
}

function functionName(entry: string): string {
  return entry.replace(/<-.*$/, '').replace(/\.(part|isra|constprop)\.\d+/g, '');
}

const FIRST_FRAME = 'mov eax, [f0]';
const keyOf = ({ actor, text }: EptStatement): string => `${actor}\n${text}`;

/** One scenario with every distinct statement of the programs, and where each is. */
function scenarioOf(programs: readonly EptProgram[]): {
  text: string;
  lines: Map<string, { line: number; actor: number | 'vmm' }>;
} {
  const [{ machine, vcpus } = { machine: [], vcpus: [] }] = programs;
  const blocks = new Map<number | 'vmm', Set<string>>([['vmm', new Set(['kvm = open("/dev/kvm", O_RDWR)'])]]);
  for (const id of vcpus) blocks.set(id, new Set([FIRST_FRAME]));
  for (const { calls } of programs)
    for (const { statements } of calls) for (const { actor, text } of statements) blocks.get(actor)?.add(text);
  const text = [...machine];
  const lines = new Map<string, { line: number; actor: number | 'vmm' }>();
  for (const [actor, statements] of blocks) {
    text.push(actor === 'vmm' ? 'setup {' : `vcpu ${actor} firmware=off {`);
    for (const statement of statements) {
      lines.set(keyOf({ actor, text: statement }), { line: text.length, actor });
      text.push(`  ${statement}`);
    }
    text.push('}');
  }
  return { text: text.join('\n'), lines };
}

/** Enough for what the recorder can have at once. */
const DIMS = {
  fds: 24,
  files: 24,
  vms: 1,
  vcpus: 4,
  memorySlots: 8,
  kvmDevices: 1,
  tceTables: 0,
  kvmVfioEntries: 2,
  containers: 2,
  iommufds: 1,
  ioas: 2,
  domains: 4,
  mappings: 1,
};
