/**
 * Replays recordings through the simulator and compares what it does with what the kernel did.
 *
 * All sequences of a recording share one elaborated scenario: every distinct statement occurs in it once, and a
 * sequence is an order in which to execute them. The machine is put back to its start between sequences. So a replay
 * costs a fraction of a millisecond a sequence, and still everything goes through parser, elaborator and ops.
 */
import { Executor } from '../engine/executor.ts';
import type { Model } from '../engine/model.ts';
import type { ChangeId } from '../kernel/changes.ts';
import { ERRNOS } from '../kernel/errno.ts';
import type { Profile } from '../kernel/profiles.ts';
import type { LineContent } from '../scenario/ast.ts';
import { elaborate } from '../scenario/elaborate.ts';
import { parse } from '../scenario/parser.ts';
import { EVENT_WIDTH, EXIT_REASONS, ZAP_REASONS } from '../state/event.ts';
import { NOTE } from '../state/machine.ts';
import {
  type Artefact,
  type RecordedOp,
  type RecordedSequence,
  type RecordingHeader,
  type ReplayOp,
  type ReplaySequence,
  type ReplayStep,
  SequenceTranslator,
} from './recording.ts';
import { blockOf, dimsOf, profileOfRecording, sharedScenario } from './replay-scenario.ts';

/** One thing on which simulator and kernel disagree. */
export interface Difference {
  readonly sequence: string;
  /** Index of the call, or -1 for the teardown. */
  readonly op: number;
  readonly text: string;
  readonly what: 'ret' | 'err' | 'fdset' | 'written' | 'nc' | 'wbinvd' | 'destroyed' | 'failure';
  readonly kernel: string;
  readonly ours: string;
}

/** Calls of one kernel function, counted call by call. */
export interface FunctionAgreement {
  recorded: number;
  ours: number;
  /** Occurrences on which both agree: the smaller number of each call, summed. */
  agreed: number;
}

export interface ReplayResult {
  readonly profile: Profile;
  /** Set when the release has no profile of its own: the text says which one stands in. */
  readonly standIn?: string;
  readonly sequences: number;
  readonly ops: number;
  readonly differences: readonly Difference[];
  /** How often the translation followed an artefact of the emulator, by name. */
  readonly artefacts: ReadonlyMap<Artefact, number>;
  readonly functions: ReadonlyMap<string, FunctionAgreement>;
  /** Calls with an argument from a sequence that is not in the file, inferred from the kernel's answer. */
  readonly inferred: number;
  /** Calls in which a traced function that is modelled ran, and those in which all ran in the kernel's order. */
  readonly orders: { readonly calls: number; readonly agreed: number };
  /** The kernel changes that the replay asked for: switching any other one makes no difference. */
  readonly consulted: ReadonlySet<ChangeId>;
}

/** Replays all sequences of a recording on a profile. */
export function replay(header: RecordingHeader, recorded: readonly RecordedSequence[], given?: Profile): ReplayResult {
  const chosen = given ? { profile: given } : profileOfRecording(header);
  const translator = new SequenceTranslator(header);
  const sequences = recorded.map((sequence) => translator.sequence(sequence));
  const player = new Player(header, sequences, recorded, chosen.profile);
  const differences = sequences.flatMap((sequence, i) => player.play(sequence, recorded[i]!));
  return {
    ...chosen,
    sequences: sequences.length,
    ops: recorded.reduce((sum, sequence) => sum + sequence.ops.length, 0),
    differences,
    artefacts: player.artefacts,
    functions: player.functions,
    inferred: player.inferred,
    orders: player.orders,
    consulted: player.consulted,
  };
}

/** How the recorded kernels name exits: by SVM's names. */
const EXIT_NAMES: Readonly<Record<string, string>> = {
  WBINVD: 'wbinvd',
  HLT: 'hlt',
  MSR_WRITE: 'msr',
  INVD: 'invd',
  EPT_VIOLATION: 'npf',
  CR_ACCESS: 'write_cr0',
  IO_INSTRUCTION: 'io',
};
/** Exits of guest programs that are not translated, and of shadow paging. */
const UNMODELLED_EXITS: ReadonlySet<string> = new Set([
  'exit:read_cr0',
  'exit:write_cr0',
  'exit:cr0_sel_write',
  'exit:PF',
]);
const ZAPS_OF_WRITES: ReadonlySet<string> = new Set(['mtrr', 'cr0-cd']);

