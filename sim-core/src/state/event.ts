/**
 * Events: the only way the state changes, and the only thing a trace holds.
 *
 * An event is four 32-bit integers. If the first is 0 or above it is a slot, and the event says that the slot changed:
 * `[slot, old, new, 0]`. If it is negative it is the complement of an {@link Happening}: something took place that
 * changes no slot by itself (a call, an exit, a TLP, a finding), with up to three operands. Applying a slot event
 * forwards writes `new`, backwards writes `old`; happenings apply as nothing. That is all of time travel.
 */

/** 32-bit integers in one event record. */
export const EVENT_WIDTH = 4;

/**
 * What may happen. Operands in the order they are recorded; `-` is unused. Actors, nodes, routines, words, CPUs and
 * devices are indices into the model's tables.
 */
export const HAPPENINGS = [
  /** A micro-step begins: actor, node of its program, alternative taken. Everything up to the next one belongs to it. */
  'step',
  /** The environment moves: index of the environment move. Begins a step as `step` does. */
  'environment',
  /** A kernel function is entered: actor, routine, depth of the frame. */
  'call',
  /** It returns: actor, routine, value. */
  'return',
  /** A statement ends: actor, node, value (a system call's result; negative values are errnos). */
  'done',
  /** A VM exit: vcpu, exit reason (index into EXIT_REASONS), detail. */
  'exit',
  /** A CPU executes WBINVD: cpu, vcpu for which it is done (or -1), - */
  'wbinvd',
  /** A CPU's modified line reaches DRAM: cpu, line, word that changed most recently or -1. */
  'writeback',
  /** A load or store by a CPU: cpu, word, packed detail (see memory/access.ts). */
  'access',
  /** A TLP: device, word or -1, packed detail (see pcie/pcie.ts TLP). */
  'tlp',
  /** The IOMMU blocks a TLP: device, page or -1, reason (index into FAULT_REASONS). */
  'dma-fault',
  /** A monitor objects: finding (index into the table of monitors), subject, detail. */
  'finding',
  /** EPT or NPT leaf entries are zapped: vm, number of a range (kvm/mmu.ts rangeOf) or -1 for all, reason (index into ZAP_REASONS). */
  'zap',
  /** vcpu_load: vcpu, cpu, previous cpu or -1. */
  'vcpu-load',
  /** A kernel message: text (index into KERNEL_MESSAGES), -, - */
  'message',
  /** An MSI reaches the host: device, vector, - */
  'msi',
  /** The VM is destroyed: vm, -, - */
  'vm-destroyed',
  /** A device sends a posted request that arrives later: device, word or vector, packed detail (see pcie/pcie.ts TLP). */
  'posted',
  /** A store, flush or fence waits in a store buffer: cpu, kind (index into BUFFERED of cpu/store-buffer.ts), word or line. */
  'buffered',
  /** A vCPU leaves to user space for an access that memory does not answer: vcpu, page, 1 for a write. */
  'user-exit',
  /** The CPU interrupts a guest's instruction: vcpu, vector, number of the MSR. */
  'exception',
  /** A check of the kernel fails the call: index into the world's refusals, the object it looked at or -1, - */
  'refusal',
] as const;

export type Happening = (typeof HAPPENINGS)[number];

/** The code of a happening as it is in a record: negative, so it can never be a slot. */
export const HAPPENING_CODE: Readonly<Record<Happening, number>> = Object.freeze(
  Object.fromEntries(HAPPENINGS.map((name, index) => [name, ~index])) as Record<Happening, number>,
);

/** The happening of a negative code. */
export function happeningOf(code: number): Happening {
  const name = HAPPENINGS[~code];
  if (!name) throw new RangeError(`${code} is not the code of a happening`);
  return name;
}

/** VM exit reasons, named as the VMX reasons of the SDM: to the model each is one event, whatever a CPU calls it. */
export const EXIT_REASONS = [
  'WBINVD',
  'INVD',
  'EPT_VIOLATION',
  'CR_ACCESS',
  'MSR_WRITE',
  'IO_INSTRUCTION',
  'HLT',
  'EXTERNAL_INTERRUPT',
  'EXCEPTION_NMI',
  'EPT_MISCONFIG',
] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** EPT_VIOLATION as KVM names it on each CPU: a fault in the page tables that it has for the guest. */
const SECOND_STAGE_FAULTS = {
  intel: 'EPT_VIOLATION',
  amd: 'NPF',
  arm64: 'DABT_LOW',
  power: 'H_DATA_STORAGE',
} as const;

/** Every name that a condition may write for a reason. */
export const EXIT_NAMES: readonly string[] = [...new Set([...EXIT_REASONS, ...Object.values(SECOND_STAGE_FAULTS)])];

/** The reason that one of {@link EXIT_NAMES} means. */
export function exitReasonNamed(name: string): ExitReason {
  return EXIT_REASONS.find((reason) => reason === name) ?? 'EPT_VIOLATION';
}

/** What KVM calls a reason, by its index in {@link EXIT_REASONS}, on a CPU. */
export function exitName(reason: number, vendor: keyof typeof SECOND_STAGE_FAULTS): string {
  const name = EXIT_REASONS[reason];
  return name === 'EPT_VIOLATION' ? SECOND_STAGE_FAULTS[vendor] : (name ?? '');
}

export const FAULT_REASONS = ['no-domain', 'not-present', 'no-read', 'no-write', 'reserved-snp'] as const;
export type FaultReason = (typeof FAULT_REASONS)[number];

export const ZAP_REASONS = ['noncoherent-start', 'noncoherent-stop', 'mtrr', 'cr0-cd', 'memory-slot'] as const;
export type ZapReason = (typeof ZAP_REASONS)[number];

/**
 * What the kernel may use after it was freed; the detail of the finding `use-after-free`. Its subject is the index of
 * the object in parentheses.
 */
export const FREED_OBJECTS = [
  /** `struct kvm` (VM). */
  'vm',
  /** The WBINVD dirty mask of a vCPU (vCPU). */
  'dirty-mask',
  /** An entry of the list of a kvm-vfio device (open file). */
  'kvm-vfio-entry',
  /** `iommu_data` of a container: the instance of its IOMMU driver (container). */
  'iommu-data',
] as const;
export type FreedObject = (typeof FREED_OBJECTS)[number];

/** Warnings of the kernel; the detail of the finding `kernel-warning`. Its subject is the actor. */
export const KERNEL_WARNINGS = [
  'empty-range',
  'host-driver-in-user-group',
  'no-iommu-group',
  'no-table-group',
] as const;
export type KernelWarning = (typeof KERNEL_WARNINGS)[number];
