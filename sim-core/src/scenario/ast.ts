/**
 * The syntax tree of a scenario, as `parse` returns it and `print` writes it.
 *
 * The language is line-led: every line is one {@link Line}, parsed alone from its text and the kind of block it is
 * in, and it knows columns only. Line numbers are positions in {@link ParsedScenario.lines}. So an edit re-parses one
 * line and every other line keeps its identity. Blocks are a second, cheap pass over the lines.
 *
 * All columns are 0-based UTF-16 code units, ranges are half open, line numbers are 0-based.
 */

import type { NamedKernels } from '../kernel/named-kernels.ts';

/** A half-open range of columns in one line. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A word of the text with its place. */
export interface Word {
  readonly text: string;
  readonly span: Span;
}

// ---------------------------------------------------------------------------------------------------------------
// Values in system calls

export type Expr = NumberExpr | StringExpr | NameExpr | FlagsExpr | AddressExpr | PointerExpr | StructExpr;

/** `0x1000`, `26`, `-1`: 64 bits are kept exactly. */
export interface NumberExpr {
  readonly kind: 'number';
  readonly value: bigint;
  readonly text: string;
  readonly span: Span;
}
export interface StringExpr {
  readonly kind: 'string';
  readonly value: string;
  readonly span: Span;
}
/** A constant of the kernel's API (`O_RDWR`, `PAGE`, `NULL`) or a name bound by `name = call(…)`. */
export interface NameExpr {
  readonly kind: 'name';
  readonly name: string;
  readonly span: Span;
}
/** `A|B|0x4`. */
export interface FlagsExpr {
  readonly kind: 'flags';
  readonly parts: readonly (NameExpr | NumberExpr)[];
  readonly span: Span;
}
/** `&x`: the guest-physical address, IOVA and user address of a word. */
export interface AddressExpr {
  readonly kind: 'address';
  readonly name: Word;
  readonly span: Span;
}
/** `[value]`, `[value, value]`: a pointer to a value or an array in the caller's memory. */
export interface PointerExpr {
  readonly kind: 'pointer';
  readonly item: Expr;
  /** The other elements of an array. */
  readonly more: readonly Expr[];
  readonly span: Span;
}
/** `{field=value, field=>name}`: a pointer to a structure. */
export interface StructExpr {
  readonly kind: 'struct';
  readonly fields: readonly StructField[];
  readonly span: Span;
}
export interface StructField {
  readonly name: Word;
  /** An input (`=`), or the name that an output field is bound to (`=>`). */
  readonly value:
    | { readonly kind: 'in'; readonly expr: Expr }
    /** `fd=>dev`; with `fd=>dev=15` also the number that is declared. */
    | { readonly kind: 'out'; readonly bind: Word; readonly declared?: NumberExpr };
  readonly span: Span;
}

/** What follows the call: `= 0`, `= -EEXIST`, `= -1 EEXIST (File exists)`. */
export interface DeclaredResult {
  /** The value in the notation of the kernel: 0 or above on success, absent when an errno is declared. */
  readonly value?: bigint;
  /** The errno's name, `EEXIST`. */
  readonly errno?: string;
  readonly span: Span;
}

// ---------------------------------------------------------------------------------------------------------------
// Operands of instructions, TLPs and host actions

export type Operand = MemoryOperand | NameOperand | NumberExpr | StringExpr;

/** `[x]`, or `[gpu.doorbell]`: a word, or a register of a device's BAR. */
export interface MemoryOperand {
  readonly kind: 'memory';
  readonly name: Word;
  readonly member?: Word;
  readonly span: Span;
}
/** `eax`, `x`, `IA32_PAT`, `vcpu0`, `0000:01:00.1`, `gpu.doorbell`. */
export interface NameOperand {
  readonly kind: 'name';
  readonly name: string;
  readonly member?: Word;
  readonly span: Span;
}

/** `cpu=1`, `size=PAGE`, `no-snoop=on`. */
export interface Option {
  readonly key: Word;
  readonly value: Word;
  readonly span: Span;
}

// ---------------------------------------------------------------------------------------------------------------
// Conditions

export type Condition =
  | { readonly kind: 'or'; readonly left: Condition; readonly right: Condition; readonly span: Span }
  | { readonly kind: 'and'; readonly left: Condition; readonly right: Condition; readonly span: Span }
  | { readonly kind: 'not'; readonly operand: Condition; readonly span: Span }
  | {
      readonly kind: 'compare';
      readonly relation: Relation;
      readonly left: Term;
      readonly right: Term;
      readonly span: Span;
    }
  /** A finding by name (`stale-read`), or a term that counts as true unless it is 0 (`noncoherent(vm)`). */
  | { readonly kind: 'holds'; readonly term: Term; readonly span: Span };

