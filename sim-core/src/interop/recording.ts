/**
 * Recordings of real kernels: their format, and what each recorded call is in the scenario language.
 *
 * A recording is a file of JSON lines: a header (kernel, IOMMU, groups), then one sequence of calls a line, with what
 * the kernel answered. Every call becomes the statements that a scenario would have for it, so that replaying a
 * recording runs the same ops as the language does. The recorder's own habits are translated too: it keeps descriptors
 * in variables, reads a closed variable as -1, and closes what is left in the order of the variables.
 */

import { BUFFER_PAGES, type Context, fill, recorder, TRANSLATIONS } from './recorder-calls.ts';

export interface RecordingHeader {
  readonly type: 'header';
  readonly name: string;
  /** `6.1.0-56-amd64`. */
  readonly kernel_release: string;
  /** `#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)`. */
  readonly kernel_version: string;
  /** What the emulated machine was given as IOMMU. */
  readonly iommu: string;
  readonly module_params?: string;
  readonly modules?: string;
  readonly smp: number;
  readonly groups: readonly { readonly index: number; readonly path: string; readonly devices: readonly string[] }[];
  /** Functions whose calls were traced, `kvm_vfio_create [kvm]`. */
  readonly ftrace_functions?: readonly string[];
}

export interface RecordedOp {
  readonly op: string;
  readonly ret: number | 'fd';
  readonly err?: string;
  readonly fdset?: number;
  readonly nc?: number;
  readonly wbinvd?: RecordedWbinvd;
  readonly fx: readonly string[];
  /** What the call wrote: the id of an I/O address space, flags of a status or info structure, bytes unmapped. */
  readonly id?: number;
  readonly flags?: number;
  readonly size?: number;
}

export interface RecordedWbinvd {
  readonly exits: number;
  readonly executed: number;
  /** For each exit, the pCPUs on which WBINVD ran. */
  readonly cpus: readonly (readonly number[])[];
}

export interface RecordedSequence {
  readonly type: 'seq';
  readonly set: string;
  readonly id: string;
  readonly ops: readonly RecordedOp[];
  readonly teardown: { readonly n: number; readonly nc?: number; readonly fx: readonly string[] };
}

/** One statement of the scenario that a recorded call becomes. */
export interface ReplayStep {
  /** Who makes it: the recorder's thread, or the vCPU actor of this name. */
  readonly actor: 'recorder' | { readonly vcpu: number; readonly of: string };
  /** The statement as it would be written in a scenario. */
  readonly text: string;
}

export interface ReplayOp {
  readonly recorded: RecordedOp;
  readonly steps: readonly ReplayStep[];
  /** The step whose result is the call's result; the steps after it are made only when it succeeded. */
  readonly main: number;
  /**
   * Set when an argument of the call is not known, because the recorder took it from a sequence that is not in the file:
   * other statements that the main step may have been. One of them has to give the kernel's answer.
   */
  readonly alternatives?: readonly string[];
  /** The name that an output descriptor is bound to: it stays -1 when the kernel writes none. */
  readonly output?: string;
  /** The name that the call's `id`, `flags` or `size` is bound to. */
  readonly written?: { readonly field: 'id' | 'flags' | 'size'; readonly name: string };
  /** Artefact of the emulator that the translation follows. */
  readonly artefact?: Artefact;
}

/** What the emulated CPU does differently from real ones. */
export type Artefact = 'INVD exits as WBINVD' | 'WBNOINVD exits as WBINVD';

export interface ReplaySequence {
  readonly id: string;
  readonly ops: readonly ReplayOp[];
  readonly teardown: readonly ReplayStep[];
}

/** Reads a recording, line by line. What is damaged is a SyntaxError that names the line. */
export function parseRecording(text: string): { header: RecordingHeader; sequences: RecordedSequence[] } {
  const [first, ...rest] = text.split('\n').filter((line) => line.trim() !== '');
  if (first === undefined) throw new SyntaxError('The recording is empty: its first line has to be a header.');
  const header = readLine(first, 1) as RecordingHeader | null;
  if (header?.type !== 'header' || !Array.isArray(header.groups)) {
    throw new SyntaxError('Line 1 is not the header of a recording: it needs "type":"header" and "groups".');
  }
  const sequences = rest.map((line, i) => {
    const sequence = readLine(line, i + 2) as RecordedSequence | null;
    if (sequence?.type !== 'seq' || typeof sequence.id !== 'string' || !Array.isArray(sequence.ops))
      throw new SyntaxError(`Line ${i + 2} is not a sequence: it needs "type":"seq", "id" and "ops".`);
    const odd = sequence.ops.findIndex((call: RecordedOp | null) => typeof call?.op !== 'string' || !('ret' in call));
    if (odd >= 0) throw new SyntaxError(`Line ${i + 2}: entry ${odd} of "ops" is not a call: it needs "op" and "ret".`);
    if (typeof sequence.teardown !== 'object' || sequence.teardown === null)
      throw new SyntaxError(`Line ${i + 2} lacks the "teardown" of its sequence.`);
    for (const [index, call] of sequence.ops.entries()) {
      const problem = callProblem(call);
      if (problem !== undefined)
        throw new SyntaxError(`Line ${i + 2}: entry ${index} of "ops" is damaged: ${problem}.`);
    }
    if (!isTexts(sequence.teardown.fx) || !isCount(sequence.teardown.nc ?? 0))
      throw new SyntaxError(`Line ${i + 2} of the recording is damaged: its "teardown" needs "fx", a list of texts.`);
    return sequence;
  });
  const wrong = headerProblem(header);
  if (wrong !== undefined) throw new SyntaxError(`Line 1 of the recording is damaged: ${wrong}.`);
  return { header, sequences };
}

