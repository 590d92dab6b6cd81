/**
 * Events in words: one line each, as a trace prints them and a debugger's console shows them.
 *
 * Only what a person asks about is described; changes of the interpreter's own slots (frames, locals) are left out
 * unless asked for.
 */

import { ACCESS } from '../cpu/cpu.ts';
import { BUFFERED, type BufferedKind } from '../cpu/store-buffer.ts';
import type { Model } from '../engine/model.ts';
import type { FindingOperand } from '../engine/monitors/monitors.ts';
import { MONITORS } from '../engine/monitors/table.ts';
import type { Place } from '../engine/program.ts';
import { ANY_ERRNO } from '../engine/refusal.ts';
import { DIED, errnoName } from '../kernel/errno.ts';
import { rangeOf } from '../kvm/mmu.ts';
import { MSR_NAMES } from '../kvm/msr.ts';
import { memtypeName } from '../memory/memtype.ts';
import { TLP } from '../pcie/pcie.ts';
import { writtenDescriptors } from '../scenario/declared.ts';
import {
  EVENT_WIDTH,
  EXIT_REASONS,
  exitName,
  FAULT_REASONS,
  FREED_OBJECTS,
  type FreedObject,
  happeningOf,
  KERNEL_WARNINGS,
  type KernelWarning,
  ZAP_REASONS,
} from '../state/event.ts';
import type { Field } from '../state/layout.ts';
import { NOTE } from '../state/machine.ts';
import { failedCallText, failedResult, foundText } from './failed-call.ts';
import type { ObjectNames } from './object-names.ts';

export interface EventText {
  readonly kind:
    | 'step'
    | 'call'
    | 'return'
    | 'result'
    | 'exit'
    | 'access'
    | 'tlp'
    | 'cache'
    | 'kernel'
    | 'refusal'
    | 'change'
    | 'finding';
  readonly text: string;
  /** Depth in the kernel's call stack where it took place, for indenting; 0 outside. */
  readonly depth: number;
}

/**
 * What one event says, or undefined when it only serves the interpreter. `log` is a run's log, `event` an index. With the
 * names of that run, VMs are called as in the scenario.
 */
export function describeEvent(
  model: Model,
  log: Int32Array,
  event: number,
  names?: ObjectNames,
): EventText | undefined {
  const at = event * EVENT_WIDTH;
  const code = log[at]!;
  const a = log[at + 1]!;
  const b = log[at + 2]!;
  const c = log[at + 3]!;
  if (code >= 0) return describeChange(model, code, a, b);
  const vm = (index: number): string => names?.atEvent('vm', index, event) ?? `VM ${index}`;
  if (code === NOTE.refusal) return refusalText(model, a, b, event, names);
  return describeHappening(model, code, [a, b, c], vm);
}

/** The value of a system call as strace prints it: `5`, `-1 EBUSY`. */
export function resultText(value: number): string {
  if (value === DIED) return '? (the thread died)';
  return value < 0 ? `-1 ${errnoName(-value)}` : String(value);
}