export type Relation = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Term =
  | { readonly kind: 'number'; readonly value: bigint; readonly text: string; readonly span: Span }
  /** `gpu.r0`, `vcpu0.eax`, `qemu.err`, or one word: a finding (`stale-read`), a memory type (`WB`), a cache state. */
  | { readonly kind: 'name'; readonly name: Word; readonly member?: Word; readonly span: Span }
  /** `[x]`. */
  | { readonly kind: 'memory'; readonly name: Word; readonly span: Span }
  /** `exits(vcpu0, WBINVD)`. */
  | { readonly kind: 'call'; readonly name: Word; readonly args: readonly Word[]; readonly span: Span };

/** One version or a range of versions with both ends in it: `v5.12`, `v3.13..v5.11`, `v5.12..`, `..v3.12`. */
export interface VersionRange {
  readonly from?: Word;
  readonly to?: Word;
  readonly span: Span;
}

// ---------------------------------------------------------------------------------------------------------------
// Lines

/** Which notation a line is read in. `file` is the top level. */
export type BlockKind = 'file' | 'machine' | 'setup' | 'thread' | 'vcpu' | 'device' | 'host' | 'proc';

export type LineContent =
  | { readonly kind: 'blank' }
  /** A line that could not be read; its diagnostics say why. `closes` and `opens` keep the block structure whole. */
  | { readonly kind: 'broken'; readonly closes?: true; readonly opens?: BlockKind | 'control' }
  // header
  | { readonly kind: 'scenario' | 'doc' | 'source' | 'include'; readonly text: StringExpr }
  | { readonly kind: 'tags'; readonly tags: readonly Word[] }
  | { readonly kind: 'kernel'; readonly version: Word }
  // blocks
  | { readonly kind: 'machine-open' }
  | { readonly kind: 'actor-open'; readonly actor: ActorHeader }
  | { readonly kind: 'proc-open'; readonly name: Word; readonly params: readonly Word[] }
  | { readonly kind: 'close' }
  // machine
  | MachineItem
  // statements
  | Statement
  | { readonly kind: 'choose-open' }
  | { readonly kind: 'or' }
  | { readonly kind: 'loop-open' }
  | { readonly kind: 'repeat-open'; readonly count: NumberExpr }
  // final conditions
  | {
      readonly kind: 'condition';
      readonly quantifier: 'exists' | '~exists' | 'forall';
      readonly quantifierSpan: Span;
      readonly condition: Condition;
      /** Empty when the condition is for every profile. */
      readonly on: readonly VersionRange[];
    }
  | {
      readonly kind: 'schedule';
      /** `schedule only`: no other interleaving is judged. */
      readonly only: boolean;
      readonly granularity: 'statement' | 'micro';
      readonly items: readonly ScheduleItem[];
    };

export interface ActorHeader {
  readonly kind: 'setup' | 'thread' | 'vcpu' | 'device' | 'host';
  /** `qemu` of `thread qemu`, `0` of `vcpu 0`, `gpu` of `device gpu`; absent for `setup` and `host`. */
  readonly name?: Word;
  /** `thread NAME of PROCESS`, `vcpu 0 of vm2`. */
  readonly of?: Word;
  readonly options: readonly Option[];
}

export type MachineItem =
  | { readonly kind: 'cpu'; readonly vendor: Word; readonly options: readonly Option[] }
  | { readonly kind: 'iommu'; readonly name: Word; readonly driver: Word; readonly options: readonly Option[] }
  | { readonly kind: 'device'; readonly name: Word; readonly bdf: Word; readonly options: readonly Option[] }
  | { readonly kind: 'mdev'; readonly name: Word; readonly options: readonly Option[] }
  | {
      readonly kind: 'memory';
      readonly names: readonly Word[];
      readonly values: readonly NumberExpr[];
      readonly options: readonly Option[];
    }
  /** `allow evict`, `allow migrate vcpu0 max=2`. */
  | {
      readonly kind: 'allow';
      readonly what: Word;
      readonly subjects: readonly Word[];
      readonly options: readonly Option[];
    };

export type Statement = Syscall | Action | Wait | Call;

/** `name = call(args) = result`. */
export interface Syscall {
  readonly kind: 'syscall';
  readonly bind?: Word;
  readonly call: Word;
  readonly args: readonly Expr[];
  readonly result?: DeclaredResult;
}