const MOST_CPUS = 16;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string');
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value);
const isOptional = (value: unknown, fits: (one: unknown) => boolean): boolean => value === undefined || fits(value);
const isText = (value: unknown): boolean => typeof value === 'string';

/** The first field of a header that is not of its kind, in words. */
function headerProblem(header: RecordingHeader): string | undefined {
  for (const name of ['name', 'kernel_release', 'kernel_version', 'iommu'] as const)
    if (!isText(header[name])) return `"${name}" is not a string`;
  if (!isCount(header.smp) || header.smp < 1 || header.smp > MOST_CPUS)
    return `"smp" is not a number from 1 to ${MOST_CPUS}`;
  if (!isOptional(header.module_params, isText) || !isOptional(header.modules, isText))
    return 'module parameters are not texts';
  if (!isOptional(header.ftrace_functions, isTexts)) return '"ftrace_functions" is not a list of texts';
  const group = header.groups.findIndex(
    (one: { path?: unknown; index?: unknown; devices?: unknown } | null) =>
      !isText(one?.path) || !isCount(one?.index) || !isTexts(one?.devices),
  );
  return group < 0 ? undefined : `entry ${group} of "groups" needs "index", "path" and "devices"`;
}

function callProblem({ ret, err, fdset, nc, wbinvd, fx, id, flags, size }: RecordedOp): string | undefined {
  if (ret !== 'fd' && !isCount(ret)) return '"ret" is neither a number nor "fd"';
  if (!isOptional(err, isText)) return '"err" is not a string';
  if (!isTexts(fx)) return '"fx" is not a list of texts';
  for (const [name, value] of Object.entries({ fdset, nc, id, flags, size }))
    if (!isOptional(value, isCount)) return `"${name}" is not a whole number`;
  const cpus: unknown = wbinvd?.cpus;
  const lists = Array.isArray(cpus) && cpus.every((one) => Array.isArray(one) && one.every(isCount));
  return wbinvd === undefined || (wbinvd !== null && isCount(wbinvd.exits) && isCount(wbinvd.executed) && lists)
    ? undefined
    : '"wbinvd" is not { exits, executed, cpus }';
}

function readLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new SyntaxError(`Line ${number} of the recording is not JSON.`);
  }
}

/** A vCPU of the recorder: its id, and the name of its VM's descriptor. */
export interface Vcpu {
  readonly id: number;
  readonly of: string;
}

/** A descriptor variable of the recorder. */
interface Variable {
  readonly name: string;
  /** Its name in the scenario; a variable that is bound again gets a new one. */
  bound: string;
  /** As recorded: does it hold an open descriptor? */
  open: boolean;
  /** The vCPU of the descriptor, if it is one. */
  vcpu?: Vcpu;
}

/** Ids that small iommufds have: the first objects, and 0, which no object has. */
const POSSIBLE_IDS = [1, 2, 3, 4, 0];

/** Is `id` the sequence right after `previous`? Random sets are numbered, `r303-219`; a number left out is missing. */
function follows(previous: string, id: string): boolean {
  const [, set, number] = /^(\w+)-(\d+)$/.exec(id) ?? [];
  if (set === undefined) return true;
  const [, previousSet, previousNumber] = /^(\w+)-(\d+)$/.exec(previous) ?? [];
  return previousSet === set ? Number(number) === Number(previousNumber) + 1 : Number(number) === 0;
}

/** Where numbers that the recorder keeps between sequences live. */
export interface RecorderMemory {
  /** The id that IOMMU_IOAS_ALLOC returned last. */
  ioas: number;
  /** False when sequences are missing since: one of them may have allocated. */
  known: boolean;
}

/** Translates the sequences of one recording, in order. */
export class SequenceTranslator {
  readonly #header: RecordingHeader;
  readonly #memory: RecorderMemory = { ioas: 0, known: true };
  #variables: Variable[] = [];
  #used = new Map<string, number>();
  #ioasName: string | undefined;
  #previous = '';

  constructor(header: RecordingHeader) {
    this.#header = header;
  }