function describeHappening(
  model: Model,
  code: number,
  [a, b, c]: readonly [number, number, number],
  vm: (index: number) => string,
): EventText | undefined {
  const { topology, routines } = model.world;
  const word = (index: number): string => topology.words[index]?.name ?? `word ${index}`;
  const line = (index: number): string => (topology.lines[index]?.words ?? []).map(word).join('+');
  const vcpu = (index: number): string => vcpuName(model, index);
  const device = (index: number): string => topology.devices[index]?.name ?? `device ${index}`;
  const text = (kind: EventText['kind'], what: string, depth = 0): EventText => ({ kind, text: what, depth });
  switch (happeningOf(code)) {
    case 'step': {
      const node = model.nodes[b];
      return text('step', `${topology.actors[a]?.name ?? a}${node ? ` line ${node.place.line + 1}` : ''}`);
    }
    case 'environment':
      return text('step', model.environment[a]?.name ?? 'changed in the debugger');
    case 'call':
      return text('call', routines.routines[b]?.name ?? '', c);
    case 'return': {
      const routine = routines.routines[b];
      return routine?.kind === 'kernel'
        ? text('return', `${routine.name} → ${c < 0 && c > -200 ? `-${errnoText(-c)}` : c}`)
        : undefined;
    }
    case 'done':
    case 'refusal':
      return undefined;
    case 'exit':
      return text(
        'exit',
        `${vcpu(a)} leaves the guest: ${exitName(b, topology.cpu.vendor)}${EXIT_REASONS[b] === 'EPT_VIOLATION' ? ` (page of ${pageText(model, c)})` : ''}`,
      );
    case 'wbinvd':
      return text('cache', `cpu${a} executes WBINVD${b >= 0 ? ` for ${vcpu(b)}` : ''}`);
    case 'writeback':
      return text('cache', `cpu${a} writes line ${line(b)} back to DRAM`);
    case 'access':
      return text('access', accessText(model, a, word(b), c));
    case 'tlp':
      return text('tlp', tlpText(device(a), word(b), c));
    case 'dma-fault':
      return text(
        'tlp',
        `the IOMMU blocks ${device(a)}: ${FAULT_REASONS[c]}${b >= 0 ? ` at the page of ${pageText(model, b)}` : ''}`,
      );
    case 'finding':
      return text('finding', findingText(model, a, b, c));
    case 'zap':
      return text(
        'kernel',
        `KVM zaps ${b < 0 ? 'all leaves' : `leaves of ${rangeText(model, b)}`} of ${vm(a)}: ${ZAP_REASONS[c]}`,
      );
    case 'vcpu-load':
      return text('kernel', `${vcpu(a)} is loaded on cpu${b}${c >= 0 && c !== b ? `, it was on cpu${c}` : ''}`);
    case 'message':
      return text('kernel', `kernel message ${a}`);
    case 'msi':
      return text('tlp', `MSI ${b} of ${device(a)} arrives`);
    case 'user-exit':
      return text(
        'kernel',
        `${vcpu(a)} leaves to user space: ${c === 0 ? 'MMIO read' : 'MMIO write'} in the page of ${pageText(model, b)}`,
      );
    case 'exception':
      return text(
        'access',
        `${vcpu(a)} gets ${b === GENERAL_PROTECTION ? '#GP' : `exception ${b}`}: ${MSR_NAMES.get(c) ?? `MSR 0x${c.toString(16)}`} does not take the value`,
      );
    case 'posted':
      return text('tlp', postedText(device(a), b, word(b), c));
    case 'buffered':
      return text('access', bufferedText(a, b, word(c), line(c)));
    case 'vm-destroyed':
      return text('kernel', `${vm(a)} is destroyed`);
  }
}

/** A check that failed. */
function refusalText(model: Model, id: number, object: number, event: number, names?: ObjectNames): EventText {
  const refusal = model.world.refusals.refusals[id]!;
  const errno = refusal.errno === ANY_ERRNO ? '' : `: -${errnoName(-refusal.errno)}`;
  return { kind: 'refusal', text: `finds ${foundText(model, refusal, object, event, names)}${errno}`, depth: 0 };
}

function errnoText(errno: number): string {
  try {
    return errnoName(errno);
  } catch {
    return String(errno);
  }
}

function accessText(model: Model, cpu: number, word: string, packed: number): string {
  const vcpu = ((packed >> ACCESS.vcpuShift) & 0x3f) - 1;
  const type = memtypeName((packed >> ACCESS.typeShift) & 7) ?? '?';
  const value = packed >> ACCESS.valueShift;
  const names = model.world.topology.actors.filter((actor) => actor.kind === 'vcpu');
  const who = vcpu >= 0 ? `${names[vcpu]?.name} on cpu${cpu}` : `cpu${cpu}`;
  return (packed & ACCESS.store) !== 0
    ? `${who} stores ${word} = ${value} (${type})`
    : `${who} loads ${word}: ${value} (${type})`;
}

