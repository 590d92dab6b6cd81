import type { BlockKind, MachineItem } from './ast.ts';

/**
 * The words of the language itself. Everything that an actor may do is in the op table; the options of machine items
 * are in machine-options.ts.
 */
export interface LanguageWord {
  readonly word: string;
  /** The blocks it is allowed in. */
  readonly blocks: readonly BlockKind[];
  /** What it means, in one or two sentences. */
  readonly doc: string;
  /** A line as it is written. */
  readonly example: string;
  /** Whether the line opens a block. */
  readonly opens: boolean;
  /** The heading in docs/language.md under which it is explained. */
  readonly section: string;
}

const FILE: readonly BlockKind[] = ['file'];
const MACHINE: readonly BlockKind[] = ['machine'];
export const STATEMENT_BLOCKS: readonly BlockKind[] = ['setup', 'thread', 'vcpu', 'device', 'host', 'proc'];

export const LANGUAGE_WORDS: readonly LanguageWord[] = [
  {
    word: 'scenario',
    section: 'The header',
    blocks: FILE,
    opens: false,
    example: 'scenario "WBINVD forgets the CPU it runs on"',
    doc: 'The name of the scenario, as lists and reports show it.',
  },
  {
    word: 'doc',
    section: 'The header',
    blocks: FILE,
    opens: false,
    example: 'doc "The flush reaches every CPU but its own."',
    doc: 'What the scenario teaches. Several lines are one text.',
  },
  {
    word: 'source',
    section: 'The header',
    blocks: FILE,
    opens: false,
    example: 'source "linux c2162e13d6e2"',
    doc: 'Where the behaviour is written down: a commit, a message, a section of a manual.',
  },
  {
    word: 'tags',
    section: 'The header',
    blocks: FILE,
    opens: false,
    example: 'tags wbinvd vmx',
    doc: 'Words to filter scenarios by.',
  },
  {
    word: 'kernel',
    section: 'The header',
    blocks: FILE,
    opens: false,
    example: 'kernel v6.1',
    doc: 'The profile that a plain run uses. Tools may override it; conditions say their own versions after `on`.',
  },
  {
    word: 'include',
    section: 'The header',
    blocks: FILE,
    opens: false,
    example: 'include "attach.snoop"',
    doc: 'Takes over the procedures of another file. The path is relative to this file.',
  },
  {
    word: 'machine',
    section: 'machine',
    blocks: FILE,
    opens: true,
    example: 'machine {',
    doc: 'The hardware: CPUs, IOMMUs, devices, memory, and what the environment may do.',
  },
  {
    word: 'setup',
    section: 'setup and thread: system calls',
    blocks: FILE,
    opens: true,
    example: 'setup {',
    doc: 'System calls of the VMM that run first, alone and in order.',
  },
  {
    word: 'thread',
    section: 'setup and thread: system calls',
    blocks: FILE,
    opens: true,
    example: 'thread qemu {',
    doc: "A thread of a VMM, in strace's notation. `thread b of other` belongs to the process `other` and shares its descriptor table; without `of` it belongs to the process of `setup`.",
  },
  {
    word: 'vcpu',
    section: 'vcpu: instructions',
    blocks: FILE,
    opens: true,
    example: 'vcpu 0 cpu=0 {',
    doc: 'What a vCPU of the guest executes, in Intel syntax. `cpu=` is the physical CPU it starts on.',
  },
  {
    word: 'device',
    section: 'device: TLPs',
    blocks: ['file', 'machine'],
    opens: true,
    example: 'device gpu {',
    doc: 'In `machine`: a PCI function. At the top level: the TLPs that it sends.',
  },
  {
    word: 'host',
    section: 'host',
    blocks: FILE,
    opens: true,
    example: 'host {',
    doc: "The host's own doing: migrations, evictions, driver binding, its own memory accesses.",
  },
  {
    word: 'proc',
    section: 'Procedures',
    blocks: FILE,
    opens: true,
    example: 'proc attach(group) {',
    doc: 'Statements to reuse with `call`. Its parameters are replaced by the arguments.',
  },
  {
    word: 'exists',
    section: 'Final conditions',
    blocks: FILE,
    opens: false,
    example: 'exists gpu.r0 == 0 on v3.13..v5.11',
    doc: 'Some execution ends with the condition true.',
  },
  {
    word: '~exists',
    section: 'Final conditions',
    blocks: FILE,
    opens: false,
    example: '~exists gpu.r0 == 0 on v5.12..',
    doc: 'No execution ends with the condition true.',
  },
  {
    word: 'forall',
    section: 'Final conditions',
    blocks: FILE,
    opens: false,
    example: 'forall gpu.r0 == 1',
    doc: 'Every execution ends with the condition true.',
  },
  {
    word: 'schedule',
    section: 'Schedules',
    blocks: FILE,
    opens: false,
    example: 'schedule qemu*4 vcpu0 gpu*2',
    doc: 'Fixes the interleaving of a plain run: who makes how many steps. `schedule micro` counts micro-steps.',
  },
  {
    word: 'cpu',
    section: 'machine',
    blocks: MACHINE,
    opens: false,
    example: 'cpu intel count=2',
    doc: 'The physical CPUs.',
  },
  {
    word: 'iommu',
    section: 'machine',
    blocks: MACHINE,
    opens: false,
    example: 'iommu dmar0 vt-d snoop-control=off',
    doc: 'An IOMMU and what it can do.',
  },
  {
    word: 'mdev',
    section: 'machine',
    blocks: MACHINE,
    opens: false,
    example: 'mdev vgpu parent=gpu group=40',
    doc: 'A mediated device: a group without an IOMMU of its own.',
  },
  {
    word: 'memory',
    section: 'machine',
    blocks: MACHINE,
    opens: false,
    example: 'memory x = 0',
    doc: 'Words of memory. The words of one line share a cache line; every line has a page of its own unless `page=` groups them.',
  },
  {
    word: 'allow',
    section: 'machine',
    blocks: MACHINE,
    opens: false,
    example: 'allow evict',
    doc: 'What the environment may do at any time while the explorer searches.',
  },
  {
    word: 'choose',
    section: 'Choices, loops, waiting',
    blocks: STATEMENT_BLOCKS,
    opens: true,
    example: 'choose {',
    doc: 'Alternatives, divided by `} or {`. The explorer tries each; a run takes what its schedule says, else the first.',
  },
  {
    word: 'loop',
    section: 'Choices, loops, waiting',
    blocks: STATEMENT_BLOCKS,
    opens: true,
    example: 'loop {',
    doc: 'Repeats for ever.',
  },
  {
    word: 'repeat',
    section: 'Choices, loops, waiting',
    blocks: STATEMENT_BLOCKS,
    opens: true,
    example: 'repeat 3 {',
    doc: 'Repeats a number of times.',
  },
  {
    word: 'wait',
    section: 'Choices, loops, waiting',
    blocks: STATEMENT_BLOCKS,
    opens: false,
    example: 'wait [flag] == 1',
    doc: 'The actor cannot move until the comparison holds.',
  },
  {
    word: 'call',
    section: 'Procedures',
    blocks: STATEMENT_BLOCKS,
    opens: false,
    example: 'call attach(group)',
    doc: 'Executes a procedure; a stack frame in the debugger.',
  },
];

