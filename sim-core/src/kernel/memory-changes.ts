/** Rows of the change table for quirks, memory slots and how leaves are made. */
import type { Change } from './changes.ts';

export const MEMORY_CHANGES = [
  {
    id: 'quirks-accumulate',
    subject: 'KVM: x86: Introduce supported_quirks to block disabling quirks',
    commit: 'bd7d5362b4c4',
    first: 'v6.16',
    effect:
      'KVM_CAP_DISABLE_QUIRKS and KVM_CAP_DISABLE_QUIRKS2 add to the quirks that are off, and unsupported ones are left out; before, both replaced them.',
    where: 'arch/x86/kvm/x86.c kvm_vm_ioctl_enable_cap()',
  },
  {
    id: 'quirk-fix-hypercall-insn',
    subject: 'KVM: x86: Allow userspace to opt out of hypercall patching',
    commit: 'f1a9761fbb00',
    first: 'v5.19',
    effect: 'Quirk 0x20 can be switched off.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_X86_VALID_QUIRKS',
  },
  {
    id: 'quirk-mwait-never-ud-faults',
    subject: 'KVM: x86: Add a quirk for KVM\'s "MONITOR/MWAIT are NOPs!" behavior',
    commit: 'bfbcc81bb82c',
    first: 'v6.0',
    effect: 'Quirk 0x40 can be switched off.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_X86_VALID_QUIRKS',
    bracketed: 'Recorded on 6.1.192; the release is from the date of the commit.',
  },
  {
    id: 'quirk-slot-zap-all',
    subject: 'KVM: x86/mmu: Introduce a quirk to control memslot zap behavior',
    commit: 'aa8d1f48d353',
    first: 'v6.12',
    effect:
      'Quirk 0x80 can be switched off: deleting or moving a memory slot then zaps the leaves of that slot only, not all of the VM.',
    where: 'arch/x86/kvm/mmu/mmu.c kvm_arch_flush_shadow_memslot()',
  },
  {
    id: 'quirk-stuff-feature-msrs',
    subject: "KVM: x86: Quirk initialization of feature MSRs to KVM's max configuration",
    commit: 'dcb988cdac85',
    first: 'v6.14',
    effect: 'Quirk 0x100 can be switched off.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_X86_VALID_QUIRKS',
  },
  {
    id: 'quirk-vmcs12-freeze-in-smm',
    subject: 'KVM: x86: a quirk for VMCS12 and FREEZE_IN_SMM (subject not known)',
    first: 'v7.0',
    effect: 'Quirk 0x400 can be switched off.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_X86_VALID_QUIRKS',
    bracketed: 'Absent in the recorded 6.18, there in the recorded 7.3.4.',
  },
  {
    id: 'quirk-nested-svm-shared-pat',
    subject: 'KVM: SVM: a quirk for the PAT that nested guests share (subject not known)',
    first: 'v7.2',
    effect: 'Quirk 0x800 can be switched off.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_X86_VALID_QUIRKS',
    bracketed: 'v7.1 read without it, there in the recorded 7.3.4.',
  },
  {
    id: 'slot-zaps-its-pages',
    subject: 'KVM: x86/mmu: Zap only the relevant pages when removing a memslot',
    commit: '4e103134b862',
    first: 'v5.1',
    until: 'v5.3',
    effect:
      'Deleting or moving a memory slot zaps the leaves of that slot only. Reverted (d012a06ab1d2) because assigned GPUs broke.',
    where: 'arch/x86/kvm/mmu.c kvm_arch_flush_shadow_memslot()',
    bracketed: 'Releases from the dates of the commits.',
  },
  {
    id: 'many-memory-slots',
    subject: 'KVM: Raise the maximum number of user memslots',
    commit: '4fc096a99e01',
    first: 'v5.12',
    effect: 'A VM can have 32764 memory slots in each address space; before, 509.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_USER_MEM_SLOTS',
    bracketed: 'The release is from the date of the commit.',
  },
  {
    id: 'more-memory-slots',
    subject: 'kvm: x86: increase user memory slots to 509',
    first: 'v3.19',
    effect: 'A VM can have 509 memory slots; before, 125.',
    where: 'arch/x86/include/asm/kvm_host.h KVM_USER_MEM_SLOTS',
    bracketed: 'Absent in v3.17, read in v4.2; the release is from the date of the commit.',
  },
  {
    id: 'smm-address-space',
    subject: 'KVM: implement multiple address spaces',
    commit: 'f481b069e674',
    first: 'v4.2',
    effect:
      'Slots of a second address space, that of SMM, have numbers from 0x10000 on; before, such a slot is EINVAL.',
    where: 'virt/kvm/kvm_main.c __kvm_set_memory_region()',
  },
  {
    id: 'mtrr-reserved-bits',
    subject: 'KVM: x86: #GP when attempts to write reserved bits of Variable Range MTRRs',
    first: 'v3.18',
    effect:
      'Writing a reserved bit of a variable MTRR is #GP. Before, only the low byte had to be a memory type, that of a PHYSMASK too.',
    where: 'arch/x86/kvm/x86.c mtrr_valid()',
    bracketed: 'Absent in v3.17; the release is from the date of the commit.',
  },
  {
    id: 'memory-region2',
    subject: 'KVM: Introduce KVM_SET_USER_MEMORY_REGION2',
    commit: 'bb58b90b1a8f',
    first: 'v6.8',
    effect: 'KVM_SET_USER_MEMORY_REGION2 exists.',
    where: 'virt/kvm/kvm_main.c kvm_vm_ioctl()',
  },
  {
    id: 'tdp-mmu',
    subject: 'KVM: x86: enable TDP MMU by default',
    commit: '71ba3f3189c7',
    first: 'v5.15',
    effect:
      'Leaves of EPT and NPT are made one by one by the TDP MMU; before, and with kvm.tdp_mmu=N, a fault also makes leaves for present neighbours in the same group of eight pages.',
    where: 'arch/x86/kvm/mmu/tdp_mmu.c kvm_tdp_mmu_map()',
  },
  {
    id: 'prefetch-trailing',
    subject: 'KVM: x86/mmu: Complete prefetch for trailing SPTEs for direct, legacy MMU',
    commit: 'c6cecc4b9324',
    first: 'v5.15',
    effect:
      'The old MMU also makes leaves for neighbours above the last present one; before, only for those below a present one or below the page that faulted.',
    where: 'arch/x86/kvm/mmu/mmu.c __direct_pte_prefetch()',
    bracketed: 'Recorded on 6.1; absent in the recorded 5.10.',
  },
  {
    id: 'svm-npt-guest-types',
    subject: 'KVM: SVM: use NPT page attributes',
    commit: '3c2e7f7de324',
    first: 'v4.2',
    until: 'v4.3',
    effect:
      'On AMD everything is WB while the VM has no assigned device, and with one leaves of NPT carry the type that the guest MTRRs give. Reverted by fc07e76ac7ff.',
    where: 'arch/x86/kvm/svm.c svm_get_mt_mask(), svm_set_guest_pat()',
  },
  {
    id: 'zaps-if-guest-mtrrs-honoured',
    subject: 'KVM: x86/mmu: Zap SPTEs on MTRR update iff guest MTRRs are honored',
    commit: '9a3768191d95',
    first: 'v6.7',
    effect:
      "A change of guest MTRRs or CR0.CD zaps only where leaves carry the guest's memory type, that is with EPT; before, on AMD and without EPT too.",
    where: 'arch/x86/kvm/mtrr.c update_mtrr(), arch/x86/kvm/x86.c kvm_post_set_cr0()',
  },
  {
    id: 'mtrr-mask-of-guest-width',
    subject: 'KVM: MTRR: bits of a mask above the address width of the guest count as set (subject not known)',
    first: 'v4.14',
    effect:
      'A PHYSMASK that was never written covers nothing, and the end of its range wraps to 0; before, bits above the address width of the host counted as set in every mask.',
    where: 'arch/x86/kvm/mtrr.c var_mtrr_range(), set_var_mtrr_msr()',
    bracketed: 'Absent in v4.2; read in a tree of v5.x.',
  },
  {
    id: 'zap-range-warns',
    subject: 'kvm_zap_gfn_range() warns of a range that ends before it begins (subject not known)',
    first: 'v5.17',
    effect: 'Writing the PHYSBASE of a range whose PHYSMASK was never written is a kernel warning.',
    where: 'arch/x86/kvm/mmu/mmu.c kvm_zap_gfn_range()',
    bracketed: 'Known of 6.1.192; not known of 5.10.',
  },
  {
    id: 'huge-page-asks-mtrr-if-noncoherent',
    subject: 'A fault asks whether the MTRR type is uniform only with non-coherent DMA (subject not known)',
    first: 'v6.0',
    effect: 'In a VM without non-coherent DMA a 2 MiB leaf may cross a boundary of guest MTRRs; before, never.',
    where: 'arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault()',
    bracketed: 'Recorded on 6.1; the release is not known.',
  },
  {
    id: 'noncoherent-memslots',
    subject: 'KVM: Introduce a new memslot flag KVM_MEM_NON_COHERENT_DMA',
    posted: 'https://lore.kernel.org/r/20240105091237.24577-1-yan.y.zhao@intel.com',
    effect:
      'Posted in January 2024 and not merged: on Intel the guest PAT decides in slots with the flag KVM_MEM_NON_COHERENT_DMA.',
    where: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask(), virt/kvm/kvm_main.c check_memory_region_flags()',
  },
  {
    id: 'mmio-by-host-mtrr',
    subject: 'x86/pat: Let pat_pfn_immune_to_uc_mtrr() check MTRR for untracked PAT range',
    posted: 'https://lore.kernel.org/r/20240507061802.20184-1-yan.y.zhao@intel.com',
    effect:
      'Posted in May 2024 and not merged: a reserved range that the host maps write-back counts as MMIO if its MTRRs make it uncached.',
    where: 'arch/x86/mm/pat/memtype.c pat_pfn_immune_to_uc_mtrr()',
  },
] as const satisfies readonly Change[];
