import type { Monitor } from './monitors.ts';

/** Subject: the node of the statement. Detail: the value it got, negative for an errno. */
export const unexpectedResult: Monitor = {
  finding: 'unexpected-result',
  weight: 'violation',
  doc: 'A system call returned something else than the scenario declares behind it.',
  sources: [{ document: 'Snoopscope', place: 'docs/language.md, "System calls"' }],
  listen: (_world, report) => ({
    result(machine, node, value) {
      report(machine, node, value);
    },
  }),
};