const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(ERRNOS.map((e) => [e.value, e.name]));

class Player {
  readonly artefacts = new Map<Artefact, number>();
  readonly functions = new Map<string, FunctionAgreement>();
  /** Calls whose unknown argument was inferred from the kernel's answer. */
  inferred = 0;
  /** Calls in which a function of ours ran, and those of them in which all ran in the same order. */
  readonly orders = { calls: 0, agreed: 0 };
  readonly consulted: ReadonlySet<ChangeId>;
  readonly #model: Model;
  readonly #executor: Executor;
  readonly #nodeOf = new Map<string, { readonly actor: number; readonly node: number }>();
  readonly #traced: ReadonlySet<string>;
  readonly #routineNames: readonly string[];
  readonly #register: number;
  readonly #unregister: number;
  /** What the kernel runs on each pCPU that it flushes. */
  readonly #flushFunction: string;

  constructor(
    header: RecordingHeader,
    sequences: readonly ReplaySequence[],
    recorded: readonly RecordedSequence[],
    profile: Profile,
  ) {
    const { text, lines } = sharedScenario(header, sequences);
    const parsed = parse(text);
    const { model, diagnostics } = elaborate(parsed, { profile, dims: dimsOf(recorded) });
    if (!model) {
      const first = diagnostics[0];
      const line = first && (parsed.lines[first.line]?.text ?? '');
      throw new SyntaxError(`The recording does not become a scenario: ${first?.message} (${line})`);
    }
    this.#model = model;
    this.consulted = model.world.kernel.consulted;
    this.#executor = new Executor(model);
    const byLine = new Map<number, number>();
    for (const node of model.nodes) if (node.kind === 'statement') byLine.set(node.place.line, node.id);
    const actorOf = new Map<string, number>(
      model.world.topology.actors.map((a, i) => [a.kind === 'setup' ? 'setup' : `vcpu ${a.subject} of ${a.vmName}`, i]),
    );
    for (const [key, line] of lines) {
      const node = byLine.get(line);
      const actor = actorOf.get(key.slice(0, key.indexOf('\n')));
      if (node === undefined || actor === undefined)
        throw new Error(`no statement was compiled for ${key}: ${contentKind(parsed.lines[line]?.content)}`);
      this.#nodeOf.set(key, { actor, node });
    }
    this.#routineNames = model.world.routines.routines.map((r) => r.name);
    this.#register = model.world.kvm.registerNoncoherentDma.id;
    this.#unregister = model.world.kvm.unregisterNoncoherentDma.id;
    this.#flushFunction = profile.changes.has('wbinvd-on-cpus-mask') ? '__wbinvd' : 'wbinvd_ipi';
    this.#traced = tracedFunctions(header, recorded);
  }

