/**
 * Requests that every VMM makes and that touch nothing the model has: one row each, from which the ops are made.
 *
 * What they answer depends on things that a scenario does not say (features of the CPU, sizes of buffers, interrupts),
 * so the result that a line declares is taken as the kernel's. A line that declares none gets the answer of the row.
 */
import type { Routine } from '../engine/routine.ts';
import type { FileKind } from '../files/kinds.ts';
import type { FileId } from '../state/ids.ts';
import type { World } from '../world.ts';
import type { Op } from './op.ts';

interface Row {
  readonly name: string;
  /** What the real thing does, as a sentence. */
  readonly does: string;
  readonly files: readonly FileKind[];
  /** Kernel versions that have it, when not all. */
  readonly on?: string;
  /** What it returns when the line declares nothing: 0 by default. */
  readonly answer?: number;
  readonly result?: 'value' | 'fd';
  /** Set for requests that only the SPAPR drivers of containers know. */
  readonly spapr?: true;
  /** Why nothing of it matters, where that is not obvious. */
  readonly note?: string;
}

function row(name: string, files: readonly FileKind[] | FileKind, does: string, more: Partial<Row> = {}): Row {
  return { name, files: typeof files === 'string' ? [files] : files, does, ...more };
}

const ENOTTY = -25;
const SYSTEM = 'arch/x86/kvm/x86.c kvm_arch_dev_ioctl(), virt/kvm/kvm_main.c kvm_dev_ioctl()';
const PLACES: Readonly<Partial<Record<FileKind, string>>> = {
  kvm: SYSTEM,
  vm: 'arch/x86/kvm/x86.c kvm_arch_vm_ioctl(), virt/kvm/kvm_main.c kvm_vm_ioctl()',
  vcpu: 'arch/x86/kvm/x86.c kvm_arch_vcpu_ioctl(), virt/kvm/kvm_main.c kvm_vcpu_ioctl()',
  device: 'drivers/vfio/pci/vfio_pci_core.c vfio_pci_core_ioctl()',
  container: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_ioctl()',
  iommufd: 'drivers/iommu/iommufd/main.c iommufd_fops_ioctl()',
};

const NOT_MAPPED =
  'Of containers with a SPAPR driver only the calls are known, with their results: nothing is mapped, and DMA that TCE tables translate is not modelled.';

