/**
 * What a statement becomes when a scenario is elaborated: a routine to run, with arguments that are already resolved.
 */
import type { Request } from '../files/files.ts';
import type { Action } from '../scenario/ast.ts';
import type { DeviceId } from '../state/ids.ts';
import type { World } from '../world.ts';
import type { Routine } from './routine.ts';
import type { Task } from './task.ts';

/**
 * An argument of a system call. A value is what user space passes in a register; `pointee` and `fields` are what the
 * kernel finds when it follows it. A pointer that has neither is not readable, and copying from it is EFAULT.
 */
export interface Value {
  /** The low 32 bits as a signed integer: descriptors, small numbers. Names are read when this is called. */
  int(task: Task): number;
  /** All 64 bits, unsigned. */
  wide(task: Task): bigint;
  /** What `[value]` points to. */
  readonly pointee?: Value;
  /** The other elements of the array that `[value, value]` points to. */
  readonly more?: readonly Value[];
  /** Input fields of `{field=value}`, omitted ones included. */
  readonly fields?: ReadonlyMap<string, Value>;
  /** Slots of the names that output fields are bound to. */
  readonly outputs?: ReadonlyMap<string, number>;
  /** The word whose address it is (`&x`). */
  readonly word?: number;
  /** The characters of a string. */
  readonly text?: string;
  /** Constants of the kernel's API as written: `O_RDWR`, `VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE`. */
  readonly written?: string;
  /** The name as written, when the argument is a bare name (`vm`). */
  readonly name?: string;
}

/** What a task finds at its statement: `task.args`. */
export interface StatementArgs {
  /** Arguments of the system call, in order; for an ioctl: descriptor, request, argument. */
  readonly values: readonly Value[];
  /** The request of an ioctl: index into the world's request table, or -1 when it is not an ioctl. */
  readonly request: number;
  /** What a call answers whose result the model cannot know: what its line declares, or what its op says, if anything. */
  readonly answer?: number;
  /** The number that the scenario declares for the descriptor that the call makes. */
  readonly descriptor?: number;
  /** Anything an instruction, TLP or host action resolved at compile time. */
  readonly action: unknown;
  /** Of a system call: what becomes of its result. */
  readonly outcome?: CallOutcome;
}

export interface CallOutcome {
  /** The slot that the result is bound to. */
  readonly bind: number | undefined;
  /** The result that the line declares. */
  readonly expected: number | undefined;
  /** Descriptors that the call writes, and the numbers that its line declares for them. */
  readonly written: readonly { readonly slot: number; readonly number: number }[];
}

/** How an op runs. */
export type OpCode =
  /** A system call of its own. Its routine reads `task.args` and returns the result, negative for an errno. */
  | { readonly kind: 'syscall'; readonly routine: (world: World) => Routine }
  /** A request of ioctl(2): a routine for each kind of file that answers it, called with the file. */
  | { readonly kind: 'ioctl'; readonly routines: (world: World) => Request['routines'] }
  /** An instruction, TLP or host action. */
  | { readonly kind: 'action'; readonly compile: (context: ActionContext) => CompiledAction };

export interface CompiledAction {
  readonly routine: Routine;
  readonly action: unknown;
}

/** What an instruction, TLP or host action may ask while it is compiled. Every resolver reports its own diagnostic. */
export interface ActionContext {
  readonly world: World;
  readonly statement: Action;
  /** The actor that executes it: index into the model's actors. */
  readonly actor: number;
  /** For a vCPU's instruction: index of the vCPU; otherwise -1. */
  readonly vcpu: number;
  /** For a TLP: its device. Nothing else may ask. */
  readonly device: DeviceId;
  /** The word of operand `i` (`[x]`, `x`). */
  word(i: number): number;
  /** The device register of operand `i` (`[gpu.doorbell]`), as a slot. */
  mmio(i: number): number | undefined;
  /** The slot of a register of this actor, by name; created on first use. */
  register(name: string): number;
  /** An immediate, or the current value of a register. */
  read(i: number): (task: Task) => number;
  number(i: number): bigint;
  /** The text of operand `i` when it is a bare word. */
  name(i: number): string | undefined;
  option(key: string): string | undefined;
  attribute(name: string): boolean;
  /** The slot that `name = …` binds: a register of this actor; undefined when nothing is bound. */
  readonly bind: number | undefined;
  /** Index of the vCPU actor that `vcpu0` names. */
  vcpuNamed(name: string): number;
  /** Reports that operand `i` (or the whole line, -1) cannot be compiled. */
  problem(i: number, message: string): never;
}