/** An instruction (`mov [x], 1`), a TLP (`r0 = MRd x ns`) or a host action (`migrate vcpu0 cpu=1`). */
export interface Action {
  readonly kind: 'action';
  readonly bind?: Word;
  /** `mov`, `MRd`, `migrate`. */
  readonly op: Word;
  readonly operands: readonly Operand[];
  readonly options: readonly Option[];
  /** Bare words after the operands of a TLP: `ns`. */
  readonly attributes: readonly Word[];
}

/** `wait [flag] == 1`, `wait doorbell == 1`: the actor cannot move until it holds. */
export interface Wait {
  readonly kind: 'wait';
  readonly keyword: Span;
  readonly left: Operand;
  readonly relation: Relation;
  readonly right: NumberExpr;
}

/** `call NAME(args)`: arguments are words put in place of the procedure's parameters. */
export interface Call {
  readonly kind: 'call';
  readonly name: Word;
  readonly args: readonly Word[];
}

/** `qemu`, `qemu*4`, `qemu/1` (second alternative of the `choose` it is at), `evict(x,cpu0)*2`. */
export interface ScheduleItem {
  readonly actor: Word;
  readonly args: readonly Word[];
  readonly alternative?: number;
  readonly count: number;
  readonly span: Span;
}

/** One line: what it says, its comment, and what is wrong with it. */
export interface Line {
  readonly text: string;
  /** The kind of the block it was read in; together with the text it decides everything below. */
  readonly block: BlockKind;
  readonly content: LineContent;
  /** From `//` to the end of the line. */
  readonly comment?: Span;
  readonly problems: readonly LineProblem[];
}

/** A diagnostic of one line before it has a line number. */
export interface LineProblem {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span;
  readonly fixes?: readonly LineFix[];
}
export interface LineFix {
  /** As of a {@link Fix}. */
  readonly meaning?: 'changed';
  readonly title: string;
  readonly span: Span;
  readonly newText: string;
}

export type Severity = 'error' | 'warning' | 'information' | 'hint';

// ---------------------------------------------------------------------------------------------------------------
// Blocks

/** A node in a block: the line of a statement or item, or a control block. */
export type BlockItem =
  | { readonly kind: 'line'; readonly line: number }
  | {
      readonly kind: 'choose';
      readonly line: number;
      readonly endLine: number;
      readonly alternatives: readonly (readonly BlockItem[])[];
    }
  | { readonly kind: 'loop'; readonly line: number; readonly endLine: number; readonly body: readonly BlockItem[] }
  | {
      readonly kind: 'repeat';
      readonly line: number;
      readonly endLine: number;
      readonly count: number;
      readonly body: readonly BlockItem[];
    };

export interface Block {
  readonly kind: Exclude<BlockKind, 'file'>;
  /** Present for actors. */
  readonly actor?: ActorHeader;
  /** Present for procedures. */
  readonly proc?: { readonly name: Word; readonly params: readonly Word[] };
  readonly line: number;
  /** The line of the closing brace, or the last line of the file when it is missing. */
  readonly endLine: number;
  readonly items: readonly BlockItem[];
}

/** What `parse` gives for any text at all. */
export interface ParsedScenario {
  readonly lines: readonly Line[];
  /** In the order of the file. */
  readonly blocks: readonly Block[];
  /** Whether the braces alone gave the blocks; if not, indentation had to help, and a diagnostic says so. */
  readonly balanced: boolean;
  /** Names that the workspace gives to kernels. */
  readonly named?: NamedKernels;
  /** Of the text alone, in the order of lines; what depends on names or on a kernel comes from `check`. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The text is wrong, at a place, in the user's words. */
export interface Diagnostic {
  /** Stable and hyphenated: `unknown-attribute`. The reference page is named by it. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly line: number;
  readonly span: Span;
  readonly related?: readonly RelatedPlace[];
  readonly fixes?: readonly Fix[];
}
/** Another place that has to do with a diagnostic. */
export interface RelatedPlace {
  /** The included file that it is in, by its path relative to the scenario; absent for the scenario itself. */
  readonly path?: string;
  readonly line: number;
  readonly span: Span;
  readonly message: string;
}
export interface Fix {
  readonly title: string;
  /** The scenario says something else afterwards: it is never applied unasked. */
  readonly meaning?: 'changed';
  readonly edits: readonly { readonly line: number; readonly span: Span; readonly newText: string }[];
}