  sequence(recorded: RecordedSequence): ReplaySequence {
    this.#variables = [];
    this.#used = new Map();
    this.#ioasName = undefined;
    if (!follows(this.#previous, recorded.id)) this.#memory.known = false;
    this.#previous = recorded.id;
    const ops = recorded.ops.map((op) => this.#op(op));
    const teardown = this.#variables.filter((v) => v.open).map((v) => recorder(`close(${v.bound})`));
    return { id: recorded.id, ops, teardown };
  }

  #op(recorded: RecordedOp): ReplayOp {
    const words = recorded.op.split(/\s+/);
    const destination = words[1] === '=' ? words[0] : undefined;
    const [name = '', ...args] = destination === undefined ? words : words.slice(2);
    const translate = TRANSLATIONS[name];
    if (!translate) throw new SyntaxError(`The recording has a call that is not known: ${recorded.op}`);
    const context: Context = {
      header: this.#header,
      recorded,
      arg: (i) => args[i] ?? '0',
      optional: (i) => args[i],
      fd: (word) => this.#fd(word),
      ioas: () => {
        if (this.#ioasName !== undefined) return [this.#ioasName];
        const last = this.#memory.ioas;
        return this.#memory.known ? [String(last)] : [last, ...POSSIBLE_IDS.filter((id) => id !== last)].map(String);
      },
      vcpu: (word) => this.#find(word)?.vcpu,
      close: (word) => {
        const variable = this.#find(word);
        if (variable) variable.open = false;
      },
    };
    // The text of the arguments is made before the destination is bound: `x = dup x` reads the old x.
    const translated = translate(context);
    if (translated.ioas) {
      this.#memory.ioas = recorded.ret === 0 ? (recorded.id ?? 0) : 0;
      this.#memory.known = true;
      this.#ioasName = recorded.ret === 0 ? 'ioas' : undefined;
    }
    if (!translated.binds) return { recorded, main: 0, ...translated };
    const target = destination ?? (name === 'create_device' && recorded.fdset === 1 ? 'anon' : undefined);
    if (target === undefined)
      return { recorded, main: 0, ...translated, steps: translated.steps.map((step) => fill(step, 'unbound')) };
    const writes = name !== 'create_device' || recorded.fdset === 1;
    const bound = writes ? this.#bind(target, recorded.ret !== -1, translated.vcpu ?? translated.alias) : 'unwritten';
    return {
      recorded,
      main: 0,
      ...translated,
      steps: translated.steps.map((step) => fill(step, bound)),
      ...(name === 'create_device' ? { output: bound } : {}),
    };
  }

  #find(word: string): Variable | undefined {
    return this.#variables.find((v) => v.name === word);
  }

  #fd(word: string): string {
    if (/^-?\d/.test(word)) return word;
    const variable = this.#find(word);
    return variable?.open ? variable.bound : '-1';
  }

  /** What the recorder's setv() does: an open descriptor that is overwritten moves to the end of its table. */
  #bind(name: string, success: boolean, vcpu: Vcpu | undefined): string {
    const count = (this.#used.get(name) ?? 0) + 1;
    this.#used.set(name, count);
    const bound = count === 1 ? name : `${name}_${count}`;
    const old = this.#find(name);
    if (!old) {
      this.#variables.push({ name, bound, open: success, ...(vcpu ? { vcpu } : {}) });
      return bound;
    }
    if (old.open) this.#variables.push({ ...old, name: `~${this.#variables.length}` });
    old.bound = bound;
    old.open = success;
    delete old.vcpu;
    if (vcpu) old.vcpu = vcpu;
    return bound;
  }
}

/** The `machine` block of the machine that a recording was made on. */
export function machineOf(header: RecordingHeader): string[] {
  const amd = header.iommu.includes('amd-iommu');
  const twoDimensional = !/npt=0|ept=0/.test(header.module_params ?? '');
  const lines = [
    'machine {',
    `  cpu amd count=${header.smp}${twoDimensional ? '' : ' two-dimensional-paging=off'}`,
    // QEMU's intel-iommu translates 39 bits unless told otherwise.
    amd
      ? '  iommu unit amd-vi'
      : `  iommu unit vt-d snoop-control=${header.iommu.includes('snoop-control=on') ? 'on' : 'off'} address-width=39`,
  ];
  for (const group of header.groups) {
    const number = group.path.slice(group.path.lastIndexOf('/') + 1);
    group.devices.forEach((device, i) => {
      const [bdf = '', driver = '-'] = device.split('=');
      lines.push(
        `  device g${group.index}d${i} ${bdf} iommu=unit group=${number} no-snoop=on driver=${driver === '-' ? 'none' : driver}`,
      );
    });
  }
  for (let page = 0; page < BUFFER_PAGES; page++) lines.push(`  memory buf${page} = 0`);
  return [...lines, '}'];
}
