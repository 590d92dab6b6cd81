/** A finding of one kind at four places, for what must not be hidden by the first of them. */

/** Where a device reads an old value; lines count from 0. */
export interface StaleRead {
  readonly word: string;
  readonly reader: string;
  readonly line: number;
}

/**
 * Takes wbinvd/local-cpu-not-flushed, where the guest flushes nothing on v5.11, and has two devices read two words, one
 * of them at two lines. The old reads in the order in which an exploration lists them.
 */
export function severalStaleReads(scenario: string): { readonly text: string; readonly stale: readonly StaleRead[] } {
  const text = scenario
    .replace(
      '  memory x = 0',
      '  device nic 0000:02:00.0 iommu=dmar0 group=26 no-snoop=on\n  memory x = 0\n  memory y = 0',
    )
    .replace('  gpufd =', '  ioctl(container, VFIO_IOMMU_MAP_DMA, {vaddr=&y, iova=&y, size=PAGE})     = 0\n  gpufd =')
    .replace('  vcpu0 =', '  nicfd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:02:00.0")\n  vcpu0 =')
    .replace('  mov [x], 1', '  mov [x], 1\n  mov [y], 1')
    .replace('  r0 = MRd x ns', '  r0 = MRd x ns\n  r1 = MRd x ns\n  r2 = MRd y ns')
    .replace('device gpu {', 'device nic {\n  wait doorbell == 1\n  r0 = MRd x ns\n}\n\ndevice gpu {')
    .replace('  mov [gpu.doorbell], 1', '  mov [gpu.doorbell], 1\n  mov [nic.doorbell], 1');
  const lines = text.split('\n');
  const nic = lines.indexOf('device nic {');
  const gpu = lines.indexOf('device gpu {');
  return {
    text,
    stale: [
      { word: 'x', reader: 'nic', line: lines.indexOf('  r0 = MRd x ns', nic) },
      { word: 'x', reader: 'gpu', line: lines.indexOf('  r0 = MRd x ns', gpu) },
      { word: 'x', reader: 'gpu', line: lines.indexOf('  r1 = MRd x ns') },
      { word: 'y', reader: 'gpu', line: lines.indexOf('  r2 = MRd y ns') },
    ],
  };
}