function tlpText(device: string, word: string, packed: number): string {
  const value = packed >> TLP.valueShift;
  const asked = (packed & TLP.asked) !== 0;
  const bypassed = (packed & TLP.bypassed) !== 0;
  const how = bypassed ? 'no snoop, the caches are bypassed' : asked ? 'asks for no snoop, but is snooped' : 'snooped';
  const what = (packed & TLP.write) !== 0 ? `MWr ${word} = ${value}` : `MRd ${word}`;
  if ((packed & TLP.completed) === 0)
    return `${device}: ${what} (${asked ? 'asks for no snoop' : 'snooped'}) is blocked`;
  return (packed & TLP.write) !== 0 ? `${device}: ${what} (${how})` : `${device}: ${what} → ${value} (${how})`;
}

function postedText(device: string, vector: number, word: string, packed: number): string {
  if ((packed & TLP.message) !== 0) return `${device}: MSI ${vector} is on its way`;
  const asked = (packed & TLP.asked) !== 0 ? ' (asks for no snoop)' : '';
  return `${device}: MWr ${word} = ${packed >> TLP.valueShift}${asked} is on its way`;
}

function bufferedText(cpu: number, kind: number, word: string, line: string): string {
  const name = BUFFERED[kind] as BufferedKind;
  const what =
    name === 'sfence' ? name : name === 'store' || name === 'movnti' ? `${name} of ${word}` : `${name} of ${line}`;
  return `cpu${cpu}'s store buffer takes the ${what}`;
}

/** One line for a finding event: `finding`, `subject` and `detail` as the event holds them. */
export function findingText(model: Model, finding: number, subject: number, detail: number): string {
  const monitor = MONITORS[finding];
  if (monitor === undefined) return `finding ${finding}`;
  const [first, second] = monitor.operands;
  const { headline = () => monitor.doc } = monitor;
  return `${monitor.finding}: ${headline(operandTexts[first](model, subject), operandTexts[second](model, detail, subject))}`;
}

/** The same for the finding at an event of a log; of a result that is an errno also why. */
export function findingTextAt(model: Model, log: Int32Array, event: number, names?: ObjectNames): string {
  const [finding, subject, detail] = log.subarray(event * EVENT_WIDTH + 1) as unknown as [number, number, number];
  const text = findingText(model, finding, subject, detail);
  const failed =
    MONITORS[finding]?.explainedBy === 'declared-result' ? failedResult(model, log, event, names) : undefined;
  return failed ? `${text}: ${failedCallText(failed)}` : text;
}

/** What an operand of a finding is called; empty when there is none. `other` is the subject when it is the detail. */
export function operandText(model: Model, kind: FindingOperand, operand: number, other?: number): string {
  return operandTexts[kind](model, operand, other);
}

/** `other` is the subject of an operand that is the detail. */
type OperandText = (model: Model, operand: number, other?: number) => string;

const operandTexts: Readonly<Record<FindingOperand, OperandText>> = {
  word: ({ world }, word) => world.topology.words[word]?.name ?? '',
  reader: (model, reader) => {
    if (reader === 0) return 'the host';
    return reader > 0 ? operandTexts.device(model, reader - 1) : vcpuName(model, -reader - 1);
  },
  device: ({ world }, device) => world.topology.devices[device]?.name ?? '',
  cpu: (_model, cpu) => `cpu${cpu}`,
  vm: (_model, vm) => `VM ${vm}`,
  actor: ({ world }, actor) => world.topology.actors[actor]?.name ?? 'an actor',
  statement: ({ nodes }, node) => `line ${(nodes[node]?.place.line ?? 0) + 1}`,
  result: (model, result, node = -1) => {
    const { declared, returned } = contrastOf(model, node, result);
    return `${returned}, declared is ${declared}`;
  },
  actors: ({ world }, bits) =>
    andList(
      world.topology.actors.flatMap(({ name }, actor) => (actor < 31 && (bits & (1 << actor)) !== 0 ? name : [])),
    ),
  freed: (model, freed, object = 0) => freedText(model, FREED_OBJECTS[freed], object),
  warning: (_model, warning) => WARNING_TEXTS[KERNEL_WARNINGS[warning]!],
  number: (_model, number) => String(number),
};

