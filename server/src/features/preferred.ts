/** The constant of a set that is nearly always meant. */
export const PREFERRED: Readonly<Record<string, string>> = {
  'kvm-device-type': 'KVM_DEV_TYPE_VFIO',
  'vfio-iommu': 'VFIO_TYPE1_IOMMU',
};
