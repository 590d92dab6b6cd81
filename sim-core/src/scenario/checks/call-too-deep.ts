import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

export function tooDeep(name: string): string {
  return `Calls are nested more than ${LIMITS.callDepth} deep: does \`${name}\` call itself?`;
}

export const callTooDeep: Check = {
  code: 'call-too-deep',
  severity: 'error',
  doc: `Procedures call procedures more than ${LIMITS.callDepth} deep. Calls are expanded, so a procedure that calls itself through an included file ends here.`,
  sources: ['docs/language.md, proc'],
  limit: true,
  examples: { bad: nested(LIMITS.callDepth + 1), good: nested(LIMITS.callDepth) },
  // Reported by the elaborator.
};

/** A chain of procedures in which `depth` calls are open at once. */
function nested(depth: number): string {
  const procedures = Array.from({ length: depth - 1 }, (_, i) => `proc f${i + 1}() {\n  call f${i}()\n}\n`);
  return `proc f0() {\n  close(9)\n}\n${procedures.join('')}setup {\n  call f${depth - 1}()\n}\n`;
}
