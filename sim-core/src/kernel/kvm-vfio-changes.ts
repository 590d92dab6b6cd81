/** Rows of the change table for the kvm-vfio device, and for what KVM is told about non-coherent DMA. */
import type { Change } from './changes.ts';

export const KVM_VFIO_CHANGES = [
  {
    id: 'kvm-vfio-device',
    subject: 'kvm: Add VFIO device',
    commit: 'ec53500fae42',
    seen: 'page',
    first: 'v3.13',
    effect: 'The kvm-vfio pseudo device exists: user space registers VFIO groups with a VM.',
    where: 'virt/kvm/vfio.c',
  },
  {
    id: 'noncoherent-dma-count',
    subject: 'kvm: Create non-coherent DMA registeration',
    commit: 'e0f0bbc527f6',
    seen: 'page',
    first: 'v3.13',
    effect:
      'A count per VM of reasons for non-coherent DMA decides about WBINVD and guest memory types, instead of the legacy IOMMU domain.',
    where: 'arch/x86/kvm/x86.c kvm_arch_register_noncoherent_dma()',
  },
  {
    id: 'destroy-on-device-release',
    subject: 'kvm: Destroy & free KVM devices on release',
    effect:
      'Posted in October 2013 as patch 1 of the kvm-vfio series and not merged: the last close of a KVM device descriptor destroys the device.',
    where: 'virt/kvm/kvm_main.c kvm_device_release()',
  },
  {
    id: 'dma-cc-iommu',
    subject: 'vfio: Add external user check extension interface',
    first: 'v3.15',
    effect:
      'kvm-vfio asks the container whether every domain enforces coherency (VFIO_DMA_CC_IOMMU) instead of assuming that any group is non-coherent.',
    where: 'virt/kvm/vfio.c kvm_vfio_update_coherency()',
  },
  {
    id: 'wbinvd-includes-local-cpu',
    subject: 'KVM: X86: Fix missing local pCPU when executing wbinvd on all dirty pCPUs',
    commit: 'c2162e13d6e2',
    seen: 'list',
    first: 'v5.12',
    effect:
      'WBINVD emulation flushes every CPU of the dirty mask; before, the CPU that executes the handler was left out.',
    where: 'arch/x86/kvm/x86.c kvm_emulate_wbinvd_noskip()',
  },
  {
    id: 'file-identity',
    subject: 'kvm/vfio: Store the struct file in the kvm_vfio_group',
    commit: 'd55d9e7a4572',
    seen: 'list',
    first: 'v5.19',
    effect:
      'kvm-vfio lists open files instead of groups; ADD no longer needs a container, an IOMMU driver or viability.',
    where: 'virt/kvm/vfio.c kvm_vfio_group_add()',
  },
  {
    id: 'enforce-cache-coherency',
    subject: 'iommu: Introduce the domain op enforce_cache_coherency()',
    commit: '6043257b1de0',
    seen: 'list',
    first: 'v5.19',
    effect:
      'A domain enforces snooping when its driver was asked and could; type1 keeps one flag per domain and merges only domains that agree.',
    where: 'drivers/vfio/vfio_iommu_type1.c vfio_iommu_type1_attach_group()',
  },
  {
    id: 'kvm-vfio-release',
    subject: 'kvm/vfio: Fix potential deadlock on vfio group_lock',
    commit: '51cdc8bc120e',
    seen: 'list',
    first: 'v6.2',
    effect:
      'The last close of the kvm-vfio descriptor releases its files and recomputes coherency; before, only the end of the VM did.',
    where: 'virt/kvm/vfio.c kvm_vfio_release()',
  },
  {
    id: 'capability-based-coherency',
    subject: 'vfio: Use IOMMU_CAP_ENFORCE_CACHE_COHERENCY for vfio_file_enforced_coherent()',
    commit: '0d8227b622f3',
    seen: 'list',
    first: 'v6.2',
    effect:
      'A file is coherent if every device of it has IOMMU_CAP_ENFORCE_CACHE_COHERENCY; its container no longer matters.',
    where: 'drivers/vfio/vfio_main.c vfio_file_enforced_coherent()',
  },
  {
    id: 'add-tells-vfio-under-lock',
    subject: 'kvm/vfio: ensure kvg instance stays around in kvm_vfio_group_add()',
    commit: '9e0f4f2918c2',
    seen: 'list',
    first: 'v6.6',
    effect: 'ADD tells VFIO the VM in the critical section that puts the file on the list.',
    where: 'virt/kvm/vfio.c kvm_vfio_group_add()',
  },
  {
    id: 'single-lock-round',
    subject: 'kvm/vfio: avoid bouncing the mutex when adding and deleting groups',
    commit: '73e2f19da508',
    seen: 'list',
    first: 'v6.6',
    effect:
      'ADD and DEL recompute coherency in the critical section that changes the list; before, they took kv->lock for it again.',
    where: 'virt/kvm/vfio.c kvm_vfio_update_coherency()',
  },
  {
    id: 'file-add-device-files',
    subject: 'kvm/vfio: Accept vfio device file from userspace',
    commit: 'dcc31ea60b42',
    seen: 'list',
    first: 'v6.6',
    effect: 'ADD takes VFIO device files too, and the attributes are called FILE_ADD and FILE_DEL.',
    where: 'virt/kvm/vfio.c kvm_vfio_file_add()',
  },
] as const satisfies readonly Change[];
