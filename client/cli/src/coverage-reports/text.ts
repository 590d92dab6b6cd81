import {
  COVERAGE_KINDS,
  type Coverage,
  type CoverageKind,
  type CoveredFile,
  coverageTotals,
} from '@snoopscope/sim-core';
import type { Paint } from '../paint.ts';

const NAMES: Readonly<Record<CoverageKind, string>> = {
  statements: 'statements',
  alternatives: 'alternatives of choose',
  results: 'results of calls',
  functions: 'kernel functions entered',
  steps: 'kernel micro-steps',
  changes: 'kernel changes consulted',
};

/** The figures, and what no interleaving executes. Results of calls are too many to list; JSON has them. */
export function textCoverage(coverage: Coverage, paint: Paint): string {
  const totals = coverageTotals(coverage);
  const width = Math.max(...Object.values(NAMES).map(({ length }) => length));
  const figures = COVERAGE_KINDS.map((kind) => {
    const { covered, total } = totals[kind];
    return `  ${NAMES[kind].padEnd(width)}  ${covered} of ${total}`;
  });
  const missed = coverage.files.flatMap((file) => missedIn(file, paint));
  return [
    paint('heading', 'Coverage'),
    ...figures,
    ...(missed.length > 0 ? [paint('heading', 'Never executed'), ...missed] : []),
    '',
  ].join('\n');
}

function missedIn({ path, statements, alternatives }: CoveredFile, paint: Paint): string[] {
  const lines = statements.filter(({ executed }) => !executed).map(({ line }) => line + 1);
  const chooses = alternatives
    .filter(({ executed }) => !executed)
    .map(({ line, alternative }) => `    alternative ${alternative + 1} of the choose on line ${line + 1}`);
  if (lines.length + chooses.length === 0) return [];
  const list = lines.length === 0 ? [] : [`    ${lines.length === 1 ? 'line' : 'lines'} ${rangesOf(lines).join(', ')}`];
  return [`  ${paint('name', path)}`, ...list, ...chooses];
}

/** `12-14`, `20`. */
function rangesOf(lines: readonly number[]): string[] {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && last[1] === line - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
}
