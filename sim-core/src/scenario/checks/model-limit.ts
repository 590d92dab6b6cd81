import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export const modelLimit: Check = {
  code: 'model-limit',
  severity: 'error',
  doc: `The scenario asks for more than the model was made for: its state would have more than ${LIMITS.stateSlots} numbers, or a run of it cannot finish. The message names the limit and the way out.`,
  sources: ['docs/language.md, Limits'],
  limit: true,
  examples: {
    bad: `setup {\n${'  fd = open("/dev/iommu", O_RDWR)\n'.repeat(1500)}}\n`,
    good: 'setup {\n  fd = open("/dev/iommu", O_RDWR)\n}\n',
  },
  // Reported by the elaborator, and by what predicts runs.
};