const WARNING_TEXTS: Readonly<Record<KernelWarning, string>> = {
  'empty-range': 'the kernel warned of a range of guest memory that ends before it begins',
  'host-driver-in-user-group': 'the kernel hit BUG_ON: a host driver took a device of a group that user space uses',
  'no-iommu-group': 'the kernel warned of an entry of kvm-vfio that has no IOMMU group',
  'no-table-group': 'the kernel warned of an IOMMU group that has no TCE tables',
};

/** An object that was freed, in the kernel's words. */
export function freedText(model: Model, freed: FreedObject | undefined, object: number): string {
  switch (freed) {
    case 'vm':
      return `VM ${object} (struct kvm)`;
    case 'dirty-mask':
      return `the WBINVD dirty mask of ${vcpuName(model, object)}`;
    case 'kvm-vfio-entry':
      return "an entry of kvm-vfio's list";
    case 'iommu-data':
      return `iommu_data of container ${object}`;
    default:
      return 'an object';
  }
}

/** `a`, `a and b`, `a, b and c`. */
export function andList(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** A result that is not the declared one. */
export interface ResultContrast {
  /** As it is in the file. */
  readonly declared: string;
  readonly returned: string;
}

/** What the statement of a node declares, and a result that it returned instead. */
export function contrastOf(model: Model, node: number, result: number): ResultContrast {
  const place = model.nodes[node]?.place;
  return { declared: place ? declaredText(model, place, result) : '', returned: resultText(result) };
}

/** The result that a statement declares, as it is in the file. */
function declaredText(model: Model, { file, line }: Place, got: number): string {
  const { content, text } = model.sources[file]?.parsed.lines[line] ?? {};
  // A call that writes a descriptor returns 0; any other number is the descriptor.
  const written = content?.kind === 'syscall' && got > 0 ? writtenDescriptors(content)[0] : undefined;
  if (written) return `${written.bind.text}=${written.declared.text}`;
  if (content?.kind !== 'syscall' || !content.result || text === undefined) return 'another';
  return text.slice(content.result.span.start, content.result.span.end).replace(/^=\s*/, '').trim();
}

function describeChange(model: Model, slot: number, old: number, value: number): EventText | undefined {
  const field = model.layout.fieldOf(slot);
  if (field.internal) return undefined;
  return {
    kind: 'change',
    text: `${model.layout.slotName(slot)}: ${valueText(field, old)} → ${valueText(field, value)}`,
    depth: 0,
  };
}

function valueText(field: Field, value: number): string {
  return field.values?.[value] ?? String(value);
}

/** The name of the vCPU object: the actor that executes it, when there is one. */
export function vcpuName(model: Model, vcpu: number): string {
  // Which actor executes an object may change in a run; in the scenarios that people write it does not.
  const vcpus = model.world.topology.actors.filter((actor) => actor.kind === 'vcpu');
  return vcpus[vcpu]?.name ?? `vCPU ${vcpu}`;
}

function pageText(model: Model, page: number): string {
  const { topology } = model.world;
  return topology.pages[page]?.words.map((w) => topology.words[w]?.name).join(', ') ?? String(page);
}

/** Vector of the general-protection exception. */
const GENERAL_PROTECTION = 13;

/** A range of guest addresses, with the pages of the scenario in it. */
function rangeText(model: Model, number: number): string {
  const { start, end } = rangeOf(model.world.wide, number);
  const inside = model.world.topology.pages.filter(({ address }) => start <= address && address < end);
  const names = inside.length === 0 ? 'none here' : inside.map(({ name }) => name).join(', ');
  return `0x${start.toString(16)} to 0x${end.toString(16)} (${names})`;
}