const ROWS: readonly Row[] = [
  // /dev/kvm
  row('KVM_GET_API_VERSION', 'kvm', 'Asks for the version of the KVM interface, which is 12.', {
    answer: 12,
    result: 'value',
  }),
  row('KVM_GET_VCPU_MMAP_SIZE', 'kvm', 'Asks how much of a vCPU descriptor is to be mapped.', {
    answer: 12_288,
    result: 'value',
  }),
  row('KVM_GET_SUPPORTED_CPUID', 'kvm', 'Lists the CPUID leaves that KVM can give a guest.'),
  row('KVM_GET_EMULATED_CPUID', 'kvm', 'Lists the CPUID features that KVM emulates.', { on: 'v3.13..' }),
  row('KVM_GET_MSR_INDEX_LIST', 'kvm', 'Lists the MSRs that KVM_GET_MSRS knows.'),
  row('KVM_GET_MSR_FEATURE_INDEX_LIST', 'kvm', 'Lists the MSRs that describe features.', { on: 'v4.17..' }),
  row('KVM_X86_GET_MCE_CAP_SUPPORTED', 'kvm', 'Asks which machine checks can be injected.'),
  // VMs
  row('KVM_SET_TSS_ADDR', 'vm', 'Says where KVM may keep three pages that Intel CPUs need for real mode.'),
  row('KVM_SET_IDENTITY_MAP_ADDR', 'vm', 'Says where KVM may keep a page table that Intel CPUs need for real mode.'),
  row('KVM_CREATE_IRQCHIP', 'vm', 'Makes the interrupt controllers in the kernel.'),
  row('KVM_GET_IRQCHIP', 'vm', 'Reads an interrupt controller.'),
  row('KVM_SET_IRQCHIP', 'vm', 'Writes an interrupt controller.'),
  row('KVM_CREATE_PIT2', 'vm', 'Makes the timer chip in the kernel.'),
  row('KVM_GET_PIT2', 'vm', 'Reads the timer chip.'),
  row('KVM_SET_PIT2', 'vm', 'Writes the timer chip.'),
  row('KVM_GET_CLOCK', 'vm', 'Reads the paravirtual clock.'),
  row('KVM_SET_CLOCK', 'vm', 'Sets the paravirtual clock.'),
  row('KVM_IRQ_LINE', 'vm', 'Raises or lowers an interrupt line.'),
  row('KVM_IRQ_LINE_STATUS', 'vm', 'Raises or lowers an interrupt line and asks whether it was delivered.'),
  row('KVM_SET_GSI_ROUTING', 'vm', 'Says which interrupt goes where.'),
  row('KVM_SIGNAL_MSI', 'vm', 'Injects an MSI into the guest.'),
  row('KVM_IRQFD', 'vm', 'Has an eventfd raise an interrupt of the guest.', {
    note: 'The interrupt of a device reaches its driver in a scenario by `MSI` and `wait`, with or without an irqfd.',
  }),
  row('KVM_IOEVENTFD', 'vm', 'Has a write of the guest to an address signal an eventfd.'),
  row('KVM_REGISTER_COALESCED_MMIO', 'vm', 'Has writes of the guest to a range collected instead of leaving it.'),
  row('KVM_UNREGISTER_COALESCED_MMIO', 'vm', 'Ends what KVM_REGISTER_COALESCED_MMIO began.'),
  row('KVM_SET_NR_MMU_PAGES', 'vm', 'Bounds how many page-table pages KVM keeps.'),
  row('KVM_SET_BOOT_CPU_ID', 'vm', 'Says which vCPU boots.'),
  row('KVM_X86_SET_MSR_FILTER', 'vm', 'Says which MSRs the guest may access.', {
    on: 'v5.10..',
    note: 'A filter that denies the MTRRs or the PAT is not modelled: `wrmsr` reaches them.',
  }),
  row('KVM_GET_DIRTY_LOG', 'vm', 'Reads which pages of a slot the guest wrote.'),
  row('KVM_CLEAR_DIRTY_LOG', 'vm', 'Protects pages of a slot again.', { on: 'v4.20..' }),
  row('KVM_SET_PMU_EVENT_FILTER', 'vm', 'Says which performance events the guest may count.', { on: 'v5.3..' }),
  // vCPUs
  row('KVM_SET_CPUID2', 'vcpu', 'Gives the guest its CPUID.', {
    note: 'Whether the guest has MTRRs is the option `guest-mtrr` of the machine.',
  }),
  row('KVM_GET_CPUID2', 'vcpu', 'Reads the CPUID of the guest.'),
  row('KVM_SET_SIGNAL_MASK', 'vcpu', 'Says which signals end KVM_RUN.'),
  row('KVM_GET_FPU', 'vcpu', 'Reads the floating-point registers.'),
  row('KVM_SET_FPU', 'vcpu', 'Writes the floating-point registers.'),
  row('KVM_GET_LAPIC', 'vcpu', 'Reads the local APIC.'),
  row('KVM_SET_LAPIC', 'vcpu', 'Writes the local APIC.'),
  row('KVM_GET_MP_STATE', 'vcpu', 'Asks whether the vCPU runs, halts or waits.'),
  row('KVM_SET_MP_STATE', 'vcpu', 'Says whether the vCPU runs, halts or waits.'),
  row('KVM_GET_VCPU_EVENTS', 'vcpu', 'Reads pending exceptions and interrupts.'),
  row('KVM_SET_VCPU_EVENTS', 'vcpu', 'Writes pending exceptions and interrupts.'),
  row('KVM_GET_DEBUGREGS', 'vcpu', 'Reads the debug registers.'),
  row('KVM_SET_DEBUGREGS', 'vcpu', 'Writes the debug registers.'),
  row('KVM_SET_GUEST_DEBUG', 'vcpu', 'Sets breakpoints in the guest.'),
  row('KVM_GET_XSAVE', 'vcpu', 'Reads the extended state.'),
  row('KVM_GET_XSAVE2', 'vcpu', 'Reads the extended state.', { on: 'v5.17..' }),
  row('KVM_SET_XSAVE', 'vcpu', 'Writes the extended state.'),
  row('KVM_GET_XCRS', 'vcpu', 'Reads the extended control registers.'),
  row('KVM_SET_XCRS', 'vcpu', 'Writes the extended control registers.'),
  row('KVM_GET_NESTED_STATE', 'vcpu', 'Reads the state of nested virtualization.', { on: 'v4.20..' }),
  row('KVM_SET_NESTED_STATE', 'vcpu', 'Writes the state of nested virtualization.', { on: 'v4.20..' }),
  row('KVM_GET_TSC_KHZ', ['vcpu', 'vm'], 'Asks for the frequency of the time stamp counter.', { result: 'value' }),
  row('KVM_SET_TSC_KHZ', ['vcpu', 'vm'], 'Sets the frequency of the time stamp counter.'),
  row('KVM_KVMCLOCK_CTRL', 'vcpu', 'Tells the guest that it was stopped.'),
  row('KVM_TPR_ACCESS_REPORTING', 'vcpu', 'Asks for an exit when the guest writes its task priority.'),
  row('KVM_SET_VAPIC_ADDR', 'vcpu', 'Says where the guest shares its task priority.'),
  row('KVM_X86_SETUP_MCE', 'vcpu', 'Says which machine checks the guest may see.'),
  row('KVM_SMI', 'vcpu', 'Injects a system management interrupt.', { on: 'v4.2..' }),
  row('KVM_NMI', 'vcpu', 'Injects a non-maskable interrupt.'),
  row('KVM_INTERRUPT', 'vcpu', 'Injects an interrupt.'),
  row('KVM_GET_STATS_FD', ['vm', 'vcpu'], 'Opens the statistics of a VM or vCPU.', { on: 'v5.14..', result: 'fd' }),
  // VFIO devices, containers, iommufds
  row('VFIO_DEVICE_GET_REGION_INFO', 'device', 'Asks where the registers of the device are.'),
  row('VFIO_DEVICE_GET_IRQ_INFO', 'device', 'Asks how many interrupts of a kind the device has.'),
  row('VFIO_DEVICE_SET_IRQS', 'device', 'Connects interrupts of the device with eventfds.', {
    note: 'An `MSI` of the device reaches the host with or without it.',
  }),
  row(
    'VFIO_DEVICE_GET_PCI_HOT_RESET_INFO',
    'device',
    'Lists the functions that a reset of the bus or slot would reset.',
  ),
  row('VFIO_DEVICE_PCI_HOT_RESET', 'device', 'Resets all functions of the bus or slot.', {
    note: 'vfio-pci saves config space before and restores it after, so that Enable No Snoop keeps its value. The programs of the devices are not restarted, and which groups have to be named is not checked.',
  }),
  row('VFIO_DEVICE_RESET', 'device', 'Resets the device.', {
    note: 'vfio-pci saves config space before and restores it after, so that Enable No Snoop keeps its value. The program of the device is not restarted.',
  }),
  row('VFIO_DEVICE_IOEVENTFD', 'device', 'Has an eventfd write to a register of the device.', { on: 'v4.17..' }),
  row('VFIO_DEVICE_FEATURE', 'device', 'Asks for or sets a feature such as migration.', {
    on: 'v5.7..',
    answer: ENOTTY,
    note: 'Without a declared result it has none of them.',
  }),
  row('VFIO_IOMMU_DIRTY_PAGES', 'container', 'Tracks which pages devices wrote.', { on: 'v5.8..' }),
  row('IOMMU_GET_HW_INFO', 'iommufd', 'Asks what the IOMMU of a device can do.', { on: 'v6.6..' }),
  row('IOMMU_IOAS_IOVA_RANGES', 'iommufd', 'Asks which I/O virtual addresses can be mapped.', { on: 'v6.2..' }),
  row('IOMMU_IOAS_ALLOW_IOVAS', 'iommufd', 'Narrows which I/O virtual addresses the kernel may choose.', {
    on: 'v6.2..',
  }),
  row('IOMMU_OPTION', 'iommufd', 'Sets how pages are accounted and mapped.', { on: 'v6.2..' }),
  // Containers with a SPAPR driver (POWER). None of it was measured.
  ...(
    [
      ['VFIO_IOMMU_SPAPR_TCE_GET_INFO', 'Asks where the window of the group is.'],
      ['VFIO_IOMMU_ENABLE', 'Accounts the memory that the window can map.'],
      ['VFIO_IOMMU_DISABLE', 'Ends what VFIO_IOMMU_ENABLE began.'],
      ['VFIO_EEH_PE_OP', 'Asks for or handles errors of the partitionable endpoint.'],
      ['VFIO_IOMMU_SPAPR_REGISTER_MEMORY', 'Pins memory that may be mapped later.'],
      ['VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY', 'Ends what VFIO_IOMMU_SPAPR_REGISTER_MEMORY began.'],
      ['VFIO_IOMMU_SPAPR_TCE_CREATE', 'Makes another window.'],
      ['VFIO_IOMMU_SPAPR_TCE_REMOVE', 'Removes a window.'],
    ] as const
  ).map(([name, does]) => row(name, 'container', does, { spapr: true, note: NOT_MAPPED })),
];

