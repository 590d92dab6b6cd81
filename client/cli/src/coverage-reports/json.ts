import { type Coverage, coverageTotals } from '@snoopscope/sim-core';
import { FORMAT_VERSION, jsonText } from '../json.ts';

/** The figures, and what each of them counts. Lines count from 1. */
export function jsonCoverage(coverage: Coverage): string {
  const { files, functions, changes } = coverage;
  const counted = <Item extends { readonly line: number }>(items: readonly Item[]): Item[] =>
    items.map((item) => ({ ...item, line: item.line + 1 }));
  const document = {
    format: FORMAT_VERSION,
    totals: coverageTotals(coverage),
    files: files.map(({ path, statements, alternatives, results }) => ({
      file: path,
      statements: counted(statements),
      alternatives: counted(alternatives).map(({ alternative, ...rest }) => ({
        ...rest,
        alternative: alternative + 1,
      })),
      results: counted(results),
    })),
    functions,
    changes,
  };
  return `${jsonText(document)}\n`;
}
