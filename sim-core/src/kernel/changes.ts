/**
 * Every upstream change of behaviour that the model knows: one row each. The model asks `kernel.has(id)` where the
 * change acts and never compares versions; profiles, bisecting a verdict and taking a single fix out are all sets of rows.
 */

import { FILE_CHANGES } from './file-changes.ts';
import { KVM_VFIO_CHANGES } from './kvm-vfio-changes.ts';
import { MEMORY_CHANGES } from './memory-changes.ts';
import { VFIO_CHANGES } from './vfio-changes.ts';

/** A mainline release, `v5.12`. Ordered by {@link compareVersions}. */
export type Version = `v${number}.${number}`;

export interface Change {
  /** Hyphenated, says what is true when the change is present. */
  readonly id: string;
  /** Subject of the upstream commit, or our own words when it is not a single commit. */
  readonly subject: string;
  /** Abbreviated commit id where it is known. */
  readonly commit?: string;
  /**
   * Where id and subject were read together: a `list` of the commits of a public tree, a `page` about the commit, a
   * `mail` that cites it; `lines` when only author and date stand beside the id, at the lines that it brought. Absent
   * for an id that we have from our notes alone.
   */
  readonly seen?: 'list' | 'page' | 'mail' | 'lines';
  /** Where it can be read when it was posted and not merged: a link into the archive of the list. */
  readonly posted?: string;
  /** First mainline release with it; absent when it never landed (a posted series, a proposal). */
  readonly first?: Version;
  /** First mainline release without it again. */
  readonly until?: Version;
  /** What it altered, in one or two sentences. */
  readonly effect: string;
  /** Functions it touched: `virt/kvm/vfio.c kvm_vfio_set_attr()`. */
  readonly where: string;
  /** Set when first or until is only bracketed by the trees read. */
  readonly bracketed?: string;
}