function doc({ files, note, result }: Row): string {
  return [
    result === 'fd'
      ? 'Known, and without effect on anything that is modelled. The descriptor is one that answers nothing.'
      : 'Known, and without effect on anything that is modelled. Its answer depends on what a scenario does not say, so a declared result is taken as the kernel’s; without one the call succeeds.',
    ...(note === undefined ? [] : [note]),
    ...(files.includes('vcpu')
      ? [
          'Like every vCPU ioctl it loads the vCPU on the CPU of the calling thread and puts it again: with non-coherent DMA registered, that CPU is then in the WBINVD dirty mask.',
        ]
      : []),
  ].join('\n\n');
}

const EXAMPLE_NAMES: Readonly<Partial<Record<FileKind, string>>> = {
  kvm: 'kvm',
  vm: 'vm',
  vcpu: 'vcpu0',
  device: 'gpufd',
  container: 'container',
  iommufd: 'iommufd',
};

function routineOf(
  { result, spapr }: Row,
  file: FileKind,
  { files: { inert }, kvm, vfio }: World,
): Routine<[filp: FileId]> {
  if (spapr) return vfio.driverCalls.spapr;
  if (result === 'fd') return inert.newFile;
  return file === 'vcpu' ? kvm.vcpus.load : inert.answer;
}

function opOf(row: Row): Op {
  const { name, files, does, on, result, answer } = row;
  return {
    name,
    kind: 'ioctl',
    summary: does,
    doc: doc(row),
    sources: files.map((file) => ({ document: 'linux', place: PLACES[file] ?? '' })),
    errnos: [],
    ...(on === undefined ? {} : { on }),
    example: `${result === 'fd' ? 'fd = ' : ''}ioctl(${EXAMPLE_NAMES[files[0]!]}, ${name})`,
    operands: [{ name: 'argument', shapes: [{ kind: 'address' }], doc: 'Not looked at.', optional: true }],
    files,
    ...(result === undefined ? {} : { result }),
    inert: true,
    answer: answer ?? 0,
    code: {
      kind: 'ioctl',
      routines: (world: World) => Object.fromEntries(files.map((file) => [file, routineOf(row, file, world)])),
    },
  };
}

export const INERT: readonly Op[] = ROWS.map(opOf);
