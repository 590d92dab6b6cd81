import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const modelLimit: Check = {
  code: 'model-limit',
  severity: 'error',
  doc: `The machine has room for every object that statements may make, and some of it is for every pair of objects: the state would have more than ${LIMITS.stateSlots} numbers.`,
  sources: ['docs/language.md, limits'],
  limit: true,
  examples: {
    bad: `setup {\n${'  fd = open("/dev/iommu", O_RDWR)\n'.repeat(1500)}}\n`,
    good: 'setup {\n  fd = open("/dev/iommu", O_RDWR)\n}\n',
  },
  // Reported by the elaborator.
};