  play(sequence: ReplaySequence, recorded: RecordedSequence): Difference[] {
    const { machine } = this.#executor;
    machine.rewind(0);
    machine.state.set(this.#model.layout.initial);
    const differences: Difference[] = [];
    const check = (op: number, text: string, what: Difference['what'], kernel: unknown, ours: unknown): void => {
      const [k, o] = [printed(kernel), printed(ours)];
      if (k !== o) differences.push({ sequence: sequence.id, op, text, what, kernel: k, ours: o });
    };
    for (const [i, op] of sequence.ops.entries()) {
      const text = op.recorded.op;
      if (op.artefact) this.artefacts.set(op.artefact, (this.artefacts.get(op.artefact) ?? 0) + 1);
      const from = machine.length;
      let value = 0;
      for (const [s, step] of op.steps.entries()) {
        const result = s === op.main ? this.#runLikeRecorded(op, step) : this.#run(step);
        if (typeof result === 'string') {
          check(i, text, 'failure', 'continued', `${step.text}: ${result}`);
          return differences;
        }
        if (s === op.main) value = result;
        if (s >= op.main && value < 0) break;
      }
      const effects = this.#effects(from);
      check(i, text, 'ret', op.recorded.ret, value < 0 ? -1 : op.recorded.ret === 'fd' ? 'fd' : value);
      check(
        i,
        text,
        'err',
        op.recorded.err ?? 'none',
        value < 0 ? (ERRNO_NAMES.get(-value) ?? `errno ${-value}`) : 'none',
      );
      if (op.recorded.fdset !== undefined) {
        const slot = this.#model.names.get(op.output ?? '');
        check(i, text, 'fdset', op.recorded.fdset, slot !== undefined && machine.state[slot]! >= 0 ? 1 : 0);
      }
      const wrote = op.written && op.recorded[op.written.field];
      if (op.written && wrote !== undefined) {
        const slot = this.#model.names.get(op.written.name);
        check(i, text, 'written', wrote, slot === undefined ? 'nothing' : machine.state[slot]);
      }
      check(i, text, 'nc', op.recorded.nc ?? 0, effects.nc);
      if (op.recorded.wbinvd) check(i, text, 'wbinvd', wbinvdText(op.recorded), wbinvdText({ wbinvd: effects.wbinvd }));
      check(i, text, 'destroyed', count(op.recorded.fx, 'kvm_destroy_vm'), effects.destroyed);
      this.#compareFunctions(op.recorded.fx, effects.calls);
    }
    this.#teardown(sequence, recorded, check);
    return differences;
  }

  #teardown(
    sequence: ReplaySequence,
    recorded: RecordedSequence,
    check: (op: number, text: string, what: Difference['what'], kernel: unknown, ours: unknown) => void,
  ): void {
    const from = this.#executor.machine.length;
    for (const step of sequence.teardown) {
      const result = this.#run(step);
      if (typeof result === 'string') {
        check(-1, step.text, 'failure', 'continued', result);
        return;
      }
      if (result < 0) check(-1, step.text, 'ret', 0, ERRNO_NAMES.get(-result));
    }
    const effects = this.#effects(from);
    check(-1, 'teardown', 'nc', recorded.teardown.nc ?? 0, effects.nc);
    check(-1, 'teardown', 'destroyed', count(recorded.teardown.fx, 'kvm_destroy_vm'), effects.destroyed);
    this.#compareFunctions(recorded.teardown.fx, effects.calls);
  }