const rows = [
  ...KVM_VFIO_CHANGES,
  {
    id: 'zap-on-noncoherent-change',
    subject: 'KVM: x86/mmu: Zap KVM TDP when noncoherent DMA assignment starts/stops',
    commit: '362ff6dca541',
    seen: 'list',
    first: 'v6.7',
    effect:
      'The first registration and the last unregistration of non-coherent DMA zap all leaf entries, so that they refault with the right memory type.',
    where: 'arch/x86/kvm/x86.c kvm_arch_register_noncoherent_dma()',
  },
  {
    id: 'mtrr-disabled-is-uc',
    subject: 'KVM: MTRR: treat memory as UC while the guest has MTRRs disabled',
    first: 'v4.2',
    effect: 'With non-coherent DMA a guest that has its MTRRs disabled gets UC leaves; before, WB.',
    where: 'arch/x86/kvm/mtrr.c kvm_mtrr_get_guest_memory_type()',
  },
  {
    id: 'mtrr-disabled-asks-cpuid',
    subject: 'KVM: MTRR: treat memory as writeback if MTRR is disabled in guest CPUID',
    commit: 'e24dea2afc6a',
    first: 'v4.4',
    bracketed: 'Absent in v4.2, read in v4.9; the release is from the date of the commit.',
    effect: 'Disabled MTRRs mean UC only for a guest whose CPUID announces MTRRs; one without gets WB.',
    where: 'arch/x86/kvm/mtrr.c mtrr_disabled_type()',
  },
  {
    id: 'mmio-by-host-pat',
    subject: 'KVM: MMU: consider host cache mode in MMIO page check',
    first: 'v4.17',
    bracketed: 'Absent in v3.17, read in v5.4; a distribution backported it from v4.17 or earlier.',
    effect:
      'A reserved page counts as MMIO only if the host maps it uncached or write-combining; before, any reserved page did.',
    where: 'arch/x86/kvm/mmu/spte.c kvm_is_mmio_pfn()',
  },
  {
    id: 'guest-mtrr-zaps',
    subject: 'KVM: x86: zap leaf entries when guest MTRRs or CR0.CD change',
    first: 'v4.2',
    until: 'v6.11',
    effect:
      'With non-coherent DMA a write to a guest MTRR zaps the range it is about, and a toggle of CR0.CD with the quirk off zaps all.',
    where: 'arch/x86/kvm/mtrr.c update_mtrr(), arch/x86/kvm/x86.c kvm_post_set_cr0()',
  },
  {
    id: 'svm-guest-pat',
    subject: 'KVM: SVM: obey guest PAT',
    commit: '15038e147247',
    seen: 'mail',
    first: 'v4.15',
    effect: "A guest's write to its PAT reaches the VMCB; before, SVM guests ran with a PAT fixed at power-on.",
    where: 'arch/x86/kvm/svm/svm.c svm_set_msr()',
  },
  {
    id: 'cd-in-memory-type',
    subject: 'KVM: vmx: obey KVM_QUIRK_CD_NW_CLEARED',
    commit: 'fb279950ba02',
    seen: 'mail',
    first: 'v4.2',
    until: 'v6.11',
    effect: 'With non-coherent DMA a leaf made while guest CR0.CD is set is UC, or WB when the quirk is on.',
    where: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()',
  },
  {
    id: 'cd-quirk-without-ipat',
    subject: 'KVM: VMX: drop IPAT in memtype when CD=1 for KVM_X86_QUIRK_CD_NW_CLEARED',
    commit: 'c9f65a3f2d92',
    seen: 'list',
    first: 'v6.7',
    effect: 'The WB leaf of CR0.CD=1 with the quirk no longer ignores the guest PAT.',
    where: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()',
  },
  {
    id: 'guest-pat-quirk',
    subject: 'KVM: x86: Introduce Intel specific quirk KVM_X86_QUIRK_IGNORE_GUEST_PAT',
    commit: 'c9c1e20b4c7d',
    seen: 'list',
    first: 'v6.16',
    effect: 'Whether the guest PAT is ignored is a quirk of the VM that user space may switch off.',
    where: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()',
  },
  {
    id: 'honor-guest-pat-with-self-snoop',
    subject: 'KVM: VMX: Always honor guest PAT on CPUs that support self-snoop',
    commit: '377b2f359d1f',
    seen: 'list',
    effect:
      'In v6.11-rc only, and reverted before the release (9d70f3fec144): on CPUs with self-snoop the guest PAT always counts, whatever devices there are.',
    where: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()',
  },
  {
    id: 'dirty-mask-keeps-current-cpu',
    subject: 'Our own remedy for the lost pCPU (model finding)',
    effect:
      'Hypothetical: after WBINVD the dirty mask keeps the bit of the pCPU that the vCPU is loaded on, and it is cleared before preemption is enabled.',
    where: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()',
  },
  {
    id: 'guest-mtrr-ignored',
    subject: 'KVM: x86: Remove VMX support for virtualizing guest MTRR memtypes',
    commit: '0a7b73559b39',
    seen: 'list',
    first: 'v6.11',
    effect: 'With non-coherent DMA an EPT leaf is WB without IPAT: the guest PAT decides, guest MTRRs do not.',
    where: 'arch/x86/kvm/vmx/vmx.c vmx_get_mt_mask()',
  },
  {
    id: 'vm-enable-cap',
    subject: 'KVM: x86: Support for disabling quirks',
    commit: '90de4a187518',
    seen: 'lines',
    first: 'v4.2',
    effect: 'KVM_ENABLE_CAP works on a VM of x86, and KVM_CAP_DISABLE_QUIRKS disables quirks.',
    where: 'arch/x86/kvm/x86.c kvm_vm_ioctl_enable_cap()',
    bracketed: 'Read in v4.2; absent in v3.17.',
  },
  {
    id: 'device-create-under-lock',
    subject: 'KVM: Protect device ops->create and list_add with kvm->lock',
    commit: 'a28ebea2adc4',
    seen: 'page',
    first: 'v4.8',
    effect:
      'Creating a KVM device and listing it are one critical section of kvm->lock; before, two threads could both pass the check that only one exists.',
    where: 'virt/kvm/kvm_main.c kvm_ioctl_create_device()',
  },
  {
    id: 'device-reference-before-fd',
    subject: 'kvm: fix kvm_ioctl_create_device() reference counting (CVE-2019-6974)',
    commit: 'cfa39381173d',
    seen: 'mail',
    first: 'v5.0',
    effect: 'The VM reference of a device descriptor is taken before the descriptor is visible to other threads.',
    where: 'virt/kvm/kvm_main.c kvm_ioctl_create_device()',
  },
  {
    id: 'device-ioctl-checks-mm',
    subject: "KVM: Reject device ioctls from processes other than the VM's creator",
    commit: 'ddba91801aeb',
    seen: 'mail',
    first: 'v5.1',
    effect: 'An attribute ioctl on a KVM device from another process than that which created the VM is EIO.',
    where: 'virt/kvm/kvm_main.c kvm_device_ioctl()',
    bracketed: 'Read in v5.4; absent in v5.0.',
  },
  {
    id: 'vcpu-attributes',
    subject: 'KVM: x86: Expose TSC offset controls to userspace',
    commit: '828ca89628bf',
    seen: 'list',
    first: 'v5.16',
    effect: 'x86 vCPUs answer the device attribute ioctls: unknown attributes are ENXIO instead of EINVAL.',
    where: 'arch/x86/kvm/x86.c kvm_vcpu_ioctl_device_attr()',
    bracketed: 'Recorded on 6.1; absent in the recorded 5.10.',
  },
  {
    id: 'system-attributes',
    subject: 'KVM: x86: add system attribute to retrieve full set of supported xsave states',
    commit: 'dd6e63122018',
    seen: 'list',
    first: 'v5.17',
    effect:
      '/dev/kvm answers KVM_GET_DEVICE_ATTR and KVM_HAS_DEVICE_ATTR: unknown attributes are ENXIO instead of EINVAL.',
    where: 'arch/x86/kvm/x86.c kvm_x86_dev_get_attr()',
    bracketed: 'Recorded on 6.1; absent in the recorded 5.10.',
  },
  {
    id: 'disable-quirks2',
    subject: 'KVM: x86: Introduce KVM_CAP_DISABLE_QUIRKS2',
    commit: '6d8491910fcd',
    seen: 'list',
    first: 'v5.18',
    effect: 'A capability that says which quirks can be disabled and refuses the others.',
    where: 'arch/x86/kvm/x86.c kvm_vm_ioctl_enable_cap()',
  },
  {
    id: 'cap-device-ctrl',
    subject: 'KVM: move KVM_CAP_DEVICE_CTRL to the generic check',
    commit: '63912245c19d',
    seen: 'list',
    first: 'v6.5',
    effect: 'KVM_CHECK_EXTENSION(KVM_CAP_DEVICE_CTRL) is 1 on x86; before, 0 although devices can be created.',
    where: 'virt/kvm/kvm_main.c kvm_vm_ioctl_check_extension_generic()',
    bracketed: 'Recorded as 0 on 6.1 and 1 on 6.12.',
  },
  {
    id: 'sev-vmsa-features',
    subject: 'KVM: SEV: publish supported VMSA features',
    commit: 'ac5c48027bac',
    seen: 'list',
    first: 'v6.10',
    effect: 'On AMD, /dev/kvm has attribute 0 in group 1.',
    where: 'arch/x86/kvm/svm/sev.c sev_dev_get_attr()',
    bracketed: 'Recorded on 6.12; absent in the recorded 6.1.',
  },
  {
    id: 'snp-policy-bits',
    subject: 'KVM: SEV: Publish supported SEV-SNP policy bits',
    commit: '7a61d61396b9',
    seen: 'list',
    first: 'v6.19',
    effect: 'On AMD, /dev/kvm has attribute 1 in group 1.',
    where: 'arch/x86/kvm/svm/sev.c sev_dev_get_attr()',
    bracketed: 'Recorded on 7.2; absent in the recorded 6.18.',
  },
  {
    id: 'group-set-kvm',
    subject: 'kvm: set/clear kvm to/from vfio_group when group add/delete',
    commit: '2fc1bec15883',
    seen: 'mail',
    first: 'v4.10',
    effect: 'ADD and DEL tell the VFIO group which VM uses it.',
    where: 'virt/kvm/vfio.c kvm_vfio_set_group()',
  },
  {
    id: 'external-group-match',
    subject: 'vfio: New external user group/file match',
    commit: '5d6dee80a1e9',
    seen: 'mail',
    first: 'v4.13',
    effect:
      'DEL compares the file with the listed groups and no longer validates the group, so one that lost viability can be removed.',
    where: 'virt/kvm/vfio.c kvm_vfio_set_group()',
  },
  {
    id: 'del-updates-on-match',
    subject: 'kvm_vfio_file_del(): coherency is recomputed in the match only (subject not known)',
    first: 'v7.2',
    effect: 'A DEL that finds nothing no longer recomputes coherency.',
    where: 'virt/kvm/vfio.c kvm_vfio_file_del()',
    bracketed: 'Recorded on 7.2; v7.1 read without it.',
  },
  ...MEMORY_CHANGES,
  ...FILE_CHANGES,
  ...VFIO_CHANGES,
  {
    id: 'assigned-device-count',
    subject: 'KVM: count number of assigned devices',
    commit: '5544eb9b81da',
    seen: 'page',
    first: 'v4.2',
    until: 'v6.17',
    effect: 'kvm-vfio counts assigned devices in the VM, for posted interrupts. No effect on coherency.',
    where: 'arch/x86/kvm/x86.c kvm_arch_start_assignment()',
    bracketed: 'Recorded up to 6.16, gone in the recorded 6.17.',
  },
  {
    id: 'wbinvd-on-cpus-mask',
    subject: 'KVM: x86: Use wbinvd_on_cpu() instead of an open-coded equivalent',
    commit: '55aed8c2dbc4',
    seen: 'list',
    first: 'v6.17',
    effect: 'The flush goes through wbinvd_on_cpus_mask(); which CPUs it reaches does not change.',
    where: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()',
    bracketed: 'Recorded on 6.17; absent in the recorded 6.16.',
  },
  {
    id: 'legacy-assignment',
    subject: 'KVM assigns PCI devices itself (dropped by: KVM: x86: drop legacy device assignment, ad6260da1e23)',
    first: 'v3.12',
    until: 'v4.12',
    effect:
      'KVM_ASSIGN_PCI_DEVICE attaches a PCI function to an IOMMU domain of the VM; afterwards the request is ENOTTY.',
    where: 'virt/kvm/assigned-dev.c kvm_vm_ioctl_assign_device()',
  },
  {
    id: 'snp-required-certificates',
    subject: 'KVM: SEV: Add KVM_SEV_SNP_ENABLE_REQ_CERTS command',
    commit: '20c3c4108d58',
    seen: 'list',
    first: 'v7.0',
    effect: 'On AMD, /dev/kvm has attribute 2 in group 1.',
    where: 'arch/x86/kvm/svm/sev.c sev_dev_get_attr()',
    bracketed: 'Recorded on 7.2; absent in the recorded 6.18.',
  },
  {
    id: 'nested-free-loads-vcpu',
    subject: 'KVM: nVMX: fix lifetime issues for vmcs02',
    commit: '4fa7734c62cd',
    first: 'v3.17',
    effect: 'Freeing a vCPU of VMX loads it once more, to free its nested state.',
    where: 'arch/x86/kvm/vmx.c vmx_free_vcpu_nested()',
  },
  {
    id: 'dirty-mask-freed-last',
    subject: 'KVM: x86: fix wbinvd_dirty_mask use-after-free',
    commit: 'bd768e146624',
    seen: 'list',
    first: 'v4.9',
    effect:
      'The WBINVD dirty mask of a vCPU is freed after the last vcpu_load; before, that load wrote into freed memory.',
    where: 'arch/x86/kvm/x86.c kvm_arch_vcpu_free()',
  },
] as const satisfies readonly Change[];

export type ChangeId = (typeof rows)[number]['id'];
export const CHANGES: readonly (Change & { readonly id: ChangeId })[] = rows;
export const changeById: ReadonlyMap<string, Change & { readonly id: ChangeId }> = new Map(
  CHANGES.map((c) => [c.id, c]),
);

/** Negative when `a` is older than `b`. */
export function compareVersions(a: Version, b: Version): number {
  const [aMajor, aMinor] = parts(a);
  const [bMajor, bMinor] = parts(b);
  return aMajor - bMajor || aMinor - bMinor;
}

function parts(version: Version): [number, number] {
  const [major, minor] = version.slice(1).split('.');
  return [Number(major), Number(minor)];
}
