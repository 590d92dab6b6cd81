import type { Monitor } from './monitors.ts';

export const unexpectedResult: Monitor<'unexpected-result'> = {
  finding: 'unexpected-result',
  label: 'Unexpected result',
  doc: 'A system call returned something other than what the scenario declares.',
  sources: [{ document: 'Snoopscope', place: 'docs/language.md, "System calls"' }],
  fails: 'always',
  stopsByDefault: true,
  operands: ['statement', 'result'],
  headline: (statement, result) => `${statement} returned ${result}`,
  explainedBy: 'declared-result',
  needsVersions: false,
  listen: (_world, report) => ({
    result(machine, node, value) {
      report(machine, node, value);
    },
  }),
};