  /** Executes the statement of a call; when an argument is not known, the statement that gives the kernel's answer. */
  #runLikeRecorded(op: ReplayOp, step: ReplayStep): number | string {
    const mark = this.#executor.machine.length;
    const first = this.#run(step);
    if (!op.alternatives || answers(first, op.recorded)) return first;
    for (const text of op.alternatives) {
      this.#executor.machine.rewind(mark);
      const result = this.#run({ actor: 'recorder', text });
      if (!answers(result, op.recorded)) continue;
      this.inferred++;
      return result;
    }
    this.#executor.machine.rewind(mark);
    return this.#run(step);
  }

  /** Executes one statement to its end: its result, or what kept it from ending. */
  #run(step: ReplayStep): number | string {
    const found = this.#nodeOf.get(`${blockOf(step)}\n${step.text}`);
    if (!found) throw new Error(`no statement for ${step.text}`);
    const { machine } = this.#executor;
    machine.put(this.#model.tasks.node.base + found.actor, found.node);
    try {
      for (;;) {
        if (!this.#executor.microStep(found.actor, 0)) return 'waits for ever';
        const at = this.#lastDone();
        if (at >= 0) return machine.log[at + 3]!;
      }
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Position of the event that ends the statement, if the last micro-step ended it. */
  #lastDone(): number {
    const { machine } = this.#executor;
    for (let at = machine.length - EVENT_WIDTH; at >= 0; at -= EVENT_WIDTH) {
      const code = machine.log[at]!;
      if (code === NOTE.done) return at;
      if (code === NOTE.step) return -1;
    }
    return -1;
  }

  #effects(from: number): {
    nc: number;
    destroyed: number;
    wbinvd: NonNullable<RecordedOp['wbinvd']>;
    calls: string[];
  } {
    const { machine } = this.#executor;
    let nc = 0;
    let destroyed = 0;
    const cpus: number[][] = [];
    const calls: string[] = [];
    for (let at = from; at < machine.length; at += EVENT_WIDTH) {
      const operand = (i: number): number => machine.log[at + i]!;
      switch (operand(0)) {
        case NOTE.call:
          if (operand(2) === this.#register) nc++;
          else if (operand(2) === this.#unregister) nc--;
          calls.push(this.#routineNames[operand(2)]!);
          break;
        case NOTE.exit:
          if (operand(2) === EXIT_REASONS.indexOf('WBINVD')) cpus.push([]);
          calls.push(`exit:${EXIT_NAMES[EXIT_REASONS[operand(2)] ?? ''] ?? '?'}`);
          break;
        case NOTE.wbinvd:
          cpus.at(-1)?.push(operand(1));
          calls.push(this.#flushFunction);
          break;
        case NOTE.zap:
          // Zaps of guest MTRR and CR0 writes are not routines of their own; one write may zap several pages.
          if (ZAPS_OF_WRITES.has(ZAP_REASONS[operand(3)] ?? '') && calls.at(-1) !== 'kvm_zap_gfn_range')
            calls.push('kvm_zap_gfn_range');
          break;
        case NOTE['vm-destroyed']:
          destroyed++;
          break;
      }
    }
    return {
      nc,
      destroyed,
      calls,
      wbinvd: { exits: cpus.length, executed: cpus.filter((c) => c.length > 0).length, cpus },
    };
  }

  #compareFunctions(recorded: readonly string[], ours: readonly string[]): void {
    const names = recorded.map(functionName);
    const of = new Map<string, { recorded: number; ours: number }>();
    const entry = (name: string): { recorded: number; ours: number } =>
      of.get(name) ?? (of.set(name, { recorded: 0, ours: 0 }).get(name) as { recorded: number; ours: number });
    for (const name of names) entry(name).recorded++;
    for (const name of ours) if (this.#traced.has(name)) entry(name).ours++;
    const kernelOrder = names.filter((name) => !UNMODELLED_EXITS.has(name)).join();
    if (kernelOrder !== '') {
      this.orders.calls++;
      if (kernelOrder === ours.filter((name) => this.#traced.has(name)).join()) this.orders.agreed++;
    }
    for (const [name, counts] of of) {
      const total = this.functions.get(name) ?? { recorded: 0, ours: 0, agreed: 0 };
      total.recorded += counts.recorded;
      total.ours += counts.ours;
      total.agreed += Math.min(counts.recorded, counts.ours);
      this.functions.set(name, total);
    }
  }
}

/** A function as the kernel's source calls it: without the compiler's suffix, the module, and the pCPU it ran on. */
function functionName(entry: string): string {
  return entry
    .replace(/@cpu\d+$/, '')
    .replace(/ \[\w+\]$/, '')
    .replace(/\.(part|isra|constprop)\.\d+/g, '');
}

function tracedFunctions(header: RecordingHeader, recorded: readonly RecordedSequence[]): ReadonlySet<string> {
  const names = new Set((header.ftrace_functions ?? []).map(functionName));
  for (const sequence of recorded) {
    for (const entry of [...sequence.ops.flatMap((op) => op.fx), ...sequence.teardown.fx])
      names.add(functionName(entry));
  }
  return names;
}

/** Is this the kernel's answer? */
function answers(result: number | string, recorded: RecordedOp): boolean {
  if (typeof result === 'string') return false;
  if (result < 0) return ERRNO_NAMES.get(-result) === recorded.err;
  return recorded.err === undefined && (recorded.ret === 'fd' || recorded.ret === result);
}

function contentKind(content: LineContent | undefined): string {
  return content?.kind ?? 'no line';
}

function count(fx: readonly string[], name: string): number {
  return fx.filter((entry) => functionName(entry) === name).length;
}

function printed(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function wbinvdText(op: Pick<RecordedOp, 'wbinvd'>): string {
  const { exits, executed, cpus } = op.wbinvd ?? { exits: 0, executed: 0, cpus: [] };
  return JSON.stringify({ exits, executed, cpus: cpus.map((list) => [...list].sort()) });
}
