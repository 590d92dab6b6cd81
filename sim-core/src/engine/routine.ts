/**
 * What a routine is, and how parts of the machine write one: its parameters and variables by name, its steps in order.
 * task.ts runs them.
 */
import type { ChangeId } from '../kernel/changes.ts';
import type {
  ContainerId,
  CpuId,
  DeviceId,
  DomainId,
  FileId,
  GroupId,
  IoasId,
  IommufdId,
  KvmDeviceId,
  None,
  PageId,
  TceTableId,
  VcpuId,
  VmId,
} from '../state/ids.ts';
import type { Kernel } from '../world.ts';
import type { Task } from './task.ts';

/** Locals of one frame. */
export const FRAME_LOCALS = 6;
/** Steps of one routine. */
export const ROUTINE_STEPS = 64;

/** A routine as those see it who only look: interpreter, debugger, traces. */
export interface AnyRoutine {
  readonly id: number;
  /** The kernel's name of the function, or the mnemonic of the instruction: what the debugger shows. */
  readonly name: string;
  /** Where it is to be found: `virt/kvm/vfio.c`; for hardware, the manual's section. */
  readonly source: string;
  readonly kind: 'kernel' | 'instruction' | 'device' | 'host';
  /** Where a function of the kernel does different things, which of them: `KVM_DEV_VFIO_GROUP_ADD`. */
  readonly case?: string;
  readonly steps: readonly Step[];
  /** By index: the parameters first. */
  readonly locals: readonly Local[];
  readonly parameters: readonly { readonly name: string }[];
  /** A task calls it: tells who listens to the kernel what its steps have asked while they were written. */
  begin(): void;
}

/** A routine as its callers see it. `A` are its arguments: `Routine<[dev: KvmDeviceId, filp: FileId]>`. */
export interface Routine<in out A extends readonly number[] = []> extends AnyRoutine {
  readonly parameters: { readonly [I in keyof A]: Local<A[I]> };
}

export interface Step {
  readonly run: (task: Task) => void;
  /** Nothing shared is touched: no interleaving point before it. */
  readonly local: boolean;
  /** What the step does, in a few words for the debugger: `take kv->lock`. A local step may be silent. */
  readonly about: string;
}

/** What a local can hold, by the word that its declaration uses. */
export interface LocalValues {
  number: number;
  truth: 0 | 1;
  /** What a function returns: a value, or an errno as a negative number. */
  result: number;
  /** Index into ZAP_REASONS. */
  zapReason: number;
  file: FileId;
  vm: VmId;
  vcpu: VcpuId;
  kvmDevice: KvmDeviceId;
  tceTable: TceTableId;
  container: ContainerId;
  group: GroupId;
  device: DeviceId;
  domain: DomainId;
  ioas: IoasId;
  iommufd: IommufdId;
  cpu: CpuId;
  page: PageId;
  /** The driver of a device. */
  driver: number;
  /** The IOMMU driver of a container. */
  iommuDriver: number;
}
export type LocalKind = keyof LocalValues;

/** A declaration, `kvm: vm`: the name in the kernel's function, and what it holds. With a question mark it may be none. */
export type LocalSpec = `${string}: ${LocalKind}` | `${string}: ${LocalKind}?`;
type ValueOf<S extends LocalSpec> = S extends `${string}: ${infer K extends LocalKind}?`
  ? LocalValues[K] | None
  : S extends `${string}: ${infer K extends LocalKind}`
    ? LocalValues[K]
    : never;
/** The arguments that parameters declare. */
type ArgumentsOf<P extends readonly LocalSpec[]> = { -readonly [I in keyof P]: ValueOf<P[I]> };
type LocalsOf<P extends readonly LocalSpec[]> = { -readonly [I in keyof P]: Local<ValueOf<P[I]>> };

