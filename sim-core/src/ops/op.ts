/**
 * What an op is: one record from which the parser's checks, completion, hover, signature help, the grammar, the
 * reference page and the simulator are all derived. One op per file, registered by one line in `ops/table.ts`.
 */
import type { OpCode } from '../engine/compile.ts';
import type { FileKind } from '../files/kinds.ts';

/** Where a rule comes from. */
export interface Source {
  /** `linux`, `Intel SDM`, `Intel VT-d`, `AMD APM`, `PCIe`, `kernel doc`: docs/SOURCES.md pins each once. */
  readonly document: string;
  /** File and function, or the section's title. Never a line number. */
  readonly place: string;
}

export interface ErrnoDoc {
  readonly name: string;
  /** In which case, in one sentence. */
  readonly when: string;
  /** Kernel versions, when not all: `v3.13..v5.18`. */
  readonly on?: string;
}

/** Which actors may execute an op, and so in which notation it is written. */
export type OpKind = 'syscall' | 'ioctl' | 'instruction' | 'tlp' | 'host';

export interface Op {
  /** As the field writes it: `KVM_CREATE_DEVICE`, `wbinvd`, `MRd`, `migrate`. */
  readonly name: string;
  readonly kind: OpKind;
  /** One sentence. */
  readonly summary: string;
  /** Some paragraphs of Markdown: what the real thing does, what is modelled, what is left out. */
  readonly doc: string;
  readonly sources: readonly Source[];
  readonly errnos: readonly ErrnoDoc[];
  /** Kernel versions that have it, when not all: `v6.6..`. */
  readonly on?: string;
  /** Set where the rule is our own reading and no upstream text says so. */
  readonly derived?: boolean;
  /** A line that shows it, as a user would write it; parsed and run by a test. */
  readonly example: string;
  /**
   * The arguments. Of a system call: all of them in order. Of an ioctl: the third one only (the first is `on`, the
   * second the request), or none.
   */
  readonly operands: readonly OperandSpec[];
  /** An ioctl's first argument: the kinds of files that answer it. */
  readonly files?: readonly FileKind[];
  /** What a successful call returns, when not 0: `fd` binds a descriptor. */
  readonly result?: 'fd' | 'count' | 'value';
  /** Words that are allowed after the operands of a TLP (`ns`). */
  readonly attributes?: readonly { readonly name: string; readonly doc: string }[];
  /** `key=value` options (`cpu=1` of host actions). */
  readonly options?: readonly OptionSpec[];
  /** Set when it has no effect on anything that is modelled, in any scenario. */
  readonly inert?: true;
  /**
   * Set when the result depends on what a scenario does not say: it is what the line declares, else this (negative for
   * an errno), else with `usual` what its routine knows to be usual.
   */
  readonly answer?: number | 'usual';
  /** True when the value may be bound: `r0 = MRd x`. */
  readonly binds?: boolean;
  /** How it runs; see engine/compile.ts. */
  readonly code: OpCode;
}

/** One operand: its name in the signature and what is allowed there; several shapes are alternatives. */
export interface OperandSpec {
  readonly name: string;
  readonly shapes: readonly OperandShape[];
  readonly doc: string;
  readonly optional?: boolean;
  /** Set when nothing that is modelled depends on it. A hint says so wherever it is other than 0. */
  readonly ignored?: true;
}

export type OperandShape =
  // system calls
  | { readonly kind: 'fd'; readonly of?: readonly FileKind[] }
  | { readonly kind: 'request' }
  | { readonly kind: 'int'; readonly constants?: string }
  | { readonly kind: 'flags'; readonly constants: string }
  | { readonly kind: 'path' }
  | { readonly kind: 'string'; readonly of: 'bdf' | 'text' }
  | { readonly kind: 'address' }
  /** `[value]`. */
  | { readonly kind: 'pointer'; readonly to: OperandShape }
  /** `{field=value}`, by the name of a struct of ops/structs.ts. */
  | { readonly kind: 'struct'; readonly struct: string }
  // instructions, TLPs and host actions
  /** `eax`, or `r0` of a device. */
  | { readonly kind: 'register' }
  /** A control register or an MSR by name. */
  | { readonly kind: 'system-register'; readonly names: readonly string[] }
  | { readonly kind: 'immediate' }
  /** `[x]` for an instruction. */
  | { readonly kind: 'memory' }
  /** `[gpu.doorbell]`. */
  | { readonly kind: 'mmio' }
  /** `x` for a TLP or a host action. */
  | { readonly kind: 'word' }
  | { readonly kind: 'memory-type' }
  | { readonly kind: 'vcpu' }
  | { readonly kind: 'device' }
  | { readonly kind: 'bdf' }
  /** A field of PCI config space by name: `DevCtl`. */
  | { readonly kind: 'config-register' };

export interface OptionSpec {
  readonly name: string;
  readonly doc: string;
  /** What is allowed after `=`: listed words, or a kind of value. */
  readonly values: readonly string[] | 'number' | 'cpu' | 'name' | 'vcpu';
  readonly required?: boolean;
}
