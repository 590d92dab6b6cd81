import type { Coverage, CoveredFile } from '@snoopscope/sim-core';

/**
 * lcov's tracefile, for genhtml and the services that read it. Branches are the alternatives of `choose` and the results
 * of calls. Functions of the kernel model have no source file that it could name, so they are in the other formats only.
 */
export function lcovCoverage({ files }: Coverage): string {
  return files.map(record).join('');
}

function record({ path, statements, alternatives, results }: CoveredFile): string {
  const branches = [
    ...alternatives.map(({ line, executed }) => ({ line, executed })),
    ...results.map(({ line, executed }) => ({ line, executed })),
  ];
  const numbers = new Map<number, number>();
  const branchLines = branches.map(({ line, executed }) => {
    const number = numbers.get(line) ?? 0;
    numbers.set(line, number + 1);
    return `BRDA:${line + 1},0,${number},${executed ? 1 : 0}`;
  });
  const hit = (all: readonly { readonly executed: boolean }[]): number => all.filter(({ executed }) => executed).length;
  return [
    'TN:',
    `SF:${path}`,
    ...branchLines,
    `BRF:${branches.length}`,
    `BRH:${hit(branches)}`,
    ...statements.map(({ line, executed }) => `DA:${line + 1},${executed ? 1 : 0}`),
    `LF:${statements.length}`,
    `LH:${hit(statements)}`,
    'end_of_record\n',
  ].join('\n');
}