/** Words with a meaning in the middle of a line. */
export const INNER_WORDS: readonly LanguageWord[] = [
  {
    word: 'or',
    section: 'Choices, loops, waiting',
    blocks: STATEMENT_BLOCKS,
    opens: true,
    example: '} or {',
    doc: 'Ends one alternative of a `choose` and begins the next.',
  },
  {
    word: 'of',
    section: 'setup and thread: system calls',
    blocks: FILE,
    opens: true,
    example: 'vcpu 0 of vm2 {',
    doc: 'Whose it is: `thread b of other` is a thread of the process `other`, `vcpu 0 of vm2` a vCPU of the VM whose descriptor is bound to `vm2`.',
  },
  {
    word: 'on',
    section: 'Final conditions',
    blocks: FILE,
    opens: false,
    example: '~exists stale-read on v5.12..',
    doc: 'The kernels that a condition is for: versions and ranges, which include both ends. Without it a condition is for every profile.',
  },
  {
    word: 'only',
    section: 'Schedules',
    blocks: FILE,
    opens: false,
    example: 'schedule only qemu*4 vcpu0 qemu',
    doc: 'No other interleaving is judged: what happened on a real machine has one order. Exploring still tries all.',
  },
  {
    word: 'micro',
    section: 'Schedules',
    blocks: FILE,
    opens: false,
    example: 'schedule micro vcpu0*4 gpu',
    doc: 'The counts of the schedule are micro-steps: the parts of a statement between which another actor can come in.',
  },
  {
    word: 'statement',
    section: 'Schedules',
    blocks: FILE,
    opens: false,
    example: 'schedule statement vcpu0*2 gpu',
    doc: 'The counts of the schedule are statements, as they are without the word.',
  },
];

/** The options of a `memory` line, which the line parser must know to tell `page=frame` from `x=0`. */
export const MEMORY_OPTIONS: ReadonlySet<string> = new Set(['page']);

export const MACHINE_WORDS: readonly MachineItem['kind'][] = ['cpu', 'iommu', 'device', 'mdev', 'memory', 'allow'];

/** What a statement of a block is called, in messages. */
export const STATEMENT_OF: Readonly<Record<BlockKind, string>> = {
  file: 'a line of the top level such as `machine {` or `exists …`',
  machine: 'an item of the machine: `cpu`, `iommu`, `device`, `mdev`, `memory` or `allow`',
  setup: 'a system call such as `kvm = open("/dev/kvm", O_RDWR)`',
  thread: 'a system call such as `kvm = open("/dev/kvm", O_RDWR)`',
  vcpu: 'an instruction such as `mov [x], 1`',
  device: 'a TLP such as `r0 = MRd x ns`',
  host: 'an action of the host such as `migrate vcpu0 cpu=1`',
  proc: 'a statement: a system call, an instruction, a TLP or an action of the host',
};