/** A parameter or variable of a routine. Steps read and write it by name; debuggers show it. */
export class Local<T extends number = number> {
  /** As the kernel's function calls it. */
  readonly name: string;
  readonly kind: LocalKind;
  /** It may be none: the slot holds the value one higher, and 0 is none. */
  readonly optional: boolean;
  /** The step before which it has its value for the first time; 0 for parameters. */
  readonly from: number;
  readonly #index: number;
  readonly #bias: number;

  constructor(spec: LocalSpec, index: number, from: number) {
    const [name = '', kind = ''] = spec.split(': ');
    this.name = name;
    this.optional = kind.endsWith('?');
    this.kind = (this.optional ? kind.slice(0, -1) : kind) as LocalKind;
    this.from = from;
    this.#index = index;
    this.#bias = this.optional ? 1 : 0;
  }

  /** Its value in the frame of the running step. */
  of(task: Task): T {
    return (task.get(this.#index) - this.#bias) as T;
  }

  /** The same where it is known not to be none. */
  known(task: Task): Exclude<T, None> {
    return this.of(task) as Exclude<T, None>;
  }

  set(task: Task, value: T): void {
    task.set(this.#index, value + this.#bias);
  }

  /** What its slot holds for a value. */
  toSlot(value: T): number {
    return value + this.#bias;
  }

  /** The value that its slot holds. */
  fromSlot(stored: number): T {
    return (stored - this.#bias) as T;
  }
}

/** A place in a routine that `goto` can name before it is written. */
export interface Label {
  index: number;
}

/** Builds one routine; steps run in the order in which they are written. */
export class RoutineBuilder {
  readonly steps: Step[] = [];
  readonly locals: Local[] = [];

  /** Declares a variable. The next step sets it, and before that it is not shown; or it begins as 0 or as none. */
  variable<const S extends LocalSpec>(spec: S, initial?: S extends `${string}?` ? None : 0): Local<ValueOf<S>> {
    return this.#declare(spec, this.steps.length + (initial === undefined ? 1 : 0));
  }

  /** Declares the parameters. */
  parameters<const P extends readonly LocalSpec[]>(specs: P): LocalsOf<P> {
    return specs.map((spec) => this.#declare(spec, 0)) as LocalsOf<P>;
  }

  #declare<S extends LocalSpec>(spec: S, from: number): Local<ValueOf<S>> {
    if (this.locals.length === FRAME_LOCALS) throw new RangeError(`${spec}: more than ${FRAME_LOCALS} locals`);
    const local = new Local<ValueOf<S>>(spec, this.locals.length, from);
    this.locals.push(local);
    return local;
  }

  label(): Label {
    return { index: -1 };
  }

  /** Fixes a label at the next step. */
  at(label: Label): this {
    label.index = this.steps.length;
    return this;
  }

  /** A step that another CPU may come before. */
  step(about: string, run: (task: Task) => void): this {
    this.steps.push({ run, local: false, about });
    return this;
  }

  /** A step that only touches locals. `about` says what it decides, where the debugger's page would not show it. */
  local(run: (task: Task) => void, about = ''): this {
    this.steps.push({ run, local: true, about });
    return this;
  }

  /** Takes a lock; the task waits while somebody holds it (itself included: kernel mutexes do not nest). */
  lock(name: string, slotOf: (task: Task) => number): this {
    return this.step(`take ${name}`, (task) => {
      const slot = slotOf(task);
      if (task.machine.state[slot] !== 0) task.block(slot);
      else task.machine.put(slot, task.actor + 1);
    });
  }

  unlock(name: string, slotOf: (task: Task) => number): this {
    return this.step(`drop ${name}`, (task) => task.machine.put(slotOf(task), 0));
  }
}

/** Who is told what routines ask their kernel. */
type Asked = Pick<Kernel, 'listener'>;

/**
 * A routine whose steps are written when somebody looks at them for the first time: a scenario runs a few of the hundreds
 * that its world has. What they ask the kernel is asked then, and counts for every run that gets to the routine.
 */
class LazyRoutine implements AnyRoutine {
  readonly id: number;
  readonly kind: AnyRoutine['kind'];
  readonly case?: string;
  readonly #nameAsked: boolean;
  readonly #place: () => Place;
  readonly #parameters: number;
  readonly #write: (builder: RoutineBuilder) => void;
  readonly #kernel: Asked;
  #written: RoutineBuilder | undefined;
  #asked: readonly ChangeId[] = [];

  constructor(declared: Declared, kernel: Asked, write: (builder: RoutineBuilder) => void) {
    const { id, kind, which, name, place, parameters } = declared;
    this.id = id;
    this.#nameAsked = typeof name === 'function';
    this.#place = place;
    this.#parameters = parameters;
    this.kind = kind;
    if (which !== undefined) this.case = which;
    this.#kernel = kernel;
    this.#write = write;
  }

  get name(): string {
    return this.#place().name;
  }

  get source(): string {
    return this.#place().source;
  }

  get steps(): readonly Step[] {
    return (this.#written ?? this.#writeDown()).steps;
  }

  get locals(): readonly Local[] {
    return (this.#written ?? this.#writeDown()).locals;
  }

  get parameters(): readonly Local[] {
    return this.locals.slice(0, this.#parameters);
  }

  begin(): void {
    if (this.#written === undefined) this.#writeDown();
    else if (this.#kernel.listener !== undefined) for (const change of this.#asked) this.#kernel.listener(change);
  }

  #writeDown(): RoutineBuilder {
    const kernel = this.#kernel;
    const { listener } = kernel;
    const asked: ChangeId[] = [];
    kernel.listener = (change) => {
      asked.push(change);
      listener?.(change);
    };
    const builder = new RoutineBuilder();
    try {
      // A failed call is explained with the names of its functions, so they count, too.
      if (this.#nameAsked) this.#place();
      this.#write(builder);
    } finally {
      kernel.listener = listener;
    }
    if (builder.steps.length > ROUTINE_STEPS) throw new RangeError(`${this.name} has more than ${ROUTINE_STEPS} steps`);
    this.#asked = asked;
    this.#written = builder;
    return builder;
  }
}

/** A function where the name depends on the kernel: only those who look at the routine ask. */
type RoutineName = string | (() => string);

/** What a function and its file are called in the kernel of the model. */
export type PlaceIn = (name: string, source: string) => Place;
type Place = Pick<AnyRoutine, 'name' | 'source'>;

interface Declared extends Pick<AnyRoutine, 'id' | 'kind'> {
  readonly name: RoutineName;
  readonly place: () => Place;
  readonly which: string | undefined;
  /** How many of its locals are parameters. */
  readonly parameters: number;
}

/** Collects the routines of one model. */
export class RoutineTable {
  readonly routines: AnyRoutine[] = [];
  readonly #placeIn: PlaceIn;
  readonly #kernel: Asked;

  constructor(placeIn: PlaceIn = (name, source) => ({ name, source }), kernel: Asked = { listener: undefined }) {
    this.#placeIn = placeIn;
    this.#kernel = kernel;
  }

  /**
   * Declares a routine; `write` gets its parameters as locals, and may be called long after everything else is made: it
   * declares steps and variables only. Its steps may call routines that are defined later: use the returned record as
   * callee.
   */
  define<const P extends readonly LocalSpec[]>(
    name: RoutineName,
    source: string,
    specs: P,
    write: (builder: RoutineBuilder, ...parameters: LocalsOf<P>) => void,
    kind: AnyRoutine['kind'] = 'kernel',
    which?: string,
  ): Routine<ArgumentsOf<P>> {
    const place = (): Place => {
      const last = { name: typeof name === 'string' ? name : name(), source };
      return kind === 'kernel' ? this.#placeIn(last.name, last.source) : last;
    };
    const parameters = specs.length;
    const declared = { id: this.routines.length, name, place, kind, which, parameters };
    const routine = new LazyRoutine(declared, this.#kernel, (builder) => write(builder, ...builder.parameters(specs)));
    this.routines.push(routine);
    return routine as AnyRoutine as Routine<ArgumentsOf<P>>;
  }
}
