import { counted } from '../../counted.ts';
import { LIMITS } from '../../limits.ts';
import type { Check } from './check.ts';

/** `own`: statements of the call's expansion, which exceed the limit; undefined where it is not a call. */
export function tooManyStatementsText(own: number | undefined): string {
  const limit = `a scenario has at most ${LIMITS.programNodes} statements after its calls are expanded`;
  const what =
    own === undefined ? 'This is one statement too many' : `This call expands to ${counted(own, 'statement')}`;
  return `${what}, and ${limit}: repeat with \`repeat\` or \`loop\`, which count once.`;
}

export const tooManyStatements: Check = {
  code: 'too-many-statements',
  severity: 'error',
  doc: `Procedures that call procedures several times multiply: once all calls are expanded there are more than ${LIMITS.programNodes} statements. What a \`repeat\` or \`loop\` repeats counts once.`,
  sources: ['docs/language.md, proc'],
  limit: true,
  examples: {
    bad: multiplied('call f0()\n'.repeat(10)),
    good: multiplied('repeat 10 {\n    call f0()\n  }\n'),
  },
  // Reported by the elaborator.
};

/** Five procedures, each of which calls the one before it as often as the first does. */
function multiplied(calls: string): string {
  const procedures = [1, 2, 3, 4, 5].map((i) => `proc f${i}() {\n  ${calls.replaceAll('f0', `f${i - 1}`)}}\n`);
  return `proc f0() {\n  close(9)\n  close(9)\n  close(9)\n}\n${procedures.join('')}setup {\n  call f5()\n}\n`;
}
